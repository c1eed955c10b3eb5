from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('documents', '0002_numbers_at_issue'),
    ]

    operations = [
        migrations.AddField(
            model_name='document',
            name='invoicing',
            field=models.CharField(blank=True, choices=[('DELIVERY', 'per delivery'), ('WEEKLY', 'weekly'), ('MONTHLY', 'monthly')], db_default='', default='', max_length=8, verbose_name='invoiced'),
        ),
    ]

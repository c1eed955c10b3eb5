from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('takeover', '0002_deliveries_and_credit_notes'),
    ]

    operations = [
        migrations.AddField(
            model_name='upload',
            name='told',
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='uploadrow',
            name='told',
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]

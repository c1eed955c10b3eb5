from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0001_messages'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='told',
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]

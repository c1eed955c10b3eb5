import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('documents', '0003_invoicing_cycle'),
    ]

    operations = [
        migrations.AddField(
            model_name='document',
            name='amended_before',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), help_text='Who amended it before the last one did; blank: nobody else.', null=True),
        ),
    ]

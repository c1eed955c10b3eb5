import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('approvals', '0014_alerts_with_values_and_outlook'),
        ('customers', '0010_days_after_month_end'),
    ]

    operations = [
        migrations.CreateModel(
            name='SharedOutlook',
            fields=[
                ('shared', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='customers.sharedlimit')),
                ('again_on', models.DateField(blank=True, null=True, verbose_name='looked at again on')),
                ('breach_on', models.DateField(blank=True, null=True, verbose_name='breach told of')),
            ],
        ),
    ]

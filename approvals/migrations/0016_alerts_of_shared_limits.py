import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('approvals', '0015_outlook_of_shared_limits'),
        ('customers', '0012_standing_alone'),
    ]

    operations = [
        migrations.AddField(
            model_name='alert',
            name='shared',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='alerts', to='customers.sharedlimit'),
        ),
        migrations.AddIndex(
            model_name='alert',
            index=models.Index(condition=models.Q(('shared__isnull', False)), fields=['shared', '-id'], name='approvals_alerts_of_shared'),
        ),
    ]

"""When it was remembered: what lies in the future was kept before the clock was set back."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signin', '0003_remembered'),
    ]

    operations = [
        migrations.AddField(
            model_name='remembered',
            name='since',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), db_index=True, verbose_name='since'),
        ),
    ]

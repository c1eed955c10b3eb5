from django.db import migrations

from creditrisk.exposure import posting


class Migration(migrations.Migration):
    dependencies = [("exposure", "0004_audited_slices")]

    operations = [migrations.RunSQL(posting.functions(), migrations.RunSQL.noop)]

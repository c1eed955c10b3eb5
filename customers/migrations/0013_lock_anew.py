from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "lock.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("customers", "0012_standing_alone")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]

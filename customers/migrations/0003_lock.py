from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "lock.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_family_and_grants")]

    operations = [migrations.RunSQL(SQL, "DROP FUNCTION credit_lock(bigint[])")]

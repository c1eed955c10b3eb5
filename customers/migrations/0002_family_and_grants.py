from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "family.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]

    operations = [
        migrations.RunSQL(
            SQL,
            "DROP FUNCTION credit_family(bigint[])",
        )
    ]

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "granted.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("customers", "0007_first_limits_reviews_and_suspensions")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]

from pathlib import Path

from django.db import migrations

HERE = Path(__file__).resolve().parent.parent


class Migration(migrations.Migration):
    dependencies = [("customers", "0011_usual_delay")]

    operations = [
        migrations.RunSQL((HERE / f"{name}.sql").read_text(), migrations.RunSQL.noop)
        for name in ("family", "granted", "lock")
    ]

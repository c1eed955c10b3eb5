from pathlib import Path

from django.db import migrations

from creditrisk.exposure import posting

HERE = Path(__file__).resolve().parent.parent


class Migration(migrations.Migration):
    dependencies = [
        ("exposure", "0001_initial"),
        ("customers", "0001_initial"),
        ("documents", "0001_initial"),
        ("ledger", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL((HERE / "formula.sql").read_text(), "DROP VIEW exposure_formula"),
        migrations.RunSQL(
            posting.functions(),
            "DROP FUNCTION exposure_post(bigint[], bigint[], bigint[], date, timestamptz);"
            "DROP FUNCTION exposure_post_documents(bigint[], date, timestamptz)",
        ),
        # Most changes to a balance touch its amount alone, which no index holds: room on the page keeps them cheap.
        migrations.RunSQL("ALTER TABLE exposure_balance SET (fillfactor = 80)", migrations.RunSQL.noop),
    ]

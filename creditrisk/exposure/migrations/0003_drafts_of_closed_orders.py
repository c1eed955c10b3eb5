from pathlib import Path

from django.db import migrations

FORMULA = Path(__file__).resolve().parent.parent / "formula.sql"
# What weighs by the formula of today and did not by that of yesterday; an empty database has none.
POST = """
    SELECT count(*) FROM exposure_post(
        ARRAY(SELECT DISTINCT d.id FROM documents_document d JOIN documents_line l ON l.document_id = d.id
              WHERE d.kind = 'ORDER' AND d.state = 'CLOSED' AND l.drafted > 0),
        '{}', '{}', CURRENT_DATE, now())
"""


class Migration(migrations.Migration):
    dependencies = [("exposure", "0002_formula_and_posting")]

    operations = [
        migrations.RunSQL(
            FORMULA.read_text().replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1), migrations.RunSQL.noop
        ),
        migrations.RunSQL(POST, migrations.RunSQL.noop),
    ]

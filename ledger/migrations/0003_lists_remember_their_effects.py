from django.db import migrations

from creditrisk.append_only import append_only

# A list knows its effects by their steps, so that one who leaves it for another list stays in both.
REMEMBER = """
    UPDATE ledger_effectevent v SET presentation_id = e.presentation_id
    FROM ledger_effect e WHERE e.id = v.effect_id AND v.step = 'presented' AND v.presentation_id IS NULL
"""
# Marks that items have carried since they were opened; when one was taken off was not kept before.
MARK = """
    INSERT INTO ledger_itemmark (item_id, mark, "on", reason, day, made_at, made_by_id)
    SELECT i.id, m.mark, TRUE, m.reason, m.day, i.posted_at, i.posted_by_id FROM ledger_openitem i
    CROSS JOIN LATERAL (VALUES
        ('DISPUTED', i.disputed, i.dispute_reason, COALESCE(i.disputed_on, i.item_date)),
        ('EXCLUDED', i.excluded, '', i.item_date),
        ('PROVISIONAL', i.provisional, '', i.item_date)) AS m (mark, carried, reason, day)
    WHERE m.carried
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_banks_marks_and_corrections")]

    operations = [
        migrations.RunSQL(REMEMBER, migrations.RunSQL.noop),
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
        append_only(("ledger_creditline", "ledger_itemmark")),
    ]

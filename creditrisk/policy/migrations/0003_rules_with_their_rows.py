from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def keep_what_rows_name(apps: Any, _editor: Any) -> None:
    """Write down the rules that rows name already; the whole book is written after migrating."""
    rule, row = apps.get_model("policy", "Rule"), apps.get_model("policy", "RuleRow")
    codes = sorted(set(row.objects.values_list("rule", flat=True)))
    rule.objects.bulk_create(rule(code=code, place=0) for code in codes)


class Migration(migrations.Migration):

    dependencies = [
        ("policy", "0002_drafts_and_companies"),
    ]

    operations = [
        migrations.CreateModel(
            name="Rule",
            fields=[
                ("code", models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name="rule")),
                ("place", models.PositiveSmallIntegerField(verbose_name="place in the book")),
            ],
            options={"verbose_name": "rule"},
        ),
        migrations.RunPython(keep_what_rows_name, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="rulerow",
            name="rule",
            field=models.ForeignKey(
                db_column="rule", on_delete=django.db.models.deletion.PROTECT, related_name="rows", to="policy.rule",
                verbose_name="rule",
            ),
        ),
    ]

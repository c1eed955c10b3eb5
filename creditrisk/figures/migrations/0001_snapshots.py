"""The past of the figures, closed to changes from its first day on."""

import django.db.models.deletion
from django.db import migrations, models

from creditrisk.append_only import append_only


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("approvals", "0002_roles_and_append_only"),
        ("customers", "0010_days_after_month_end"),
    ]

    operations = [
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="business day")),
                ("code", models.CharField(max_length=20, verbose_name="figure")),
                ("value", models.DecimalField(decimal_places=6, max_digits=24, null=True, verbose_name="value")),
                ("taken_at", models.DateTimeField(verbose_name="taken at")),
                ("company", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.company")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("company", "code", "day"), name="figures_one_snapshot_a_day")],
            },
        ),
        append_only(["figures_snapshot"]),
    ]

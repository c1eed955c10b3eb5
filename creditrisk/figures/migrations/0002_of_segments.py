"""The past of the figures by segment beside that of the company."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("figures", "0001_snapshots")]

    operations = [
        migrations.AddField(
            model_name="snapshot",
            name="whole",
            field=models.BooleanField(db_default=True, default=True, verbose_name="whole company"),
        ),
        migrations.AddField(
            model_name="snapshot",
            name="segment",
            field=models.CharField(blank=True, db_default="", default="", max_length=20, verbose_name="segment"),
        ),
        migrations.AddConstraint(
            model_name="snapshot",
            constraint=models.UniqueConstraint(
                fields=("company", "code", "day", "whole", "segment"), name="figures_one_snapshot_of_each_a_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="snapshot",
            constraint=models.CheckConstraint(
                condition=models.Q(("whole", False), ("segment", ""), _connector="OR"), name="figures_the_whole_has_no_segment"
            ),
        ),
        migrations.RemoveConstraint(model_name="snapshot", name="figures_one_snapshot_a_day"),
    ]

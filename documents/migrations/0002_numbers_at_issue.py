import django.core.validators
from django.db import migrations, models

PREFIX = {"ORDER": "SO", "DELIVERY": "DN", "RETURN": "RN", "INVOICE": "IN", "CREDIT_NOTE": "CN"}


def say_prefixes(apps, schema_editor):
    for kind, prefix in PREFIX.items():
        apps.get_model("documents", "NumberRange").objects.filter(kind=kind).update(prefix=prefix)


class Migration(migrations.Migration):
    dependencies = [("documents", "0001_initial")]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE documents_draft_number", "DROP SEQUENCE documents_draft_number"),
        migrations.AddField("document", "numbered", models.BooleanField(db_default=True, default=True, verbose_name="has its number")),
        migrations.AddConstraint(
            "document",
            models.CheckConstraint(
                condition=~models.Q(state__in=["ISSUED", "POSTED"]) | models.Q(numbered=True),
                name="documents_issued_has_a_number",
            ),
        ),
        migrations.AddField(
            "documenttype",
            "prefix",
            models.CharField(
                blank=True,
                default="",
                help_text="Documents of this type are numbered in a series of their own. Blank: with all of their kind.",
                max_length=6,
                validators=[
                    django.core.validators.RegexValidator("^[A-Z0-9]*$", "Capital letters and digits only.")
                ],
                verbose_name="letters of its numbers",
            ),
        ),
        migrations.AddField("numberrange", "prefix", models.CharField(default="", max_length=6)),
        migrations.RunPython(say_prefixes, migrations.RunPython.noop),
        migrations.RemoveConstraint("numberrange", "documents_one_number_range"),
        migrations.AddConstraint(
            "numberrange",
            models.UniqueConstraint(fields=["company", "kind", "prefix", "year"], name="documents_one_number_range"),
        ),
        migrations.AlterField("numberrange", "prefix", models.CharField(max_length=6)),
    ]

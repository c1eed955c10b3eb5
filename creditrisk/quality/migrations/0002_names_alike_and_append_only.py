"""Names are compared by trigrams: the extension is trusted, so the owner of the database may create it."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

from creditrisk.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("quality", "0001_findings"),
        ("customers", "0006_merged_into"),
        ("approvals", "0002_roles_and_append_only"),
    ]

    operations = [
        TrigramExtension(),
        migrations.RunSQL(
            "CREATE INDEX quality_names_alike ON customers_customer USING gin (upper(name) gin_trgm_ops)"
            " WHERE merged_into_id IS NULL",
            "DROP INDEX quality_names_alike",
        ),
        append_only(["quality_merge"]),
    ]

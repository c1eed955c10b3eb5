from django.db import migrations, models


class Migration(migrations.Migration):
    """Room on each page for the next state of a document, and no index that holds the state."""

    dependencies = [("documents", "0005_fewer_indexes")]

    operations = [
        migrations.RemoveIndex("document", "documents_of_debtor"),
        migrations.AddIndex("document", models.Index(fields=["debtor", "kind"], name="documents_of_debtor")),
        migrations.RunSQL(
            "ALTER TABLE documents_document SET (fillfactor = 85)", "ALTER TABLE documents_document RESET (fillfactor)"
        ),
    ]

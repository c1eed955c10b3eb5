from django.db import migrations

from creditrisk.audit.watching import watch


class Migration(migrations.Migration):
    dependencies = [
        ("approvals", "0011_evidence"),
        ("audit", "0001_trail"),
    ]

    operations = [
        watch(["approvals_hold"]),
    ]

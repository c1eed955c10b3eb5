from django.db import migrations

from creditrisk.audit.watching import watch


class Migration(migrations.Migration):
    dependencies = [
        ("approvals", "0013_moved_by_what_is_added"),
        ("audit", "0002_watch_holds"),
    ]

    operations = [
        watch(["approvals_hold", "approvals_limitjournal", "approvals_limitrequest"]),
    ]

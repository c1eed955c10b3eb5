"""Second factors and accounts of a directory: who took them on or away is noted, their secrets are not."""

from django.db import migrations

from creditrisk.audit.watching import watch


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0001_trail"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("signin", "0001_attempts"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]

    operations = [
        watch(["mfa_authenticator", "socialaccount_socialaccount"]),
    ]

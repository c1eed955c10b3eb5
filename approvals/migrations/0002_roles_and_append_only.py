from django.db import migrations

from creditrisk.append_only import APPEND_ONLY, append_only, grant_to_application
from creditrisk.roles import ROLES


def make_roles(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in ROLES:
        group.objects.get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [
        ("approvals", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("sessions", "0001_initial"),
        ("customers", "0002_family_and_grants"),
        ("exposure", "0002_formula_and_posting"),
        ("policy", "0001_initial"),
        ("decisions", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(make_roles, migrations.RunPython.noop),
        grant_to_application(),
        append_only(APPEND_ONLY),
    ]

"""Who works in the demo company: one person a role, and up to which amount each may release."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User

from approvals.models import Authority

PASSWORD = "demo"

# Login, first name, last name, role, up to which amount the role releases (None: without bound, "": not at all).
PEOPLE: tuple[tuple[str, str, str, str, str | None], ...] = (
    ("sara", "Sara", "Sala", "sales", ""),
    ("carla", "Carla", "Conti", "credit_clerk", "25000"),
    ("dario", "Dario", "De Luca", "credit_manager", "150000"),
    ("fiona", "Fiona", "Ferri", "finance_director", None),
    ("ada", "Ada", "Amato", "admin", ""),
    ("guido", "Guido", "Greco", "auditor", ""),
)


def logins() -> list[dict[str, str]]:
    """Return what the login page tells of the demo company: nothing, unless the environment asks for it."""
    if not settings.DEMO_LOGINS:
        return []
    return [
        {"username": login, "password": PASSWORD, "role": role.replace("_", " ")} for login, _, _, role, _ in PEOPLE
    ]


def engage() -> dict[str, Any]:
    """This will make the logins with their roles and authorities, and return the users by login."""
    users = {}
    for login, first, last, role, up_to in PEOPLE:
        user, new = User.objects.get_or_create(
            username=login, defaults={"first_name": first, "last_name": last, "email": f"{login}@demo.example"}
        )
        if new:
            user.set_password(PASSWORD)
        user.is_staff = user.is_superuser = role == "admin"
        user.save()
        group = Group.objects.get_or_create(name=role)[0]
        user.groups.set([group])
        if up_to != "":
            bound = None if up_to is None else Decimal(up_to)
            Authority.objects.get_or_create(group=group, defaults={"release_up_to": bound})
        users[login] = user
    return users

"""No address reaches what belongs to another company: it is not there, for reading and for acting alike."""

from typing import Any

from customers.models import Company, CompanyAccess
from tests.cast import PEOPLE
from tests.doors import DOORS_OF_PAGES
from tests.scene import Scene
from tests.test_permissions import opened

# What belongs to a person, to everybody (a key figure is reckoned from the reader's own companies), or to whoever feeds
# all companies.
NOBODYS = {
    "import", "import_columns", "import_carry", "import_refused", "message", "message_again", "message_assign", "message_drop",
    "quality_aside", "quality_terms", "quality_merge", "tryout", "policy_version", "policy_restore", "absence_end",
    "figure", "recomputed", "list_view_first", "list_view_drop",
}  # fmt: skip


def test_no_action_reaches_what_belongs_to_another_company(scene: Scene, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.refusing"
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    clients = {role: scene.client(person) for person, role in PEOPLE.items()}
    for person in PEOPLE:
        CompanyAccess.objects.create(user=getattr(scene.cast, person).user, company=other)
    reached = []

    for name, arguments in scene.arguments.items():
        methods, roles = DOORS_OF_PAGES[name]
        if not arguments or name in NOBODYS:
            continue
        for role in sorted(roles):
            for method in methods:
                if (status := opened(scene, name, method, clients[role]).status_code) != 404:
                    reached.append((name, method, role, status))

    assert reached == [], reached

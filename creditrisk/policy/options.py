"""Which policies can be tried on past decisions: the draft, and every version."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from creditrisk import language
from creditrisk.policy import compile as policies
from creditrisk.policy.models import PolicyVersion

DRAFT = "draft"


def options() -> list[tuple[str, str]]:
    """Return the policies that can be tried, by key and as people call them."""
    versions = PolicyVersion.objects.order_by("-number").values_list("number", "note", "saved_at")
    listed = [(str(number), _version(number, note, language.day(saved_at))) for number, note, saved_at in versions]
    return [(DRAFT, _("The draft")), *listed]


def content(key: str) -> Mapping[str, Any]:
    """Return what the policy of that key says, as a version's content.

    Raises PolicyVersion.DoesNotExist.
    """
    if key == DRAFT:
        return policies.draft()
    found: dict[str, Any] = PolicyVersion.objects.values_list("content", flat=True).get(number=int(key))
    return found


def _version(number: int, note: str, day: str) -> str:
    name = _("Version %(number)d of %(day)s") % {"number": number, "day": day}
    return f"{name}: {note}" if note else name

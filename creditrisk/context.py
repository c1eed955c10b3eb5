"""What stands around every page: the ways that the reader's doors open, the role, how many alerts are new."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from approvals import alerts
from creditrisk.roles import ROLE_NAMES, may, roles_of


@dataclass(frozen=True)
class Way:
    """One entry of the navigation."""

    label: str
    url: str
    icon: str
    active: bool = False
    shortcut: str = ""
    badge: int = 0


def around(request: HttpRequest) -> dict[str, Any]:
    """Return the navigation, the reader's role in words and the count of new alerts."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {
        "nav": SimpleLazyObject(lambda: _ways(request)),
        "role": ", ".join(str(ROLE_NAMES[role]) for role in ROLE_NAMES if role in roles_of(user)),
        "alert_count": SimpleLazyObject(lambda: alerts.unseen_count(user)),
    }


def _ways(request: HttpRequest) -> list[Way]:
    ways = [
        ("view_start", _("Start"), "start", "home", "g s"),
        ("view_desk", _("Release desk"), "desk", "hold", "g d"),
        ("view_documents", _("Orders"), "orders", "orders", "g o"),
        ("view_documents", _("Deliveries"), "deliveries", "delivery", "g l"),
        ("view_documents", _("Invoices"), "invoices", "invoice", "g i"),
        ("view_customers", _("Customers"), "customers", "customers", "g c"),
        ("view_exposure", _("Portfolio"), "portfolio", "gauge", "g p"),
        ("view_figures", _("Figures"), "figures", "trend", ""),
        ("view_figures", _("Insight"), "insight", "insight", ""),
        ("view_reports", _("Reports"), "reports", "mail", ""),
        ("view_ledger", _("Open items"), "items", "payment", "g t"),
        ("view_ledger", _("Effects"), "effects", "effects", "g e"),
        ("post_ledger", _("Bank"), "bank", "company", "g b"),
        ("view_requests", _("Limit requests"), "limit_requests", "shield", "g r"),
        ("view_customers", _("Contacts"), "contacts", "bell", ""),
        ("view_customers", _("Stopped"), "stopped", "ban", ""),
        ("view_alerts", _("Alerts"), "alerts", "bell", ""),
        ("view_notices", _("Notices"), "notices", "inbox", ""),
        ("view_decisions", _("Decisions"), "decisions", "scale", ""),
        ("view_overrides", _("Overrides"), "overrides", "unlock", ""),
        ("view_trail", _("Audit trail"), "trail", "history", ""),
        ("view_policy", _("Policy"), "policy", "policy", ""),
        ("view_rules", _("Rule book"), "rules", "info", ""),
        ("import_data", _("Imports"), "imports", "enter", ""),
        ("import_data", _("Data quality"), "quality", "tick", ""),
        ("view_running", _("What runs"), "running", "trend", ""),
    ]
    here = request.path
    found = []
    for name, label, view, icon, shortcut in ways:
        if not may(request.user, name):
            continue
        url = reverse(view)
        root = url.removesuffix("requests/") if view == "limit_requests" else url
        below = (root, "/shared-limits/") if view == "customers" else (root,)
        active = here == url if view == "start" else here.startswith(below)
        found.append(Way(label, url, icon, active, shortcut))
    return found

"""Who may: the roles, the doors, the one decorator that guards a view, and the actor who stands behind a change."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

ROLES = (
    "sales",
    "credit_clerk",
    "credit_manager",
    "finance_director",
    "admin",
    "auditor",
)

# As people read them, in the order of what they decide.
ROLE_NAMES = {
    "sales": gettext_lazy("Sales"),
    "credit_clerk": gettext_lazy("Credit clerk"),
    "credit_manager": gettext_lazy("Credit manager"),
    "finance_director": gettext_lazy("Finance director"),
    "admin": gettext_lazy("Administrator"),
    "auditor": gettext_lazy("Auditor"),
}


def role_in_words(role: str) -> str:
    """Return what a role is called inside a sentence."""
    name = str(ROLE_NAMES.get(role, role.replace("_", " ")))
    return name[:1].lower() + name[1:]


_EVERYBODY = frozenset(ROLES)
_SALES = frozenset({"sales"})
_OFFICE = frozenset({"credit_clerk", "credit_manager", "finance_director"})
_MANAGERS = frozenset({"credit_manager", "finance_director"})
_AUDIT = frozenset({"admin", "auditor"})

# One table of doors: who may open which.
DOORS: dict[str, frozenset[str]] = {
    "view_start": _EVERYBODY,
    "view_documents": _EVERYBODY,
    "enter_document": _SALES | {"credit_manager"},
    "amend_document": _SALES | _OFFICE,
    "deliver": _SALES | {"credit_manager"},
    "invoice": _SALES | _OFFICE,
    "view_ledger": _OFFICE | _AUDIT,
    "post_ledger": _OFFICE,
    "view_customers": _EVERYBODY,
    "write_note": _SALES | _OFFICE,
    "view_desk": _OFFICE | _AUDIT,
    "release_hold": _OFFICE,
    "comment_hold": _SALES | _OFFICE,
    "force_hold": _OFFICE,
    "stop_customer": _OFFICE,
    "set_delay": _OFFICE,
    "evaluate_holds": _OFFICE,
    "grant_limit": _MANAGERS,
    "ask_limit": _SALES | _OFFICE,
    "approve_limit": _OFFICE,
    "view_requests": _SALES | _OFFICE | _AUDIT,
    "view_journals": _OFFICE | _AUDIT,
    "prepare_journal": _OFFICE,
    "view_decisions": _EVERYBODY,
    "view_tryouts": _MANAGERS | _AUDIT,
    "view_alerts": _EVERYBODY,
    "view_notices": _AUDIT,
    "resend_notices": frozenset({"admin"}),
    "view_exposure": _OFFICE | _AUDIT,
    "view_portfolio_past": _OFFICE | _AUDIT,
    "view_figures": _OFFICE | {"auditor"},
    "try_without_row": _MANAGERS,
    "view_reports": _OFFICE | {"auditor"},
    "edit_reports": _MANAGERS,
    "recompute": _MANAGERS | {"admin"},
    "view_trail": _AUDIT | {"finance_director"},
    "view_overrides": _MANAGERS | {"auditor"},
    "view_rules": _EVERYBODY,
    "view_policy": _OFFICE | _AUDIT,
    "edit_policy": frozenset({"admin"}),
    "activate_policy": frozenset({"admin", "finance_director"}),
    "import_data": _MANAGERS | {"admin"},
    "view_running": frozenset({"admin"}),
}


@dataclass(frozen=True)
class Actor:
    """Who did it: user (None for the system), from which address, by which channel, on whose behalf."""

    user: Any = None
    address: str = ""
    channel: str = "web"
    on_behalf_of: str = ""
    roles: frozenset[str] = field(default=frozenset(), compare=False)

    @classmethod
    def of(cls, request: HttpRequest) -> "Actor":
        """Return the actor behind a request."""
        return cls(
            user=request.user,
            address=address_of(request),
            channel="web",
        )

    @classmethod
    def system(cls, channel: str = "worker") -> "Actor":
        """Return the product itself, acting without a person."""
        return cls(user=None, channel=channel)

    @property
    def user_id(self) -> int | None:
        return self.user.pk if self.user is not None else None

    def as_record(self) -> dict[str, str]:
        """Return what is kept beside a decision or closing."""
        return {
            "user": self.user.get_username() if self.user is not None else "",
            "address": self.address,
            "channel": self.channel,
            "on_behalf_of": self.on_behalf_of,
        }


ADDRESS_MAX = 45  # The longest that an address of IPv6 can be; more is no address, whoever said it.


def address_of(request: HttpRequest) -> str:
    """Return the address that a request came from: behind a proxy, the one that the proxy saw."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_TLS else ""
    return (forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", ""))[:ADDRESS_MAX]


def name_of(user: Any) -> str:
    """Return what pages and sentences call somebody: the full name, or the login where there is none; "" for nobody.

    The audit trail says logins, which are nobody else's.
    """
    return str(user.get_full_name() or user.get_username()) if user is not None else ""


def roles_of(user: Any) -> frozenset[str]:
    """Return the user's roles; read once a request."""
    if user is None or not user.is_authenticated or not user.is_active:
        return frozenset()
    known: frozenset[str] | None = getattr(user, "_creditrisk_roles", None)
    if known is None:
        known = frozenset(user.groups.values_list("name", flat=True)) & _EVERYBODY
        user._creditrisk_roles = known
    return known


def may(user: Any, name: str) -> bool:
    """Return whether one of the user's roles opens the door `name`."""
    return bool(roles_of(user) & DOORS[name])


def works_in(user: Any, company_id: int) -> bool:
    """Return whether somebody works in a company; the product itself (None) does in all."""
    known = companies_of(user) if user is not None else None
    return known is None or company_id in known


def companies_of(user: Any) -> list[int] | None:
    """Return the ids of the companies the user works in; None where that is all of them."""
    known: list[int] | None
    if not hasattr(user, "_creditrisk_companies"):
        known = list(user.company_access.values_list("company_id", flat=True)) or None
        user._creditrisk_companies = known
    known = user._creditrisk_companies
    return known


def door(
    name: str,
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Guard a view: who is not logged in is asked to, who may not pass gets 403 with the reason."""
    opens_to = DOORS[name]

    def guard(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not roles_of(request.user) & opens_to:
                raise PermissionDenied(
                    _("Your roles do not include this. It is open to: %s.")
                    % ", ".join(sorted(role.replace("_", " ") for role in opens_to))
                )
            return view(request, *args, **kwargs)

        asked = login_required(guarded)

        @wraps(view)
        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated and getattr(request, "htmx", False):
                # A part of a page is asked for: the login page has no place in it, and what was typed around it stays.
                return HttpResponse(_("You are logged out."), status=401)
            return asked(request, *args, **kwargs)

        answered.door = name  # type: ignore[attr-defined]
        return answered

    return guard

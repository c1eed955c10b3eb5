"""The kinds of alert: what each is called, what it says, how grave it is, and who hears of it how unless they choose otherwise.

An alert keeps its code and the values of its sentence; the sentence is made when it is read, in the reader's language.
Codes are stored: never renamed, never reused. A kind that counts has its number in the code: usage_80, overdue_30.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from creditrisk import language
from creditrisk.money import figure

type Words = str | Promise


class Way(models.TextChoices):
    """How somebody hears of a kind of alert. Whatever is mailed stands in the inbox too."""

    NONE = "NONE", _("not at all")
    INBOX = "INBOX", _("in the inbox")
    DIGEST = "DIGEST", _("in the daily digest")
    MAIL = "MAIL", _("by e-mail at once")


class Severity(models.TextChoices):
    """How grave it is."""

    INFO = "info", _("to know")
    WARNING = "warning", _("to watch")
    DANGER = "danger", _("to act on")


class About(models.TextChoices):
    """What a kind is about, in the order of the pages."""

    DOCUMENTS = "DOCUMENTS", _("Documents")
    LIMITS = "LIMITS", _("Limits")
    PAYMENTS = "PAYMENTS", _("Payments")
    HOUSE = "HOUSE", _("The house")


@dataclass(frozen=True)
class AlertKind:
    """One kind. `sentences` by variant, the usual one under ""; `usual` by role, who is not named hears nothing."""

    code: str
    about: About
    title: Words
    severity: Severity
    sentences: Mapping[str, Words]
    usual: Mapping[str, Way]
    of_document: bool = False
    numbered: bool = False


INBOX, DIGEST, MAIL = Way.INBOX, Way.DIGEST, Way.MAIL


def _usual(
    *, sales: Way | None = None, clerk: Way | None = None, manager: Way | None = None, director: Way | None = None,
    admin: Way | None = None, auditor: Way | None = None,
) -> dict[str, Way]:  # fmt: skip
    told = {
        "sales": sales, "credit_clerk": clerk, "credit_manager": manager, "finance_director": director, "admin": admin,
        "auditor": auditor,
    }  # fmt: skip
    return {role: way for role, way in told.items() if way is not None}


KINDS: Mapping[str, AlertKind] = {kind.code: kind for kind in (
    AlertKind(
        "held", About.DOCUMENTS, _("A document is held"), Severity.WARNING,
        {
            "": _("%(document)s of %(customer)s, %(amount)s, is held."),
            "by_hand": _("%(document)s of %(customer)s is held by hand: %(reason)s."),
        },
        _usual(sales=INBOX, clerk=MAIL, manager=INBOX, director=INBOX), of_document=True,
    ),
    AlertKind(
        "held_long", About.DOCUMENTS, _("A hold waits too long"), Severity.WARNING,
        {"": ngettext_lazy(
            "%(document)s of %(customer)s, %(amount)s, has been held for %(days)s day.",
            "%(document)s of %(customer)s, %(amount)s, has been held for %(days)s days.", "days",
        )},
        _usual(sales=INBOX, clerk=INBOX, manager=MAIL, director=DIGEST), of_document=True,
    ),
    AlertKind(
        "release_asked", About.DOCUMENTS, _("A release is asked for"), Severity.WARNING,
        {"": _("%(who)s asks for the release of %(document)s: %(note)s")},
        _usual(sales=INBOX, clerk=MAIL, manager=MAIL, director=INBOX), of_document=True,
    ),
    AlertKind(
        "change_wanted", About.DOCUMENTS, _("A change is wanted"), Severity.WARNING,
        {"": _("%(who)s asks for a change of %(document)s: %(note)s")},
        _usual(sales=MAIL, clerk=INBOX, manager=INBOX), of_document=True,
    ),
    AlertKind(
        "released", About.DOCUMENTS, _("A hold was released"), Severity.INFO,
        {
            "": _("%(document)s of %(customer)s was released by %(who)s: %(reason)s."),
            "by_itself": _("%(document)s of %(customer)s was released: its reasons are gone."),
        },
        _usual(sales=MAIL, clerk=INBOX, manager=INBOX), of_document=True,
    ),
    AlertKind(
        "rejected", About.DOCUMENTS, _("A hold was rejected"), Severity.WARNING,
        {"": _("%(document)s of %(customer)s was rejected by %(who)s: %(reason)s.")},
        _usual(sales=MAIL, clerk=INBOX, manager=INBOX), of_document=True,
    ),
    AlertKind(
        "breach_ahead", About.LIMITS, _("A limit will be broken"), Severity.WARNING,
        {
            "": _("%(customer)s will be over its limit on %(day)s: %(total)s expected against %(limit)s."),
            "limit": _("%(customer)s will be over its limit on %(day)s, when it falls to %(limit)s: %(total)s expected."),
            "shared": _("The shared limit %(shared)s will be broken on %(day)s: %(total)s expected against %(limit)s."),
            "shared_limit": _(
                "The shared limit %(shared)s will be broken on %(day)s, when it falls to %(limit)s: %(total)s expected."
            ),
        },
        _usual(sales=INBOX, clerk=INBOX, manager=DIGEST, director=DIGEST),
    ),
    AlertKind(
        "usage", About.LIMITS, _("Much of a limit is used"), Severity.WARNING,
        {
            "": _("%(customer)s uses %(used)s of its limit: %(total)s."),
            "shared": _("The members of the shared limit %(shared)s use %(used)s of it: %(total)s."),
        },
        _usual(sales=INBOX, clerk=INBOX, manager=DIGEST, director=INBOX), numbered=True,
    ),
    AlertKind(
        "over_limit", About.LIMITS, _("A limit is broken"), Severity.DANGER,
        {
            "": _("%(customer)s is over its limit: %(total)s against %(limit)s."),
            "shared": _("The shared limit %(shared)s is broken: its members owe %(total)s against %(limit)s."),
        },
        _usual(sales=INBOX, clerk=INBOX, manager=MAIL, director=DIGEST),
    ),
    AlertKind(
        "limit_expiring", About.LIMITS, _("A limit is about to end"), Severity.WARNING,
        {"": ngettext_lazy(
            "The limit of %(customer)s ends on %(day)s, in %(days)s day.",
            "The limit of %(customer)s ends on %(day)s, in %(days)s days.", "days",
        )},
        _usual(sales=INBOX, clerk=INBOX, manager=DIGEST, director=INBOX),
    ),
    AlertKind(
        "limit_expired", About.LIMITS, _("A limit has ended"), Severity.WARNING,
        {"": _("The limit of %(customer)s ended on %(day)s.")},
        _usual(sales=INBOX, clerk=INBOX, manager=MAIL, director=INBOX),
    ),
    AlertKind(
        "review_due", About.LIMITS, _("A review is due"), Severity.INFO,
        {"": _("The credit of %(customer)s was to be reviewed by %(day)s.")},
        _usual(clerk=INBOX, manager=DIGEST, director=INBOX),
    ),
    AlertKind(
        "suspended", About.LIMITS, _("Credit is suspended"), Severity.DANGER,
        {
            "": _("Credit of %(customer)s is suspended, by %(who)s: %(reason)s"),
            "until": _("Credit of %(customer)s is suspended until %(day)s, by %(who)s: %(reason)s"),
        },
        _usual(sales=MAIL, clerk=INBOX, manager=MAIL, director=DIGEST, auditor=INBOX),
    ),
    AlertKind(
        "suspension_lifted", About.LIMITS, _("A suspension was lifted"), Severity.INFO,
        {"": _("Credit of %(customer)s is no longer suspended, by %(who)s: %(reason)s")},
        _usual(sales=MAIL, clerk=INBOX, manager=INBOX, director=INBOX, auditor=INBOX),
    ),
    AlertKind(
        "overdue", About.PAYMENTS, _("Something is overdue"), Severity.INFO,
        {"": _("%(customer)s has %(overdue)s overdue.")},
        _usual(sales=INBOX, clerk=INBOX, manager=INBOX, director=INBOX),
    ),
    AlertKind(
        "overdue_old", About.PAYMENTS, _("What is overdue grows old"), Severity.WARNING,
        {"": ngettext_lazy(
            "%(customer)s has %(overdue)s overdue, the oldest for %(days)s day.",
            "%(customer)s has %(overdue)s overdue, the oldest for %(days)s days.", "days",
        )},
        _usual(sales=DIGEST, clerk=DIGEST, manager=DIGEST, director=INBOX), numbered=True,
    ),
    AlertKind(
        "effect_unpaid", About.PAYMENTS, _("An effect came back unpaid"), Severity.DANGER,
        {
            "": _("Effect %(effect)s of %(customer)s, %(amount)s, came back unpaid."),
            "reason": _("Effect %(effect)s of %(customer)s, %(amount)s, came back unpaid: %(reason)s"),
        },
        _usual(sales=MAIL, clerk=MAIL, manager=DIGEST, director=INBOX),
    ),
    AlertKind(
        "import_failed", About.HOUSE, _("An import failed"), Severity.WARNING,
        {"": _("The import of “%(name)s” failed: %(error)s")},
        _usual(clerk=INBOX, manager=INBOX, director=INBOX, admin=MAIL),
    ),
    AlertKind(
        "message_failed", About.HOUSE, _("A message was not taken in"), Severity.WARNING,
        {"": _("“%(name)s” was not taken in: %(error)s")},
        _usual(clerk=INBOX, manager=INBOX, director=INBOX, admin=MAIL),
    ),
    AlertKind(
        "channel_failed", About.HOUSE, _("Alerts could not be sent"), Severity.DANGER,
        {
            "": _("Mail to %(name)s could not be sent and was given up: %(error)s"),
            "webhook": _("The webhook “%(name)s” could not be reached and was given up: %(error)s"),
        },
        _usual(manager=INBOX, admin=MAIL),
    ),
    AlertKind(
        "drift", About.HOUSE, _("The exposure ledger differed"), Severity.DANGER,
        {"": ngettext_lazy(
            "The exposure ledger differed from the documents in %(count)s place; it was repaired and the evidence kept.",
            "The exposure ledger differed from the documents in %(count)s places; it was repaired and the evidence kept.",
            "count",
        )},
        _usual(clerk=INBOX, manager=INBOX, director=INBOX, admin=MAIL, auditor=MAIL),
    ),
    AlertKind(
        "trail_broken", About.HOUSE, _("The audit trail is broken"), Severity.DANGER,
        {"": ngettext_lazy(
            "The audit trail is broken at %(count)s place, first: %(first)s",
            "The audit trail is broken at %(count)s places, first: %(first)s", "count",
        )},
        _usual(manager=INBOX, director=MAIL, admin=MAIL, auditor=MAIL),
    ),
)}  # fmt: skip

OF_DOCUMENTS = tuple(kind.code for kind in KINDS.values() if kind.of_document)

_NUMBERED = {"usage_": "usage", "overdue_": "overdue_old"}


def kind_of(code: str) -> AlertKind | None:
    """Return the kind of a stored code; one that left the catalogue has none."""
    if code in KINDS:
        return KINDS[code]
    return next((KINDS[kind] for prefix, kind in _NUMBERED.items() if code.startswith(prefix)), None)


def prefix_of(kind: AlertKind) -> str:
    """Return what the codes of a kind that counts begin with."""
    return next(prefix for prefix, code in _NUMBERED.items() if code == kind.code)


def money(amount: Decimal, currency: str) -> dict[str, str]:
    """Return an amount as an alert keeps it."""
    return {"amount": str(amount), "currency": currency}


def percent(value: Decimal) -> dict[str, str]:
    """Return a percentage as an alert keeps it."""
    return {"percent": str(value)}


def day(value: date) -> dict[str, str]:
    """Return a day as an alert keeps it."""
    return {"day": value.isoformat()}


def word(text: str) -> dict[str, str]:
    """Return a word of the product as an alert keeps it: in English, said in the reader's language."""
    return {"word": text}


def sentence(code: str, values: Mapping[str, Any]) -> str:
    """Return what an alert says, in the language that is active now."""
    kind = kind_of(code)
    words = kind.sentences.get(values.get("says", "")) if kind is not None else None
    if words is None:
        return code.replace("_", " ").capitalize()
    return str(words % {name: _shown(value) for name, value in values.items()})


def _shown(value: Any) -> Any:
    match value:
        case {"amount": amount, "currency": currency}:
            return f"{currency} {figure(Decimal(amount), currency)}"
        case {"percent": number}:
            return f"{language.number(Decimal(number), 1)} %"
        case {"day": iso}:
            return language.day(date.fromisoformat(iso))
        case {"word": text}:
            return language.say(text)
        case {"say": _} | {"one": _}:
            return language.retold(value)
    return value

"""The policy in words that a credit manager understands: parameters by section with their help, and single values."""

from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditrisk import language
from creditrisk.facts import BUCKETS
from creditrisk.policy.models import Parameters
from creditrisk.policy.names import figure_name

SECTIONS = (
    (gettext_lazy("What counts as exposure"), (
        "counts", "orders_count_from", "order_horizon_days", "invoices_count_from", "include_provisional",
        "sbf_grace_days", "collection_grace_days",
    )),
    (gettext_lazy("What is overdue"), (
        "overdue_grace_days", "overdue_ignore_below", "disputed_items", "net_credits_against_overdue",
    )),
    (gettext_lazy("What is checked"), (
        "check_shared_limit", "blank_limit_expiry", "check_terms_increase", "check_discount_increase",
    )),
    (gettext_lazy("Releases"), (
        "four_eyes", "release_scope", "release_valid_days", "recheck_after_release", "release_tolerance_percent",
        "release_tolerance_amount", "auto_release",
    )),
    (gettext_lazy("Alerts"), ("warn_at_percent",)),
)  # fmt: skip

HELP = {
    "orders_count_from": gettext_lazy(
        "From entry: as soon as an order is typed. From confirmation: once it is a promise."
    ),
    "invoices_count_from": gettext_lazy(
        "Whether a draft invoice weighs as an invoice, or what it was made from goes on weighing."
    ),
    "collection_grace_days": gettext_lazy("The same for effects presented after collection."),
    "include_provisional": gettext_lazy("Items of documents that are not final yet."),
    "overdue_grace_days": gettext_lazy("An item so many days past due is not late yet."),
    "overdue_ignore_below": gettext_lazy("In the account's currency: customers who owe less than this are not late."),
    "disputed_items": gettext_lazy(
        "What the customer disputes is shown apart; say here whether it weighs and whether it is late."
    ),
    "net_credits_against_overdue": gettext_lazy(
        "Payments on account and credit notes are set against what is overdue."
    ),
    "blank_limit_expiry": gettext_lazy("What a limit without a last day means to the rule “Limit expired”."),
    "check_shared_limit": gettext_lazy("Members of a shared limit are held by it too."),
    "check_terms_increase": gettext_lazy(
        "An order on longer terms than the customer usually has is held. Terms are compared by"
        " their ranks; unranked ones are never compared."
    ),
    "check_discount_increase": gettext_lazy(
        "An order with a bigger settlement discount than usual is held, compared by rank."
    ),
    "recheck_after_release": gettext_lazy("Whether a released document meets the rules again at its next step."),
    "release_scope": gettext_lazy("What a release covers when the releaser does not say."),
    "release_valid_days": gettext_lazy("Blank: without end."),
    "release_tolerance_percent": gettext_lazy("A released document may grow by so much before it is held again."),
    "release_tolerance_amount": gettext_lazy("The same as an amount; the larger of the two counts."),
    "auto_release": gettext_lazy("What happens by itself when money arrives or a limit is raised."),
    "warn_at_percent": gettext_lazy("Percents of the limit, with commas between them. Crossing one writes an alert."),
}


_FIELDS = {field.name: field for field in Parameters._meta.concrete_fields}


def title(name: str) -> str:
    """Return what a parameter is called; an old version may speak of one that is no more."""
    field = _FIELDS.get(name)
    return capfirst(str(field.verbose_name)) if field else name.replace("_", " ").capitalize()


def shown(name: str, value: Any) -> str:
    """Return the value of a parameter as people read it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        if name == "counts" and set(value) == set(BUCKETS):
            return _("all")
        each = (f"{one}%" if name == "warn_at_percent" else figure_name(str(one)) for one in value)
        return ", ".join(each) or _("nothing")
    if value in (None, ""):
        return _("no end") if name == "release_valid_days" else _("none")
    choices = dict(_FIELDS[name].flatchoices) if name in _FIELDS else {}
    if value in choices:
        return str(choices[value])
    text = str(value)
    return text.rstrip("0").rstrip(".").replace(".", language.marks()[0]) if "." in text else text

"""The policy in words that a credit manager understands: parameters by section with their help, and single values."""

from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from creditrisk.facts import BUCKETS
from creditrisk.policy.models import Parameters

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("What counts as exposure", (
        "counts", "orders_count_from", "order_horizon_days", "invoices_count_from", "include_provisional",
        "sbf_grace_days", "collection_grace_days",
    )),
    ("What is overdue", (
        "overdue_grace_days", "overdue_ignore_below", "disputed_items", "net_credits_against_overdue",
    )),
    ("What is checked", (
        "check_shared_limit", "blank_limit_expiry", "check_terms_increase", "check_discount_increase",
    )),
    ("Releases", (
        "four_eyes", "release_scope", "release_valid_days", "recheck_after_release", "release_tolerance_percent",
        "release_tolerance_amount", "auto_release",
    )),
    ("Alerts", ("warn_at_percent",)),
)  # fmt: skip

HELP = {
    "orders_count_from": "From entry: as soon as an order is typed. From confirmation: once it is a promise.",
    "invoices_count_from": "Whether a draft invoice weighs as an invoice, or what it was made from goes on weighing.",
    "collection_grace_days": "The same for effects presented after collection.",
    "include_provisional": "Items of documents that are not final yet.",
    "overdue_grace_days": "An item so many days past due is not late yet.",
    "overdue_ignore_below": "In the account's currency: customers who owe less than this are not late.",
    "disputed_items": "What the customer disputes is shown apart; say here whether it weighs and whether it is late.",
    "net_credits_against_overdue": "Payments on account and credit notes are set against what is overdue.",
    "blank_limit_expiry": "What a limit without a last day means to the rule “Limit expired”.",
    "check_shared_limit": "Members of a shared limit are held by it too.",
    "check_terms_increase": "An order on longer terms than the customer usually has is held. Terms are compared by"
    " their ranks; unranked ones are never compared.",
    "check_discount_increase": "An order with a bigger settlement discount than usual is held, compared by rank.",
    "recheck_after_release": "Whether a released document meets the rules again at its next step.",
    "release_scope": "What a release covers when the releaser does not say.",
    "release_valid_days": "Blank: without end.",
    "release_tolerance_percent": "A released document may grow by so much before it is held again.",
    "release_tolerance_amount": "The same as an amount; the larger of the two counts.",
    "auto_release": "What happens by itself when money arrives or a limit is raised.",
    "warn_at_percent": "Percents of the limit, with commas between them. Crossing one writes an alert.",
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
        percent = "%" if name == "warn_at_percent" else ""
        return ", ".join(f"{str(one).replace('_', ' ')}{percent}" for one in value) or _("nothing")
    if value in (None, ""):
        return _("no end") if name == "release_valid_days" else _("none")
    choices = dict(_FIELDS[name].flatchoices) if name in _FIELDS else {}
    if value in choices:
        return str(choices[value])
    text = str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text

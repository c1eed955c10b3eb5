"""The words and icons for codes that people meet: buckets, states, outcomes, reasons. Nothing is decided here."""

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

type Text = str | Promise


class Badge(NamedTuple):
    """How a code is shown: its word, its tone (a class) and its icon, so that colour never speaks alone."""

    label: Text
    tone: str
    icon: str


BUCKET_LABELS: Mapping[str, Text] = {
    "open_orders": _("Open orders"),
    "delivered_not_invoiced": _("Delivered, not invoiced"),
    "unposted_invoices": _("Unposted invoices"),
    "receivables": _("Receivables"),
    "credits": _("Unallocated credits"),
    "effects_issued": _("Effects in portfolio"),
    "effects_presented": _("Effects presented"),
    "effects_unpaid": _("Effects unpaid"),
    # Shown beside the sum.
    "overdue": _("Overdue"),
    "disputed": _("Disputed"),
    "beyond_horizon": _("Beyond the horizon"),
    "posted_unpaid": _("Unpaid effects, posted"),
    "provisional": _("Provisional"),
}

# The finer buckets of the exposure ledger, from which policy makes the eight.
ENTRY_LABELS: Mapping[str, Text] = {
    "ORDERS_ENTERED": _("Orders, entered"),
    "ORDERS_CONFIRMED": _("Orders, confirmed"),
    "ORDERS_PREPAID": _("Orders, paid in advance"),
    "ORDERS_DRAFTED": _("Orders, on a draft invoice"),
    "DELIVERED": _("Delivered"),
    "DELIVERED_DRAFTED": _("Delivered, on a draft invoice"),
    "INVOICES_DRAFT": _("Invoices, draft"),
    "INVOICES_ISSUED": _("Invoices, issued"),
    "ITEMS": _("Receivables"),
    "ITEMS_DISPUTED": _("Receivables, disputed"),
    "ITEMS_PROVISIONAL": _("Receivables, provisional"),
    "CREDITS": _("Unallocated credits"),
    "CREDITS_PROVISIONAL": _("Unallocated credits, provisional"),
    "POSTED_UNPAID": _("Unpaid effects, posted"),
    "EFFECTS_ISSUED": _("Effects in portfolio"),
    "EFFECTS_SBF": _("Effects presented, subject to collection"),
    "EFFECTS_DISCOUNT": _("Effects presented, discounted"),
    "EFFECTS_COLLECTION": _("Effects presented, after collection"),
    "EFFECTS_UNPAID": _("Effects unpaid"),
}

STATE_BADGES: Mapping[str, Badge] = {
    "draft": Badge(_("Draft"), "quiet", "draft"),
    "confirmed": Badge(_("Confirmed"), "info", "tick"),
    "picked": Badge(_("Picked"), "info", "package"),
    "part_delivered": Badge(_("Part delivered"), "info", "delivery"),
    "delivered": Badge(_("Delivered"), "info", "delivery"),
    "invoiced": Badge(_("Invoiced"), "info", "invoice"),
    "issued": Badge(_("Issued"), "info", "invoice"),
    "posted": Badge(_("Posted"), "passed", "check"),
    "closed": Badge(pgettext_lazy("state of a document", "Closed"), "quiet", "lock"),
    "cancelled": Badge(_("Cancelled"), "quiet", "ban"),
    "held": Badge(_("Held"), "held", "hold"),
    "open": Badge(pgettext_lazy("state", "Open"), "info", "draft"),
    "paid": Badge(_("Paid"), "passed", "check"),
    "overdue": Badge(_("Overdue"), "overdue", "clock"),
    "due": Badge(pgettext_lazy("state", "Due"), "quiet", "clock"),
    "disputed": Badge(_("Disputed"), "warned", "scale"),
    "blocked": Badge(_("Blocked"), "held", "ban"),
    "suspended": Badge(_("Suspended"), "held", "lock"),
    "released": Badge(_("Released"), "passed", "unlock"),
    "rejected": Badge(_("Rejected"), "refused", "refused"),
    "in_portfolio": Badge(_("In portfolio"), "info", "draft"),
    "presented": Badge(_("Presented"), "info", "effects"),
    "replaced": Badge(_("Replaced"), "quiet", "undo"),
    "collected": Badge(_("Collected"), "passed", "check"),
    "unpaid": Badge(_("Unpaid"), "overdue", "refused"),
}

OUTCOME_BADGES: Mapping[str, Badge] = {
    "passed": Badge(_("Passed"), "passed", "check"),
    "warned": Badge(_("Warned"), "warned", "warning"),
    "held": Badge(_("Held"), "held", "hold"),
    "refused": Badge(_("Refused"), "refused", "refused"),
}

REASON_LABELS: Mapping[str, Text] = {
    "over_limit": _("Over the credit limit"),
    "over_shared_limit": _("Over the limit shared with the group"),
    "over_sub_limit": _("Over a ceiling on one part of the exposure"),
    "days_overdue": _("Has invoices too long overdue"),
    "limit_used": _("Too much of the limit is used"),
    "customer_blocked": _("Customer is blocked"),
    "authorisation_required": _("Every document of this customer needs authorisation"),
    "awaiting_payment": _("Waits for the payment in advance"),
    "forced": _("Held by hand"),
    "suspended": _("Credit is suspended"),
    "linked_overdue": _("Another member of the group is overdue"),
    "account_status": _("Status of the account does not allow it"),
    "payment_terms": _("These payment terms need approval"),
    "limit_expired": _("Credit limit has expired"),
    "overdue_amount": _("Too much is overdue"),
    "order_amount": _("Amount of the order needs approval"),
    "unpaid_effects": _("Has effects returned unpaid"),
    "review_overdue": _("Credit review is overdue"),
    "terms_increased": _("Longer payment terms than usual"),
    "discount_increased": _("Bigger discount than usual"),
}

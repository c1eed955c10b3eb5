"""What checkpoints and buckets are called inside a sentence or a choice of the administration."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

STEPS = {
    "entry": pgettext_lazy("step of a document", "entry"),
    "confirmation": pgettext_lazy("step of a document", "confirmation"),
    "picking": pgettext_lazy("step of a document", "picking"),
    "delivery": pgettext_lazy("step of a document", "delivery"),
    "invoice": pgettext_lazy("step of a document", "invoice"),
    "enter": pgettext_lazy("step of a document", "enter"),
    "confirm": pgettext_lazy("step of a document", "confirm"),
    "pick": pgettext_lazy("step of a document", "pick"),
    "deliver": pgettext_lazy("step of a document", "deliver"),
    "return": pgettext_lazy("step of a document", "return"),
    "issue": pgettext_lazy("step of a document", "issue"),
    "post": pgettext_lazy("step of a document", "post"),
    "amend": pgettext_lazy("step of a document", "amend"),
    "cancel": pgettext_lazy("step of a document", "cancel"),
    "close": pgettext_lazy("step of a document", "close"),
}

BUCKET_CHOICES = [
    ("open_orders", _("open orders")),
    ("delivered_not_invoiced", _("delivered not invoiced")),
    ("unposted_invoices", _("unposted invoices")),
    ("receivables", _("receivables")),
    ("credits", pgettext_lazy("exposure bucket", "credits")),
    ("effects_issued", _("effects issued")),
    ("effects_presented", _("effects presented")),
    ("effects_unpaid", _("effects unpaid")),
]

_FIGURES = {**dict(BUCKET_CHOICES), "overdue": _("overdue")}


def step_name(code: str) -> str:
    """Return what a checkpoint, or a step by its code, is called."""
    return str(STEPS.get(code, code))


def figure_name(code: str) -> str:
    """Return what a bucket, or what is overdue, is called."""
    return str(_FIGURES.get(code, code.replace("_", " ")))

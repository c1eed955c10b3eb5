"""What checkpoints and buckets are called inside a sentence or a choice of the administration."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

STEPS: Mapping[str, Promise] = {
    "entry": pgettext_lazy("step of a document", "entry"),
    "confirmation": pgettext_lazy("step of a document", "confirmation"),
    "picking": pgettext_lazy("step of a document", "picking"),
    "delivery": pgettext_lazy("step of a document", "delivery"),
    "invoice": pgettext_lazy("step of a document", "invoice"),
}

BUCKET_CHOICES: list[tuple[str, Promise]] = [
    ("open_orders", _("open orders")),
    ("delivered_not_invoiced", _("delivered not invoiced")),
    ("unposted_invoices", _("unposted invoices")),
    ("receivables", _("receivables")),
    ("credits", _("credits")),
    ("effects_issued", _("effects issued")),
    ("effects_presented", _("effects presented")),
    ("effects_unpaid", _("effects unpaid")),
]

_FIGURES: Mapping[str, Promise] = {**dict(BUCKET_CHOICES), "overdue": _("overdue")}


def step_name(code: str) -> str:
    """Return what a checkpoint is called, or the code of a step that is none."""
    return str(STEPS.get(code, code))


def figure_name(code: str) -> str:
    """Return what a bucket, or what is overdue, is called."""
    return str(_FIGURES.get(code, code.replace("_", " ")))

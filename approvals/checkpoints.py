"""Which steps there are, which a document begins with, and which checkpoints a step meets."""

from creditrisk.policy.compile import Policy
from documents.models import Document, Kind

CHECKPOINT = {"enter": "entry", "confirm": "confirmation", "pick": "picking", "deliver": "delivery",
              "invoice": "invoice", "issue": "invoice"}  # fmt: skip
# What a person may do with a held document without deciding its hold first.
BESIDE_A_HOLD = ("amend", "cancel", "close")
FIRST_STEP = {Kind.ORDER: ("enter",), Kind.DELIVERY: ("deliver", "enter"), Kind.RETURN: ("return",),
              Kind.INVOICE: ("invoice", "enter"), Kind.CREDIT_NOTE: ("invoice", "enter")}  # fmt: skip
NEXT_STEP = {Kind.ORDER: "confirm", Kind.DELIVERY: "deliver", Kind.RETURN: "return", Kind.INVOICE: "issue",
             Kind.CREDIT_NOTE: "issue"}  # fmt: skip


def met(document: Document, step: str, *, policy: Policy) -> list[str]:
    """Return the checkpoints that this step of the document meets and that are on; none for what only lowers."""
    if document.lowers:
        return []
    if step == "enter":
        wanted = ["entry"] if document.kind == Kind.ORDER else []
    else:
        wanted = [CHECKPOINT[step]] if step in CHECKPOINT else []
    if wanted == ["invoice"] and document.kind == Kind.INVOICE and _stands_alone(document):
        wanted = ["delivery", "invoice"]
    return [c for c in wanted if policy.checks(c, company=document.company_id)]


def _stands_alone(invoice: Document) -> bool:
    """An invoice with neither order nor delivery behind it is new credit."""
    return not invoice.lines.filter(source__isnull=False).exists()

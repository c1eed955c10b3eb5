"""Which steps there are, which a document begins with, and which checkpoints a step meets."""

from creditrisk.policy.compile import Policy
from documents.models import Document, Kind

CHECKPOINT = {"enter": "entry", "confirm": "confirmation", "pick": "picking", "deliver": "delivery",
              "invoice": "invoice", "issue": "invoice"}  # fmt: skip
# What a person may do with a held document without deciding its hold first.
BESIDE_A_HOLD = ("amend", "cancel", "close")
FIRST_STEP = {Kind.ORDER: ("enter",), Kind.DELIVERY: ("deliver", "enter"), Kind.RETURN: ("return", "enter"),
              Kind.INVOICE: ("invoice", "enter"), Kind.CREDIT_NOTE: ("invoice", "enter")}  # fmt: skip
NEXT_STEP = {Kind.ORDER: "confirm", Kind.DELIVERY: "deliver", Kind.RETURN: "return", Kind.INVOICE: "issue",
             Kind.CREDIT_NOTE: "issue"}  # fmt: skip


def met(document: Document, step: str, *, policy: Policy) -> list[str]:
    """Return the checkpoints that this step of the document meets and that are on; none for what only lowers."""
    if document.lowers:
        return []
    alone = CHECKPOINT.get(step) == "invoice" and document.kind == Kind.INVOICE and _stands_alone(document)
    return of_kind(document.kind, step, company=document.company_id, stands_alone=alone, policy=policy)


def of_kind(kind: str, step: str, *, company: int, stands_alone: bool, policy: Policy) -> list[str]:
    """Return the checkpoints that a step of such a document of a company (by its id) meets and that are on.

    An amendment asks for more of what was confirmed; an invoice that stands alone is a delivery too.
    """
    if step == "enter":
        wanted = ["entry"] if kind == Kind.ORDER else []
    else:
        wanted = [CHECKPOINT[step]] if step in CHECKPOINT else ["confirmation"] if step == "amend" else []
    if wanted == ["invoice"] and kind == Kind.INVOICE and stands_alone:
        wanted = ["delivery", "invoice"]
    return [c for c in wanted if policy.checks(c, company=company)]


def _stands_alone(invoice: Document) -> bool:
    """An invoice with neither order nor delivery behind it is new credit."""
    return not invoice.lines.filter(source__isnull=False).exists()

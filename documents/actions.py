"""Which steps a document offers to a reader, by its state and the reader's doors."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from creditrisk.roles import may
from documents.models import Document, Kind, State

# The door of each step of a document that exists.
STEP_DOORS = {
    "confirm": "amend_document",
    "pick": "deliver",
    "deliver": "deliver",
    "issue": "invoice",
    "post": "invoice",
    "cancel": "amend_document",
    "close": "amend_document",
    "reverse": "invoice",
    "return": "deliver",
}
_LIVE_ORDER = (State.CONFIRMED, State.PICKED, State.PART_DELIVERED, State.DELIVERED)


@dataclass(frozen=True)
class Action:
    """One thing a reader can do: a link, or a step that is sent (`step` says which)."""

    label: str
    url: str
    step: str = ""
    main: bool = False
    grave: bool = False

    @property
    def warning(self) -> str:
        """What a reader is told before a step that cannot be taken back."""
        if self.step == "close":
            return _(
                "What is still open of it will weigh nothing any more; what stands on draft invoices weighs until they are "
                "issued or cancelled. This cannot be taken back."
            )
        if self.step == "reverse":
            return _("A credit note over all that is not credited yet is issued, and posted where the invoice is.")
        return _("It will weigh nothing any more. This cannot be taken back.")


def of(document: Document, *, user: Any, held: bool) -> list[Action]:
    """Return what the reader can do with the document now, the most likely first."""
    match document.kind:
        case Kind.ORDER:
            found = _of_order(document, held)
        case Kind.DELIVERY:
            found = _of_delivery(document)
        case Kind.RETURN:
            found = _of_return(document)
        case _:
            found = _of_invoice(document)
    return [action for door, action in found if may(user, door)]


def _step(
    document: Document,
    step: str,
    label: str,
    *,
    main: bool = False,
    grave: bool = False,
) -> tuple[str, Action]:
    url = reverse(f"document_{step}", args=[document.pk])
    return STEP_DOORS[step], Action(label, url, step, main, grave)


def _link(door: str, label: str, url: str, *, main: bool = False) -> tuple[str, Action]:
    return door, Action(label, url, main=main)


def _amend(document: Document) -> tuple[str, Action]:
    return _link("amend_document", _("Amend"), reverse("document_amend", args=[document.pk]))


def _of_order(document: Document, held: bool) -> list[tuple[str, Action]]:
    state, pk = document.state, document.pk
    found = []
    if state == State.DRAFT:
        found.append(
            _step(
                document,
                "confirm",
                _("Confirm again") if held else _("Confirm"),
                main=True,
            )
        )
    if state in _LIVE_ORDER:
        fresh = state != State.DELIVERED
        found.append(
            _link(
                "deliver",
                _("Deliver"),
                f"{reverse('delivery_from')}?source={pk}",
                main=fresh,
            )
        )
        found.append(
            _link(
                "invoice",
                _("Invoice"),
                f"{reverse('invoice_from')}?source={pk}",
                main=not fresh,
            )
        )
    if state == State.CONFIRMED:
        found.append(_step(document, "pick", _("Pick")))
    if state in (State.DRAFT, State.CONFIRMED, State.PICKED):
        found.append(_amend(document))
    if state in _LIVE_ORDER:
        found.append(_step(document, "close", _("Close"), grave=True))
    if state in (State.DRAFT, State.CONFIRMED, State.PICKED):
        found.append(_step(document, "cancel", _("Cancel the order"), grave=True))
    return found


def _of_delivery(document: Document) -> list[tuple[str, Action]]:
    state, pk = document.state, document.pk
    if state == State.DRAFT:
        return [
            _step(document, "deliver", _("Deliver now"), main=True),
            _amend(document),
            _step(document, "cancel", _("Cancel the note"), grave=True),
        ]
    found = []
    if state == State.DELIVERED:
        found.append(
            _link(
                "invoice",
                _("Invoice"),
                f"{reverse('invoice_from')}?source={pk}",
                main=True,
            )
        )
    if state in (State.DELIVERED, State.INVOICED):
        found.append(_link("deliver", _("Take back"), reverse("return_new", args=[pk])))
    return found


def _of_return(document: Document) -> list[tuple[str, Action]]:
    if document.state != State.DRAFT:
        return []
    return [
        _step(document, "return", _("Book the return"), main=True),
        _amend(document),
        _step(document, "cancel", _("Cancel the return"), grave=True),
    ]


def _of_invoice(document: Document) -> list[tuple[str, Action]]:
    state, pk = document.state, document.pk
    if state == State.DRAFT:
        return [
            _step(document, "issue", _("Issue"), main=True),
            _amend(document),
            _step(document, "cancel", _("Cancel the invoice"), grave=True),
        ]
    found = []
    if state == State.ISSUED:
        found.append(_step(document, "post", _("Post to the ledger"), main=True))
    if state in (State.ISSUED, State.POSTED) and document.kind == Kind.INVOICE:
        found.append(_link("invoice", pgettext("action", "Credit"), reverse("credit_note_new", args=[pk])))
        found.append(_step(document, "reverse", _("Take back"), grave=True))
    return found


def why_fixed(document: Document) -> str:
    """Return, for a document that can no longer be changed, what can be done instead; nothing for one that can."""
    match document.kind, document.state:
        case _, State.CANCELLED | State.CLOSED:
            return _("It is over: it is neither changed nor carried on.")
        case Kind.ORDER, State.PART_DELIVERED | State.DELIVERED | State.INVOICED:
            return _(
                "Goods have left, so its lines stay as they are. What is still open can be delivered or closed short."
            )
        case Kind.DELIVERY, State.DELIVERED | State.INVOICED:
            return _("The goods have left, so it is no longer changed. What comes back is taken back by a return.")
        case Kind.RETURN, State.DELIVERED | State.INVOICED:
            return _("The goods are back, so it is no longer changed.")
        case Kind.INVOICE, State.ISSUED | State.POSTED:
            return _("It is issued, so it is no longer changed. A credit note corrects it or takes it back.")
        case Kind.CREDIT_NOTE, State.ISSUED | State.POSTED:
            return _("It is issued, so it is no longer changed.")
    return ""


# A document in one of these states has a step ahead that could be held by hand.
CAN_BE_HELD = (State.DRAFT, State.CONFIRMED, State.PICKED, State.PART_DELIVERED)

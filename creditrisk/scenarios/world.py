"""The world of one story while it is played: its rows by the author's codes and ids, its clock, its people."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.db import models

from approvals import sweep
from approvals.models import Hold, LimitRequest
from creditrisk.refusal import InvalidState
from creditrisk.roles import Actor
from creditrisk.scenarios import shapes
from customers.models import (
    Company,
    Customer,
    PaymentTerms,
    SettlementDiscount,
    SharedLimit,
)
from documents.models import Document, DocumentType, State
from ledger.models import Effect, OpenItem

RELATED = (
    "company",
    "segment__terms",
    "terms",
    "account_status",
    "settlement_discount",
    "bill_to",
    "credit_account",
)


class Missing(Exception):
    """The story names something that does not exist, because an earlier step did not happen."""


@dataclass
class World:
    """What a story has made so far. `rows` holds primary keys by model and code, `told` the customers as told."""

    given: shapes.Given
    today: date
    rows: dict[tuple[type[models.Model], str], int] = field(default_factory=dict)
    told: dict[str, shapes.Customer] = field(default_factory=dict)
    documents: dict[str, int] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)
    effects: dict[str, int] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)

    # -- the clock -------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """Noon UTC of the story's day."""
        return datetime.combine(self.today, time(12), UTC)

    def move_clock(self, day: date) -> None:
        """Let it be `day`: the work of the midnights in between has happened by then."""
        if day > self.today:
            self.today = day
            sweep.sweep(now=self.now)

    # -- master data -----------------------------------------------------------------------------------------------

    def keep[M: models.Model](self, code: str, row: M) -> M:
        """Remember a row under the story's code for it."""
        self.rows[type(row), code] = row.pk
        return row

    def pk(self, model: type[models.Model], code: str | None) -> int | None:
        """Return the key of the row that the story calls `code`; None for None."""
        return None if code is None else self.rows[model, code]

    def actor(self, name: str) -> Actor:
        """Return the person of that name, as the pages would see them."""
        user_model = get_user_model()
        return Actor(
            user=user_model.objects.get(pk=self.rows[user_model, name]),
            channel="scenario",
        )

    def customer(self, code: str) -> Customer:
        """Return a customer as it is now."""
        return Customer.objects.select_related(*RELATED).get(pk=self.rows[Customer, code])

    def company(self, code: str | None) -> Company | None:
        return None if code is None else Company.objects.get(pk=self.rows[Company, code])

    def terms(self, code: str | None) -> PaymentTerms | None:
        return None if code is None else PaymentTerms.objects.get(pk=self.rows[PaymentTerms, code])

    def discount(self, code: str | None) -> SettlementDiscount | None:
        return None if code is None else SettlementDiscount.objects.get(pk=self.rows[SettlementDiscount, code])

    def type(self, code: str | None) -> DocumentType | None:
        return None if code is None else DocumentType.objects.get(pk=self.rows[DocumentType, code])

    def shared(self, code: str) -> SharedLimit:
        return SharedLimit.objects.get(pk=self.rows[SharedLimit, code])

    # -- documents and the ledger ----------------------------------------------------------------------------------

    def document(self, name: str) -> Document:
        """Return a document as it is now. Raises Missing."""
        if name not in self.documents:
            raise Missing(f"there is no document {name}: its step did not happen")
        return Document.objects.get(pk=self.documents[name])

    def draft(self, name: str) -> Document | None:
        """Return the draft of that id that an earlier, held step left behind, if there is one."""
        return Document.objects.filter(pk=self.documents.get(name, 0), state=State.DRAFT).first()

    def hold(self, name: str) -> Hold:
        """Return the open hold of a document, else its latest. Raises Missing, InvalidState."""
        document = self.document(name)
        hold = Hold.objects.filter(document=document).order_by("-open", "-pk").first()
        if hold is None:
            raise InvalidState(f"{document} is not held.")
        return hold

    def request(self, name: str) -> LimitRequest:
        """Return a limit request as it is now. Raises Missing."""
        if name not in self.requests:
            raise Missing(f"there is no request {name}: its step did not happen")
        return LimitRequest.objects.get(pk=self.requests[name])

    def effect(self, name: str) -> Effect:
        """Return an effect as it is now. Raises Missing."""
        if name not in self.effects:
            raise Missing(f"there is no effect {name}: its step did not happen")
        return Effect.objects.get(pk=self.effects[name])

    def open_items(self, name: str) -> list[OpenItem]:
        """Return what an id stands for in the ledger: an item, all instalments of a posted invoice, or one of them.

        The oldest instalment first. Raises Missing.
        """
        document, _, part = name.rpartition("/")
        if name in self.items:
            found = OpenItem.objects.filter(pk=self.items[name])
        elif name in self.documents:
            found = OpenItem.objects.filter(document_id=self.documents[name])
        elif name in self.effects:
            found = OpenItem.objects.filter(effect_id=self.effects[name])
        elif document in self.documents:
            found = OpenItem.objects.filter(document_id=self.documents[document], instalment=int(part))
        else:
            found = OpenItem.objects.none()
        items = list(found.order_by("due", "instalment", "pk"))
        if not items:
            raise Missing(f"there is no item {name}: its step did not happen, or the invoice is not posted")
        return items

    def portions(self, wanted: Sequence[tuple[str, Decimal | None]]) -> list[tuple[OpenItem, Decimal | None]]:
        """Return items with the amount to settle of each; that of a whole invoice fills its oldest instalment first."""
        found: list[tuple[OpenItem, Decimal | None]] = []
        for name, amount in wanted:
            items = self.open_items(name)
            live = [item for item in items if item.open_amount] or items[:1]
            if amount is None:
                found += [(item, None) for item in live]
                continue
            for item in live:
                part = amount if item is live[-1] else min(amount, item.open_amount)
                if part:
                    found.append((item, part))
                amount -= part
        return found

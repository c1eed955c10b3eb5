"""What was promised: orders, delivery notes, returns, invoices and credit notes, with their lines."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import (
    Company,
    Customer,
    PaymentTerms,
    SettlementDiscount,
    amount_field,
    currency_field,
    cycle_field,
)


class Kind(models.TextChoices):
    ORDER = "ORDER", _("order")
    DELIVERY = "DELIVERY", _("delivery note")
    RETURN = "RETURN", _("return note")
    INVOICE = "INVOICE", _("invoice")
    CREDIT_NOTE = "CREDIT_NOTE", _("credit note")


class State(models.TextChoices):
    DRAFT = "DRAFT", _("draft")
    CONFIRMED = "CONFIRMED", _("confirmed")
    PICKED = "PICKED", _("picked")
    PART_DELIVERED = "PART_DELIVERED", _("part delivered")
    DELIVERED = "DELIVERED", _("delivered")
    INVOICED = "INVOICED", _("invoiced")
    ISSUED = "ISSUED", _("issued")
    POSTED = "POSTED", _("posted")
    CLOSED = "CLOSED", _("closed")
    CANCELLED = "CANCELLED", _("cancelled")


ORDER_STATES = (
    State.DRAFT, State.CONFIRMED, State.PICKED, State.PART_DELIVERED, State.DELIVERED, State.INVOICED,
    State.CLOSED, State.CANCELLED,
)  # fmt: skip
GOODS_STATES = (
    State.DRAFT,
    State.DELIVERED,
    State.INVOICED,
    State.CLOSED,
    State.CANCELLED,
)
INVOICE_STATES = (State.DRAFT, State.ISSUED, State.POSTED, State.CANCELLED)


class DocumentType(models.Model):
    """A kind of document with its own standing in credit control."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=80, blank=True, default="")
    of = models.CharField(
        _("of"),
        max_length=8,
        choices=[(k.value, k.label) for k in (Kind.ORDER, Kind.DELIVERY, Kind.INVOICE)],
    )
    counts = models.BooleanField(_("uses credit"), default=True)
    never_blocked = models.BooleanField(
        _("never blocked"),
        default=False,
        help_text=_("What would hold it is reported as a warning."),
    )
    sign = models.SmallIntegerField(_("sign"), default=1, choices=[(1, "+"), (-1, "−")])
    prefix = models.CharField(
        _("letters of its numbers"), max_length=6, blank=True, default="",
        validators=[RegexValidator("^[A-Z0-9]*$", _("Capital letters and digits only."))],
        help_text=_("Documents of this type are numbered in a series of their own. Blank: with all of their kind."),
    )  # fmt: skip

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(sign__in=[1, -1]), name="documents_type_sign")]

    def __str__(self) -> str:
        return self.code


def type_of(kind: str) -> str:
    """Return of which kind the types are that a document of this kind may have: a return's are those of deliveries."""
    return {Kind.RETURN: Kind.DELIVERY, Kind.CREDIT_NOTE: Kind.INVOICE}.get(Kind(kind), Kind(kind))


class NumberRange(models.Model):
    """The last number given in a series: a company's, of a kind (or type with letters of its own), in a year."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE)
    kind = models.CharField(max_length=12, choices=Kind)
    prefix = models.CharField(max_length=6)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "kind", "prefix", "year"], name="documents_one_number_range")
        ]

    def __str__(self) -> str:
        return f"{self.company_id} {self.prefix} {self.year}"


class DocumentQuerySet(models.QuerySet["Document"]):
    def in_companies(self, company_ids: list[int] | None) -> "DocumentQuerySet":
        """Keep the documents of these companies; None keeps all."""
        return self if company_ids is None else self.filter(company_id__in=company_ids)

    def open_orders(self) -> "DocumentQuerySet":
        return self.filter(
            kind=Kind.ORDER,
            state__in=[
                State.DRAFT,
                State.CONFIRMED,
                State.PICKED,
                State.PART_DELIVERED,
            ],
        )


class Document(models.Model):
    """The header of every sales document. It changes through the gate alone.

    `total` is the sum of its lines with tax, in `currency`. `debtor` owes it: the bill-to, by default the customer.
    Every index is written with every step; what one below begins with, and what nobody looks for, has none of its own.
    """

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    type = models.ForeignKey(
        DocumentType,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("type"),
    )
    number = models.CharField(_("number"), max_length=60)
    numbered = models.BooleanField(_("has its number"), default=True, db_default=True)  # A draft invoice has not.
    state = models.CharField(_("state"), max_length=14, choices=State, default=State.DRAFT)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, db_index=False, verbose_name=_("company"))
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        db_index=False,
        related_name="documents",
        verbose_name=_("customer"),
    )
    debtor = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        db_index=False,
        related_name="debts",
        verbose_name=_("bill to"),
    )
    currency = currency_field()
    total = amount_field(_("total"), default=Decimal(0))
    terms = models.ForeignKey(
        PaymentTerms,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("payment terms"),
    )
    settlement_discount = models.ForeignKey(
        SettlementDiscount,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("settlement discount"),
    )
    invoicing = cycle_field()
    ship_date = models.DateField(_("ship date"), null=True, blank=True)
    document_date = models.DateField(_("date"))
    issued_on = models.DateField(_("issued on"), null=True, blank=True)
    origin = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="descendants",
        help_text=_("The delivery of a return, the invoice of a credit note."),
    )  # fmt: skip
    orders = models.ManyToManyField(
        "self", symmetrical=False, related_name="followers", blank=True,
        help_text=_("The orders that a note or invoice was made from; a release of theirs covers it."),
    )  # fmt: skip
    channel = models.CharField(_("channel"), max_length=20, blank=True, default="")
    note = models.CharField(_("note"), max_length=300, blank=True, default="")
    source_key = models.CharField(_("key in the source"), max_length=120, null=True, blank=True)
    revision = models.PositiveIntegerField(
        _("revision"),
        default=1,
        help_text=_("Grows with every change, so that a stale page is noticed."),
    )
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField(_("entered at"))
    amended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    amended_before = ArrayField(
        models.IntegerField(), null=True, help_text=_("Who amended it before the last one did; blank: nobody else.")
    )

    held = False  # Known where a document was read with its hold: under its lock, in lists.

    objects = DocumentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "kind", "number"], name="documents_one_number"),
            models.UniqueConstraint(fields=["source_key"], name="documents_source_key_once"),
            models.CheckConstraint(
                condition=Q(kind=Kind.ORDER, state__in=ORDER_STATES)
                | Q(kind__in=[Kind.DELIVERY, Kind.RETURN], state__in=GOODS_STATES)
                | Q(kind__in=[Kind.INVOICE, Kind.CREDIT_NOTE], state__in=INVOICE_STATES),
                name="documents_state_of_kind",
            ),
            models.CheckConstraint(
                condition=~Q(
                    kind__in=[Kind.INVOICE, Kind.CREDIT_NOTE],
                    state__in=[State.ISSUED, State.POSTED],
                )
                | Q(issued_on__isnull=False),
                name="documents_issued_has_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.ISSUED, State.POSTED]) | Q(numbered=True),
                name="documents_issued_has_a_number",
            ),
            models.CheckConstraint(condition=Q(total__gte=0), name="documents_total_not_negative"),
        ]
        indexes = [
            # No state in any: a step that moves a document alone then touches no index.
            models.Index(fields=["debtor", "kind"], name="documents_of_debtor"),
            models.Index(fields=["customer", "document_date"], name="documents_of_customer"),
            models.Index(fields=["kind", "document_date"], name="documents_by_day"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def lowers(self) -> bool:
        """Whether the document can only lower exposure: never held (law 8)."""
        return self.kind in (Kind.RETURN, Kind.CREDIT_NOTE) or (self.type is not None and self.type.sign < 0)


class _OfKind(models.Manager[Document]):
    kinds: tuple[str, ...] = ()

    def get_queryset(self) -> models.QuerySet[Document]:
        return super().get_queryset().filter(kind__in=self.kinds)


class _Orders(_OfKind):
    kinds = (Kind.ORDER,)


class _Notes(_OfKind):
    kinds = (Kind.DELIVERY, Kind.RETURN)


class _Invoices(_OfKind):
    kinds = (Kind.INVOICE, Kind.CREDIT_NOTE)


class SalesOrder(Document):
    objects: Any = _Orders()

    class Meta:
        proxy = True
        verbose_name = _("sales order")


class DeliveryNote(Document):
    objects: Any = _Notes()

    class Meta:
        proxy = True
        verbose_name = _("delivery note")


class Invoice(Document):
    objects: Any = _Invoices()

    class Meta:
        proxy = True
        verbose_name = _("invoice")


class Line(models.Model):
    """One line. `amount` is quantity x price less discount, with tax, rounded to the document's currency.

    `settled` is the part of the amount that has gone on to a later document, `drafted` the part that a draft invoice
    has taken; what is left over weighs in the document's own bucket. Both move only together with a `Takeover`.
    """

    document = models.ForeignKey(Document, on_delete=models.CASCADE, db_index=False, related_name="lines")
    position = models.PositiveSmallIntegerField(_("position"))
    text = models.CharField(_("article"), max_length=200, blank=True, default="")
    quantity = models.DecimalField(_("quantity"), max_digits=18, decimal_places=6)
    price = models.DecimalField(_("unit price"), max_digits=18, decimal_places=6)
    discount_percent = models.DecimalField(_("discount %"), max_digits=7, decimal_places=4, default=0)
    tax_percent = models.DecimalField(_("tax %"), max_digits=7, decimal_places=4, default=0)
    amount = amount_field(_("amount"))
    settled = amount_field(_("gone on"), default=Decimal(0))
    drafted = amount_field(_("on draft invoices"), default=Decimal(0))
    source = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="derived",
        help_text=_("The line of the order, delivery or invoice that this line was made from."),
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"],
                name="documents_one_line_per_position",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0, settled__gte=0, drafted__gte=0) & Q(amount__gte=F("settled") + F("drafted")),
                name="documents_line_goes_on_once",
            ),
            models.CheckConstraint(
                condition=Q(
                    discount_percent__gte=0,
                    discount_percent__lte=100,
                    tax_percent__gte=0,
                ),
                name="documents_line_percents",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document_id}/{self.position}"


class Takeover(models.Model):
    """A later line took this much over from an earlier one, where it weighs no more."""

    earlier = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="given")
    later = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="taken")
    amount = amount_field(_("amount"))
    drafted = models.BooleanField(_("by a draft invoice"), default=False)
    offsets = models.BooleanField(
        _("offsets the later line"),
        default=False,
        help_text=_("The later line itself weighs that much less too: goods invoiced in advance, or returned."),
    )
    undone = models.BooleanField(_("undone"), default=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="documents_takeover_positive")]
        indexes = [
            models.Index(
                fields=["later"],
                condition=Q(undone=False),
                name="documents_live_takeovers",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.earlier_id} -> {self.later_id} {self.amount}"

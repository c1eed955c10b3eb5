"""From a message to a document: kept first, then read, its parties found, and handed to the gate.

An invoice that comes as a message was issued elsewhere: it is a fact, so it is recorded and posted on its day, and never
held. An order is a wish: it is entered, and meets its checkpoints like one that was typed.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from approvals import alerts, gate
from creditrisk import language
from creditrisk.clock import business_day
from creditrisk.exposure import ledger as exposure
from creditrisk.language import sentence as _
from creditrisk.money import ZERO, MissingRate, rounded
from creditrisk.refusal import Duplicate, InvalidState, Refused
from creditrisk.roles import Actor, companies_of, works_in
from customers import queries as customer_queries
from customers.models import Company, Customer, PaymentTerms, TermsInstalment
from documents.drafts import NewDocument, NewLine
from documents.intake import recognising
from documents.intake.incoming import CREDIT_NOTE, ORDER, Incoming, Party
from documents.intake.models import Message, MessageState, PartyKey
from documents.models import Document, State
from ledger.bank.matching import words
from ledger.imports.delimited import BadFile
from ledger.imports.values import customer_code, shown


class UnknownBuyer(Refused):
    """Nobody here is known by the buyer's numbers or name."""

    code = "unknown_buyer"

    def __init__(self, buyer: Party) -> None:
        values = {"name": shown(buyer.name), "numbers": ", ".join(buyer.keys[:4])}
        if buyer.keys:
            said = _("Nobody here is known as “%(name)s” (%(numbers)s). Say which customer it is.") % values
        else:
            said = _("Nobody here is known as “%(name)s”. Say which customer it is.") % values
        super().__init__(said)
        self.buyer = buyer


def visible(user: Any) -> QuerySet[Message]:
    """Return the messages that somebody may see: of the companies they work in, and those that they sent in."""
    companies = companies_of(user) if user is not None else None
    found = Message.objects.defer("content").select_related("received_by", "company")
    return found if companies is None else found.filter(Q(company_id__in=companies) | Q(received_by=user))


def receive(content: bytes, name: str, *, company: Company | None, by: Actor, now: datetime) -> tuple[Message, bool]:
    """Keep a message and try to take it in; return it, and whether it was tried.

    What cannot be taken in stays, with its error, and can be tried again. A file that the sender sees here already is
    not kept twice, and tried only where it was dropped. Of one that others sent in, the sender learns nothing.
    """
    digest = hashlib.sha256(content).hexdigest()
    here = visible(by.user).filter(sha256=digest).order_by("pk")
    message, new = here.filter(state=MessageState.DONE).first() or here.first(), False
    if message is None:
        with transaction.atomic():
            message, new = Message.objects.get_or_create(
                sha256=digest, received_by=by.user,
                defaults={
                    "name": name[:200], "content": content, "company": company, "error": "Not tried yet.",
                    "told": language.kept(_("Not tried yet.")), "received_at": now,
                },
            )  # fmt: skip
    wanted = new or message.state == MessageState.DROPPED
    return (attempt(message, by=by, now=now) if wanted else message), wanted


def attempt(message: Message, *, by: Actor, now: datetime, buyer: Customer | None = None) -> Message:
    """Try to take a message in: all its documents, or none and the reason kept. Raises InvalidState for one taken in.

    `buyer` is who the buyer is for whom the message waited, whatever its numbers say.
    """
    with transaction.atomic():
        locked = Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
        if locked.state == MessageState.DONE:
            raise InvalidState(_("This message was taken in before."))
        locked.tries += 1
        try:
            with transaction.atomic():
                found = recognising.read(bytes(locked.content), locked.name)
                locked.format = found[0].format
                made = [_take(one, locked, named=buyer, by=by, now=now) for one in found]
                _audit(made)
        except UnknownBuyer as error:
            _dead(locked, error, now=now, buyer=_unknown(error.buyer))
        except (BadFile, Refused, MissingRate) as error:
            _dead(locked, error, now=now)
        else:
            locked.state, locked.error, locked.told, locked.buyer = MessageState.DONE, "", None, {}
            locked.documents.set(made)
        locked.save()
    return locked


def _unknown(buyer: Party) -> dict[str, Any]:
    """Return a buyer as a message keeps one whom nobody knows."""
    return {"name": buyer.name, "keys": list(buyer.keys)}


def _dead(message: Message, error: Exception, *, now: datetime, buyer: dict[str, Any] | None = None) -> None:
    if message.tries == 1:  # whoever tries again sees the answer at once
        values = {"name": message.name, "error": language.kept(str(error)) or str(error)[:500]}
        alerts.write([("message_failed", values)], customer_id=None, day=business_day(now), now=now)
    message.state, message.error, message.buyer = MessageState.DEAD, str(error)[:500], buyer or {}
    message.told = language.kept(str(error))


@transaction.atomic
def assign(message: Message, customer: Customer, *, by: Actor, now: datetime) -> Message:
    """Say which customer the unknown buyer is: tried again, and remembered for every message to come.

    A number that names another customer goes on naming that one. Raises Refused where `by` may not see that customer.
    """
    if message.state != MessageState.DEAD or not message.buyer:
        raise InvalidState(_("This message does not wait for a customer."))
    buyer = Party(message.buyer["name"], tuple(message.buyer["keys"]))
    for key in buyer.keys or (_name_key(buyer.name),):
        named = _told([key]) | (_taxed([key]) if buyer.keys else _alike(buyer.name))
        sees_all = _sees(by, named)
        if customer not in named and not sees_all:
            raise Refused(
                _(
                    "A number or the name of this buyer belongs to a customer whom you do not see; ask somebody who does."
                )
            )
        # Which of several it is, only somebody who sees them all says for good.
        if not named or (customer in named and sees_all):
            PartyKey.objects.get_or_create(key=key, defaults={"customer": customer})
    return attempt(message, by=by, now=now, buyer=customer)


@transaction.atomic
def drop(message: Message) -> None:
    """Put a message aside that will never be taken in; it stays, with its reason. Raises InvalidState."""
    locked = Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
    if locked.state != MessageState.DEAD:
        raise InvalidState(_("Only a message that was not taken in can be dropped."))
    locked.state = MessageState.DROPPED
    locked.save(update_fields=["state"])


def _take(found: Incoming, message: Message, *, named: Customer | None, by: Actor, now: datetime) -> Document:
    said = named if _unknown(found.buyer) == message.buyer else None
    buyer = said or _customer(found.buyer)
    company = message.company or _seller(found.seller) or buyer.company
    known = by.user is None or customer_queries.visible(by.user).filter(pk=buyer.pk).exists()
    if not works_in(by.user, company.pk) or not known:
        raise Refused(
            _("%(number)s belongs to a company that you do not work in.") % {"number": found.number or message.name}
        )
    today = business_day(now)
    if found.day > today:
        raise Refused(
            _("%(number)s is dated %(day)s, a day to come.") % {"number": found.number, "day": language.day(found.day)}
        )
    if not found.payable:
        raise Refused(_("Nothing of %(number)s is to be paid.") % {"number": found.number})
    key = f"message:{company.code}:{found.kind}:{buyer.code}:{found.number}"[:120]
    if Document.objects.filter(company=company, kind=found.kind, number=found.number).exists():
        raise Duplicate(_("%(number)s is here already.") % {"number": found.number})
    new = NewDocument(
        kind=found.kind, customer=buyer, company=company, number=found.number, currency=found.currency,
        terms=_terms(found), lines=_lines(found), channel="message", source_key=key,
    )  # fmt: skip
    if found.kind == ORDER:
        return gate.submit(new, "enter", by=by, now=now).document
    document = gate.record(_linked(new, found, company), "invoice", by=by, day=found.day, now=now)
    return gate.record(document, "post", by=by, day=found.day, now=now)


def _linked(new: NewDocument, found: Incoming, company: Company) -> NewDocument:
    """Return the document with what it comes from, where that is here: a credit note its invoice, an invoice its order.

    So a euro that was promised by the order does not weigh twice.
    """
    here = Document.objects.filter(company=company, currency=found.currency, customer=new.customer)
    if found.kind == CREDIT_NOTE and found.invoice_number:
        invoice = here.filter(
            kind="INVOICE", number=found.invoice_number, state__in=[State.ISSUED, State.POSTED]
        ).first()
        left = _left_to_credit(invoice) if invoice else ZERO
        if invoice and left >= found.payable:
            return NewDocument(**{**new.__dict__, "origin": invoice, "lines": (), "amount": found.payable})
    elif found.kind != CREDIT_NOTE and found.order_number:
        order = here.filter(
            kind="ORDER", number=found.order_number,
            state__in=[State.CONFIRMED, State.PICKED, State.PART_DELIVERED, State.DELIVERED],
        ).first()  # fmt: skip
        if order is not None:
            return NewDocument(**{**new.__dict__, "sources": (order,), "lines": (), "amount": found.payable})
    return new


def _left_to_credit(invoice: Document) -> Decimal:
    back = Document.objects.filter(origin=invoice, kind="CREDIT_NOTE").exclude(state=State.CANCELLED)
    return invoice.total - sum(back.values_list("total", flat=True), ZERO)


def _lines(found: Incoming) -> tuple[NewLine, ...]:
    """Return the lines as told where they sum to what is owed, completed by a line of charges where they are less.

    Else one line over what is owed: an account is right to the cent before it is detailed.
    """
    told = tuple(
        NewLine(p.text, p.quantity, (p.net / p.quantity).quantize(Decimal("0.000001")), ZERO, p.tax_percent)
        if p.quantity > 0 and p.net >= 0
        else NewLine(p.text, Decimal(1), p.net, ZERO, p.tax_percent)
        for p in found.positions
    )
    payable = rounded(found.payable, found.currency)
    if payable != found.payable:
        raise Refused(
            _("%(amount)s is finer than %(currency)s is.")
            % {"amount": language.exact(found.payable), "currency": found.currency}
        )
    total = sum((line.amount(found.currency) for line in told), ZERO)
    sound = bool(told) and all(line.price >= 0 and 0 <= line.tax_percent <= 100 for line in told)
    if sound and total == payable:
        return told
    if sound and ZERO < payable - total <= payable / 5:
        return (*told, NewLine(_("Charges and rounding"), Decimal(1), payable - total))
    words_ = (
        found.positions[0].text
        if len(found.positions) == 1
        else _("%(count)s positions, as in the message") % {"count": language.number(len(found.positions))}
    )
    return (NewLine(words_[:200], Decimal(1), payable),)


def _terms(found: Incoming) -> PaymentTerms | None:
    """Return terms under which it falls due as the message says, made where there are none; None: the customer's."""
    if found.kind != "INVOICE" or not found.dues:
        return None
    days = [max((when - found.day).days, 0) for when, _part in found.dues]
    if len(days) == 1:
        return PaymentTerms.objects.get_or_create(
            code=f"NET{days[0]}", defaults={"days": days[0], "name": f"{days[0]} days"}
        )[0]
    whole = sum((part for _when, part in found.dues), ZERO)
    percents = [(part * 100 / whole).quantize(Decimal("0.0001")) for _when, part in found.dues]
    return _instalments(days, percents)


def _instalments(days: Sequence[int], percents: Sequence[Decimal]) -> PaymentTerms:
    told = "/".join(f"{d}:{p.normalize():f}" for d, p in zip(days, percents, strict=True))
    code = f"PARTS-{hashlib.sha256(told.encode()).hexdigest()[:12]}"
    terms, made = PaymentTerms.objects.get_or_create(code=code, defaults={"days": days[-1], "name": told[:120]})
    if made:
        TermsInstalment.objects.bulk_create(
            TermsInstalment(terms=terms, position=at, percent=percent, days=day)
            for at, (day, percent) in enumerate(zip(days, percents, strict=True), 1)
        )
    return terms


def _name_key(name: str) -> str:
    told = " ".join(sorted(words(name))) or " ".join(name.split())  # words are of Latin letters
    return f"NAME:{told.upper()}"[:120]


def _told(keys: Iterable[str]) -> set[Customer]:
    """Return the customers of whom somebody said that these numbers are theirs."""
    found = PartyKey.objects.filter(key__in=keys).select_related("customer__merged_into")
    return {k.customer.merged_into or k.customer for k in found}


def _taxed(keys: Iterable[str]) -> set[Customer]:
    """Return the customers whose tax number is among these."""
    found = Customer.objects.exclude(tax_number="").filter(tax_number__in=keys).select_related("merged_into")
    return {c.merged_into or c for c in found}


def _alike(name: str) -> set[Customer]:
    """Return the customers who are called so."""
    return set(Customer.objects.filter(merged_into__isnull=True, name__iexact=name)) if name else set()


def _sees(by: Actor, customers: set[Customer]) -> bool:
    """Return whether all of them are customers whom the actor may see."""
    if by.user is None:
        return True
    return customer_queries.visible(by.user).filter(pk__in=[c.pk for c in customers]).count() == len(customers)


def _customer(buyer: Party) -> Customer:
    """Return the customer whom a buyer's numbers name, else the one who alone has the buyer's name."""
    customers = _told(buyer.keys) or _taxed(buyer.keys)
    if not customers and buyer.keys:
        # A number in a message may be anybody's numbering: it names a customer of ours only beside their name.
        codes = {*buyer.keys, *map(customer_code, buyer.keys)}
        named = Customer.objects.filter(code__in=codes).select_related("merged_into")
        customers = {c.merged_into or c for c in named if not buyer.name or words(buyer.name) & words(c.name)}
    if not customers and buyer.name:
        # Of several who are called so it is the one who was told; told was nobody who is called so: then nobody is sure.
        told, alike = _told([_name_key(buyer.name)]), _alike(buyer.name)
        customers = told & alike or told | alike
    if len(customers) != 1:
        raise UnknownBuyer(buyer)
    return customers.pop()


def _seller(seller: Party) -> Company | None:
    """Return the company of ours that the seller's tax number names."""
    return Company.objects.exclude(tax_number="").filter(tax_number__in=seller.keys).order_by("pk").first()


def _audit(documents: Sequence[Document]) -> None:
    found = exposure.audit(sorted({d.debtor_id for d in documents}))
    if found.total:
        raise Refused(
            _("The exposure ledger would differ from the formula by %(total)s.")
            % {"total": language.exact(found.total)}
        )

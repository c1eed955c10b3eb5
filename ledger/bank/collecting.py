"""RiBa lists: a presentation as the bank takes it, and the bank's answer booked, receipt by receipt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from approvals import booking
from creditrisk import language
from creditrisk.clock import business_day
from creditrisk.money import figure
from creditrisk.refusal import Refused
from creditrisk.roles import Actor, companies_of, works_in
from ledger.bank import riba
from ledger.bank.models import CollectingAccount, DrawnOn
from ledger.models import Effect, EffectKind, EffectState, Presentation


@dataclass(frozen=True)
class Answer:
    """One receipt of the bank's answer beside the effect that it is about; `problem` says why it is not."""

    returned: riba.Returned
    effect: Effect | None
    problem: str = ""


def ribas(presentation: Presentation) -> list[Effect]:
    """Return the RiBa of a list, in the order in which they are sent."""
    found = Effect.objects.filter(presentation=presentation, kind=EffectKind.RIBA)
    return list(found.select_related("customer__riba_details").order_by("due", "pk"))


def lacking(effects: Sequence[Effect]) -> list[Effect]:
    """Return the effects whose customers have no bank to be drawn on yet."""
    return [effect for effect in effects if not hasattr(effect.customer, "riba_details")]


def flow(presentation: Presentation, account: CollectingAccount) -> str:
    """Return the list as CBI records. Raises Refused where something that the bank needs is missing."""
    effects = ribas(presentation)
    if not effects:
        raise Refused(_("There is no RiBa in this list."))
    if account.company_id != presentation.company_id:
        raise Refused(_("The account belongs to another company than the list."), field="account")
    if missing := lacking(effects):
        codes = ", ".join(sorted({e.customer.code for e in missing}))
        raise Refused(_("The bank on which RiBa are drawn is not known of: %(codes)s.") % {"codes": codes})
    if foreign := next((e for e in effects if e.currency != "EUR"), None):
        raise Refused(
            _("RiBa are in euro; %(effect)s is in %(currency)s.") % {"effect": foreign, "currency": foreign.currency}
        )
    creditor = riba.Creditor(
        sia=account.sia, abi=account.abi, cab=account.cab, account=account.account, name=account.name,
        address=account.address, town=account.town, tax_code=account.tax_code,
    )  # fmt: skip
    return riba.write(
        creditor, [_receipt(e) for e in effects], name=f"RIBA{presentation.pk:010d}", day=presentation.day
    )


def _receipt(effect: Effect) -> riba.Receipt:
    drawn: DrawnOn = effect.customer.riba_details
    return riba.Receipt(
        number=effect.pk, due=effect.due, amount=effect.amount, debtor=effect.customer.name,
        debtor_code=effect.customer.code, tax_code=drawn.tax_code, address=drawn.address, postcode=drawn.postcode,
        town=drawn.town, province=drawn.province, abi=drawn.abi, cab=drawn.cab, bank=drawn.bank,
        says=f"{effect.number} " + " ".join(str(c.item) for c in effect.closes.select_related("item").order_by("pk")),
    )  # fmt: skip


def answers(content: bytes, name: str, *, by: Actor) -> list[Answer]:
    """Read the bank's answer and find what each receipt is about. Raises BadFile."""
    returned = riba.read(content, name)
    companies = companies_of(by.user) if by.user is not None else None
    effects = Effect.objects.filter(pk__in=[r.number for r in returned], kind=EffectKind.RIBA)
    if companies is not None:
        effects = effects.filter(company_id__in=companies)
    known = {e.pk: e for e in effects.select_related("customer")}
    seen: set[int] = set()
    found = []
    for record in returned:
        effect = known.get(record.number)
        found.append(Answer(record, effect, _problem(record, effect, again=record.number in seen)))
        seen.add(record.number)
    return found


def _problem(record: riba.Returned, effect: Effect | None, *, again: bool) -> str:
    if effect is None:
        return _("There is no RiBa with this number.")
    if again:
        return _("It stands in the file twice.")
    if effect.amount != record.amount or effect.due != record.due:
        return _("Ours is of %(amount)s, due %(day)s.") % {
            "amount": figure(effect.amount, effect.currency),
            "day": language.day(effect.due),
        }
    if effect.state not in (EffectState.PRESENTED, EffectState.COLLECTED):
        return _("It is %(state)s.") % {"state": effect.get_state_display()}
    if effect.state == EffectState.COLLECTED and record.paid is not False:
        return _("It is collected already.")
    return ""


@transaction.atomic
def book(outcomes: Mapping[int, str], *, posted: bool, by: Actor, now: datetime) -> tuple[int, int]:
    """Book outcomes by effect id ("paid" or "unpaid"), all or none; returns how many were paid and unpaid.

    Raises Refused and InvalidState.
    """
    paid = unpaid = 0
    for effect in Effect.objects.filter(pk__in=outcomes).order_by("customer_id", "pk"):
        if not works_in(by.user, effect.company_id):
            raise Refused(_("%(effect)s belongs to a company that you do not work in.") % {"effect": effect})
        if outcomes[effect.pk] == "paid":
            booking.collect(effect, day=min(max(effect.due, effect.issued_on), business_day(now)), by=by, now=now)
            paid += 1
        else:
            booking.unpaid(effect, posted=posted, by=by, now=now)
            unpaid += 1
    return paid, unpaid

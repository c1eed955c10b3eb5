"""Who may let a hold through: up to which amount, excess and risk class, for oneself or in place of somebody absent.

What is above one goes up the chain: a hold waits for the lowest role in which somebody's authority reaches it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from approvals import hold_events, holds
from approvals.models import Authority, Hold, HoldStep, Substitution
from creditrisk.money import ZERO, MissingRate, Rates, figure
from creditrisk.refusal import AboveAuthority
from creditrisk.roles import name_of, role_in_words
from ledger import rates as ledger_rates

CHAIN = ("credit_clerk", "credit_manager", "finance_director")


@dataclass(frozen=True)
class Matter:
    """What authority is asked about: amount and excess in the account's currency; no amount where a rate is missing."""

    amount: Decimal | None
    excess: Decimal
    currency: str
    risk_class: str
    company_id: int
    authors: frozenset[int]


@dataclass(frozen=True)
class Bounds:
    """How far one line of authority reaches; None and no class are without bound, no `companies` is all of them."""

    amount: Decimal | None = None
    excess: Decimal | None = None
    risk_classes: frozenset[str] = frozenset()
    companies: frozenset[int] | None = None

    def beyond(self, matter: Matter) -> str:
        """Return why a matter is beyond these bounds, as a sentence; nothing where it is not."""
        amount, currency = matter.amount, matter.currency
        if self.companies is not None and matter.company_id not in self.companies:
            return _("This authority is for another company.")
        if self.amount is not None and amount is None:
            return _("A rate is missing to compare it with an authority.")
        if self.amount is not None and amount is not None and amount > self.amount:
            return _("%(amount)s is above your authority of %(most)s.") % {
                "amount": f"{currency} {figure(amount, currency)}", "most": f"{currency} {figure(self.amount, currency)}"
            }  # fmt: skip
        if self.excess is not None and matter.excess > self.excess:
            return _("It is %(excess)s over the limit; your authority ends at %(most)s over it.") % {
                "excess": f"{currency} {figure(matter.excess, currency)}",
                "most": f"{currency} {figure(self.excess, currency)}",
            }
        if self.risk_classes and matter.risk_class not in self.risk_classes:
            words = _("Customers of the risk class %(risk_class)s are not in your authority.")
            return words % {"risk_class": matter.risk_class or "–"}
        return ""


@dataclass(frozen=True)
class Person:
    """Somebody of the chain: `rank` in it, the companies (None: all), own bounds, and bounds lent by whom."""

    id: int
    name: str
    rank: int
    companies: frozenset[int] | None
    bounds: tuple[Bounds, ...]
    lent: tuple[tuple[int, Bounds], ...] = ()

    def beyond(self, matter: Matter, *, given: Iterable["Person"] = ()) -> str:
        """Return why a matter is beyond this person, as a sentence; nothing where it is not.

        `given` are those who delegated it. Nobody acts on another's authority in what they or the other entered.
        """
        if self.companies is not None and matter.company_id not in self.companies:
            return _("This document belongs to a company that is not yours.")
        others = [*self.lent, *((p.id, b) for p in given for b in p.bounds)]
        if self.id in matter.authors:
            others = []
        bounds = [*self.bounds, *(b for whose, b in others if whose not in matter.authors)]
        reasons = [b.beyond(matter) for b in bounds]
        return "" if "" in reasons else reasons[0]


@dataclass(frozen=True)
class Waiting:
    """For whom a hold waits: these people, in this role of the chain; nobody where no authority reaches it."""

    people: tuple[Person, ...] = ()
    role: str = ""

    @property
    def words(self) -> str:
        """Whom to ask, for people."""
        names = ", ".join(p.name for p in self.people[:3]) + (" …" if len(self.people) > 3 else "")
        return f"{role_in_words(self.role)} ({names})" if self.role and names else names

    @property
    def brief(self) -> str:
        """Whom to ask, in a column: the one person, else the role."""
        return self.people[0].name if len(self.people) == 1 else role_in_words(self.role)


def people(day: date) -> dict[int, Person]:
    """Return everybody of the chain on `day`, by id; a fixed number of queries."""
    found = get_user_model().objects.filter(is_active=True, groups__name__in=CHAIN).distinct().order_by("username")
    lines = list(Authority.objects.select_related("group").prefetch_related("risk_classes"))
    own = {line.user_id: _bounds(line) for line in lines if line.user_id}
    of_roles: dict[str, Bounds] = {line.group.name: _bounds(line) for line in lines if line.group}
    known: dict[int, Person] = {}
    for user in found.prefetch_related("groups", "company_access"):
        roles = {group.name for group in user.groups.all()}
        bounds = [own[user.pk]] if user.pk in own else [of_roles[name] for name in sorted(roles) if name in of_roles]
        companies = frozenset(access.company_id for access in user.company_access.all())
        known[user.pk] = Person(
            user.pk, name_of(user), min(CHAIN.index(r) for r in roles if r in CHAIN),
            companies or None, tuple(bounds) or (Bounds(amount=ZERO),),
        )  # fmt: skip
    return _with_lent(known, day)


def _bounds(line: Authority) -> Bounds:
    classes = frozenset(found.code for found in line.risk_classes.all())
    return Bounds(line.release_up_to, line.excess_up_to, classes)


def _with_lent(known: dict[int, Person], day: date) -> dict[int, Person]:
    lent: dict[int, list[tuple[int, Bounds]]] = {}
    for absent, substitute in Substitution.objects.on(day).values_list("absent", "substitute"):
        if absent in known:
            away = known[absent]
            lent.setdefault(substitute, []).extend((absent, replace(b, companies=away.companies)) for b in away.bounds)
    return {pk: Person(p.id, p.name, p.rank, p.companies, p.bounds, tuple(lent.get(pk, ()))) for pk, p in known.items()}


def matter(hold: Hold, *, excess: Decimal, rates: Rates, more: Decimal = ZERO) -> Matter:
    """Return what authority is asked about; the amount is the document's today, or the held amendment's.

    `more`, in the document's currency, is what a release would let it grow by: as much is asked for, and over the limit.
    """
    amount, currency = hold.amount, hold.currency
    if hold.step != "amend":
        amount, currency = hold.document.total, hold.document.currency
    target = hold.customer.currency
    account = getattr(hold.customer, "credit_account", None)
    try:
        converted: Decimal | None = rates.convert({currency: amount + more}, target)
        excess += rates.convert({currency: more}, target) if excess else ZERO
    except MissingRate:
        converted = None
    risk_class = account.risk_class.code if account and account.risk_class else ""
    return Matter(
        converted, excess, target, risk_class, hold.document.company_id, frozenset(holds.authors(hold))
    )  # fmt: skip


def waiting(
    asked: Matter, everyone: Mapping[int, Person], *, four_eyes: bool, assigned: int | None = None,
    given: Iterable[Person] = (),
) -> Waiting:  # fmt: skip
    """Return for whom a hold waits: whoever has it and may decide it, else the lowest role whose authority reaches it."""
    able = [p for p in everyone.values() if not (four_eyes and p.id in asked.authors)]
    holder = next((p for p in able if p.id == assigned), None)
    if holder is not None and not holder.beyond(asked, given=given):
        return Waiting((holder,))
    able = [p for p in able if not p.beyond(asked)]
    if not able:
        return Waiting()
    rank = min(p.rank for p in able)
    return Waiting(tuple(p for p in able if p.rank == rank), CHAIN[rank])


def of_holds(found: Iterable[Any], *, day: date, four_eyes: bool) -> dict[int, Waiting]:
    """Return for whom each hold of the desk waits, by id; a fixed number of queries."""
    listed = list(found)
    everyone = people(day) if listed else {}
    rates = ledger_rates.on(day, {c for h in listed for c in (h.currency, h.document.currency, h.customer.currency)})
    chains = hold_events.delegators({h.pk: h.assigned_id for h in listed if h.assigned_id})
    return {
        h.pk: waiting(
            matter(h, excess=h.review_excess or ZERO, rates=rates), everyone, four_eyes=four_eyes,
            assigned=h.assigned_id, given=[everyone[pk] for pk in chains.get(h.pk, ()) if pk in everyone],
        )
        for h in listed
    }  # fmt: skip


def for_whom(found: Any, *, user: Any, day: date, four_eyes: bool) -> Any:
    """Return those of the desk's holds that wait for this user: not those on which sales works."""
    listed = [hold for hold in found if hold.turn != HoldStep.CHANGE_WANTED]
    waits = of_holds(listed, day=day, four_eyes=four_eyes)
    return found.filter(pk__in=[pk for pk, w in waits.items() if user.pk in {person.id for person in w.people}])


def refuse_above(hold: Hold, *, user: Any, excess: Decimal, day: date, four_eyes: bool, more: Decimal = ZERO) -> None:
    """Raise AboveAuthority, with who may, where a hold is beyond the person; `excess` is in the account's currency.

    `more` is by how much the document may grow, in its currency.
    """
    everyone = people(day)
    rates = ledger_rates.on(day, [hold.currency, hold.document.currency, hold.customer.currency])
    asked = matter(hold, excess=excess, rates=rates, more=more)
    chain = hold_events.delegators({hold.pk: user.pk}).get(hold.pk, ())
    given = [everyone[pk] for pk in chain if pk in everyone]
    me = everyone.get(user.pk) or Person(user.pk, str(user), 0, None, (Bounds(amount=ZERO),))
    if sentence := me.beyond(asked, given=given):
        others = waiting(asked, everyone, four_eyes=four_eyes)
        waits, nobody = _("It waits for: %(people)s."), _("Nobody's authority reaches it.")
        whom = waits % {"people": others.words} if others.people else nobody
        raise AboveAuthority(f"{sentence} {whom}")

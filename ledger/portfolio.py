"""The effects portfolio: what could be issued, what falls due when and lies where, and the lists that went to banks."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from creditrisk.export import plain
from creditrisk.money import ZERO
from creditrisk.refusal import Refused
from creditrisk.roles import companies_of
from ledger import effects, lines
from ledger.lines import LinePosition
from ledger.models import BankAccount, Effect, EffectEvent, EffectState, ItemKind, OpenItem, Presentation
from ledger.statement import visible_effects

# What came back once, and its charges, is not drawn again in masses: people choose it one by one.
ISSUABLE = (ItemKind.INVOICE, ItemKind.OPENING)
MOST = 500


@dataclass(frozen=True)
class Proposal:
    """An effect that could be issued: whose, over which items. Items and amount are its key: a changed one is another."""

    customer_id: int
    customer_code: str
    customer_name: str
    company_id: int
    company: str
    currency: str
    due: date
    amount: Decimal
    item_ids: tuple[int, ...]
    references: tuple[str, ...]

    @property
    def key(self) -> str:
        """Return what names the proposal in a form."""
        told = f"{self.due}|{self.amount.normalize():f}|{self.item_ids}"
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def proposals(items: QuerySet[OpenItem], *, grouped: bool) -> list[Proposal]:
    """Return the effects that these items could become, single or one a customer, company, currency and due date.

    Only whole debts that nobody disputes, in credit control and definitive; at most 500 items, the first due first.
    """
    found = (
        items.filter(open_amount__gt=0, kind__in=ISSUABLE, disputed=False, excluded=False, provisional=False)
        .select_related("customer", "company")
        .order_by("due", "customer__code", "pk")[:MOST]
    )
    together: defaultdict[tuple[Any, ...], list[OpenItem]] = defaultdict(list)
    for item in found:
        key = (item.due, item.customer_id, item.company_id, item.currency, 0 if grouped else item.pk)
        together[key].append(item)
    return [_proposal(rows) for rows in together.values()]


def _proposal(rows: Sequence[OpenItem]) -> Proposal:
    one = rows[0]
    return Proposal(
        one.customer_id, one.customer.code, one.customer.name, one.company_id, one.company.code, one.currency, one.due,
        sum((i.open_amount for i in rows), ZERO), tuple(i.pk for i in rows), tuple(str(i) for i in rows),
    )  # fmt: skip


def sums(found: Iterable[Proposal]) -> list[tuple[str, int, Decimal]]:
    """Return (currency, how many, amount) of proposals."""
    whole: defaultdict[str, list[Decimal]] = defaultdict(list)
    for p in found:
        whole[p.currency].append(p.amount)
    return [(currency, len(amounts), sum(amounts, ZERO)) for currency, amounts in sorted(whole.items())]


# -- a list that is being prepared --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prepared:
    """What a list would be: its effects by currency, the bank's line before and after it, and why it could not go."""

    sums: tuple[tuple[str, int, Decimal], ...]
    past: int
    account: BankAccount | None
    position: LinePosition | None
    amount: Decimal
    problem: str

    @property
    def free_after(self) -> Decimal:
        """Return what of the line is free once the list is presented, negative where it exceeds the line."""
        return self.position.free - self.amount if self.position else ZERO


def presentable(user: Any) -> QuerySet[Effect]:
    """Return what can be handed to a bank: effects of the portfolio, and those that came back, the first due first."""
    found = visible_effects(user).filter(state__in=effects.PRESENTABLE)
    return found.select_related("customer", "company").order_by("due", "number")


def prepared(chosen: Sequence[Effect], *, account: BankAccount | None, mode: str, day: date) -> Prepared:
    """Return what presenting these effects would come to; nothing is written, and nothing of the exposure moves."""
    by_currency: defaultdict[str, list[Decimal]] = defaultdict(list)
    for effect in chosen:
        by_currency[effect.currency].append(effect.amount)
    problem = ""
    if chosen:
        try:
            effects.refuse_unfit(chosen, account=account, mode=mode, day=day)
        except Refused as error:
            problem = str(error)
    return Prepared(
        tuple((currency, len(amounts), sum(amounts, ZERO)) for currency, amounts in sorted(by_currency.items())),
        sum(effect.due < day for effect in chosen), account,
        lines.position_for(account, mode, day=day) if account else None,
        sum(by_currency[account.currency], ZERO) if account else ZERO, problem,
    )  # fmt: skip


# -- what lies where and falls due when --------------------------------------------------------------------------------

HOME = ""


@dataclass(frozen=True)
class DueRow:
    """What falls due in one month (or before today, or beyond the months shown), by the place where it lies."""

    label: str
    first: date | None
    places: tuple[Decimal, ...]
    total: Decimal
    count: int


@dataclass(frozen=True)
class Plan:
    """Effects that are still to be paid, in one currency: months down, places across (the portfolio first)."""

    currency: str
    places: tuple[str, ...]
    rows: tuple[DueRow, ...]
    totals: tuple[Decimal, ...]
    total: Decimal


@dataclass(frozen=True)
class BankRow:
    """An account with its lines and what lies there."""

    account: BankAccount
    lines: tuple[LinePosition, ...]
    presented: Decimal
    count: int


def visible_accounts(user: Any) -> QuerySet[BankAccount]:
    """Return our accounts of the companies that the reader works in."""
    companies = companies_of(user)
    every = BankAccount.objects.select_related("company").order_by("company__code", "code")
    return every if companies is None else every.filter(company_id__in=companies)


def visible_lists(user: Any) -> QuerySet[Presentation]:
    """Return the lists of the companies that the reader works in."""
    companies = companies_of(user)
    return Presentation.objects.all() if companies is None else Presentation.objects.filter(company_id__in=companies)


def one_list(user: Any, pk: int) -> Presentation:
    """Return the list; 404 where it is not the reader's."""
    return get_object_or_404(visible_lists(user).select_related("company", "account", "made_by"), pk=pk)


def in_list(presentation: Presentation) -> list[Effect]:
    """Return the effects of a list, wherever the bank sent them since, by due date; not those withdrawn from it."""
    withdrawn = EffectEvent.objects.filter(presentation=presentation, step="withdrawn").values("effect")
    found = Effect.objects.filter(events__presentation=presentation, events__step="presented").exclude(pk__in=withdrawn)
    return list(found.select_related("customer").order_by("due", "number"))


def listed(user: Any) -> QuerySet[Presentation]:
    """Return the lists with how many effects they held, for how much, and how many came back from them."""
    presented, withdrawn = Q(events__step="presented"), Q(events__step="withdrawn")
    return visible_lists(user).select_related("company", "account").order_by("-day", "-pk").annotate(
        count=Count("events", filter=presented) - Count("events", filter=withdrawn),
        amount=Sum("events__effect__amount", filter=presented, default=ZERO)
        - Sum("events__effect__amount", filter=withdrawn, default=ZERO),
        unpaid=Count("events", filter=Q(events__step="unpaid")),
    )  # fmt: skip


def banks(user: Any, *, day: date) -> list[BankRow]:
    """Return our accounts with their lines on `day` and what is presented there."""
    accounts = list(visible_accounts(user))
    of_account = lines.positions(accounts, day=day)
    held = {
        row["presentation__account"]: row
        for row in Effect.objects.filter(state=EffectState.PRESENTED, due__gt=day, presentation__account__in=accounts)
        .values("presentation__account").annotate(n=Count("pk"), whole=Sum("amount"))
    }  # fmt: skip
    return [
        BankRow(
            a, tuple(of_account[a.pk]), held[a.pk]["whole"] if a.pk in held else ZERO,
            held[a.pk]["n"] if a.pk in held else 0,
        )
        for a in accounts
    ]  # fmt: skip


def plans(user: Any, *, day: date, months: int = 6) -> list[Plan]:
    """Return what of the portfolio and of the banks falls due from `day` on, by month and place, one plan a currency.

    What is presented and fell due before `day` is no longer expected; what is in the portfolio and fell due is.
    """
    waiting = Q(state=EffectState.ISSUED) | Q(state=EffectState.PRESENTED, due__gte=day)
    rows = (
        visible_effects(user).filter(waiting)
        .values_list("currency", "state", "presentation__account__name", "presentation__bank", "due")
        .annotate(n=Count("pk"), whole=Sum("amount")).order_by()
    )  # fmt: skip
    cells: dict[str, dict[tuple[int, str], list[Any]]] = defaultdict(lambda: defaultdict(lambda: [ZERO, 0]))
    for currency, state, account, bank, due, n, whole in rows:
        place = HOME if state == EffectState.ISSUED else account or bank or "?"
        cell = cells[currency][_month(due, day, months), place]
        cell[0] += whole
        cell[1] += n
    return [_plan(currency, cells[currency], day=day, months=months) for currency in sorted(cells)]


def _month(due: date, day: date, months: int) -> int:
    """Return the month of `due` counted from `day`'s: -1 before the day, `months` for all beyond."""
    if due < day:
        return -1
    return min((due.year - day.year) * 12 + due.month - day.month, months)


def _plan(currency: str, cells: Mapping[tuple[int, str], Sequence[Any]], *, day: date, months: int) -> Plan:
    places = (HOME, *sorted({place for _month, place in cells} - {HOME}))
    first = day.replace(day=1)
    rows = []
    last = max((month for month, _place in cells if month < months), default=0)
    for month in range(-1, months + 1):
        found = [cells.get((month, p), (ZERO, 0)) for p in places]
        if (month in (-1, months) or month > last) and not any(count for _amount, count in found):
            continue
        begins = None if month in (-1, months) else _later(first, month)
        label = "past" if month == -1 else "later" if month == months else ""
        amounts = tuple(amount for amount, _count in found)
        rows.append(DueRow(label, begins, amounts, sum(amounts, ZERO), sum(count for _amount, count in found)))
    totals = tuple(sum((row.places[n] for row in rows), ZERO) for n in range(len(places)))
    return Plan(currency, places, tuple(rows), totals, sum(totals, ZERO))


def _later(first: date, months: int) -> date:
    for _month in range(months):
        first = (first + timedelta(days=32)).replace(day=1)
    return first


def header() -> list[str]:
    """Return the titles of the file of the plans."""
    return [_("Currency"), _("From"), _("Due"), _("Place"), _("Amount")]


def cells(found: Iterable[Plan]) -> Iterator[list[Any]]:
    """Return the plans as rows of a file: one a due month and place that holds something."""
    words = {"past": _("before today"), "later": _("later")}
    for plan in found:
        for row in plan.rows:
            for place, amount in zip(plan.places, row.places, strict=True):
                if amount:
                    when = words.get(row.label, f"{row.first:%Y-%m}" if row.first else "")
                    yield [plan.currency, row.first, when, place or _("portfolio"), plain(amount, plan.currency)]

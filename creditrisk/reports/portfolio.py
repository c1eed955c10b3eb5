"""The portfolio of the week: exposure against limits, ageing, what changed, holds, what falls due, concentration, figures."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from approvals.models import Hold, HoldClosing, HowClosed
from creditrisk.clock import beginning_of, end_of
from creditrisk.figures import catalogue, gathering, snapshots
from creditrisk.figures import wording as figures_in_words
from creditrisk.figures.formulas import portfolio as formulas
from creditrisk.money import HUNDRED, ZERO, MissingRate, Rates
from creditrisk.monitoring import past
from creditrisk.monitoring.asked import Asked
from creditrisk.monitoring.past import PastRow
from creditrisk.reports.sheets import AMOUNT, CHANGE, DAY, NUMBER, PERCENT, TEXT, Column, Content, Table, Tile
from creditrisk.templatetags.charts import ageing_bars
from creditrisk.templatetags.courses import small_course
from creditrisk.templatetags.credit import money, percent, written
from customers.models import Company, Customer
from documents.models import Document, Kind, State
from ledger import queries, rates
from ledger.models import Effect, EffectState, ExchangeRate, OpenItem

WEEK = timedelta(days=7)
MOST = 10
MOST_OVER = 40
_TREND = timedelta(days=364)
_ON_THE_WAY = (State.CONFIRMED, State.PICKED, State.PART_DELIVERED)


@dataclass(frozen=True)
class _Scope:
    company: Company
    day: date
    rates: Rates

    @property
    def before(self) -> date:
        return self.day - WEEK

    def worth(self, amount: Decimal, currency: str) -> Decimal:
        """Return an amount in the currency of the company at the rate of the day. Raises MissingRate."""
        return amount * self.rates.rate(currency, self.company.currency)


@dataclass(frozen=True)
class _Standing:
    """A customer at the end of a day in the currency of the company; `alone` is without its branches."""

    row: PastRow
    total: Decimal
    alone: Decimal
    overdue: Decimal
    limit: Decimal | None
    available: Decimal | None


def content(company: Company, *, day: date, so_far: bool = False) -> Content:
    """Return the report as of the end of `day`, beside the week before; a fixed number of queries.

    Amounts at the rates of the day. Raises MissingRate where what is owed cannot be converted; customers whose own
    currency cannot are left out and named.
    """
    scope = _Scope(company, day, rates.on(day, _currencies(company)))
    people = _customers(company)
    now, missing = _stood(scope, people, day)
    before, _again = _stood(scope, people, scope.before)
    ages, ages_before = _ages(scope, day), _ages(scope, scope.before)
    return Content(
        title=_("Portfolio of the week"), company=company.name, currency=company.currency, day=day, so_far=so_far,
        tiles=_tiles(scope, now, before),
        tables=[
            _segments(now, before, people), _over(now), _ageing(scope, ages, ages_before), _changes(now, before), *_holds(scope),
            _ahead(scope), _concentration(now), _figures(scope),
        ],
        warnings=missing,
    )  # fmt: skip


def _currencies(company: Company) -> set[str]:
    found = set(Customer.objects.values_list("currency", flat=True).distinct()) | {company.currency}
    for pair in ExchangeRate.objects.values_list("source", "target").distinct():
        found |= set(pair)
    return found


def _customers(company: Company) -> dict[int, Customer]:
    """Return who belongs to the company or has business with it."""
    concerned = Customer.objects.filter(
        Q(company=company) | Q(pk__in=OpenItem.objects.filter(company=company).values("customer"))
        | Q(pk__in=Document.objects.filter(company=company).values("debtor"))
    ).filter(merged_into=None)  # fmt: skip
    return {c.pk: c for c in concerned.select_related("segment").order_by("code")}


def _stood(scope: _Scope, people: Mapping[int, Customer], day: date) -> tuple[dict[int, _Standing], list[str]]:
    rows, missing = past.stood(list(people.values()), Asked(day=day, company=scope.company))
    found = {}
    for row in rows:
        try:
            found[row.id] = _Standing(
                row, scope.worth(row.total, row.currency), scope.worth(row.alone.total, row.currency),
                scope.worth(row.alone.overdue, row.currency),
                None if row.limit is None else scope.worth(row.limit, row.currency),
                None if row.available is None else scope.worth(row.available, row.currency),
            )  # fmt: skip
        except MissingRate as error:
            missing.append(f"{row.code}: {error}")
    return found, missing


def _ages(scope: _Scope, day: date) -> dict[str, Decimal]:
    cells = dict.fromkeys(queries.AGEING_BUCKETS, ZERO)
    for row in queries.ageing(day=day, company_ids=[scope.company.pk], by=("currency",)):
        for name, amount in row.buckets.items():
            cells[name] += scope.worth(amount, str(row.key[0]))
    return cells


def _tiles(scope: _Scope, now: Mapping[int, _Standing], before: Mapping[int, _Standing]) -> list[Tile]:
    currency = scope.company.currency

    def sums(of: Mapping[int, _Standing]) -> tuple[Decimal, Decimal | None, int, Decimal]:
        limited = [s for s in of.values() if s.limit]
        limit = sum((s.limit or ZERO for s in limited), ZERO)
        used = formulas.utilisation(sum((s.total for s in limited), ZERO), limit) if limit else None
        late = sum((s.overdue for s in of.values()), ZERO)
        return sum((s.alone for s in of.values()), ZERO), used, sum(s.row.is_over for s in of.values()), late

    (total, used, over, late), (total_was, used_was, over_was, late_was) = sums(now), sums(before)
    return [
        Tile(_("Exposure"), money(total, currency), _was(money(total_was, currency))),
        Tile(_("Limits used"), _percent(used), _was(_percent(used_was))),
        Tile(_("Customers over their limit"), str(over), _was(str(over_was))),
        Tile(_("Overdue"), money(late, currency), _was(money(late_was, currency))),
    ]


def _percent(value: Decimal | None) -> str:
    return _("n/a") if value is None else percent(value, 1)


def _was(value: str) -> str:
    return _("a week before: %(value)s") % {"value": value}


def _segments(now: Mapping[int, _Standing], before: Mapping[int, _Standing], people: Mapping[int, Customer]) -> Table:
    """Exposure against limits: a branch's euro in its own row, a limit against what it is compared with."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for pk in now:
        segment = people[pk].segment
        groups[segment.code if segment else ""].append(pk)

    def line(name: str, ids: Iterable[int]) -> list[Any]:
        these = [*ids]
        limited = [now[pk] for pk in these if now[pk].limit]
        limit = sum((s.limit or ZERO for s in limited), ZERO)
        exposure = sum((now[pk].alone for pk in these), ZERO)
        was = sum((before[pk].alone for pk in these if pk in before), ZERO)
        return [
            name, len(these), exposure, exposure - was, limit,
            formulas.utilisation(sum((s.total for s in limited), ZERO), limit) if limit else None,
            sum((now[pk].overdue for pk in these), ZERO), sum(now[pk].row.is_over for pk in these),
        ]  # fmt: skip

    return Table(
        _("Exposure against limits"),
        [Column(_("Segment")), Column(_("Customers"), NUMBER), Column(_("Exposure"), AMOUNT), Column(_("Since last week"), CHANGE),
         Column(_("Limits"), AMOUNT), Column(_("Used %"), PERCENT), Column(_("Overdue"), AMOUNT), Column(_("Over the limit"), NUMBER)],
        [line(code or _("none"), ids) for code, ids in sorted(groups.items())],
        note=_("Used is the exposure of customers with a limit of their own against those limits. Overdue as the policy reads it, without disputed items and within its days of grace."),
        total=line(_("All"), now), empty=_("Nobody owes anything, and nobody has a limit."),
    )  # fmt: skip


def _over(now: Mapping[int, _Standing]) -> Table:
    over = sorted((s for s in now.values() if s.row.is_over), key=lambda s: (s.available or ZERO, s.row.code))
    rest = len(over) - MOST_OVER
    return Table(
        _("Over their limit"),
        [Column(_("Customer")), Column(_("Name")), Column(_("Exposure"), AMOUNT), Column(_("Limit"), AMOUNT),
         Column(_("Over by"), AMOUNT), Column(_("Used %"), PERCENT), Column(_("Overdue"), AMOUNT), Column(_("Days overdue"), NUMBER)],
        [[s.row.code, s.row.name, s.total, s.limit, -(s.available or ZERO), s.row.used_percent, s.overdue, s.row.days_overdue]
         for s in over[:MOST_OVER]],
        note=_("%(n)d more are over their limit by less.") % {"n": rest} if rest > 0 else "",
        empty=_("Nobody is over the limit."),
    )  # fmt: skip


def _ageing(scope: _Scope, ages: Mapping[str, Decimal], before: Mapping[str, Decimal]) -> Table:
    names = {"current": _("not due")} | {b: _("%(days)s days late") % {"days": b} for b in queries.AGEING_BUCKETS[1:]}
    whole, whole_was = sum(ages.values(), ZERO), sum(before.values(), ZERO)

    def line(name: str, amount: Decimal, was: Decimal) -> list[Any]:
        return [name, amount, amount / whole * HUNDRED if whole > 0 else None, amount - was]

    return Table(
        _("Owed by age"),
        [Column(_("Age")), Column(_("Owed"), AMOUNT), Column(_("Share %"), PERCENT), Column(_("Since last week"), CHANGE)],
        [line(names[b], ages[b], before[b]) for b in queries.AGEING_BUCKETS],
        picture=ageing_bars([(names[b], ages[b]) for b in queries.AGEING_BUCKETS], scope.company.currency, _("Owed by age")),
        total=line(_("All"), whole, whole_was),
    )  # fmt: skip


def _changes(now: Mapping[int, _Standing], before: Mapping[int, _Standing]) -> Table:
    moved = []
    for pk, s in now.items():
        was = before[pk].alone if pk in before else ZERO
        if s.alone != was:
            moved.append((s, was, s.alone - was))
    moved.sort(key=lambda one: (-abs(one[2]), one[0].row.code))
    return Table(
        _("Biggest changes since last week"),
        [Column(_("Customer")), Column(_("Name")), Column(_("A week before"), AMOUNT), Column(_("Now"), AMOUNT), Column(_("Change"), CHANGE)],
        [[s.row.code, s.row.name, was, s.alone, change] for s, was, change in moved[:MOST]],
        empty=_("No exposure changed."),
    )  # fmt: skip


def _holds(scope: _Scope) -> list[Table]:
    """Holds that were opened and closed in the week, and the largest that wait now."""
    of = Hold.objects.filter(document__company=scope.company)
    counts: defaultdict[str, list[Any]] = defaultdict(lambda: [0, ZERO])

    def add(key: str, many: int, amount: Decimal, currency: str) -> None:
        counts[key][0] += many
        counts[key][1] += scope.worth(amount or ZERO, currency)

    fresh = of.filter(opened_on__gt=scope.before, opened_on__lte=scope.day)
    for currency, many, amount in fresh.values_list("currency").annotate(n=Count("pk"), a=Sum("amount")):
        add("OPENED", many, amount, currency)
    closed = HoldClosing.objects.filter(
        hold__document__company=scope.company, closed_at__gte=beginning_of(scope.before + timedelta(days=1)),
        closed_at__lte=end_of(scope.day),
    )  # fmt: skip
    for how, currency, many, amount in closed.values_list("how", "hold__currency").annotate(
        n=Count("pk"), a=Sum("hold__amount")
    ):
        add(how, many, amount, currency)
    waiting = list(
        of.filter(open=True, opened_on__lte=scope.day)
        .select_related("document", "customer")
        .order_by("opened_at", "pk")
    )
    for hold in waiting:
        add("WAITING", 1, hold.amount, hold.currency)
    names = {"OPENED": _("held in the week")} | {h.value: str(h.label) for h in HowClosed} | {"WAITING": _("waits now")}
    large = sorted(waiting, key=lambda h: -scope.worth(h.amount, h.currency))[:MOST]
    return [
        Table(
            _("Holds of the week"), [Column(_("What")), Column(_("Documents"), NUMBER), Column(_("Amount"), AMOUNT)],
            [[name, *counts[key]] for key, name in names.items() if key in counts], empty=_("Nothing was held, and nothing waits."),
        ),
        Table(
            _("Largest holds that wait"),
            [Column(_("Document")), Column(_("Customer")), Column(_("Name")), Column(_("Held on"), DAY), Column(_("Amount"), AMOUNT)],
            [[h.document.number, h.customer.code, h.customer.name, h.opened_on, scope.worth(h.amount, h.currency)] for h in large],
            empty=_("Nothing waits."),
        ),
    ]  # fmt: skip


def _ahead(scope: _Scope) -> Table:
    """What falls due, matures and ships in the seven days after, as it is known when the report is made."""
    last = scope.day + WEEK
    cells: defaultdict[date, list[Any]] = defaultdict(lambda: [0, ZERO, 0, ZERO, 0, ZERO])
    items = OpenItem.objects.filter(company=scope.company, due__gt=scope.day, due__lte=last, open_amount__gt=0)
    effects = Effect.objects.filter(
        company=scope.company, due__gt=scope.day, due__lte=last, state__in=[EffectState.ISSUED, EffectState.PRESENTED]
    )
    orders = Document.objects.filter(
        company=scope.company, kind=Kind.ORDER, state__in=_ON_THE_WAY, ship_date__gt=scope.day, ship_date__lte=last
    )
    found = (
        items.values_list("due", "currency").annotate(n=Count("pk"), a=Sum("open_amount")),
        effects.values_list("due", "currency").annotate(n=Count("pk"), a=Sum("amount")),
        orders.values_list("ship_date", "currency").annotate(n=Count("pk"), a=Sum("total")),
    )
    for place, rows in enumerate(found):
        for day, currency, many, amount in rows:
            cells[day][2 * place] += many
            cells[day][2 * place + 1] += scope.worth(amount, currency)
    days = [scope.day + timedelta(days=n) for n in range(1, 8)]
    return Table(
        _("What the next week brings"),
        [Column(_("Day"), DAY), Column(_("Instalments due"), NUMBER), Column(_("to be paid"), AMOUNT), Column(_("Effects maturing"), NUMBER),
         Column(_("to be collected"), AMOUNT), Column(_("Orders to ship"), NUMBER), Column(_("to be lent"), AMOUNT)],
        [[day, *cells[day]] for day in days],
        note=_("As it is known when the report is made. Orders with their whole amount."),
        total=[_("All"), *(sum((cells[day][n] for day in days), 0 if n % 2 == 0 else ZERO) for n in range(6))],
    )  # fmt: skip


def _concentration(now: Mapping[int, _Standing]) -> Table:
    heads = sorted((s for s in now.values() if not s.row.heads and s.total > 0), key=lambda s: (-s.total, s.row.code))
    whole = sum((s.total for s in heads), ZERO)
    top = heads[:MOST]
    index = formulas.herfindahl(s.total for s in heads)
    share = formulas.top_share(s.total for s in heads)
    return Table(
        _("Concentration"),
        [Column(_("Customer")), Column(_("Name")), Column(_("Exposure with branches"), AMOUNT), Column(_("Share %"), PERCENT)],
        [[s.row.code, s.row.name, s.total, s.total / whole * HUNDRED] for s in top],
        note=_("The ten largest have %(share)s of what is lent; Herfindahl-Hirschman index %(index)s (10,000 is one customer).")
        % {"share": _percent(share), "index": written(index, 0)} if index is not None else "",
        empty=_("Nobody owes anything."),
    )  # fmt: skip


def _figures(scope: _Scope) -> Table:
    """Every key figure with what it was a week and about a month before, and its course over a year."""
    company, currency = scope.company, scope.company.currency
    kept = snapshots.past(company, catalogue.BY_CODE, since=scope.day - _TREND, until=scope.day)
    values: Mapping[str, Any] = snapshots.of_day(company, scope.day)
    if not values:
        values = catalogue.reckon(gathering.gather(company, day=scope.day))
    rows = []
    for figure in catalogue.FIGURES:
        course = kept.get(figure.code, [])
        written = [
            figures_in_words.written(value, figure.unit, currency)
            for value in (
                values.get(figure.code),
                _at(course, scope.before),
                _at(course, scope.day - timedelta(days=28)),
            )
        ]
        known = [value for _day, value in course if value is not None]
        rows.append([str(figure.name), *written, small_course(known, str(figure.name))])
    return Table(
        _("Key figures"),
        [Column(_("Figure")), Column(_("Now"), TEXT), Column(_("A week before"), TEXT), Column(_("Four weeks before"), TEXT),
         Column(_("The last year"), TEXT)],
        rows, note=_("What was before is what was kept on that day, or on the last day before it that was kept."),
    )  # fmt: skip


def _at(course: Sequence[tuple[date, Any]], day: date) -> Any:
    """Return what was kept on the last day up to `day`; None where nothing was."""
    return next((value for on, value in reversed(course) if on <= day), None)

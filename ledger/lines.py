"""What our banks advance on effects: the line in force, what uses it, what is free; and numbers of lists and effects."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from creditrisk import language
from creditrisk.language import sentence as _
from creditrisk.money import HUNDRED, ZERO, figure
from creditrisk.refusal import Refused
from customers.models import Company
from ledger.models import BankAccount, CreditLine, LineKind, Numbered, NumberSeries, PresentationMode

# Presented effects on which the bank has given money, until it can no longer send them back. After collection it gives
# none before the customer paid.
_USED = """
    SELECT p.account_id, p.mode, SUM(e.amount), COUNT(*)
    FROM ledger_effect e
    JOIN ledger_presentation p ON p.id = e.presentation_id
    JOIN ledger_bankaccount a ON a.id = p.account_id
    WHERE e.state = 'PRESENTED' AND e.due + a.returns_within > %(day)s AND p.account_id = ANY (%(accounts)s)
    GROUP BY p.account_id, p.mode
"""


@dataclass(frozen=True)
class LinePosition:
    """One line of an account on a day; `used` may exceed it where the line was lowered since."""

    account_id: int
    kind: str
    label: str
    amount: Decimal
    used: Decimal
    last_day: date | None

    @property
    def free(self) -> Decimal:
        return self.amount - self.used

    @property
    def used_percent(self) -> Decimal:
        """Return what is used in per cent; a line of zero that is used counts as infinitely used."""
        if not self.amount:
            return Decimal("Infinity") if self.used else ZERO
        return self.used / self.amount * HUNDRED


def positions(accounts: Iterable[BankAccount], *, day: date) -> dict[int, list[LinePosition]]:
    """Return the lines in force of these accounts and what uses them, by account: two queries."""
    ids = [account.pk for account in accounts]
    lines: dict[int, dict[str, CreditLine]] = {pk: {} for pk in ids}
    for line in CreditLine.objects.filter(account__in=ids, valid_from__lte=day).order_by("pk"):
        if line.valid_to is None or line.valid_to >= day:
            lines[line.account_id][line.kind] = line
    with connection.cursor() as cursor:
        cursor.execute(_USED, {"day": day, "accounts": ids})
        used = {(account, mode): amount for account, mode, amount, _count in cursor.fetchall()}
    return {pk: [_position(line, lines[pk], used) for _kind, line in sorted(lines[pk].items())] for pk in ids}


def _position(line: CreditLine, beside: dict[str, CreditLine], used: dict[tuple[int, str], Decimal]) -> LinePosition:
    modes = [line.kind] if line.kind != LineKind.ALL else [m for m in ("SBF", "DISCOUNT") if m not in beside]
    return LinePosition(
        line.account_id, line.kind, str(line.get_kind_display()), line.amount,
        sum((used.get((line.account_id, mode), ZERO) for mode in modes), ZERO), line.valid_to,
    )  # fmt: skip


def position_for(account: BankAccount, mode: str, *, day: date) -> LinePosition | None:
    """Return the line that effects presented by this way use; None where there is none, or none is needed."""
    of_kind = {p.kind: p for p in positions([account], day=day)[account.pk]}
    return None if mode == PresentationMode.COLLECTION else of_kind.get(mode) or of_kind.get(LineKind.ALL)


def check(account: BankAccount, mode: str, amount: Decimal, *, day: date) -> None:
    """Refuse what the bank does not advance: more than is free of the line for this way of presentation.

    The caller holds the account's lock. After collection needs no line. Raises Refused with the figures.
    """
    if mode == PresentationMode.COLLECTION:
        return
    position = position_for(account, mode, day=day)
    label = PresentationMode(mode).label
    unit = account.currency
    if position is None:
        raise Refused(
            _("%(account)s has no line in force for %(way)s on %(day)s.")
            % {"account": account.name, "way": label, "day": language.day(day)},
            field="account",
        )
    if amount > position.free:
        raise Refused(
            _(
                "%(account)s has %(unit)s %(free)s free of its line of %(unit)s %(line)s for %(way)s; this list comes to %(unit)s %(amount)s."
            )
            % {
                "account": account.name,
                "unit": unit,
                "free": figure(max(position.free, ZERO), unit),
                "line": figure(position.amount, unit),
                "way": position.label,
                "amount": figure(amount, unit),
            },
            field="account",
        )


def next_number(company: Company, kind: Numbered, *, day: date) -> str:
    """Take the next number of a company's lists or effects in the year of `day`."""
    series, _made = NumberSeries.objects.get_or_create(company=company, kind=kind, year=day.year)
    series = NumberSeries.objects.select_for_update().get(pk=series.pk)
    series.last += 1
    series.save(update_fields=["last"])
    return f"{company.code}-{'EF' if kind == Numbered.EFFECT else 'PL'}-{day.year}-{series.last:05d}"

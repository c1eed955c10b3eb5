"""Override accountability: what each approver let through, and how it was paid in the end."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Concat, NullIf, Trim
from django.utils.translation import gettext as _

from approvals.models import HoldReview, Release
from creditrisk.audit import endings, outcomes
from creditrisk.audit.endings import Later
from creditrisk.audit.outcomes import Ending, Outcome
from creditrisk.export import plain
from creditrisk.money import ZERO, MissingRate, Rates
from creditrisk.roles import companies_of
from ledger import rates


@dataclass(frozen=True)
class Released:
    """One release with what came of its document, in the currency of the company."""

    id: int
    hold_id: int
    document_id: int
    document: str
    customer: str
    customer_code: str
    approver_id: int | None
    approver: str
    company: str
    currency: str
    released_on: date
    reason: str
    amount: Decimal
    excess: Decimal
    ending: Ending

    @property
    def outcome(self) -> Outcome:
        return self.ending.worst


@dataclass
class Approver:
    """What one person let through in one currency."""

    id: int | None
    name: str
    currency: str
    releases: int = 0
    amount: Decimal = ZERO
    excess: Decimal = ZERO
    ending: Ending = field(default_factory=Ending)
    documents: dict[int, Outcome] = field(default_factory=dict)

    @property
    def ways(self) -> list[tuple[Outcome, int, Decimal]]:
        """Return each outcome with the count of documents and the amount."""
        counts = list(self.documents.values())
        return [(way, counts.count(way), self.ending.amounts.get(way, ZERO)) for way in Outcome]

    @property
    def parts(self) -> list[tuple[str, str, Decimal]]:
        """Return the outcomes as the picture draws them: code, name, amount."""
        return self.ending.parts


@dataclass(frozen=True)
class Overrides:
    """Everything that is asked for: a line an approver and currency, the releases, and why figures are missing."""

    approvers: Sequence[Approver]
    releases: Sequence[Released]
    missing: Sequence[str]


def look(user: Any, asked: Mapping[str, Any], *, today: date) -> Overrides:
    """Return the releases of a period, by approver. `asked` are `since`, `until`, `company`, `approver`.

    What several releases of one person reach counts once in that person's sum, and fully in each release.
    """
    rows = list(_releases(user, asked))
    documents = {row["document_id"] for row in rows}
    reached = endings.reached(documents)
    settled = endings.settled({later.id for one in reached.values() for later in one if later.is_invoice})
    ended = {invoice: outcomes.ending(parts, today=today) for invoice, parts in settled.items()}
    converted, missing = _Converted(), []
    found: list[Released] = []
    for row in rows:
        try:
            found.append(_released(row, reached[row["document_id"]], ended, converted))
        except MissingRate as error:
            missing.append(str(error))
    return Overrides(_approvers(found, reached), found, list(dict.fromkeys(missing)))


# What a page calls somebody, as `roles.name_of` does.
_CALLED = Coalesce(
    NullIf(Trim(Concat("released_by__first_name", Value(" "), "released_by__last_name")), Value("")),
    F("released_by__username"),
)


def _releases(user: Any, asked: Mapping[str, Any]) -> Iterable[Any]:
    review = HoldReview.objects.filter(hold=OuterRef("hold"), reviewed_at__lte=OuterRef("released_at")).order_by("-id")
    found = Release.objects.filter(released_on__gte=asked["since"], released_on__lte=asked["until"])
    if (companies := companies_of(user)) is not None:
        found = found.filter(document__company__in=companies)
    if asked.get("company"):
        found = found.filter(document__company=asked["company"])
    if asked.get("approver"):
        found = found.filter(released_by=asked["approver"])
    return found.order_by("-released_on", "-id").values(
        "id", "hold_id", "document_id", "released_on", "reason", "amount", "currency", "released_by_id",
        approver=_CALLED, number=F("document__number"), total=F("document__total"),
        kind=F("document__kind"), state=F("document__state"), customer=F("hold__customer__name"),
        customer_code=F("hold__customer__code"), account_currency=F("hold__customer__currency"),
        company=F("document__company__code"), into=F("document__company__currency"),
        excess=Subquery(review.values("excess")[:1]),
    )  # fmt: skip


class _Converted:
    """Amounts in another currency, at the rate of a day; each day's rates are read once."""

    def __init__(self) -> None:
        self.known: dict[tuple[date, str, str], Rates] = {}

    def rate(self, source: str, target: str, day: date) -> Decimal:
        """Return the rate. Raises MissingRate."""
        if source == target:
            return Decimal(1)
        key = (day, source, target)
        if key not in self.known:
            self.known[key] = rates.on(day, [source, target])
        return self.known[key].rate(source, target)


def _released(
    row: dict[str, Any], later: Iterable[Later], ended: Mapping[int, Ending], converted: _Converted
) -> Released:
    rate = converted.rate(row["currency"], row["into"], row["released_on"])
    excess = row["excess"] or ZERO
    return Released(
        id=row["id"],
        hold_id=row["hold_id"],
        document_id=row["document_id"],
        document=row["number"] or f"#{row['document_id']}",
        customer=row["customer"],
        customer_code=row["customer_code"],
        approver_id=row["released_by_id"],
        approver=row["approver"] or "",
        company=row["company"],
        currency=row["into"],
        released_on=row["released_on"],
        reason=row["reason"],
        amount=row["amount"] * rate,
        excess=excess * converted.rate(row["account_currency"], row["into"], row["released_on"]) if excess else ZERO,
        ending=endings.followed(row["total"], row["kind"], row["state"], later, ended, rate=rate),
    )


def _approvers(found: Sequence[Released], reached: Mapping[int, Sequence[Later]]) -> list[Approver]:
    shares = {
        (root, later): share
        for root, ones in reached.items()
        for later, _is_invoice, _amount, share in ones
        if later != root
    }
    by_approver: dict[tuple[int | None, str], list[Released]] = defaultdict(list)
    for release in found:
        by_approver[release.approver_id, release.currency].append(release)
    made = []
    for (approver_id, currency), theirs in by_approver.items():
        one = Approver(approver_id, theirs[0].approver, currency)
        weights = outcomes.own_weights({release.document_id for release in theirs}, shares)
        for release in theirs:
            one.releases += 1
            one.amount += release.amount
            one.excess += release.excess
            if release.document_id not in one.documents:
                one.documents[release.document_id] = release.outcome
                one.ending.take(release.ending, weights[release.document_id])
        made.append(one)
    return sorted(made, key=lambda one: (one.currency, -one.amount))


def header() -> list[str]:
    """Return the titles of the file of approvers."""
    ways = [
        title % {"ending": way.label}
        for way in Outcome
        for title in (_("%(ending)s: documents"), _("%(ending)s: amount"))
    ]
    return [
        _("approver"), _("currency"), _("releases"), _("amount"), _("over the limit"), *ways, _("days late, weighted"),
    ]  # fmt: skip


def releases_header() -> list[str]:
    """Return the titles of the file of an approver's releases."""
    return [
        _("released on"), _("approver"), _("company"), _("document"), _("customer"), _("name"), _("reason"), _("currency"),
        _("amount"), _("over the limit"), *(str(way.label) for way in Outcome), _("counts as"), _("days late, weighted"),
    ]  # fmt: skip


def cells(found: Iterable[Approver]) -> Iterator[list[Any]]:
    """Return approvers as rows of a file."""
    for one in found:
        ways = [cell for _way, count, amount in one.ways for cell in (count, plain(amount, one.currency))]
        yield [
            one.name, one.currency, one.releases, plain(one.amount, one.currency), plain(one.excess, one.currency), *ways,
            _days(one.ending),
        ]  # fmt: skip


def release_cells(found: Iterable[Released]) -> Iterator[list[Any]]:
    """Return releases as rows of a file."""
    for one in found:
        ways = [plain(one.ending.amounts.get(way, ZERO), one.currency) for way in Outcome]
        yield [
            one.released_on, one.approver, one.company, one.document, one.customer_code, one.customer, one.reason, one.currency,
            plain(one.amount, one.currency), plain(one.excess, one.currency), *ways, str(one.outcome.label), _days(one.ending),
        ]  # fmt: skip


def _days(ending: Ending) -> Decimal | None:
    return None if ending.days_late is None else round(ending.days_late, 1)

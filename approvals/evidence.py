"""What a releaser looks at beside a hold: the customer's exposure, ageing, payments and earlier releases."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from approvals import context, outcomes, remedies
from approvals.context import Picture
from approvals.models import Hold
from approvals.outcomes import PastRelease
from approvals.remedies import words
from approvals.remedies.words import Advice
from creditrisk.decisions import queries as decisions
from creditrisk.decisions.queries import DecisionRow
from creditrisk.facts import Standing
from creditrisk.money import MissingRate
from customers import queries as customer_queries
from ledger import behaviour, statement
from ledger import queries as ledger_queries
from ledger.behaviour import Behaviour
from ledger.queries import AgeingRow
from ledger.statement import PaymentRow


@dataclass(frozen=True)
class Evidence:
    """The figures around a hold as they are today; `missing` says why there is no standing."""

    standing: Standing | None
    heads: tuple[Standing, ...]
    shared: tuple[Standing, ...]
    missing: str
    ageing: tuple[AgeingRow, ...]
    payments: tuple[PaymentRow, ...]
    behaviour: tuple[Behaviour, ...]
    came_back: int
    releases: tuple[PastRelease, ...]
    decisions: tuple[DecisionRow, ...]
    advice: Advice | None

    @property
    def excess(self) -> Decimal | None:
        """How much is over the limit today, without the held step."""
        available = self.standing.available if self.standing else None
        return -available if available is not None and available < 0 else None


def of(hold: Hold, *, today: date) -> Evidence:
    """Return the evidence around a hold, with what would free it while it is open."""
    standing, heads, shared, missing = standings_of(hold.customer_id, company_id=hold.document.company_id, today=today)
    ids = [hold.customer_id]
    return Evidence(
        standing=standing,
        heads=heads,
        shared=shared,
        missing=missing,
        ageing=tuple(ledger_queries.ageing(day=today, customer_ids=customer_queries.with_branches(hold.customer_id))),
        payments=tuple(statement.last_payments(ids)),
        behaviour=tuple(behaviour.of_customers(ids, day=today)),
        came_back=behaviour.came_back(ids, day=today),
        releases=tuple(outcomes.of_customer(hold.customer_id, day=today)),
        decisions=tuple(decisions.of_document(hold.document, limit=5)),
        advice=advice(hold.pk, grants=True, today=today) if hold.open else None,
    )


def advice(hold_id: int, *, grants: bool, today: date) -> Advice:
    """Return what would free a held document, in words; `grants` where the reader hears of higher limits too."""
    hold = Hold.objects.select_related(
        "document__terms", "document__type", "document__settlement_discount", "document__debtor"
    ).get(pk=hold_id)
    document = hold.document
    return words.tell(
        remedies.of_hold(hold, today=today), debtor=document.debtor.code, kind=document.kind, grants=grants
    )


def standings_of(
    customer_id: int, *, company_id: int | None = None, today: date
) -> tuple[Standing | None, tuple[Standing, ...], tuple[Standing, ...], str]:
    """Return how a customer, its heads and its shared limits stand; instead a sentence where a rate is missing."""
    return standings_in(context.look([customer_id], today=today), customer_id, company_id=company_id)


def standings_in(
    seen: Picture, customer_id: int, *, company_id: int | None = None
) -> tuple[Standing | None, tuple[Standing, ...], tuple[Standing, ...], str]:
    """Return the same in a picture that was read already."""
    try:
        return (
            seen.standing(customer_id, company_id=company_id),
            seen.heads(customer_id, company_id=company_id),
            seen.shared_standings(customer_id),
            "",
        )
    except MissingRate as error:
        return None, (), (), str(error)

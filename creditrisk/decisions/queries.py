"""Reading decisions for pages: one with its whole story, those of a document, those of a day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from creditrisk.decisions import behind, story
from creditrisk.decisions.behind import Behind, Source
from creditrisk.decisions.models import Decision
from creditrisk.decisions.story import Told
from creditrisk.facts import BESIDE, BUCKETS, LimitState, source_in_words
from creditrisk.money import ZERO
from creditrisk.roles import companies_of, name_of
from customers import queries as customer_queries
from customers.models import Customer
from documents.models import Document


@dataclass(frozen=True)
class DecisionRow:
    """One decision in a list."""

    id: int
    document_id: int
    document: str
    customer: str
    step: str
    checkpoint: str
    verdict: str
    codes: tuple[str, ...]
    amount: Decimal
    currency: str
    decided_at: datetime
    by: str
    policy_number: int
    covered: bool


@dataclass(frozen=True)
class Basis:
    """One standing that a decision rested on: an exposure by bucket against a limit, as they were read.

    `linked` is a shared limit that is still there, and of which the reader may see a member.
    """

    index: int
    code: str
    name: str
    kind: str
    currency: str
    measured: Decimal
    total: Decimal
    limit: Decimal | None
    limit_state: str
    limit_source: str
    limit_parts: tuple[tuple[str, str, str], ...]
    last_day: date | None
    available: Decimal | None
    buckets: dict[str, Decimal]
    beside: dict[str, Decimal]
    days_overdue: int
    counted: frozenset[str]
    linked: bool = False

    @property
    def without_amount(self) -> str:
        """Return what a limit that is no amount is, in words."""
        return _("unlimited") if self.limit_state == LimitState.UNLIMITED else _("deferred")

    @property
    def rows(self) -> list[tuple[str, Decimal, bool]]:
        """Return the eight buckets with their amounts and whether they were counted."""
        return [(name, amount, name in self.counted) for name, amount in self.buckets.items()]


@dataclass(frozen=True)
class Page:
    """A decision with everything it rested on."""

    decision: Decision
    bases: tuple[Basis, ...]
    told: tuple[Told, ...]
    in_the_way: tuple[Told, ...]
    oldest: tuple[Source, ...]
    actor: Mapping[str, Any]


def visible(user: Any) -> QuerySet[Decision]:
    """Return the decisions on documents of the companies that the reader works in."""
    companies = companies_of(user)
    every = Decision.objects.filter(customer_queries.own(user, "customer", "document__customer"))
    return every if companies is None else every.filter(document__company_id__in=companies)


def listed(user: Any) -> QuerySet[Decision]:
    """Return the decisions that the reader may see, the newest first, without their facts."""
    return visible(user).select_related("document", "customer", "by").defer("facts").order_by("-id")


def of_document(document: Document, *, limit: int = 20) -> list[DecisionRow]:
    """Return the newest decisions about a document."""
    return rows(
        Decision.objects.filter(document=document).select_related("document", "customer", "by").order_by("-id")[:limit]
    )


def of_customer(customer_ids: list[int], *, limit: int = 10) -> list[DecisionRow]:
    """Return the newest decisions about these customers' documents."""
    found = Decision.objects.filter(customer__in=customer_ids).select_related("document", "customer", "by")
    return rows(found.defer("facts").order_by("-id")[:limit])


def rows(found: Iterable[Decision]) -> list[DecisionRow]:
    """Return decisions as rows of a list."""
    return [
        DecisionRow(
            id=d.pk, document_id=d.document_id, document=d.document.number, customer=d.customer.name, step=d.step_name,
            checkpoint=d.checkpoint_name, verdict=d.verdict,
            codes=(*d.reasons, *d.warnings), amount=d.document_amount,
            currency=d.document_currency, decided_at=d.decided_at, by=name_of(d.by),
            policy_number=d.policy_number, covered=d.covered_by is not None,
        )
        for d in found
    ]  # fmt: skip


def reasons(decision_id: int, *, codes: Iterable[str]) -> list[Told]:
    """Return the findings of a decision that stand for these reason codes, in words."""
    wanted = set(codes)
    decision = Decision.objects.only("facts", "currency").filter(pk=decision_id).first()
    if decision is None:
        return []
    findings = decision.facts.get("findings", ())
    told = story.tell_all(findings, currency=decision.currency, names=names_in(findings))
    return [t for t in told if t.code in wanted and t.effect in (story.HOLDS, story.WARNS)]


def subjects(decision_ids: Iterable[int], *, codes: Iterable[str]) -> dict[int, set[tuple[str, str]]]:
    """Return by decision of what its findings of these codes speak that hold or warn: code and subject. One query."""
    wanted = set(codes)
    kept = Decision.objects.filter(pk__in=list(decision_ids)).values_list("pk", "facts__findings")
    return {
        pk: {(f["code"], f.get("subject", "")) for f in told or () if f["code"] in wanted and f.get("counts")}
        for pk, told in kept
    }


def names_in(findings: Iterable[Any]) -> dict[int, str]:
    """Return who the customers are that findings know by id; no query where there are none."""
    ids = story.members(findings)
    return {c.pk: str(c) for c in Customer.objects.filter(pk__in=ids)} if ids else {}


def page(user: Any, pk: int) -> Page:
    """Return a decision with its story; 404 where it is not the reader's."""
    decision = get_object_or_404(visible(user).select_related("document__company", "customer", "by"), pk=pk)
    facts, findings = decision.facts, decision.facts["findings"]
    counted = behind.policy_of(decision).counts
    told = story.with_exclusions(
        story.tell_all(findings, currency=decision.currency, names=names_in(findings)), findings, facts["freed_by"]
    )
    found = behind.standings(facts)
    linked = _linked(user, found)
    return Page(
        decision=decision,
        bases=tuple(
            _basis(standing, index=n, facts=facts, counted=counted, linked=linked) for n, standing in enumerate(found)
        ),
        told=tuple(told),
        in_the_way=tuple(story.standing_in_the_way(told)),
        oldest=behind.oldest(decision, companies=companies_of(user), mine=_mine(user)),
        actor=decision.actor or {},
    )


def figure(user: Any, pk: int, *, standing: int, figure: str) -> tuple[Decision, Behind]:
    """Return what is behind one figure of a decision; 404 where the decision, or such a figure, is not there."""
    decision = get_object_or_404(visible(user).select_related("document", "customer"), pk=pk)
    try:
        return decision, behind.of(
            decision, standing=standing, figure=figure, companies=companies_of(user), mine=_mine(user)
        )
    except (IndexError, KeyError):
        raise Http404 from None


def _mine(user: Any) -> behind.Mine:
    """Return what picks the reader's customers out of a set of ids; None where nobody is hidden."""
    if not customer_queries.own(user):
        return None
    return lambda ids: set(customer_queries.visible(user).filter(pk__in=ids).values_list("pk", flat=True))


def _linked(user: Any, standings: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the codes of the shared limits among these that have a page for the reader; no query where there are none."""
    codes = [standing["code"] for standing in standings if standing["kind"] == "shared"]
    known = customer_queries.visible_shared(user).filter(code__in=codes) if codes else ()
    return frozenset(shared.code for shared in known)


def _basis(
    standing: Mapping[str, Any], *, index: int, facts: Mapping[str, Any], counted: frozenset[str], linked: frozenset[str]
) -> Basis:  # fmt: skip
    limit, exposure = standing["limit"], standing["exposure"]
    total = Decimal(exposure["total"])
    bounded = limit["state"] in (LimitState.AMOUNT, LimitState.NONE)
    amount = Decimal(limit["amount"]) if bounded else None
    buckets = exposure.get("buckets", {})
    return Basis(
        index=index, code=standing["code"], name=_name(facts, standing), kind=standing["kind"], currency=exposure["currency"],
        measured=Decimal(standing.get("measured", total)), total=total, limit=amount, limit_state=limit["state"],
        limit_source=limit.get("source", ""),
        limit_parts=tuple((source_in_words(p[0]), p[1] or "", p[2]) for p in limit.get("parts", ())),
        last_day=date.fromisoformat(limit["last_day"]) if limit.get("last_day") else None, available=None if amount is None else amount - total,
        buckets={name: Decimal(buckets.get(name, "0")) for name in BUCKETS},
        beside={
            name: value for name in BESIDE if (value := Decimal(exposure.get(name) or ZERO))
        },
        days_overdue=exposure.get("days_overdue", 0),
        counted=counted,
        linked=standing["kind"] == "shared" and standing["code"] in linked,
    )  # fmt: skip


def _name(facts: Mapping[str, Any], standing: Mapping[str, Any]) -> str:
    owners = facts["shares"] if standing["kind"] == "shared" else facts["accounts"]
    return next((str(o["name"]) for o in owners.values() if o["code"] == standing["code"]), standing["code"])

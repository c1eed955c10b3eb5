"""Reading holds, releases and alerts for pages: one with its words, rows of several, what was said and decided."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from approvals import alerts
from approvals.models import (
    Alert,
    Attachment,
    EvaluationRun,
    EvaluationRunHold,
    Hold,
    HoldEvent,
    HoldReview,
    HoldStep,
    HowClosed,
    Release,
    ReleaseReason,
)
from creditrisk import rules
from creditrisk.decisions import queries as decision_queries
from creditrisk.decisions import story
from creditrisk.decisions.story import Told
from creditrisk.money import ZERO
from creditrisk.policy.names import step_name
from creditrisk.roles import DOORS, companies_of, name_of
from customers import queries as customer_queries
from documents.models import DocumentQuerySet


@dataclass(frozen=True)
class Gone:
    """A reason that held a document once and does not any more, with the moment at which that was seen."""

    code: str
    since: datetime


@dataclass(frozen=True)
class HoldRow:
    """One hold as the desk and the pages of a document show it."""

    id: int
    document_id: int
    document: str
    kind: str
    step: str
    revision: int
    customer_code: str
    customer: str
    company: str
    salesperson: str
    amount: Decimal
    currency: str
    excess: Decimal
    account_currency: str
    reasons: tuple[str, ...]
    labels: tuple[str, ...]
    opened_at: datetime
    age_days: int
    opened_by: str
    open: bool
    how: str = ""
    closed: str = ""
    closed_by: str = ""
    closed_at: datetime | None = None
    close_reason: str = ""
    forced_reason: str = ""
    told: tuple[Told, ...] = field(default=())
    decision_id: int | None = None
    gone: tuple[Gone, ...] = field(default=())
    looked_at: datetime | None = None
    assigned_id: int | None = None
    assigned: str = ""
    turn: str = ""
    ship_date: date | None = None
    ships_late: bool = False
    note: str = ""
    waits_for: str = ""
    waits_brief: str = ""

    @property
    def change_wanted(self) -> bool:
        """Whether it waits for sales to change the document."""
        return self.open and self.turn == HoldStep.CHANGE_WANTED

    @property
    def release_asked(self) -> bool:
        """Whether whoever entered it has asked for its release, and nothing was done since."""
        return self.open and self.turn == HoldStep.RELEASE_ASKED

    @property
    def was_let_through(self) -> bool:
        """Whether it is closed, and nothing stands in the way of the step any more."""
        return not self.open and self.how in (HowClosed.RELEASED, HowClosed.AUTOMATIC, HowClosed.HEALED)

    @property
    def is_ready(self) -> bool:
        """Whether every reason is gone."""
        return self.open and not self.reasons

    @property
    def saw(self) -> dict[str, Any]:
        """What a page that shows this row has shown, as a release compares it."""
        return {
            "amount": str(self.amount),
            "currency": self.currency,
            "excess": str(self.excess),
            "reasons": list(self.reasons),
        }

    @property
    def step_name(self) -> str:
        return step_name(self.step)

    @property
    def saw_text(self) -> str:
        """The same, as a form sends it."""
        return json.dumps(self.saw)


@dataclass(frozen=True)
class Said:
    """One thing that was said or done about a hold, as pages tell it."""

    code: str
    step: str
    by: str
    to: str
    note: str
    at: datetime
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class AlertRow:
    """An alert as the list shows it."""

    id: int
    code: str
    text: str
    severity: str
    customer_code: str
    customer: str
    document_id: int | None
    document: str
    raised_at: datetime
    is_new: bool


def marked(documents: DocumentQuerySet) -> DocumentQuerySet:
    """Add `held` to documents: whether a hold of theirs is open."""
    return documents.annotate(held=Exists(Hold.objects.filter(document=OuterRef("pk"), open=True)))


def visible(user: Any) -> QuerySet[Hold]:
    """Return the holds on documents of the companies that the reader works in."""
    companies = companies_of(user)
    holds = Hold.objects.filter(customer_queries.own(user, "customer", "document__customer"))
    return holds if companies is None else holds.filter(document__company_id__in=companies)


def in_full(holds: QuerySet[Hold]) -> QuerySet[Hold]:
    """Add what rows of holds show: the newest review, whose turn it is, who has it."""
    newest = HoldReview.objects.filter(hold=OuterRef("pk")).order_by("-id")
    events = HoldEvent.objects.filter(hold=OuterRef("pk")).order_by("-id")
    changes = HoldEvent.objects.filter(hold__document=OuterRef("document"), step=HoldStep.CHANGED)
    given = events.filter(step__in=[HoldStep.TAKEN, HoldStep.DELEGATED])
    return holds.select_related(
        "document__company",
        "document__customer__salesperson",
        "customer__credit_account__risk_class",
        "opened_by",
        "closing__closed_by",
    ).annotate(
        review_reasons=Subquery(newest.values("reasons")[:1]),
        review_excess=Subquery(newest.values("excess")[:1]),
        review_amount=Subquery(newest.values("amount")[:1]),
        changed_by=ArraySubquery(changes.values("made_by")),
        turn=Subquery(events.exclude(step=HoldStep.COMMENT).values("step")[:1]),
        assigned_id=Subquery(given.annotate(who=Coalesce("to", "made_by")).values("who")[:1]),
        review_decision=Subquery(newest.filter(decision__isnull=False).values("decision")[:1]),
    )


def _row(hold: Any, *, today: date | None, told: tuple[Told, ...] = (), names: dict[int, str] | None = None) -> HoldRow:
    reasons = tuple(hold.review_reasons or ())
    closing = getattr(hold, "closing", None) if not hold.open else None
    return HoldRow(
        id=hold.pk, document_id=hold.document_id, document=hold.document.number,
        kind=hold.document.get_kind_display(), step=hold.step, revision=hold.document.revision,
        customer_code=hold.customer.code, customer=hold.customer.name, company=hold.document.company.code,
        salesperson=name_of(hold.document.customer.salesperson),
        amount=hold.amount if hold.review_amount is None else hold.review_amount, currency=hold.currency,
        excess=hold.review_excess or ZERO, account_currency=hold.customer.currency, reasons=reasons,
        labels=tuple(rules.label(code) for code in reasons), opened_at=hold.opened_at,
        age_days=(today - hold.opened_on).days if today else 0, opened_by=name_of(hold.opened_by), open=hold.open,
        how=closing.how if closing else "", closed=_how(hold, closing), closed_by=name_of(closing.closed_by) if closing else "",
        closed_at=closing.closed_at if closing else None, close_reason=closing.reason_in_words if closing else "",
        forced_reason=hold.forced_reason, told=told, decision_id=hold.review_decision,
        assigned_id=hold.assigned_id, assigned=(names or {}).get(hold.assigned_id, ""), turn=hold.turn or "",
        ship_date=hold.document.ship_date, note=hold.document.note,
        ships_late=bool(today and hold.document.ship_date and hold.document.ship_date < today),
    )  # fmt: skip


def _how(hold: Any, closing: Any) -> str:
    if closing is None:
        return ""
    return _("withdrawn") if closing.how == HowClosed.CANCELLED and hold.step == "amend" else closing.get_how_display()


def rows(holds: Any, *, today: date) -> list[HoldRow]:
    """Return holds of the desk as rows; they cost one query more, for the names of those who have them."""
    found = list(holds)
    names = _names({hold.assigned_id for hold in found})
    return [_row(hold, today=today, names=names) for hold in found]


def _names(ids: set[int | None]) -> dict[int, str]:
    known = ids - {None}
    return {user.pk: name_of(user) for user in get_user_model().objects.filter(pk__in=known)} if known else {}


def events(hold_id: int) -> list[Said]:
    """Return what was said and done about a hold, the oldest first."""
    files = Prefetch("files", Attachment.objects.defer("content").order_by("pk"))
    found = (
        HoldEvent.objects.filter(hold=hold_id).select_related("made_by", "to").prefetch_related(files).order_by("pk")
    )
    return [
        Said(e.step, e.get_step_display(), name_of(e.made_by), name_of(e.to), e.note, e.made_at, tuple(e.files.all()))
        for e in found
    ]


def deciders(hold: Hold, *, but: set[int]) -> list[Any]:
    """Return the people whose roles release holds of this company, in order of their names, without `but`."""
    here = Q(company_access__isnull=True) | Q(company_access__company=hold.document.company_id)
    return list(releasers().filter(here).exclude(pk__in=but))


def release_reasons(company_ids: Iterable[int] | None) -> list[ReleaseReason]:
    """Return what people of these companies (None: of all) choose from when they release, by name."""
    active = ReleaseReason.objects.filter(active=True).order_by("name", "pk")
    return list(active if company_ids is None else active.filter(company__in=company_ids))


def releasers() -> QuerySet[Any]:
    """Return the people whose roles release holds, in order of their names."""
    people = get_user_model().objects.filter(is_active=True, groups__name__in=DOORS["release_hold"])
    return people.distinct().order_by("first_name", "username")


def one(user: Any, pk: int, *, today: date) -> HoldRow:
    """Return one hold with its reasons in words; 404 where it is not the reader's."""
    return _with_words(get_object_or_404(in_full(visible(user)), pk=pk), today=today)


def full(user: Any, pk: int) -> Hold:
    """Return the hold with all that the desk knows of it; 404 where it is not the reader's."""
    return get_object_or_404(in_full(visible(user)), pk=pk)


def hold(user: Any, pk: int) -> Hold:
    """Return the hold itself, to be decided; 404 where it is not the reader's."""
    return get_object_or_404(visible(user).select_related("document", "customer"), pk=pk)


def open_hold(document: Any, *, today: date) -> HoldRow | None:
    """Return the open hold of a document, with its reasons in words."""
    found = in_full(Hold.objects.filter(document=document, open=True)).first()
    return _with_words(found, today=today) if found else None


def _with_words(hold: Any, *, today: date) -> HoldRow:
    told: tuple[Told, ...] = ()
    if hold.review_decision:
        told = tuple(decision_queries.reasons(hold.review_decision, codes=hold.review_reasons or ()))
    missing = [code for code in hold.review_reasons or () if code not in {t.code for t in told}]
    told += tuple(Told(code, rules.label(code), "", "", "", "", story.HOLDS) for code in missing)
    row = _row(hold, today=today, told=told, names=_names({hold.assigned_id}))
    gone, looked_at = _gone(hold)
    return replace(row, gone=gone, looked_at=looked_at)


def _gone(hold: Any) -> tuple[tuple[Gone, ...], datetime | None]:
    """Return the reasons of a hold that are no longer true, and when it was last found otherwise than before."""
    gone: dict[str, datetime] = {}
    before: set[str] = set()
    looked_at = None
    for reasons, looked_at in hold.reviews.order_by("pk").values_list("reasons", "reviewed_at"):
        gone |= dict.fromkeys(sorted(before - set(reasons)), looked_at)
        gone = {code: since for code, since in gone.items() if code not in reasons}
        before = set(reasons)
    return tuple(Gone(code, since) for code, since in gone.items()), looked_at


def visible_runs(user: Any) -> QuerySet[EvaluationRun]:
    """Return the runs over holds of which the reader may see some."""
    if companies_of(user) is None:
        return EvaluationRun.objects.all()
    seen = EvaluationRunHold.objects.filter(run=OuterRef("pk"), hold__in=visible(user))
    return EvaluationRun.objects.filter(Exists(seen))


def looked_at(user: Any, run: EvaluationRun) -> QuerySet[EvaluationRunHold]:
    """Return the holds of a run that the reader may see: what could not be judged first, then the newest results."""
    return (
        run.holds.filter(hold__in=visible(user)).select_related("hold__document", "hold__customer")
        .order_by(Case(When(result="FAILED", then=0), default=1), F("done_at").desc(nulls_last=True), "pk")
    )  # fmt: skip


def closed_holds(document: Any) -> list[HoldRow]:
    """Return the holds of a document that are closed, the newest first."""
    return [
        _row(h, today=None) for h in in_full(Hold.objects.filter(document=document, open=False)).order_by("-id")[:20]
    ]


def decided(documents: Any, *, since: datetime, limit: int = 6) -> list[HoldRow]:
    """Return what was decided about these documents since then, the newest first."""
    found = in_full(Hold.objects.filter(open=False, document__in=documents, closing__closed_at__gte=since))
    return [_row(h, today=None) for h in found.order_by("-closing__closed_at")[:limit]]


def of_customer(customer_ids: list[int], *, today: date, limit: int = 20) -> list[HoldRow]:
    """Return the holds of these customers, the open ones first."""
    found = in_full(Hold.objects.filter(customer__in=customer_ids)).order_by("-open", "-id")[:limit]
    return [_row(h, today=today) for h in found]


def alert_rows(found: QuerySet[Alert], *, user: Any) -> list[AlertRow]:
    """Return alerts as rows, new where the reader has not looked; a document of other companies is not linked."""
    companies, seen = companies_of(user), alerts.seen_up_to(user)
    rows = []
    for alert in found:
        document, customer = alert.document, alert.customer
        if document is not None and companies is not None and document.company_id not in companies:
            document = None
        rows.append(
            AlertRow(
                alert.pk, alert.code, alert.sentence, alert.kind.severity.value if alert.kind else "info", customer.code if customer else "", customer.name if customer else "",
                document.pk if document else None, document.number if document else "", alert.raised_at,
                alert.pk > seen,
            )
        )  # fmt: skip
    return rows


def hold_of_release(release_id: int) -> int | None:
    """Return the hold that a release let through."""
    return Release.objects.filter(pk=release_id).values_list("hold_id", flat=True).first()

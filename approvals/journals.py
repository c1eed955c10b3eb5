"""The life of a journal of limits: lines put in and taken out, sent, agreed to as a whole or by line, posted once.

The account of every customer in it is locked first, then the journal, then its requests: the order of single requests.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from approvals import context, limit_requests
from approvals.limit_requests import Asked
from approvals.models import (
    JournalEvent,
    JournalLine,
    JournalState,
    JournalStep,
    LimitJournal,
    LimitRequest,
    RequestEvent,
    RequestState,
    RequestStep,
)
from creditrisk import clock, language
from creditrisk.clock import business_day
from creditrisk.refusal import AlreadyClosed, Duplicate, InvalidState, NotPermitted, Refused
from creditrisk.roles import Actor, companies_of, may, name_of
from customers.models import Company, Customer, LimitKind
from ledger.items import LARGEST

MOST_LINES = 2_000


@dataclass(frozen=True)
class NewLine:
    """A line to be put in. What was typed is kept where it names no customer; `error` says what is wrong already."""

    customer: Customer | None
    amount: Decimal | None
    source: str
    kind: str = LimitKind.BASE
    valid_from: date | None = None
    valid_to: date | None = None
    reason: str = ""
    typed: str = ""
    error: str = ""


@dataclass(frozen=True)
class Told:
    """What came of one line of many; the sentence says why it was not done."""

    line: JournalLine
    done: bool
    sentence: str = ""


@transaction.atomic
def prepare(
    text: str, *, company: Company | None, by: Actor, now: datetime, source_key: str | None = None
) -> LimitJournal:
    """Begin a journal, of one company's customers or of all. Raises NotPermitted, Refused, Duplicate."""
    _refuse_person(by, "prepare_journal")
    if not text.strip():
        raise Refused(_("Say what the journal is for."), field="text")
    companies = companies_of(by.user)
    if companies is not None and (company is None or company.pk not in companies):
        raise Refused(_("Choose one of your companies."), field="company")
    try:
        with transaction.atomic():
            journal = LimitJournal.objects.create(
                text=text.strip(), company=company, prepared_by=by.user, prepared_at=now, source_key=source_key
            )
    except IntegrityError as error:
        raise Duplicate(_("This form was sent before.")) from error
    _note(journal, JournalStep.PREPARED, by=by, now=now)
    return journal


@transaction.atomic
def add(
    journal: LimitJournal, lines: Iterable[NewLine], *, by: Actor, now: datetime, strict: bool = False
) -> list[JournalLine]:
    """Put lines in; what is wrong with one is said at the line, or where it is `strict` refuses it.

    Raises NotPermitted, InvalidState, Refused.
    """
    journal = _preparing(journal, by=by)
    taken, number = _taken(journal)
    made = []
    for new in lines:
        number += 1
        customer = new.customer
        line = JournalLine(
            journal=journal, number=number, customer=customer, kind=new.kind, amount=new.amount, source=new.source,
            typed=new.typed[:60], currency=customer.currency if customer else "", valid_from=new.valid_from,
            valid_to=new.valid_to, reason=new.reason[:300],
        )  # fmt: skip
        wrong = problem(line, taken=taken, day=business_day(now))
        if strict and wrong:
            raise wrong
        line.error = (new.error or str(wrong or ""))[:300]
        if line.amount is not None and abs(line.amount) > LARGEST:  # more than a row can hold
            line.amount = None
        if not line.error:
            taken.add((line.customer_id, line.kind))
        made.append(line)
    if number > MOST_LINES:
        raise Refused(
            _("A journal takes %(most)s lines at most; make several.") % {"most": language.number(MOST_LINES)}
        )
    return JournalLine.objects.bulk_create(made, batch_size=500)


@transaction.atomic
def change_line(
    journal: LimitJournal, number: int, *, customer: Customer | None = None, amount: Decimal | None, by: Actor, now: datetime
) -> JournalLine:  # fmt: skip
    """Put another amount, and where it is unknown the customer, into a line. Raises NotPermitted, InvalidState, Refused."""
    journal = _preparing(journal, by=by)
    line = _line(journal, number)
    taken, _last = _taken(journal, but=line)
    if customer is not None:
        line.customer, line.currency, line.typed = customer, customer.currency, ""
    line.amount = amount
    if wrong := problem(line, taken=taken, day=business_day(now)):
        raise Refused(str(wrong), field="customer" if line.customer_id is None else "amount")
    line.error = ""
    line.save()
    return line


@transaction.atomic
def take_out(journal: LimitJournal, numbers: Iterable[int], *, by: Actor) -> int:
    """Take lines out of a journal that is being prepared; return how many. Raises NotPermitted, InvalidState."""
    journal = _preparing(journal, by=by)
    gone, _of = journal.lines.filter(number__in=list(numbers)).delete()
    return gone


@transaction.atomic
def send(journal: LimitJournal, *, by: Actor, now: datetime) -> LimitJournal:
    """Send it for approval: every line becomes a limit request. Raises NotPermitted, InvalidState, Refused."""
    journal = _preparing(journal, by=by)
    lines = list(journal.lines.select_related("customer").order_by("number"))
    if not lines:
        raise Refused(_("The journal has no lines."))
    day = business_day(now)
    for line in lines:
        line.error = line.error or str(problem(line, taken=set(), day=day) or "")[:300]
    if bad := [line for line in lines if line.error]:
        raise Refused(
            ngettext(
                "%(count)s line is not in order, the first is line %(number)s: %(error)s",
                "%(count)s lines are not in order, the first is line %(number)s: %(error)s",
                len(bad),
            )
            % {"count": len(bad), "number": bad[0].number, "error": bad[0].error}
        )
    wanted = [(line.customer, _asked(line)) for line in lines]
    for line, request in zip(lines, limit_requests.ask_many(wanted, by=by, now=now), strict=True):
        line.request = request
    JournalLine.objects.bulk_update(lines, ["request"], batch_size=500)
    return _turn(journal, JournalState.SENT, JournalStep.SENT, by=by, now=now, lines=len(lines))


@transaction.atomic
def approve(
    journal: LimitJournal, *, numbers: Sequence[int] | None = None, by: Actor, now: datetime, note: str = ""
) -> list[Told]:
    """Agree to the lines of these numbers, or to all that are undecided, each at its level; told line by line.

    Raises NotPermitted, InvalidState, AlreadyClosed, Refused.
    """
    journal, lines = _deciding(journal, numbers, by=by)
    refused = limit_requests.approve_many([line.request for line in lines], by=by, now=now, note=note)
    return _told(journal, JournalStep.APPROVED, lines, refused, by=by, now=now, note=note)


@transaction.atomic
def reject(
    journal: LimitJournal, *, numbers: Sequence[int] | None = None, by: Actor, now: datetime, note: str
) -> list[Told]:
    """Say no to lines, with the reason; as `approve`."""
    journal, lines = _deciding(journal, numbers, by=by)
    refused = limit_requests.reject_many([line.request for line in lines], by=by, now=now, note=note)
    return _told(journal, JournalStep.REJECTED, lines, refused, by=by, now=now, note=note)


@transaction.atomic
def post(journal: LimitJournal, *, by: Actor, now: datetime) -> LimitJournal:
    """Let every agreed line take effect, all in one transaction, once.

    Raises NotPermitted, AlreadyClosed where it was posted, InvalidState, and Refused where lines are undecided or out of
    their days.
    """
    _refuse_person(by, "approve_limit")
    journal = _locked(journal)
    _refuse_unsent(journal)
    lines = list(journal.lines.select_related("request__customer").order_by("number"))
    undecided = [line for line in lines if line.request.is_open]
    if undecided:
        raise Refused(
            ngettext(
                "%(count)s line is not decided yet, the first is line %(number)s.",
                "%(count)s lines are not decided yet, the first is line %(number)s.",
                len(undecided),
            )
            % {"count": len(undecided), "number": undecided[0].number}
        )
    agreed = [line for line in lines if line.request.state == RequestState.AGREED]
    if not agreed:
        raise Refused(_("No line was agreed to, so there is nothing to post; withdraw the journal."))
    day = business_day(now)
    if late := [line for line in agreed if line.request.valid_to and line.request.valid_to < day]:
        raise Refused(
            ngettext(
                "The last day of %(count)s line has passed, the first is line %(number)s; reject them first.",
                "The last day of %(count)s lines has passed, the first is line %(number)s; reject them first.",
                len(late),
            )
            % {"count": len(late), "number": late[0].number}
        )
    requests = [line.request for line in agreed]
    limit_requests.apply_many(requests, agreed_by=_who_agreed(requests), by=by, now=now)
    return _turn(journal, JournalState.POSTED, JournalStep.POSTED, by=by, now=now, lines=len(agreed))


def _who_agreed(requests: Sequence[LimitRequest]) -> dict[int, str]:
    """Return the names of those who agreed to each request: whoever posts a journal decided nothing."""
    events = RequestEvent.objects.filter(request__in=requests, step=RequestStep.APPROVED).order_by("pk")
    names: dict[int, list[str]] = {request.pk: [] for request in requests}
    for event in events.select_related("made_by"):
        names[event.request_id].append(name_of(event.made_by))
    return {pk: ", ".join(dict.fromkeys(given)) for pk, given in names.items()}


@transaction.atomic
def withdraw(journal: LimitJournal, *, by: Actor, now: datetime, note: str = "") -> LimitJournal:
    """Take a journal back, by whoever prepared it: none of its lines takes effect. Raises NotPermitted, AlreadyClosed."""
    journal = _locked(journal)
    if by.user_id != journal.prepared_by_id:
        raise NotPermitted(_("Only who prepared it may withdraw it."))
    _refuse_ended(journal)
    waiting = LimitRequest.objects.filter(
        journal_line__journal=journal, state__in=[RequestState.OPEN, RequestState.CHANGE_WANTED, RequestState.AGREED]
    )
    limit_requests.withdraw_many(waiting, by=by, now=now, note=note)
    return _turn(journal, JournalState.WITHDRAWN, JournalStep.WITHDRAWN, by=by, now=now, note=note)


def problem(line: JournalLine, *, taken: set[tuple[int | None, str]], day: date) -> Refused | None:
    """Return what is wrong with a line, and at which field; nothing where it is in order."""
    customer = line.customer
    if customer is None:
        return Refused(_("Say which customer it is."), field="customer")
    if line.journal.company_id and customer.company_id != line.journal.company_id:
        return Refused(
            _("%(code)s belongs to another company than this journal.") % {"code": customer.code}, field="customer"
        )
    if customer.merged_into_id:
        return Refused(_("%(code)s was merged into another customer.") % {"code": customer.code}, field="customer")
    if (line.customer_id, line.kind) in taken:
        return Refused(_("%(code)s stands in this journal already.") % {"code": customer.code}, field="customer")
    if line.valid_to is not None and line.valid_to < day:
        return Refused(_("The last day has passed."), field="valid_to")
    try:
        limit_requests.refuse_nonsense(_asked(line), customer, day=day)
    except Refused as refusal:
        return refusal
    return None


def _asked(line: JournalLine) -> Asked:
    return Asked(
        amount=line.amount, kind=line.kind, valid_from=line.valid_from, valid_to=line.valid_to,
        reason=line.reason.strip() or line.journal.text,
    )  # fmt: skip


# -- locks and refusals ----------------------------------------------------------------------------------------------


def _refuse_person(by: Actor, door: str) -> None:
    if by.user is None or not may(by.user, door):
        raise NotPermitted(_("Your roles do not include this."))


def _preparing(journal: LimitJournal, *, by: Actor) -> LimitJournal:
    """Return the journal, locked, if this person may change its lines now."""
    _refuse_person(by, "prepare_journal")
    fresh = LimitJournal.objects.select_for_update().get(pk=journal.pk)
    _refuse_ended(fresh)
    if by.user_id != fresh.prepared_by_id:
        raise NotPermitted(_("Only who prepares it changes its lines."))
    if fresh.state != JournalState.DRAFT:
        raise InvalidState(_("%(journal)s was sent for approval; its lines stay as they are.") % {"journal": fresh})
    return fresh


def _locked(journal: LimitJournal) -> LimitJournal:
    """Return the journal, locked after the accounts of its customers."""
    customers = JournalLine.objects.filter(journal=journal, request__isnull=False).values_list("customer_id", flat=True)
    context.lock(sorted({pk for pk in customers if pk is not None}))
    return LimitJournal.objects.select_for_update().get(pk=journal.pk)


def _deciding(
    journal: LimitJournal, numbers: Sequence[int] | None, *, by: Actor
) -> tuple[LimitJournal, list[JournalLine]]:
    """Return the journal, locked, with the lines that are to be decided."""
    _refuse_person(by, "approve_limit")
    journal = _locked(journal)
    _refuse_unsent(journal)
    lines = journal.lines.select_related("request", "customer").order_by("number")
    if numbers is None:
        lines = lines.filter(request__state=RequestState.OPEN)
    else:
        lines = lines.filter(number__in=list(numbers))
    found = list(lines)
    if not found:
        raise Refused(_("No line was chosen.") if numbers is not None else _("Every line is decided already."))
    return journal, found


def _refuse_ended(journal: LimitJournal) -> None:
    if journal.state not in (JournalState.POSTED, JournalState.WITHDRAWN):
        return
    end = journal.events.filter(step__in=[JournalStep.POSTED, JournalStep.WITHDRAWN]).select_related("made_by").get()
    raise AlreadyClosed(
        _("%(journal)s was %(state)s on %(when)s by %(who)s.")
        % {
            "journal": journal,
            "state": journal.get_state_display(),
            "when": clock.told(end.made_at),
            "who": name_of(end.made_by),
        }
    )


def _refuse_unsent(journal: LimitJournal) -> None:
    _refuse_ended(journal)
    if journal.state == JournalState.DRAFT:
        raise InvalidState(
            _("%(journal)s is being prepared; it has to be sent for approval first.") % {"journal": journal}
        )


def _taken(journal: LimitJournal, *, but: JournalLine | None = None) -> tuple[set[tuple[int | None, str]], int]:
    """Return which customers have a good line, and the highest number."""
    rows = journal.lines.exclude(pk=but.pk) if but else journal.lines.all()
    found = list(rows.values_list("customer_id", "kind", "error", "number"))
    return {(c, kind) for c, kind, error, _n in found if not error}, max((n for *_rest, n in found), default=0)


def _line(journal: LimitJournal, number: int) -> JournalLine:
    found = journal.lines.select_related("customer", "journal").filter(number=number).first()
    if found is None:
        raise Refused(_("Line %(number)s is not there any more.") % {"number": number})
    return found


def _told(
    journal: LimitJournal, step: str, lines: Sequence[JournalLine], refused: dict[int, str], *, by: Actor, now: datetime,
    note: str,
) -> list[Told]:  # fmt: skip
    told = [Told(line, line.request_id not in refused, refused.get(line.request_id or 0, "")) for line in lines]
    if done := sum(line.done for line in told):
        _note(journal, step, by=by, now=now, lines=done, note=note)
    return told


def _turn(
    journal: LimitJournal, state: str, step: str, *, by: Actor, now: datetime, lines: int = 0, note: str = ""
) -> LimitJournal:
    journal.state = state  # as the event makes the row
    _note(journal, step, by=by, now=now, lines=lines, note=note)
    return journal


def _note(
    journal: LimitJournal, step: str, *, by: Actor, now: datetime, lines: int = 0, note: str = ""
) -> JournalEvent:
    return JournalEvent.objects.create(
        journal=journal, step=step, lines=lines, note=note.strip(), made_at=now, made_by=by.user, actor=by.as_record()
    )

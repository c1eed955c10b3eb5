"""How a customer's limit of a day comes about: each part with its days, rate and reason, and the days on which it changes."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from approvals import context
from approvals.context import Picture
from creditrisk.facts import EffectiveLimit, LimitState, Standing
from creditrisk.money import ZERO, MissingRate, percent_of, rounded
from creditrisk.roles import name_of
from customers import limits
from customers.models import Customer, Limit, LimitKind, Security
from customers.models import LimitState as Stated
from ledger import rates as ledger_rates

DAY = timedelta(days=1)
AHEAD = timedelta(days=3 * 366)
MOST_TURNS = 12


@dataclass(frozen=True)
class Piece:
    """One part that makes the limit, or could: what was granted, at which rate it counts, from when to when, why.

    `counts` is in the account's currency; None where it does not count, or without bound, and `words` says which.
    """

    name: str
    granted: Decimal | None
    currency: str
    percent: Decimal | None = None
    rate: Decimal | None = None
    counts: Decimal | None = None
    words: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    why: str = ""
    by: str = ""

    @property
    def in_force(self) -> bool:
        """Whether it is a part of the limit on the day."""
        return not self.words


@dataclass(frozen=True)
class Ceiling:
    """A ceiling beside the limit: a sub-limit on one component of the exposure."""

    component: str
    ceiling: Decimal
    used: Decimal

    @property
    def free(self) -> Decimal:
        return self.ceiling - self.used


@dataclass(frozen=True)
class Turn:
    """A day ahead: what happens, and the limit from then on, if it `changes`; None where a rate is missing."""

    day: date
    what: tuple[str, ...]
    limit: EffectiveLimit | None
    changes: bool = True

    @property
    def amount(self) -> Decimal | None:
        bounded = self.limit is not None and self.limit.state in (LimitState.AMOUNT, LimitState.NONE)
        return self.limit.amount if bounded and self.limit is not None else None


@dataclass(frozen=True)
class Story:
    """The limit of a day with all that stands around it; `missing` says which rate there is not."""

    day: date
    standing: Standing | None
    pieces: tuple[Piece, ...]
    ceilings: tuple[Ceiling, ...]
    heads: tuple[Standing, ...]
    shared: tuple[Standing, ...]
    turns: tuple[Turn, ...]
    missing: str = ""


def of(customer: Customer, *, day: date, today: date) -> Story:
    """Return the story of the limit on `day`; what is owed is of that day where it has passed, else of today."""
    picture = context.look([customer.pk], today=day) if day >= today else context.look_back([customer.pk], day=day)
    turns = tuple(_turns(customer, picture))
    try:
        standing = picture.standing(customer.pk)
        return Story(
            day, standing, tuple(_pieces(customer, picture)), _ceilings(picture, customer, standing),
            picture.heads(customer.pk), _shared(picture, customer), turns,
        )  # fmt: skip
    except MissingRate as error:
        return Story(day, None, (), (), (), (), turns, str(error))


def _shared(picture: Picture, customer: Customer) -> tuple[Standing, ...]:
    """Return how the shared limits stand, those too that are not checked."""
    return tuple(picture.shared_standing(pk) for pk in picture.family.shared.get(customer.pk, ()))


def _ceilings(picture: Picture, customer: Customer, standing: Standing) -> tuple[Ceiling, ...]:
    exposure = standing.exposure
    known = {**exposure.buckets, "overdue": exposure.overdue}
    found = picture.accounts[customer.pk].sub_limits or {}
    return tuple(Ceiling(name, Decimal(most), known.get(name, ZERO)) for name, most in sorted(found.items()))


# -- the pieces ------------------------------------------------------------------------------------------------------


def _pieces(customer: Customer, picture: Picture) -> Iterator[Piece]:
    day, account = picture.today, picture.accounts[customer.pk]
    mine = list(customer.limits.select_related("granted_by").order_by("-valid_from", "-pk"))
    temporary = _newest([g for g in mine if g.kind == LimitKind.TEMPORARY and _holds(g, day)])
    base = next((g for g in mine if g.kind == LimitKind.BASE and g.valid_from <= day), None)
    alone = picture.standing(customer.pk).limit.state in (LimitState.UNLIMITED, LimitState.DEFERRED)
    awaits = bool(account.facts.get("awaits_approval"))
    if awaits:
        yield Piece(_("first limit"), None, customer.currency, words=_("not approved yet: no credit"))
    if temporary:
        yield _granted(_("temporary limit"), temporary, picture)
    if base and base.state != Stated.INHERIT:
        replaced = _("replaced by the temporary limit") if temporary else ""
        yield _granted(_("own limit"), base, picture, words=replaced)
    elif base:
        yield Piece(
            _("own limit"), None, customer.currency, words=_("as it is inherited"), valid_from=base.valid_from,
            why=base.reason, by=_by(base),
        )  # fmt: skip
    own = temporary is not None or (base is not None and base.state != Stated.INHERIT)
    if segment := _segment(customer, picture, own=own, awaits=awaits):
        yield segment
    for security in customer.securities.order_by("valid_from", "pk"):
        yield _security(security, picture, alone=alone, awaits=awaits)
    for grant in reversed(mine):
        if grant.valid_from > day:
            yield _granted(
                _("temporary limit") if grant.kind == LimitKind.TEMPORARY else _("own limit"), grant, picture,
                words=_("to come"),
            )  # fmt: skip


def _newest(grants: Sequence[Limit]) -> Limit | None:
    return max(grants, key=lambda grant: grant.pk, default=None)


def _holds(row: Limit | Security, day: date) -> bool:
    return (row.valid_from is None or row.valid_from <= day) and (row.valid_to is None or day <= row.valid_to)


def _by(grant: Limit) -> str:
    return name_of(grant.granted_by)


def _granted(name: str, grant: Limit, picture: Picture, *, words: str = "") -> Piece:
    currency = picture.accounts[grant.customer_id].currency if grant.customer_id else grant.currency
    bounded = grant.state == Stated.AMOUNT and grant.amount is not None
    rate = picture.rates.rate(grant.currency, currency) if bounded else None
    if grant.kind == LimitKind.BASE and grant.valid_to and grant.valid_to < picture.today and not words:
        name = _("own limit, past its last day")
    return Piece(
        name, grant.amount, grant.currency, rate=rate if grant.currency != currency else None,
        counts=rounded((grant.amount or ZERO) * rate, currency) if rate is not None and not words else None,
        words=words, valid_from=grant.valid_from, valid_to=grant.valid_to, why=grant.reason, by=_by(grant),
    )  # fmt: skip


def _segment(customer: Customer, picture: Picture, *, own: bool, awaits: bool) -> Piece | None:
    account = picture.accounts[customer.pk]
    state = account.facts.get("segment_state")
    if state not in (Stated.AMOUNT, Stated.UNLIMITED):
        return None
    words = _("not asked: there is an own limit") if own else _("not inherited before it is approved") if awaits else ""
    name = _("default of segment %(code)s") % {"code": account.segment}
    if state == Stated.UNLIMITED:
        return Piece(name, None, customer.currency, words=words)
    currency = account.segment_currency or account.currency
    amount, rate = Decimal(account.segment_amount), picture.rates.rate(currency, account.currency)
    return Piece(
        name, amount, currency, rate=rate if currency != account.currency else None,
        counts=None if words else rounded(amount * rate, account.currency), words=words,
    )  # fmt: skip


def _security(security: Security, picture: Picture, *, alone: bool, awaits: bool) -> Piece:
    day, currency = picture.today, picture.accounts[security.customer_id].currency
    words = ""
    if security.valid_from and security.valid_from > day:
        words = _("to come")
    elif security.valid_to and security.valid_to < day:
        words = _("over")
    elif alone:
        words = _("adds nothing: there is no own limit to add to")
    elif awaits:
        words = _("adds nothing before the first limit is approved")
    # What does not count needs no rate: a currency without one must not hide the rest.
    rate = picture.rates.rate(security.currency, currency) if not words else None
    share = percent_of(security.amount, security.percent)
    return Piece(
        security.get_kind_display(), security.amount, security.currency, percent=security.percent,
        rate=rate if security.currency != currency else None,
        counts=rounded(share * rate, currency) if rate is not None else None, words=words,
        valid_from=security.valid_from, valid_to=security.valid_to, why=security.note,
    )  # fmt: skip


# -- the days ahead --------------------------------------------------------------------------------------------------


def _turns(customer: Customer, picture: Picture) -> Iterator[Turn]:
    """Yield the days ahead on which the limit changes, runs out or is to be reviewed, the first ones."""
    by_day: defaultdict[date, list[str]] = defaultdict(list)
    for on, what in _events(customer, picture):
        if picture.today < on <= picture.today + AHEAD:
            by_day[on].append(what)
    before = _limit_on(customer, picture, picture.today)
    for on in sorted(by_day)[:MOST_TURNS]:
        then = _limit_on(customer, picture, on)
        yield Turn(on, tuple(by_day[on]), then, changes=_height(then) != _height(before))
        before = then


def _height(limit: EffectiveLimit | None) -> tuple[str, Decimal] | None:
    return None if limit is None else (limit.state, limit.amount)


def _limit_on(customer: Customer, picture: Picture, day: date) -> EffectiveLimit | None:
    accounts, shared = limits.granted(picture.family.accounts, picture.family.members.keys(), day=day)
    currencies = {c for owner in (*accounts.values(), *shared.values()) for c in owner.currencies}
    rates = ledger_rates.on(picture.today, currencies)
    try:
        return replace(picture, accounts=accounts, shared=shared, rates=rates).standing(customer.pk).limit
    except MissingRate:
        return None


def _events(customer: Customer, picture: Picture) -> Iterator[tuple[date, str]]:
    shared = list(picture.family.shared.get(customer.pk, ()))
    theirs = Limit.objects.filter(Q(customer=customer) | Q(shared__in=shared)).select_related("shared").order_by("pk")
    bases = [g for g in theirs if g.kind == LimitKind.BASE and not g.shared_id and g.valid_from <= picture.today]
    base = max(bases, key=lambda g: (g.valid_from, g.pk), default=None)
    for grant in theirs:
        whose = _("shared limit %(code)s") % {"code": grant.shared.code} if grant.shared else ""
        if grant.kind == LimitKind.TEMPORARY:
            name = whose or _("temporary limit")
            yield grant.valid_from, _("%(what)s begins") % {"what": name}
            if grant.valid_to:
                yield grant.valid_to + DAY, _("%(what)s is over") % {"what": name}
        else:
            yield grant.valid_from, _("%(what)s begins") % {"what": whose or _("own limit")}
            if grant.valid_to and (grant == base or grant.valid_from > picture.today):
                yield grant.valid_to + DAY, _("%(what)s is past its last day") % {"what": whose or _("own limit")}
    for security in customer.securities.all():
        name = security.get_kind_display()
        if security.valid_from:
            yield security.valid_from, _("%(what)s begins") % {"what": name}
        if security.valid_to:
            yield security.valid_to + DAY, _("%(what)s is over") % {"what": name}
    account = customer.credit_account
    if account.next_review:
        yield account.next_review, _("review is due")
    if account.suspended and account.suspended_until:
        yield account.suspended_until + DAY, _("suspension is over")

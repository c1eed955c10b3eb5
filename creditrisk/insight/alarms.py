"""Which rules held what was then paid on time: holds of a period by rule and row, followed to the money."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from approvals.models import HowClosed
from creditrisk import rules
from creditrisk.audit import endings, outcomes
from creditrisk.audit.outcomes import Ending, Outcome
from creditrisk.export import plain
from creditrisk.insight import intervals
from creditrisk.insight.intervals import Estimate
from creditrisk.money import ZERO, Rates
from creditrisk.policy.changes import said
from creditrisk.policy.models import PolicyVersion
from creditrisk.templatetags.credit import reason_label
from customers.models import Company
from ledger import rates

JUDGED = (Outcome.ON_TIME, Outcome.LATE, Outcome.UNPAID)

# Holds of the period with the rules, and their rows, that held them when they were opened.
_HOLDS = """
    SELECT h.id, h.document_id, d.number, d.kind, d.state, d.total, d.currency, h.customer_id, k.code, k.name, h.opened_on,
           COALESCE(c.how, ''), r.reasons,
           (SELECT jsonb_agg(jsonb_build_array(f->>'code', f->'row'))
              FROM jsonb_array_elements(e.facts->'findings') f
             WHERE f->'counts' = 'true' AND COALESCE(f->>'action', 'HOLD') = 'HOLD')
    FROM approvals_hold h
    JOIN documents_document d ON d.id = h.document_id
    JOIN customers_customer k ON k.id = h.customer_id
    JOIN LATERAL (SELECT v.reasons, v.decision_id FROM approvals_holdreview v WHERE v.hold_id = h.id ORDER BY v.id LIMIT 1) r ON true
    LEFT JOIN decisions_decision e ON e.id = r.decision_id
    LEFT JOIN approvals_holdclosing c ON c.hold_id = h.id
    WHERE d.company_id = %(company)s AND h.opened_on BETWEEN %(since)s AND %(until)s
    ORDER BY h.id DESC
"""

type Key = tuple[str, int | None]  # rule, row


@dataclass(frozen=True)
class Asked:
    """Of which company, holds opened in which days, judged with how many days of grace by what is known on `day`."""

    company: Company
    since: date
    until: date
    day: date
    grace: int = 0


@dataclass(frozen=True)
class Held:
    """A hold: what held it, how it was closed, how its document was paid. Amounts in the currency of the company."""

    id: int
    document_id: int
    document: str
    customer_id: int
    customer_code: str
    customer: str
    opened_on: date
    how: str
    keys: tuple[Key, ...]
    amount: Decimal
    ending: Ending

    @property
    def released(self) -> bool:
        return self.how == HowClosed.RELEASED

    @property
    def outcome(self) -> Outcome | None:
        """Return how the document was paid, by its worst part; None where nobody let it through."""
        return self.ending.worst if self.released else None

    @property
    def held_by(self) -> str:
        return ", ".join(_label(code) for code, _row in self.keys)

    @property
    def how_words(self) -> str:
        return str(HowClosed(self.how).label) if self.how else _("open")


@dataclass(frozen=True)
class Alarm:
    """A rule, or a row of one, with the holds that it caused. `row_in_force`: a policy can be tried without it."""

    code: str
    row: int | None
    label: str
    says: str
    row_in_force: bool
    holds: tuple[Held, ...]

    @property
    def key(self) -> str:
        return f"{self.code}:{self.row or ''}"

    @property
    def held(self) -> int:
        return len(self.holds)

    @property
    def alone(self) -> int:
        """Return how many it held that nothing else held."""
        return sum(len(h.keys) == 1 for h in self.holds)

    @property
    def amount(self) -> Decimal:
        return sum((h.amount for h in self.holds), ZERO)

    @property
    def released(self) -> int:
        return sum(h.released for h in self.holds)

    @property
    def ways(self) -> list[tuple[Outcome, int]]:
        """Return how many of those released ended in each way."""
        found = [h.outcome for h in self.holds]
        return [(way, found.count(way)) for way in Outcome]

    @property
    def parts(self) -> list[tuple[str, str, Decimal]]:
        """Return what was released by how it was paid, as the picture draws it."""
        whole = Ending()
        for h in self.holds:
            if h.released:
                whole.take(h.ending)
        return whole.parts

    @property
    def judged(self) -> int:
        return sum(h.outcome in JUDGED for h in self.holds)

    @property
    def false_alarms(self) -> Estimate | None:
        """Return the share of released holds whose end is known that were paid on time, in per cent."""
        by_customer: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
        for h in self.holds:
            if h.outcome in JUDGED:
                by_customer[h.customer_id][0] += h.outcome == Outcome.ON_TIME
                by_customer[h.customer_id][1] += 1
        cases = ((Decimal(good), Decimal(every)) for good, every in by_customer.values())
        return intervals.share(cases, most=self.judged)


@dataclass(frozen=True)
class Alarms:
    """By rule and row, the most often false first; and all holds together."""

    rows: tuple[Alarm, ...]
    every: Alarm


def look(asked: Asked) -> Alarms:
    """Return the holds of the period by what held them: five queries. Raises MissingRate."""
    holds = list(_holds(asked))
    by_key: defaultdict[Key, list[Held]] = defaultdict(list)
    for h in holds:
        for key in h.keys:
            by_key[key].append(h)
    told, in_force = _rows()
    rows = [
        Alarm(code, row, _label(code), told.get(row, _("row %(row)d of an earlier policy") % {"row": row}) if row else "",
              row in in_force, tuple(found))
        for (code, row), found in by_key.items()
    ]  # fmt: skip
    rows.sort(key=lambda a: (-(a.false_alarms.value if a.false_alarms else -1), -a.held, a.code, a.row or 0))
    return Alarms(tuple(rows), Alarm("", None, _("All holds"), "", False, tuple(holds)))


def _label(code: str) -> str:
    known = rules.labels()
    return str(known[code]) if code in known else str(reason_label(code))


def _rows() -> tuple[dict[int, str], set[int]]:
    """Return what every row of any version says, as the newest version that has it does, and those in force."""
    told: dict[int, str] = {}
    in_force: set[int] = set()
    for n, found in enumerate(PolicyVersion.objects.order_by("-number").values_list("content__rules", flat=True)):
        for row in found:
            told.setdefault(row["id"], said(row))
        if n == 0:
            in_force = {row["id"] for row in found}
    return told, in_force


def _holds(asked: Asked) -> Iterator[Held]:
    company = asked.company
    with connection.cursor() as cursor:
        cursor.execute(_HOLDS, {"company": company.pk, "since": asked.since, "until": asked.until})
        rows = [_decoded(row) for row in cursor.fetchall()]
    let_through = {row[1] for row in rows if row[11] == HowClosed.RELEASED}
    reached = endings.reached(let_through)
    settled = endings.settled({later.id for ones in reached.values() for later in ones if later.is_invoice})
    ended = {pk: outcomes.ending(parts, today=asked.day, grace=asked.grace) for pk, parts in settled.items()}
    known: Rates = rates.on(asked.day, {row[6] for row in rows} | {company.currency})
    for pk, document, number, kind, state, total, currency, customer, code, name, day, how, reasons, found in rows:
        rate = known.rate(currency, company.currency)
        ending = (
            endings.followed(total, kind, state, reached[document], ended, rate=rate)
            if document in let_through
            else Ending()
        )
        yield Held(
            pk,
            document,
            number or f"#{document}",
            customer,
            code,
            name,
            day,
            how,
            _keys(reasons, found),
            total * rate,
            ending,
        )


def _decoded(row: Sequence[Any]) -> list[Any]:
    """Return a row with its two JSON columns read."""
    return [*row[:12], *(json.loads(one) if isinstance(one, str) else one or [] for one in row[12:])]


def _keys(reasons: Iterable[str], found: Iterable[Sequence[Any]]) -> tuple[Key, ...]:
    """Return what held: each row that did, and each reason that has none."""
    held = set(reasons)
    keys: dict[Key, None] = {(code, row): None for code, row in found if code in held}
    named = {code for code, _row in keys}
    return (*keys, *((code, None) for code in sorted(held - named)))


def without(row: int) -> tuple[Mapping[str, Any], str] | None:
    """Return the policy in force without one of its rows, and what it is called; None where it has no such row."""
    newest = PolicyVersion.objects.order_by("-number").first()
    if newest is None:
        return None
    left = [one for one in newest.content["rules"] if one["id"] != row]
    gone = [one for one in newest.content["rules"] if one["id"] == row]
    if not gone:
        return None
    label = _("Version %(number)d without “%(rule)s” %(says)s") % {
        "number": newest.number, "rule": _label(gone[0]["rule"]), "says": said(gone[0]),
    }  # fmt: skip
    return {**newest.content, "rules": left}, label


def header() -> list[str]:
    """Return the titles of the file: a row a rule and row."""
    return [
        _("rule"), _("row"), _("what it says"), _("currency"), _("held"), _("held by nothing else"), _("amount held"), pgettext("orders", "released"),
        *(_("of them %(way)s") % {"way": way.label} for way in Outcome), _("false alarms in %"), _("from"), _("to"), _("customers"),
    ]  # fmt: skip


def cells(found: Iterable[Alarm], currency: str) -> Iterator[list[Any]]:
    """Return rules and rows as rows of a file."""
    for a in found:
        share = a.false_alarms
        bounds = share.bounds if share else None
        yield [
            a.label, a.row, a.says, currency, a.held, a.alone, plain(a.amount, currency), a.released,
            *(count for _way, count in a.ways), round(share.value, 2) if share else None,
            *([round(b, 2) for b in bounds] if bounds else [None, None]), share.customers if share else 0,
        ]  # fmt: skip

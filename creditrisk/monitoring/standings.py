"""How all customers stand, for pages over many of them: one statement, narrowed, ordered, summed and grouped by the database.

Today from the balances, or as of a day from the entries. It says the same as `approvals.context` says of one customer.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection

from creditrisk.exposure import read
from creditrisk.exposure.read import Reading
from creditrisk.facts import BUCKETS
from creditrisk.lists.keyset import Key
from creditrisk.money import MissingRate, decimals
from creditrisk.monitoring.asked import Asked
from creditrisk.monitoring.stood import Picture, Row, Sum, Wanted
from creditrisk.policy import compile as policies
from creditrisk.templatetags.words import ENTRY_LABELS
from customers import queries as customer_queries
from ledger import rates as ledger_rates

NEAR_PERCENT = 80
_SQL = (Path(__file__).parent / "standings.sql").read_text()
_ENTRIES = """
    (SELECT customer_id, company_id, bucket, currency, day, SUM(amount) AS amount FROM exposure_entry
     WHERE effective_on <= %(day)s AND (%(known)s::timestamptz IS NULL OR recorded_at <= %(known)s)
     GROUP BY customer_id, company_id, bucket, currency, day HAVING SUM(amount) <> 0)
"""
# Credits are taken off what is overdue, the oldest first: what is left of it, and since when.
_NETTED = """
    SELECT d.root, d.whole, ROUND(SUM(GREATEST(LEAST(d.upto - d.credits, d.amount), 0)), MIN(d.n)) AS late,
           MIN(d.day) FILTER (WHERE d.upto > d.credits) AS oldest
    FROM (SELECT e.*, SUM(e.amount) OVER (PARTITION BY e.root, e.whole ORDER BY e.day) AS upto
          FROM (SELECT s.root, s.whole, b.day, SUM(b.amount * u.rate) AS amount, MIN(p.n) AS n, MIN(GREATEST(-o.b4, 0)) AS credits
                FROM scope s JOIN customers_customer c ON c.id = s.root
                JOIN customers_creditaccount a ON a.customer_id = c.id
                JOIN {balances} b ON b.customer_id = s.member
                 AND CASE WHEN %(company)s::bigint IS NOT NULL THEN b.company_id = %(company)s
                          ELSE a.companies_summed OR b.company_id = c.company_id END
                JOIN meaning m ON m.bucket = b.bucket AND m.slot = width_bucket(b.day, %(cuts)s::date[]) AND m.late
                JOIN places p ON p.currency = c.currency
                JOIN unit u ON u.source = b.currency AND u.target = c.currency
                JOIN owed o ON o.root = s.root AND o.whole = s.whole
                GROUP BY s.root, s.whole, b.day) e) d
    GROUP BY d.root, d.whole
    UNION ALL
    SELECT o.root, o.whole, 0, NULL FROM owed o WHERE o.late IS NULL
"""
_PLAIN = "SELECT root, whole, late, oldest FROM owed"
# The parts of the statement have no statistics, and tables that were just filled have old ones. Where many are looked at,
# joining two parts row by row on the planner's guess that there are few took minutes; hashed, it takes what the rows take.
_NEVER_LOOPING = "SET LOCAL enable_nestloop = off; {sql}; SET LOCAL enable_nestloop = on"

# What the portfolio can be grouped by: the column, and how it is named in an address.
GROUPS = ("company", "segment", "country", "risk_class", "salesperson")
# What it can be ordered by, each with what stands for no value at all.
ORDERS: Mapping[str, str] = {
    **dict.fromkeys(("code", "name", "segment", "country", "risk_class", "salesperson", "company", "currency"), "''"),
    **dict.fromkeys(("total", "limit", "available", "used_percent", "rank", "over", "overdue", "days_overdue"), "-1e30"),
    **{f"b{n}": "0" for n in range(len(BUCKETS))},
}  # fmt: skip


def look(user: Any, asked: Asked, wanted: Wanted) -> Picture:
    """Return what is wanted of the customers that the reader may see. At most four queries, however many customers."""
    values: dict[str, Any] = {}
    found = read_parts(user, asked, _parts(wanted, values), values)
    rows = [_row(r) for r in found.get("page", ())]
    return Picture(
        rows=tuple(rows), count=found["count"][0]["n"] if "count" in found else 0,
        sums=tuple(_sum(r) for r in found.get("sum", ())), groups=tuple(_sum(r) for r in found.get("group", ())),
        near=tuple(_row(r) for r in found.get("near", ())), largest=tuple(_row(r) for r in found.get("largest", ())),
        missing=tuple(f"{r['code']}: {MissingRate(r['lacks'], r['currency'], asked.day)}" for r in found.get("missing", ())),
    )  # fmt: skip


def read_parts(user: Any, asked: Asked, parts: str, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return what `parts` (rows of a name and JSON) say of customers as they `stood`, by the name. At most four queries."""
    sql, all_values = _statement(user, asked, policies.active(), parts)
    found: dict[str, list[Any]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql if asked.text else _NEVER_LOOPING.format(sql=sql), {**all_values, **values})
        if not asked.text:
            cursor.nextset()
        for part, row in cursor.fetchall():
            found.setdefault(part, []).append(json.loads(row, parse_float=Decimal) if isinstance(row, str) else row)
    return found


def _statement(user: Any, asked: Asked, reading: Reading, parts: str) -> tuple[str, dict[str, Any]]:
    cuts = read.cuts(reading, asked.day)
    every = range(len(BUCKETS))
    counted = [n for n in every if BUCKETS[n] in reading.counts]
    terms, values = _narrowed(asked)
    visible, seen = _visible(user)
    terms += [visible] if visible else []
    whose = "b.customer_id IN (SELECT member FROM scope)" if terms else "true"
    if asked.heads:  # with all below them they owe everything there is: nobody's balances need be left out
        terms.append(_HEADS)
    balances = _ENTRIES if asked.is_past else "exposure_balance"
    sql = _SQL.format(
        balances=balances,
        netted=_NETTED.format(balances=balances) if reading.net_credits_against_overdue else _PLAIN,
        buckets=",\n           ".join(f"SUM(b.amount) FILTER (WHERE m.visible = {n}) AS b{n}" for n in every),
        rounded=",\n           ".join(f"ROUND(COALESCE(SUM(x.b{n} * u.rate), 0), MIN(p.n)) AS b{n}" for n in every),
        names=", ".join(f"o.b{n}" for n in every),
        total=" + ".join(f"o.b{n}" for n in counted) or "0::numeric",
        whole=", ".join(f"COALESCE(w.b{n}, 0) AS b{n}" for n in every),
        alone=", ".join(f"COALESCE(al.b{n}, w.b{n}, 0) AS a{n}" for n in every),
        own=", ".join(f"CASE WHEN h.id IS NULL THEN b{n} ELSE a{n} END AS o{n}" for n in every),
        wanted=" AND ".join(terms) or "true", whose=whose,
        narrowed=_ONLY.get(asked.only, "true"), parts=parts,
    )  # fmt: skip
    return sql, {
        **values, **seen, **_meaning(reading, asked.day, cuts), **_units(asked.day), "cuts": cuts, "day": asked.day,
        "known": asked.known_at, "company": asked.company.pk if asked.company else None, "ignored": reading.overdue_ignore_below,
    }  # fmt: skip


def _meaning(reading: Reading, today: date, cuts: Sequence[date]) -> dict[str, Any]:
    """Return what a balance means in each slot between two cuts: in which bucket it weighs (None: in none), whether it is late."""
    rows = []
    for bucket in ENTRY_LABELS:
        for slot in range(len(cuts) + 1):
            day = cuts[slot - 1] if slot else cuts[0] - timedelta(days=1)
            visible = read.visible_bucket(bucket, day, reading=reading, today=today)
            late = read.is_overdue(bucket, day, reading=reading, today=today)
            if read.is_read(bucket, day, reading=reading, today=today):
                rows.append((bucket, slot, None if visible is None else BUCKETS.index(visible), late))
    buckets, slots, indexes, lates = zip(*rows, strict=True) if rows else ((), (), (), ())
    return {"m_bucket": list(buckets), "m_slot": list(slots), "m_visible": list(indexes), "m_late": list(lates)}


def _units(day: date) -> dict[str, Any]:
    """Return the rates between all currencies that anybody has to do with, and the decimals of each."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT currency FROM customers_customer UNION SELECT source FROM ledger_exchangerate"
            " UNION SELECT target FROM ledger_exchangerate UNION SELECT currency FROM customers_company"
        )
        currencies = sorted(row[0] for row in cursor.fetchall())
    known = ledger_rates.on(day, currencies)
    rows = []
    for source in currencies:
        for target in currencies:
            try:
                rows.append((source, target, known.rate(source, target)))
            except MissingRate:
                continue
    return {
        "u_source": [r[0] for r in rows], "u_target": [r[1] for r in rows], "u_rate": [r[2] for r in rows],
        "p_currency": currencies, "p_n": [decimals(c) for c in currencies],
    }  # fmt: skip


def _visible(user: Any) -> tuple[str, dict[str, Any]]:
    """Return what the reader may see, as a condition; nobody is the product itself, which sees all."""
    if user is None:
        return "", {}
    sql, params = customer_queries.visible(user).values("pk").query.sql_with_params()
    if not params and "WHERE" not in sql:
        return "", {}
    names = {f"see{n}": value for n, value in enumerate(params)}
    for name in names:
        sql = sql.replace("%s", f"%({name})s", 1)
    return f"c.id IN ({sql})", names


def _narrowed(asked: Asked) -> tuple[list[str], dict[str, Any]]:
    """Return who is asked for, as conditions on master data."""
    terms, values = [], {}
    if asked.text:
        terms.append("(c.code ILIKE %(text)s OR c.name ILIKE %(text)s)")
        escaped = asked.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values["text"] = f"%{escaped}%"
    columns = {
        "home": "y.code", "segment": "COALESCE(g.code, '')", "country": "c.country", "risk_class": "COALESCE(r.code, '')",
        "salesperson": "COALESCE(u.username, '')",
    }  # fmt: skip
    for name, column in columns.items():
        if value := getattr(asked, name):
            terms.append(f"{column} = %({name})s")
            values[name] = "" if value == NOBODY else value
    return terms, values


_ONLY = {
    "over": "over > 0", "near": f"rank >= {NEAR_PERCENT}", "overdue": "overdue > 0", "owing": "(total <> 0 OR overdue <> 0)",
    "stood": "(total <> 0 OR overdue <> 0 OR over > 0 OR " + " OR ".join(f"b{n} <> 0" for n in range(len(BUCKETS))) + ")",
}  # fmt: skip
_HEADS = "c.parent_id IS NULL AND c.merged_into_id IS NULL"
NOBODY = "-"  # in an address: those without a segment, country, risk class or salesperson


def _parts(wanted: Wanted, values: dict[str, Any]) -> str:
    """Return the statement's last part: each thing that is wanted as rows of (what, JSON)."""
    sums = (
        "COUNT(*) AS customers, SUM(own_total) AS total, COALESCE(SUM(\"limit\") FILTER (WHERE \"limit\" > 0), 0) AS limit,"
        " COALESCE(SUM(total) FILTER (WHERE \"limit\" > 0), 0) AS used, SUM(own_overdue) AS overdue,"
        " COUNT(*) FILTER (WHERE over > 0) AS over, COALESCE(SUM(over), 0) AS over_amount, "
        + ", ".join(f"SUM(o{n}) AS b{n}" for n in range(len(BUCKETS)))
    )  # fmt: skip
    parts = []
    if wanted.order is not None:
        parts.append(f"(SELECT 'page', to_jsonb(x)::text FROM ({_page(wanted, values)}) x)")
        parts.append("(SELECT 'count', jsonb_build_object('n', COUNT(*))::text FROM f)")
    if wanted.sums:
        parts.append(
            f"(SELECT 'sum', to_jsonb(x)::text FROM (SELECT currency, {sums} FROM f GROUP BY currency ORDER BY currency) x)"
        )
    if wanted.by in GROUPS:
        parts.append(
            f"(SELECT 'group', to_jsonb(x)::text FROM (SELECT {'seller' if wanted.by == 'salesperson' else wanted.by} AS key,"
            f" currency, MIN({wanted.by}) AS label, {sums} FROM f GROUP BY 1, 2 ORDER BY 2, SUM(own_total) DESC, 1) x)"
        )
    if wanted.near:
        values["near"] = wanted.near
        parts.append(
            f"(SELECT 'near', to_jsonb(x)::text FROM (SELECT * FROM f WHERE rank >= {NEAR_PERCENT} ORDER BY rank DESC, total DESC, id LIMIT %(near)s) x)"
        )
    if wanted.largest:
        values["largest"] = wanted.largest
        parts.append(
            "(SELECT 'largest', to_jsonb(x)::text FROM (SELECT * FROM f WHERE total > 0 ORDER BY own_total DESC, id LIMIT %(largest)s) x)"
        )
    if wanted.missing:
        parts.append(
            "(SELECT 'missing', jsonb_build_object('code', code, 'lacks', lacks, 'currency', currency)::text FROM stood WHERE lacks IS NOT NULL ORDER BY code LIMIT 20)"
        )
    return "\nUNION ALL\n".join(parts)


def _page(wanted: Wanted, values: dict[str, Any]) -> str:
    """Return the rows of a page, one more than it holds, in order or turned round where it leads back."""
    key = wanted.order or Key("rank", descending=True)
    known = ORDERS[key.path]
    term = f'COALESCE("{key.path}", {known})'
    down = key.descending != wanted.backwards
    turned = "DESC" if wanted.backwards else "ASC"
    where = ""
    if wanted.after is not None:
        values["from_value"], values["from_id"] = wanted.after
        kind = "text" if known == "''" else "numeric"
        beyond = f"%(from_value)s::{kind}"
        where = (
            f" WHERE {term} {'<' if down else '>'} {beyond}"
            f" OR ({term} = {beyond} AND id {'<' if wanted.backwards else '>'} %(from_id)s)"
        )
    values["size"] = wanted.size + 1
    return f'SELECT *, {term} AS "from" FROM f{where} ORDER BY {term} {"DESC" if down else "ASC"}, id {turned} LIMIT %(size)s'


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


def _buckets(row: Mapping[str, Any]) -> tuple[Decimal, ...]:
    return tuple(Decimal(row[f"b{n}"]) for n in range(len(BUCKETS)))


def _row(r: Mapping[str, Any]) -> Row:
    names = (
        "id",
        "code",
        "name",
        "company",
        "segment",
        "country",
        "risk_class",
        "salesperson",
        "currency",
        "limit_state",
        "days_overdue",
    )
    return Row(
        **{name: r[name] for name in names}, buckets=_buckets(r), total=Decimal(r["total"]), limit=_decimal(r["limit"]),
        available=_decimal(r["available"]), used_percent=_decimal(r["used_percent"]), over=Decimal(r["over"] or 0),
        overdue=Decimal(r["overdue"]), rank=Decimal(r["rank"]),
    )  # fmt: skip


def _sum(r: Mapping[str, Any]) -> Sum:
    amounts: dict[str, Any] = {name: Decimal(r[name]) for name in ("total", "limit", "used", "overdue", "over_amount")}
    return Sum(
        currency=r["currency"],
        customers=r["customers"],
        buckets=_buckets(r),
        over=r["over"],
        key=r.get("key") or "",
        label=r.get("label") or "",
        **amounts,
    )

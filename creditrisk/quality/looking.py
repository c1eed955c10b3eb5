"""Looks through all data for what is probably wrong: one query a question, whatever the size."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from creditrisk.clock import business_day
from creditrisk.quality.models import Finding, What

ALIKE = 0.62  # Similarity of names by trigrams from which two customers are shown as probably one.
MOST = 500  # So many findings of a kind are a list; more is a job for the source system.


@dataclass(frozen=True)
class _Found:
    """One finding as a query returns it."""

    what: str
    key: str
    sentence: str
    weight: int = 100
    company_id: int | None = None
    customer_id: int | None = None
    other_id: int | None = None
    item_id: int | None = None
    document_id: int | None = None


# Every query returns: key, sentence, weight, company, customer, other customer, item, document.
_QUESTIONS: Mapping[str, str] = {
    What.DUPLICATE: """
        WITH c AS MATERIALIZED (
            SELECT id, code, name, upper(name) AS upper_name, company_id, currency,
                   NULLIF(upper(regexp_replace(tax_number, '\\s', '', 'g')), '') AS tax,
                   CASE WHEN code ~ '^[0-9]+$' THEN COALESCE(NULLIF(ltrim(code, '0'), ''), '0') END AS number
            FROM customers_customer WHERE merged_into_id IS NULL
        ), pair AS (
            SELECT a.id AS a, b.id AS b, round(100 * similarity(upper(a.name), upper(b.name)))::int AS weight,
                   'names are alike' AS why
            FROM customers_customer a JOIN customers_customer b ON upper(a.name) %% upper(b.name) AND a.id < b.id
            WHERE a.merged_into_id IS NULL AND b.merged_into_id IS NULL
              AND similarity(upper(a.name), upper(b.name)) >= %(alike)s
            UNION ALL SELECT a.id, b.id, 99, 'the tax number is the same' FROM c a JOIN c b USING (tax) WHERE a.id < b.id
            UNION ALL SELECT a.id, b.id, 100, 'the number is the same but for leading zeros'
            FROM c a JOIN c b USING (number) WHERE a.id < b.id
        ), best AS (
            SELECT DISTINCT ON (a, b) a, b, weight, why FROM pair ORDER BY a, b, weight DESC
        )
        SELECT best.a || ':' || best.b,
               left(format('%%s %%s and %%s %%s: %%s.', x.code, x.name, y.code, y.name, why), 300),
               weight, x.company_id, x.id, y.id, NULL, NULL
        FROM best JOIN c x ON x.id = best.a JOIN c y ON y.id = best.b ORDER BY weight DESC, best.a, best.b
    """,
    What.TERMS: """
        SELECT c.id::text, left(format('%%s %%s has no payment terms: invoices fall due at once.', c.code, c.name), 300), 100,
               c.company_id, c.id, NULL, NULL, NULL
        FROM customers_customer c
        LEFT JOIN customers_segment s ON s.id = c.segment_id LEFT JOIN customers_region r ON r.id = c.region_id
        WHERE c.terms_id IS NULL AND s.terms_id IS NULL AND r.terms_id IS NULL AND c.merged_into_id IS NULL ORDER BY c.code
    """,
    What.LIMIT: """
        SELECT c.id::text, left(format('%%s %%s owes and has no limit of any kind.', c.code, c.name), 300), 100,
               c.company_id, c.id, NULL, NULL, NULL
        FROM customers_customer c
        JOIN customers_creditaccount k ON k.customer_id = c.id AND NOT k.excluded
        LEFT JOIN customers_segment s ON s.id = c.segment_id
        WHERE c.merged_into_id IS NULL AND c.parent_id IS NULL AND COALESCE(s.state, 'INHERIT') = 'INHERIT'
          AND NOT EXISTS (SELECT 1 FROM customers_limit l WHERE l.customer_id = c.id AND l.state <> 'INHERIT')
          AND NOT EXISTS (SELECT 1 FROM customers_sharedlimit_members m WHERE m.customer_id = c.id)
          AND EXISTS (SELECT 1 FROM exposure_balance b WHERE b.customer_id = c.id AND b.amount > 0)
        ORDER BY c.code
    """,
    What.RATE: """
        SELECT b.currency || ':' || c.currency,
               format('No rate from %%s to %%s: %%s customers cannot be judged, among them %%s.', b.currency, c.currency,
                      count(DISTINCT c.id), min(c.code)), 100, NULL, NULL, NULL, NULL, NULL
        FROM exposure_balance b JOIN customers_customer c ON c.id = b.customer_id
        WHERE b.currency <> c.currency AND b.amount <> 0
          AND NOT EXISTS (SELECT 1 FROM ledger_exchangerate r WHERE r.day <= %(today)s
                          AND ((r.source = b.currency AND r.target = c.currency)
                            OR (r.source = c.currency AND r.target = b.currency)))
        GROUP BY b.currency, c.currency ORDER BY 1
    """,
    What.DATE: """
        SELECT 'item:' || i.id, format('Item %%s falls due on %%s, but is of %%s.', i.reference, i.due, i.item_date), 100,
               i.company_id, i.customer_id, NULL, i.id, NULL
        FROM ledger_openitem i WHERE i.open_amount <> 0 AND i.amount > 0
          AND (i.due < i.item_date OR i.due > i.item_date + 730 OR i.item_date > %(today)s)
        UNION ALL
        SELECT 'document:' || d.id, format('%%s %%s is to ship on %%s, but is of %%s.', initcap(replace(d.kind, '_', ' ')),
               d.number, d.ship_date, d.document_date), 100, d.company_id, d.debtor_id, NULL, NULL, d.id
        FROM documents_document d WHERE d.state IN ('DRAFT', 'CONFIRMED', 'PICKED', 'PART_DELIVERED')
          AND (d.ship_date > d.document_date + 730 OR d.ship_date < d.document_date - 31 OR d.ship_date < %(today)s - 365)
        UNION ALL
        SELECT 'customer:' || c.id, left(format('%%s %%s is a customer since %%s, a day to come.', c.code, c.name,
               c.customer_since), 300), 100, c.company_id, c.id, NULL, NULL, NULL
        FROM customers_customer c WHERE c.customer_since > %(today)s AND c.merged_into_id IS NULL
        ORDER BY 1
    """,
    What.NUMBERS: """
        WITH n AS (
            SELECT company_id, substring(number FROM '^(.*?)[0-9]+$') AS prefix, number,
                   substring(number FROM '([0-9]{1,12})$')::bigint AS at
            FROM documents_document WHERE kind IN ('INVOICE', 'CREDIT_NOTE') AND numbered
              AND state IN ('ISSUED', 'POSTED', 'CANCELLED') AND number ~ '[0-9]{1,12}$' AND number !~ '[0-9]{13}$'
            UNION
            SELECT company_id, substring(reference FROM '^(.*?)[0-9]+$'), reference,
                   substring(reference FROM '([0-9]{1,12})$')::bigint
            FROM ledger_openitem WHERE kind IN ('INVOICE', 'CREDIT_NOTE') AND document_id IS NULL
              AND reference ~ '[0-9]{1,12}$' AND reference !~ '[0-9]{13}$'
        ), dense AS (
            SELECT company_id, prefix FROM n GROUP BY company_id, prefix
            HAVING count(DISTINCT at) >= 5 AND max(at) - min(at) < 1.2 * count(DISTINCT at)
        ), gap AS (
            SELECT n.company_id, n.prefix, n.number, n.at, lag(n.number) OVER w AS before, lag(n.at) OVER w AS last
            FROM n JOIN dense d ON d.company_id = n.company_id AND d.prefix IS NOT DISTINCT FROM n.prefix
            WINDOW w AS (PARTITION BY n.company_id, n.prefix ORDER BY n.at)
        )
        SELECT left(company_id || ':' || before || ':' || number, 160),
               left(format('Between %%s and %%s %%s missing.', before, number,
                    CASE WHEN at - last = 2 THEN 'one number is' ELSE (at - last - 1) || ' numbers are' END), 300),
               100, company_id, NULL, NULL, NULL, NULL
        FROM gap WHERE at - last > 1 ORDER BY company_id, prefix, at
    """,
    What.TIME: """
        WITH day AS (
            SELECT company_id, item_date AS day FROM ledger_openitem WHERE kind = 'INVOICE' GROUP BY 1, 2
        ), gap AS (
            SELECT company_id, day, lag(day) OVER (PARTITION BY company_id ORDER BY day) AS last FROM day
        ), usual AS (
            SELECT company_id, avg(day - last) AS usual FROM gap WHERE last IS NOT NULL
            GROUP BY company_id HAVING count(*) >= 20
        )
        SELECT g.company_id || ':' || g.last, format('No invoice from %%s to %%s: %%s days, where %%s are usual.', g.last,
               g.day, g.day - g.last, round(u.usual, 1)), 100, g.company_id, NULL, NULL, NULL, NULL
        FROM gap g JOIN usual u USING (company_id)
        WHERE g.day - g.last >= 14 AND g.day - g.last > 5 * u.usual ORDER BY g.company_id, g.day
    """,
}


@transaction.atomic
def look(*, now: datetime) -> int:
    """Ask every question again: keep what is found, forget what is mended. Returns how many findings wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('quality.look'))")
    today = business_day(now)
    for what in _QUESTIONS:
        found = {f.key: f for f in _answers(what, today)}
        known = dict(Finding.objects.filter(what=what).values_list("key", "pk"))
        Finding.objects.filter(pk__in=[pk for key, pk in known.items() if key not in found]).delete()
        Finding.objects.bulk_create(Finding(found_at=now, **vars(f)) for key, f in found.items() if key not in known)
        Finding.objects.bulk_update(
            [Finding(pk=known[key], sentence=f.sentence, weight=f.weight) for key, f in found.items() if key in known],
            ["sentence", "weight"],
            batch_size=500,
        )
    return Finding.objects.filter(aside_at__isnull=True).count()


def _answers(what: str, today: date) -> Iterator[_Found]:
    with connection.cursor() as cursor:
        if what == What.DUPLICATE:
            cursor.execute("SELECT set_config('pg_trgm.similarity_threshold', %s, true)", [str(ALIKE)])
        values: dict[str, Any] = {"today": today, "alike": ALIKE}
        cursor.execute(f"SELECT * FROM ({_QUESTIONS[what]}) AS found LIMIT {MOST}", values)
        for row in cursor.fetchall():
            yield _Found(what, *row)

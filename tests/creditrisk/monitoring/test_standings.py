"""One statement over all customers says what a check would say of each of them."""

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from approvals import context
from creditrisk.exposure.models import Balance, Entry
from creditrisk.facts import BUCKETS, LimitState
from creditrisk.lists.keyset import Key
from creditrisk.money import MissingRate
from creditrisk.monitoring import past, standings
from creditrisk.monitoring.asked import Asked
from creditrisk.monitoring.portfolio import Source
from creditrisk.monitoring.stood import Wanted
from creditrisk.policy import compile as policies
from creditrisk.templatetags.words import ENTRY_LABELS
from customers import limits
from customers.models import (
    Company,
    CompanyAccess,
    CreditAccount,
    Customer,
    LimitKind,
    RiskClass,
    Security,
    SecurityKind,
    Segment,
    SharedLimit,
)
from customers.models import LimitState as Stated
from ledger.models import ExchangeRate
from tests.cast import NOW, TODAY, Cast, policy

D = Decimal
CURRENCIES = ("EUR", "USD", "JPY", "CHF")
POLICIES: dict[str, dict[str, Any]] = {
    "as usual": {},
    "netted": {"net_credits_against_overdue": True, "overdue_grace_days": 5},
    "horizon": {
        "order_horizon_days": 20,
        "overdue_ignore_below": D(150),
        "sbf_grace_days": 9,
        "disputed_items": "SKIP",
    },
    "early": {"orders_count_from": "ENTRY", "invoices_count_from": "ENTRY", "include_provisional": True},
}


def world(cast: Cast, chance: random.Random) -> list[Customer]:
    """Make customers with heads, segments, limits, securities and balances as chance has it."""
    other = Company.objects.create(code="OTHER", name="Other", currency="USD", first_limit_approved=True)
    for source, rate in (("USD", "0.91"), ("JPY", "0.0061"), ("CHF", "1.0537")):
        if source != "CHF" or chance.random() < 0.5:
            ExchangeRate.objects.create(source=source, target="EUR", rate=D(rate), day=TODAY - timedelta(days=9))
    ExchangeRate.objects.create(source="USD", target="JPY", rate=D("149.37"), day=TODAY - timedelta(days=3))
    segments = [
        Segment.objects.create(code="A", state=Stated.AMOUNT, amount=D(700), currency="USD"),
        Segment.objects.create(code="U", state=Stated.UNLIMITED),
        Segment.objects.create(code="I"),
        None,
    ]
    made: list[Customer] = []
    for n in range(24):
        parent = chance.choice(made) if made and chance.random() < 0.4 else None
        one = Customer.objects.create(
            code=f"X{n:02}", name=f"Customer {n}", company=chance.choice([cast.company, other]), parent=parent,
            currency=chance.choice(CURRENCIES[:3]), segment=chance.choice(segments), country=chance.choice(["IT", "DE", ""]),
            salesperson=chance.choice([cast.sara.user, None]),
        )  # fmt: skip
        CreditAccount.objects.create(customer=one, companies_summed=chance.random() < 0.4)
        made.append(one)
        _grants(one, chance)
    for mandatory in (True, False):
        shared = SharedLimit.objects.create(code=f"S{mandatory}", currency="EUR", mandatory=mandatory)
        shared.members.set(chance.sample(made, 5))
    for one in made:
        _balances(one, [cast.company, other], chance)
    return made


def _grants(one: Customer, chance: random.Random) -> None:
    for _time in range(chance.choice([0, 0, 1, 2])):
        state = chance.choice([Stated.AMOUNT, Stated.AMOUNT, Stated.UNLIMITED, Stated.INHERIT])
        limits.grant(
            customer=one, state=state, amount=D(chance.choice(["0", "500", "1234.5"])), by=None, now=NOW,
            currency=chance.choice(CURRENCIES), valid_from=TODAY - timedelta(days=chance.randint(-2, 30)),
        )  # fmt: skip
    if chance.random() < 0.3:
        limits.grant(
            customer=one, amount=D(900), kind=LimitKind.TEMPORARY, by=None, now=NOW, currency="USD",
            valid_from=TODAY - timedelta(days=chance.randint(0, 9)), valid_to=TODAY + timedelta(days=chance.randint(0, 3)),
        )  # fmt: skip
    if chance.random() < 0.3:
        Security.objects.create(
            customer=one, kind=SecurityKind.INSURANCE, amount=D("333.33"), percent=D("82.5"), currency=chance.choice(CURRENCIES),
            valid_to=chance.choice([None, TODAY, TODAY - timedelta(days=1)]),
        )  # fmt: skip


def _balances(one: Customer, companies: list[Company], chance: random.Random) -> None:
    seen: dict[Any, Decimal] = {}
    for _time in range(chance.randint(0, 12)):
        bucket = chance.choice(list(ENTRY_LABELS))
        key = (
            chance.choice(companies).pk,
            bucket,
            TODAY + timedelta(days=chance.randint(-70, 40)),
            chance.choice(CURRENCIES),
        )
        amount = D(chance.randint(1, 90000)) / 100
        seen[key] = -amount if bucket.startswith("CREDITS") else amount
    for (company, bucket, day, currency), amount in seen.items():
        facts = {
            "customer_id": one.pk,
            "company_id": company,
            "bucket": bucket,
            "day": day,
            "currency": currency,
            "amount": amount,
        }
        Balance.objects.create(**facts)
        Entry.objects.create(
            **facts, origin="I", source_id=1, effective_on=TODAY - timedelta(days=chance.randint(0, 9)), recorded_at=NOW
        )


@pytest.mark.parametrize("named", POLICIES)
@pytest.mark.parametrize("seed", range(3))
def test_it_says_of_everybody_what_a_check_says_of_one(cast: Cast, seed: int, named: str) -> None:
    policy(**POLICIES[named])
    made = world(cast, random.Random(seed))
    people = {c.pk: c for c in Customer.objects.all()}

    found = standings.look(cast.dario.user, Asked(TODAY, is_past=False), Wanted(Key("code"), size=1000))

    rows = {row.id: row for row in found.rows}
    expected = context.standings(people.values(), today=TODAY)
    assert set(rows) == set(expected)
    assert len(rows) >= len(made) // 3
    for pk, standing in expected.items():
        row, exposure = rows[pk], standing.exposure
        bounded = standing.limit.state in (LimitState.AMOUNT, LimitState.NONE)
        assert row.buckets == tuple(exposure.buckets[b] for b in BUCKETS), people[pk]
        assert (row.total, row.overdue, row.days_overdue) == (
            exposure.total,
            exposure.overdue,
            exposure.days_overdue,
        ), people[pk]
        assert row.limit_state == standing.limit.state, people[pk]
        assert row.limit == (standing.limit.amount if bounded else None), people[pk]
        assert row.available == standing.available
        assert row.used_percent == standing.used_percent or abs(row.used_percent - standing.used_percent) < D("1e-9")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("of_company", [False, True])
def test_it_says_how_everybody_stood_on_a_day_and_what_that_sums_to(cast: Cast, seed: int, of_company: bool) -> None:
    world(cast, random.Random(seed))
    day = TODAY - timedelta(days=4)
    asked = Asked(day, known_on=TODAY, company=cast.company if of_company else None)

    found = standings.look(cast.dario.user, asked, Wanted(Key("code"), size=1000, sums=True))

    stood, _missing = past.stood(list(Customer.objects.order_by("code")), asked)
    assert [r.code for r in found.rows] == [r.code for r in stood]
    assert [(r.buckets, r.total, r.overdue, r.limit, r.available) for r in found.rows] == [
        (r.buckets, r.total, r.overdue, r.limit, r.available) for r in stood
    ]
    for mine, theirs in zip(found.sums, past.wholes(stood), strict=True):
        assert (mine.currency, mine.customers, mine.total, mine.overdue, mine.over, mine.over_amount, mine.buckets) == (
            theirs.currency, theirs.customers, theirs.total, theirs.overdue, theirs.over, theirs.over_amount, theirs.buckets,
        )  # fmt: skip


def test_groups_sum_to_the_whole_whatever_they_are(cast: Cast) -> None:
    RiskClass.objects.create(code="R", score_from=0, score_to=10)
    world(cast, random.Random(7))
    whole = standings.look(cast.dario.user, Asked(TODAY, is_past=False), Wanted(sums=True)).sums

    for by in standings.GROUPS:
        groups = standings.look(cast.dario.user, Asked(TODAY, is_past=False), Wanted(by=by)).groups
        for one in whole:
            mine = [g for g in groups if g.currency == one.currency]
            assert sum(g.total for g in mine) == one.total
            assert sum(g.customers for g in mine) == one.customers


@pytest.mark.parametrize("term", ["-rank", "limit", "-limit", "name", "-segment", "-b3", "available"])
def test_its_pages_show_everybody_once_in_every_order(cast: Cast, term: str) -> None:
    world(cast, random.Random(3))
    source, key, seen, after, pages = Source(cast.dario.user, Asked(TODAY, is_past=False)), [Key.of(term)], [], "", 0
    whole = [r.id for r in source.every(key)]

    while pages == 0 or after:
        page = source.page(key, after=after, before="", size=7)
        back = source.page(key, after="", before=page.before, size=7).rows if page.before else []
        assert [r.id for r in back] == seen[len(seen) - len(back) :]
        seen, after, pages = seen + [r.id for r in page.rows], page.after, pages + 1

    assert seen == whole
    assert page.count == len(whole) == len(set(whole))


def test_a_reader_sees_the_customers_of_own_companies_alone(cast: Cast) -> None:
    world(cast, random.Random(1))
    other = Company.objects.get(code="OTHER")
    CompanyAccess.objects.create(user=cast.carla.user, company=other)

    found = standings.look(cast.carla.user, Asked(TODAY, is_past=False), Wanted(Key("code"), size=1000))

    assert {r.company for r in found.rows} == {"OTHER"}


@pytest.mark.parametrize(
    "narrow",
    [{"text": "x0"}, {"segment": "A"}, {"segment": "-"}, {"country": "IT"}, {"only": "over"}, {"salesperson": "sara"}],
)
def test_what_is_asked_for_narrows_rows_and_sums(cast: Cast, narrow: dict[str, str]) -> None:
    world(cast, random.Random(5))
    everybody = standings.look(cast.dario.user, Asked(TODAY, is_past=False), Wanted(Key("code"), size=1000)).rows
    fits = {
        "text": lambda r: "x0" in r.code.lower() or "x0" in r.name.lower(),
        "segment": lambda r: r.segment == ("" if narrow.get("segment") == "-" else "A"),
        "country": lambda r: r.country == "IT",
        "only": lambda r: r.over > 0,
        "salesperson": lambda r: r.salesperson == "sara",
    }

    found = standings.look(
        cast.dario.user, Asked(TODAY, is_past=False, **narrow), Wanted(Key("code"), size=1000, sums=True)
    )

    expected = [r.code for r in everybody if fits[next(iter(narrow))](r)]
    assert [r.code for r in found.rows] == expected
    assert sum(s.customers for s in found.sums) == len(expected)


def test_a_rate_that_is_missing_is_told_and_its_customer_left_out(cast: Cast) -> None:
    Balance.objects.create(
        customer_id=cast.rossi.pk, company_id=cast.company.pk, bucket="ITEMS", day=TODAY, currency="USD", amount=D(5)
    )

    found = standings.look(cast.dario.user, Asked(TODAY, is_past=False), Wanted(Key("code"), size=10))

    assert "ROSSI" not in [r.code for r in found.rows]
    assert found.missing == (f"ROSSI: {MissingRate('USD', 'EUR', TODAY)}",)


def test_the_work_grows_with_the_customers_also_where_half_are_branches_and_nobody_has_counted_them(cast: Cast) -> None:
    """Not how long it takes is measured but how many rows are looked at: a loop of customers over customers is millions."""
    many = 1500
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH made AS (
                INSERT INTO customers_customer (code, name, company_id, currency, country, address, tax_number, invoicing, email, parent_id)
                SELECT 'M' || n, 'Many', %(company)s, 'EUR', '', '', '', '', '', CASE WHEN n %% 2 = 0 THEN %(head)s END
                FROM generate_series(1, %(many)s) n RETURNING id
            ), accounts AS (
                INSERT INTO customers_creditaccount (customer_id, control, group_control, companies_summed, excluded,
                    authorise_orders, authorise_deliveries, suspended, suspended_reason)
                SELECT id, 'BLOCK', '', false, false, false, false, false, '' FROM made
            )
            INSERT INTO exposure_balance (customer_id, company_id, bucket, day, currency, amount)
            SELECT id, %(company)s, 'ITEMS', %(today)s::date - 5, 'EUR', 100 FROM made
            """,
            {"company": cast.company.pk, "head": cast.neri.pk, "many": many, "today": TODAY},
        )
    asked, wanted = Asked(TODAY, is_past=False), Wanted(sums=True)
    sql, values = standings._statement(None, asked, policies.active(), standings._parts(wanted, {}))

    found = standings.look(None, asked, wanted)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", values)
        ((plan,),) = cursor.fetchall()

    assert sum(one.customers for one in found.sums) == many + Customer.objects.exclude(code__startswith="M").count()
    assert looked_at(plan[0]["Plan"]) < 100 * many


def looked_at(node: Any) -> float:
    """Return how many rows a plan took into its hands, and put down again, in all of its nodes."""
    dropped = sum(value for name, value in node.items() if name.startswith("Rows Removed"))
    return (node["Actual Rows"] + dropped) * node["Actual Loops"] + sum(
        looked_at(below) for below in node.get("Plans", ())
    )


def test_looping_is_allowed_again_after_everybody_was_looked_at(cast: Cast) -> None:
    standings.look(None, Asked(TODAY, is_past=False), Wanted(sums=True))

    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_nestloop")
        assert cursor.fetchone() == ("on",)

"""Debtors that the database added up are what the plain formulas say of a list of them, and never come one by one."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench import rebuild
from creditrisk.exposure import ledger
from creditrisk.figures import catalogue, debtors, snapshots
from creditrisk.figures.formulas import portfolio, process
from creditrisk.figures.gathering import gather
from creditrisk.figures.inputs import Debtor, Debtors, Inputs
from creditrisk.money import ZERO, MissingRate, percent_of
from creditrisk.monitoring import past
from creditrisk.monitoring.asked import Asked
from customers.models import Company, Customer, Security, SecurityKind
from ledger import rates
from ledger.models import ExchangeRate
from tests.cast import NOW, TODAY, Cast
from tests.creditrisk.monitoring.test_standings import CURRENCIES, world
from tests.rows import handed_over

D = Decimal
DAY = TODAY - timedelta(days=3)
OF_DEBTORS = ("utilisation", "top_10", "concentration", "insured", "breaches")

amounts = st.decimals(-5000, 50_000, places=2, allow_nan=False)
lists = st.lists(st.builds(Debtor, amounts, st.none() | amounts.map(abs), amounts.map(abs)), max_size=25)


def plainly(found: list[Debtor], *, breaches: int = 0) -> dict[str, Decimal | None]:
    """Return the figures of these debtors by the formulas over a list."""
    limited = [(d.exposure, d.limit) for d in found if d.limit is not None]
    used, limits = (sum(column, ZERO) for column in zip(*limited, strict=True)) if limited else (ZERO, ZERO)
    return {
        "utilisation": portfolio.utilisation(used, limits),
        "top_10": portfolio.top_share(d.exposure for d in found),
        "concentration": portfolio.herfindahl(d.exposure for d in found),
        "insured": portfolio.insured_share((d.exposure, d.insured) for d in found),
        "breaches": process.breaches_per_hundred(breaches, sum(1 for d in found if d.exposure > 0)),
    }


def places(values: dict[str, Decimal | None]) -> dict[str, Decimal | None]:
    """Return figures to twice as many places as are kept of them."""
    return {
        code: None if values[code] is None else values[code].quantize(D("1e-12"))  # type: ignore[union-attr]
        for code in OF_DEBTORS
    }


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lists, lists)
def test_added_up_they_have_the_figures_of_the_list(some: list[Debtor], more: list[Debtor]) -> None:
    summed = Debtors.of(some) + Debtors.of(more)

    found = catalogue.reckon(Inputs(DAY, "EUR", debtors=summed, breaches=3))

    assert summed == Debtors.of([*more, *some])
    assert places(found) == places(plainly([*some, *more], breaches=3))


def one_by_one(company: Company, day: date) -> dict[str, list[Debtor]]:
    """Return the debtors of a company by segment, each head loaded and judged by itself. Raises MissingRate."""
    known = rates.on(day, CURRENCIES)
    heads = Customer.objects.filter(parent=None, merged_into=None).select_related("segment")
    insured: dict[str, Decimal] = {}
    for s in Security.objects.filter(kind=SecurityKind.INSURANCE).select_related("customer"):
        if s.valid_to is None or s.valid_to >= day:
            share = percent_of(s.amount, s.percent) * known.rate(s.currency, company.currency)
            insured[s.customer.code] = insured.get(s.customer.code, ZERO) + share
    by_code = {c.code: c for c in heads}
    found: dict[str, list[Debtor]] = {}
    for row in past.stood(list(heads), Asked(day=day, company=company))[0]:
        head, rate = by_code[row.code], known.rate(row.currency, company.currency)
        if row.total or head.company_id == company.pk:
            limit = None if row.limit is None else row.limit * rate
            debtor = Debtor(row.total * rate, limit, insured.get(row.code, ZERO))
            found.setdefault(head.segment.code if head.segment else "", []).append(debtor)
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_the_database_adds_up_what_the_pictures_say_of_each(cast: Cast, seed: int) -> None:
    made = world(cast, random.Random(seed))
    Security.objects.filter(currency="CHF").update(currency="USD")
    alone = next(c for c in reversed(made) if not c.children.exists() and c.parent_id is None)
    Customer.objects.filter(pk=alone.pk).update(merged_into=made[0])

    for company in Company.objects.order_by("code"):
        found, _missing = debtors.of_company(company, day=DAY)
        expected = one_by_one(company, DAY)

        assert set(found) == set(expected)
        for segment, theirs in expected.items():
            mine = catalogue.reckon(Inputs(DAY, company.currency, debtors=found[segment], breaches=1))
            assert places(mine) == places(plainly(theirs, breaches=1)), (company, segment)
            assert found[segment].owing == sum(1 for d in theirs if d.exposure > 0)


@pytest.mark.django_db
def test_whoever_cannot_be_converted_is_named_and_left_out_and_an_insurance_is_an_error(cast: Cast) -> None:
    abroad = cast.customer("ABROAD", None)
    Customer.objects.filter(pk=abroad.pk).update(currency="CHF")
    cast.item(cast.rossi, "100", due=TODAY)

    before = gather(cast.company, day=TODAY)
    assert before.debtors.lent == 100
    assert before.missing == (f"ABROAD: {MissingRate('CHF', 'EUR', TODAY)}",)
    Security.objects.create(customer=cast.rossi, kind=SecurityKind.INSURANCE, amount=10, percent=100, currency="CHF")
    with pytest.raises(MissingRate, match="from CHF to EUR"):
        gather(cast.company, day=TODAY)
    ExchangeRate.objects.create(source="CHF", target="EUR", rate=D("1.05"), day=TODAY)
    after = gather(cast.company, day=TODAY)

    assert (after.debtors.insured, after.missing) == (D("10.5"), ())


@pytest.mark.django_db
def test_taking_the_figures_never_asks_for_the_customers_however_many_there_are(cast: Cast) -> None:
    handed = []
    for number, customers in enumerate((60, 300)):
        rebuild.fill(customers, f"F{number}", day=TODAY, now=NOW, rows=rebuild.TEN)
        ledger.rebuild(day=TODAY, now=NOW)
        company = Company.objects.get(code="BENCH")
        insured = Customer.objects.filter(company=company)
        Security.objects.bulk_create(
            Security(customer=c, kind=SecurityKind.INSURANCE, amount=1, percent=100, currency="EUR") for c in insured
        )
        _invoice_and_pay(company)
        with handed_over() as seen:
            assert snapshots.take(company, day=TODAY + timedelta(days=number), now=NOW)
        handed.append(seen)
        kept = snapshots.of_day(company, TODAY + timedelta(days=number))
        assert kept["insured"] and kept["days_late"] is not None and kept["terms_kept"] is not None

    assert handed[0] == handed[1]
    assert handed[1].rows <= 60


def _invoice_and_pay(company: Company) -> None:
    """Let every customer of the company have an invoice, and money that settled it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH paid AS (
                INSERT INTO ledger_openitem (company_id, customer_id, kind, reference, instalment, currency, amount, open_amount,
                    item_date, due, disputed, dispute_reason, excluded, provisional, posted_at, cleared_on)
                SELECT company_id, customer_id, 'PAYMENT', 'P' || id, 1, currency, -amount, 0, %(day)s, %(day)s, false, '', false,
                    false, %(now)s, %(day)s FROM ledger_openitem i WHERE kind = 'INVOICE' AND reference = 'I1' AND company_id = %(company)s
                    AND NOT EXISTS (SELECT FROM ledger_openitem p WHERE p.reference = 'P' || i.id)
                RETURNING id, reference, -amount AS amount
            ), invoiced AS (
                INSERT INTO documents_document (kind, number, state, company_id, customer_id, debtor_id, currency, total,
                    issued_on, document_date, channel, note, revision, entered_at)
                SELECT 'INVOICE', 'V' || id, 'POSTED', company_id, id, id, 'EUR', 100, %(day)s, %(day)s, '', '', 1, %(now)s
                FROM customers_customer c WHERE company_id = %(company)s
                    AND NOT EXISTS (SELECT FROM documents_document v WHERE v.number = 'V' || c.id)
            )
            INSERT INTO ledger_allocation (debit_id, credit_id, amount, day, made_at)
            SELECT substr(reference, 2)::bigint, id, amount, %(day)s, %(now)s FROM paid
            """,
            {"company": company.pk, "day": TODAY, "now": NOW},
        )

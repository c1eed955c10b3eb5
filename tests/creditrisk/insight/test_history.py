"""Three questions to the company's own history, on stories that are small enough to reckon by hand."""

import itertools
from datetime import date, timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals import booking, gate
from creditrisk.audit import endings, outcomes
from creditrisk.audit.outcomes import Outcome
from creditrisk.insight import alarms, lengthening, reliability
from creditrisk.policy.models import RuleRow
from customers.models import PaymentTerms
from tests.cast import NOW, TODAY, Cast, after, policy
from tests.creditrisk.insight.stories import due_in, held_and_released, invoice, lengthen


def asked(cast: Cast, **more: Any) -> reliability.Asked:
    values = {"since": TODAY, "until": after(60).date(), "day": after(90).date(), "by": "amount", "grace": 0} | more
    return reliability.Asked(cast.company, **values)


LATER = after(90).date()


@pytest.mark.django_db
def test_what_fell_due_is_judged_by_the_limit_of_the_first_day(cast: Cast) -> None:
    due_in(cast, cast.bianchi, "100", 30, paid=30)  # limit 1,000: on time
    due_in(cast, cast.neri, "200", 30, paid=40)  # limit 2,000: ten days late
    due_in(cast, cast.rossi, "400", 30, paid=None)  # limit 10,000: not at all
    booking.grant_limit(
        customer=cast.bianchi, amount=D(99_000), valid_from=after(1).date(), by=cast.dario, now=after(1)
    )

    found = reliability.look(asked(cast))

    assert [[p.code for p in band.payers] for band in found.bands] == [["BIANCHI"], ["NERI"], ["ROSSI"]]
    low, middle, high = found.bands
    assert (low.by_count.value, middle.by_count.value, high.by_count.value) == (100, 0, 0)
    assert middle.days_late.value == 10
    assert high.days_late.value == 60
    assert high.unpaid == 400
    assert found.difference.value == 100


@pytest.mark.django_db
def test_grace_days_are_on_time_and_what_is_not_due_is_left_out(cast: Cast) -> None:
    due_in(cast, cast.neri, "200", 30, paid=37)
    due_in(cast, cast.neri, "500", 60, paid=None)

    (band,) = reliability.look(asked(cast, grace=7, day=after(62).date())).bands

    assert (band.debts, band.due) == (1, 200)
    assert band.by_amount.value == 100
    assert band.days_late.value == 0
    assert reliability.look(asked(cast, grace=6, day=after(62).date())).bands[0].by_amount.value == 0


@pytest.mark.django_db
def test_relative_to_turnover_needs_a_year_before(cast: Cast) -> None:
    booking.item(
        customer=cast.neri,
        amount=D(8000),
        due=TODAY - timedelta(days=50),
        reference="OLD",
        day=TODAY - timedelta(days=100),
        by=cast.carla,
        now=NOW,
    )
    due_in(cast, cast.neri, "200", 30, paid=30)
    due_in(cast, cast.rossi, "200", 30, paid=30)
    due_in(cast, cast.customer("FREE", None), "50", 30, paid=30)

    found = reliability.look(asked(cast, by="relative"))

    (band,) = found.bands
    assert [(p.code, p.relative) for p in band.payers] == [("NERI", D(25))]
    assert {b.key: [p.code for p in b.payers] for b in found.others} == {"unknown": ["ROSSI"], "none": ["FREE"]}
    assert found.difference is None


@pytest.mark.django_db
def test_the_statement_judges_parts_as_the_accounts_of_overrides_do(cast: Cast) -> None:
    item = due_in(cast, cast.rossi, "1000", 30, paid=None)
    for amount, days in (("100", 20), ("200", 33), ("300", 45)):
        booking.pay(
            customer=cast.rossi,
            amount=D(amount),
            items=[(item, None)],
            reference=f"R{days}",
            by=cast.carla,
            now=after(days),
        )
    unpaid = booking.issue_effect(
        customer=cast.rossi,
        amount=D(150),
        due=after(50).date(),
        items=[item],
        number="E1",
        by=cast.carla,
        now=after(46),
    )
    booking.present([unpaid], by=cast.carla, now=after(47))

    for grace in (0, 5):
        (band,) = reliability.look(asked(cast, grace=grace)).bands
        parts = _parts(cast)
        whole = outcomes.ending(parts, today=after(90).date(), grace=grace)
        (payer,) = band.payers
        assert (payer.on_time, payer.late, payer.unpaid) == tuple(
            whole.amounts.get(way, D(0)) for way in (Outcome.ON_TIME, Outcome.LATE, Outcome.UNPAID)
        )
        assert payer.weighted == whole.weighted


def _parts(cast: Cast) -> list[outcomes.Settled]:
    with connection.cursor() as cursor:
        cursor.execute(endings.OF_INSTALMENTS, {"company": cast.company.pk, "since": TODAY, "until": after(60).date()})
        return [outcomes.Settled(*row[1:]) for row in cursor.fetchall()]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 50).map(D), max_size=20), st.integers(1, 5))
def test_bands_take_every_value_once_in_order(values: list[D], count: int) -> None:
    found = reliability.bands(values, count)

    assert sum(sum(low <= v <= high for v in values) for low, high in found) == len(values)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(found))
    assert len(found) <= count


@pytest.fixture
def longer(cast: Cast) -> Cast:
    lengthen(cast)
    return cast


def lengthened(cast: Cast, **more: Any) -> lengthening.Lengthening:
    values = {"since": TODAY, "until": after(365).date(), "day": after(365).date(), "window": 90} | more
    return lengthening.look(lengthening.Asked(cast.company, **values), zone="UTC")


@pytest.mark.django_db
def test_longer_terms_raise_dso_beside_those_without_a_change(longer: Cast) -> None:
    (pair,) = lengthened(longer).pairs

    (rossi,), (neri,) = pair.longer.customers, pair.same.customers
    assert (rossi.code, rossi.term_before, rossi.term_after, rossi.day) == ("ROSSI", 30, 60, after(90).date())
    # At the end of day 89 one invoice of 600 is open, of day 179 two of 900.
    assert (rossi.owed_before, rossi.sold_before, rossi.owed_after, rossi.sold_after) == (600, 1800, 1800, 2700)
    assert (rossi.dso_before, rossi.dso_after, rossi.growth) == (30, 60, 50)
    assert (neri.day, neri.dso_before, neri.dso_after, neri.growth) == (after(90).date(), 30, 30, 0)
    assert (round(pair.days.value, 9), round(pair.growth.value, 9)) == (30, 50)
    assert pair.days.bounds is None


@pytest.mark.django_db
def test_an_effect_is_owed_until_it_is_collected(longer: Cast) -> None:
    fresh = longer.item(longer.neri, "90", due=after(179).date(), reference="EFF", now=after(170))
    effect = booking.issue_effect(
        customer=longer.neri,
        amount=D(90),
        due=after(179).date(),
        items=[fresh],
        number="E9",
        by=longer.carla,
        now=after(171),
    )
    before = lengthened(longer).pairs[0].same.customers[0].owed_after
    booking.collect(effect, by=longer.carla, now=after(175))

    assert before - lengthened(longer).pairs[0].same.customers[0].owed_after == 90


@pytest.mark.django_db
def test_changes_that_cannot_be_compared_are_counted(longer: Cast) -> None:
    found = lengthened(longer, day=after(170).date())

    assert found.pairs == ()
    assert found.left_out == {"running": 1}


@pytest.mark.django_db
def test_who_is_newer_than_the_days_before_is_left_out(longer: Cast) -> None:
    invoice(longer, longer.bianchi, "10", 45, longer.terms)

    found = lengthened(longer)
    assert [c.code for c in found.pairs[0].same.customers] == ["NERI"]
    assert found.left_out == {"new": 1}
    assert lengthened(longer, window=180, day=after(500).date()).pairs == ()


@pytest.mark.django_db
def test_one_exception_is_no_change_and_back_again_is_several(longer: Cast) -> None:
    n60 = PaymentTerms.objects.get(code="N60")
    invoice(longer, longer.neri, "10", 165, n60)
    invoice(longer, longer.neri, "10", 166, longer.terms)

    assert [c.code for c in lengthened(longer).pairs[0].same.customers] == ["NERI"]

    invoice(longer, longer.rossi, "10", 170, longer.terms)
    invoice(longer, longer.rossi, "10", 171, longer.terms)
    assert lengthened(longer).left_out == {"several": 1}


def looked(cast: Cast, *, grace: int = 0, day: date = LATER) -> alarms.Alarms:
    return alarms.look(alarms.Asked(cast.company, TODAY, TODAY, day=day, grace=grace))


@pytest.mark.django_db
def test_a_hold_counts_with_every_rule_and_row_that_held_it(cast: Cast) -> None:
    policy(rules=[{"rule": "order_amount", "amount": D(1200)}])
    row = RuleRow.objects.get()
    held_and_released(cast, "1100", paid=30)
    held_and_released(cast, "1500", paid=45)
    held_and_released(cast, "1300", paid=None, customer=cast.customer("LARGE", "500"))
    waits = cast.order(cast.customer("OTHER", "100"), "150")
    gate.submit(waits, "confirm", by=cast.sara, now=NOW)

    found = looked(cast)

    rows = {(a.code, a.row): a for a in found.rows}
    assert set(rows) == {("over_limit", None), ("order_amount", row.pk)}
    limit, amount = rows["over_limit", None], rows["order_amount", row.pk]
    assert (limit.held, limit.alone, limit.released, limit.judged) == (4, 2, 3, 3)
    assert (amount.held, amount.alone, amount.released) == (2, 0, 2)
    assert dict(limit.ways)[Outcome.ON_TIME] == 1
    assert dict(limit.ways)[Outcome.UNPAID] == 1
    assert round(limit.false_alarms.value, 2) == D("33.33")
    assert amount.false_alarms.value == 0
    assert amount.row_in_force
    assert "1,200" in amount.says
    assert found.every.held == 4


@pytest.mark.django_db
def test_days_of_grace_make_a_late_payment_a_false_alarm(cast: Cast) -> None:
    held_and_released(cast, "1500", paid=37)

    assert looked(cast).every.false_alarms.value == 0
    assert looked(cast, grace=7).every.false_alarms.value == 100
    assert looked(cast, day=after(20).date()).every.false_alarms is not None
    assert looked(cast, grace=7).rows[0].parts[0][2] == 1500


@pytest.mark.django_db
def test_the_policy_without_a_row_is_the_one_in_force_less_the_row(cast: Cast) -> None:
    policy(rules=[{"rule": "order_amount", "amount": D(1200)}, {"rule": "days_overdue", "days": 60}])
    row = RuleRow.objects.get(rule="order_amount")

    content, label = alarms.without(row.pk)

    assert [one["rule"] for one in content["rules"]] == ["days_overdue"]
    assert "Version 2 without" in label
    assert alarms.without(row.pk + 999) is None

"""The workspace, the portfolio, utilisation with its past, recomputing: what they say and what they cost."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from approvals import booking
from creditrisk.clock import business_day, months_after
from creditrisk.exposure.models import Balance, Drift
from creditrisk.monitoring import history, recomputing, utilisation
from creditrisk.monitoring.models import Utilisation
from customers.models import CreditAccount, Segment
from tests.cast import NOW, TODAY, Cast, after
from tests.pages import as_user, queries_of, words

D = Decimal
ONE_DAY = timedelta(days=1)


def today() -> date:
    return business_day(timezone.now())


def owe(cast: Cast, customer: Any, amount: str, *, days: int = 10, reference: str = "I") -> Any:
    return cast.item(customer, amount, due=today() + timedelta(days=days), reference=reference, now=timezone.now())


def test_the_workspace_names_who_is_near_the_limit_who_owes_most_and_what_comes_due(cast: Cast) -> None:
    owe(cast, cast.bianchi, "1500")
    owe(cast, cast.rossi, "5000", reference="J")
    CreditAccount.objects.filter(customer=cast.neri).update(next_review=today() + ONE_DAY)
    booking.grant_limit(
        customer=cast.verdi,
        amount=D(9),
        valid_from=today(),
        valid_to=today() + 2 * ONE_DAY,
        by=cast.dario,
        now=timezone.now(),
    )

    page = words(as_user(cast.carla.user).get("/"))

    near = page.index("Near or over the limit")
    largest = page.index("Largest exposures")
    assert "Bianchi" in page[near:largest]
    assert "Rossi" not in page[near:largest]
    assert page.index("Rossi", largest) < page.index("Bianchi", largest)
    assert "Limits end : Verdi" in page
    assert "Reviews due : Neri" in page
    assert "EUR 6,500" in page


@pytest.mark.parametrize(
    "address", ["/", "/portfolio/", "/portfolio/?by=segment", "/portfolio/as-of/", "/utilisation/"]
)
def test_pages_over_everybody_ask_the_same_however_many_there_are(cast: Cast, address: str) -> None:
    client = as_user(cast.dario.user)
    owe(cast, cast.rossi, "10")
    before = queries_of(client, address)
    for n in range(12):
        owe(cast, cast.customer(f"MORE{n}"), "1200", reference=f"M{n}")

    assert queries_of(client, address) == before


def test_the_portfolio_marks_overruns_and_is_grouped(cast: Cast) -> None:
    cast.bianchi.segment = Segment.objects.create(code="RETAIL")
    cast.bianchi.save()
    owe(cast, cast.bianchi, "1500")
    client = as_user(cast.dario.user)

    rows = client.get("/portfolio/")
    groups = client.get("/portfolio/?by=segment&only=over")

    assert len(re.findall(r'<tr class="[^"]*is-over', rows.content.decode())) == 1
    assert "RETAIL" in words(groups)
    assert "segment=RETAIL" in groups.content.decode()
    assert "Rossi" not in words(client.get("/portfolio/?segment=RETAIL"))


def test_utilisation_is_kept_once_a_day_and_stays_as_it_was(cast: Cast) -> None:
    cast.item(cast.rossi, "5000", due=TODAY)
    assert utilisation.take(day=TODAY, now=NOW)
    whole = Utilisation.objects.get(whole=True)
    assert (whole.used, whole.limits) == (5000, 18000)

    cast.item(cast.rossi, "1000", due=TODAY, reference="J", now=after(0))

    assert not utilisation.take(day=TODAY, now=NOW)
    assert Utilisation.objects.get(whole=True).used == 5000
    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        Utilisation.objects.update(used=0)


def test_days_that_were_missed_are_kept_later_and_today_is_not_over(cast: Cast) -> None:
    utilisation.take(day=TODAY - 3 * ONE_DAY, now=NOW)

    assert utilisation.take_missing(now=NOW) == 2
    assert utilisation.take_missing(now=NOW) == 0
    assert set(Utilisation.objects.values_list("day", flat=True)) == {TODAY - n * ONE_DAY for n in (1, 2, 3)}


def test_the_course_of_utilisation_has_its_target_line_and_its_table(cast: Cast) -> None:
    cast.item(cast.rossi, "5000", due=TODAY)
    for n in range(3):
        utilisation.take(day=TODAY + n * ONE_DAY, now=NOW)

    page = as_user(cast.dario.user).get(
        "/utilisation/", {"since": TODAY.isoformat(), "until": after(9).date().isoformat(), "target": "25"}
    )

    assert 'class="chart__target"' in page.content.decode()
    assert "target 25%" in words(page)
    assert words(page).count("28%") >= 3


def test_recomputing_goes_by_slices_tells_how_far_it_is_and_repairs(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recomputing, "SLICE", 2)
    cast.item(cast.rossi, "100", due=TODAY)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE exposure_balance SET amount = amount + 7 WHERE customer_id = %s", [cast.rossi.pk])
    run, is_new = recomputing.start(by=cast.dario.user, now=NOW)
    assert is_new
    assert recomputing.start(by=cast.dario.user, now=NOW) == (run, False)

    steps = 1
    while recomputing.work(now=NOW):
        steps += 1
        run.refresh_from_db()
        assert run.percent < 100
    run.refresh_from_db()

    assert steps == 3
    assert (run.done, run.differences, run.amount) == (4, 1, 7)
    assert run.finished_at
    assert Balance.objects.get(customer_id=cast.rossi.pk).amount == 100
    assert Drift.objects.exists()
    assert "Finished" in words(as_user(cast.guido.user).get(f"/portfolio/recompute/{run.pk}/"))


def test_two_recomputings_at_once_are_one(cast: Cast) -> None:
    recomputing.start(by=None, now=NOW)

    with pytest.raises(IntegrityError), transaction.atomic():
        recomputing.Recompute.objects.create(asked_at=NOW, total=1)


def test_a_customer_s_months_show_buckets_and_the_limit_of_then(cast: Cast) -> None:
    cast.item(cast.rossi, "500", due=TODAY, now=after(-40))
    cast.item(cast.rossi, "300", due=TODAY, reference="J", now=after(-5))
    booking.grant_limit(customer=cast.rossi, amount=D(700), valid_from=TODAY - 3 * ONE_DAY, by=cast.dario, now=NOW)

    told = history.of(cast.rossi, [cast.rossi.pk], today=TODAY)

    assert [m.day for m in told.moments] == history.days(TODAY)
    assert [m.total for m in told.moments][-3:] == [500, 800, 800]
    assert [m.limit for m in told.moments][-3:] == [0, 700, 10000]
    assert told.moments[-1].buckets[3] == 800
    assert [m.total for m in told.moments][:-3] == [0] * (len(told.moments) - 3)


def test_the_days_of_a_year_are_the_ends_of_its_months_and_today() -> None:
    found = history.days(date(2026, 3, 2))

    assert found[0] == date(2025, 3, 31)
    assert found[-2:] == [date(2026, 2, 28), date(2026, 3, 2)]
    assert len(found) == 13
    assert months_after(date(2026, 3, 1), -11) == date(2025, 4, 1)


def test_the_customer_page_draws_gauge_months_and_figures(cast: Cast) -> None:
    owe(cast, cast.bianchi, "900")

    page = as_user(cast.carla.user).get("/customers/BIANCHI/").content.decode()

    assert 'class="gauge"' in page
    assert "chart--stacked" in page
    assert "Exposure month by month" in page

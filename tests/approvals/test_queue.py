"""The release desk as a list: narrowed, sorted, and told what others did since it was drawn."""

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from approvals import gate, hold_events, queue
from approvals.models import Hold
from approvals.queue import Wanted
from customers.models import Company, CompanyAccess, CustomerBlock
from documents.drafts import NewDocument
from ledger.models import ExchangeRate
from tests.approvals.looking import held
from tests.cast import NOW, TODAY, Cast, after, policy
from tests.pages import as_user, words


def shown(cast: Cast, **wanted: str) -> list[Hold]:
    return list(queue.desk(cast.dario.user, Wanted(**wanted), today=TODAY))


def test_the_one_that_waits_longest_comes_first_and_the_newest_where_that_is_asked(cast: Cast) -> None:
    old, new = held(cast, cast.bianchi), held(cast, cast.neri, "2500", now=after(1))

    assert shown(cast) == [old, new]
    assert shown(cast, sort="-age") == [new, old]


def test_the_oldest_document_comes_first_where_that_is_asked(cast: Cast) -> None:
    order = cast.order(cast.neri, "2500", now=NOW)
    early = held(cast, cast.bianchi, now=after(1))
    late = gate.submit(order, "confirm", by=cast.sara, now=after(2)).hold

    assert shown(cast, sort="document") == [late, early]


def test_the_largest_is_found_across_currencies(cast: Cast) -> None:
    ExchangeRate.objects.create(source="JPY", target="EUR", day=TODAY, rate=D("0.006"))
    big = held(cast, cast.bianchi, "1600")
    many_yen = held(cast, cast.neri, "400000", currency="JPY")
    small = held(cast, cast.bianchi, "1500")

    assert shown(cast, sort="-amount") == [many_yen, big, small]
    ExchangeRate.objects.update(rate=D("0.0059"), target="USD")
    assert shown(cast, sort="-amount")[0] == many_yen, "without a rate the bare number has to do"


def test_what_is_most_over_the_limit_comes_first(cast: Cast) -> None:
    little, much = held(cast, cast.neri, "2500"), held(cast, cast.bianchi, "1500.01")

    assert shown(cast, sort="-excess") == [much, little]


def test_the_next_to_ship_comes_first_and_what_has_no_day_last(cast: Cast) -> None:
    never = held(cast, cast.bianchi)
    later = held(cast, cast.bianchi, "1501", ship_date=TODAY + timedelta(days=9))
    soon = held(cast, cast.bianchi, "1502", ship_date=TODAY + timedelta(days=8))

    assert shown(cast, sort="ship") == [soon, later, never]


def test_what_nobody_touched_longest_comes_first(cast: Cast) -> None:
    old, new = held(cast, cast.bianchi), held(cast, cast.neri, "2500", now=after(1))
    hold_events.comment(old, by=cast.carla, now=after(2), note="I have called them")

    assert shown(cast, sort="idle") == [new, old]


def test_it_is_narrowed_by_number_by_name_and_by_customer_number(cast: Cast) -> None:
    hold = held(cast, cast.bianchi)
    held(cast, cast.neri, "2500")
    cast.bianchi.name = "Ditta Fratelli"
    cast.bianchi.save()

    for text in (hold.document.number, "fratelli", "bianc"):
        assert shown(cast, text=text) == [hold], text


def test_it_is_narrowed_by_reason_checkpoint_company_and_salesperson(cast: Cast) -> None:
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    mine = held(cast, cast.bianchi)
    CustomerBlock.objects.create(customer=cast.rossi, orders=True, placed_at=NOW)
    blocked = held(cast, cast.rossi, "10", company=other)
    policy(checkpoints={"entry": {"on": True}})
    cast.neri.salesperson = cast.fiona.user
    cast.neri.save()
    entered = gate.submit(
        NewDocument(kind="ORDER", customer=cast.neri, amount=D(2500)), "enter", by=cast.sara, now=NOW
    ).hold

    assert shown(cast, reason="customer_blocked") == [blocked]
    assert shown(cast, company="OTHER") == [blocked]
    assert shown(cast, checkpoint="entry") == [entered]
    assert shown(cast, salesperson="fiona") == [entered]
    assert shown(cast, salesperson="sara") == [mine, blocked]
    assert {u.username for u in queue.sellers(cast.dario.user)} == {"fiona", "sara"}
    assert [c.code for c in queue.companies(cast.dario.user)] == ["MAIN", "OTHER"]


def test_the_desk_of_one_company_knows_nothing_of_the_other(cast: Cast) -> None:
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    CompanyAccess.objects.create(user=cast.carla.user, company=other)
    before = queue.mark(cast.carla.user)

    hold = held(cast, cast.bianchi)
    gate.reject(hold, by=cast.dario, now=NOW, reason="no")

    assert queue.mark(cast.carla.user) == before
    assert queue.decided_since(cast.carla.user, before) == []
    assert queue.sellers(cast.carla.user) == queue.companies(cast.carla.user) == []


# -- what others did meanwhile ---------------------------------------------------------------------------------------


def pulse(cast: Cast, mark: str, hold: str = "") -> Any:
    return as_user(cast.carla.user).get(reverse("desk_pulse"), {"mark": mark, "hold": hold})


def test_nothing_is_told_where_nothing_happened(cast: Cast) -> None:
    held(cast, cast.bianchi)

    assert pulse(cast, queue.mark(cast.carla.user)).status_code == 204


def test_what_somebody_else_decided_is_told_with_who_and_the_list_is_drawn_anew(cast: Cast) -> None:
    hold = held(cast, cast.bianchi)
    before = queue.mark(cast.carla.user)
    gate.release(hold, by=cast.dario, now=timezone.now(), reason="They paid")

    elsewhere, here = pulse(cast, before), pulse(cast, before, str(hold.pk))

    assert f"Decided meanwhile: {hold.document.number} released by dario" in words(elsewhere)
    assert "was just decided: released by dario: They paid" in words(here)
    assert elsewhere.headers["HX-Trigger"] == "desk-changed"
    assert pulse(cast, queue.mark(cast.carla.user)).status_code == 204


def test_a_new_hold_draws_the_list_anew_without_a_word(cast: Cast) -> None:
    before = queue.mark(cast.carla.user)
    held(cast, cast.bianchi)

    response = pulse(cast, before)

    assert response.headers["HX-Trigger"] == "desk-changed"
    assert words(response).strip() == ""


@pytest.mark.parametrize("mark", ["", "x", "1-2", "1-x-3-4", "1-²-3-4", "9" * 90, "1-" + "9" * 30 + "-3-4"])
def test_a_mark_that_makes_no_sense_tells_nothing(cast: Cast, mark: str) -> None:
    gate.reject(held(cast, cast.bianchi), by=cast.dario, now=NOW, reason="no")

    response = pulse(cast, mark)

    assert response.status_code == 200
    assert words(response).strip() == ""

"""What is asked in one message: the values that a statement is called with, the order in which it is answered."""

from datetime import UTC, date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from creditrisk.prepared import Prepared, Query, Write, ask
from tests.cast import Cast

pytestmark = pytest.mark.django_db

TYPES = {
    "text": st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"])),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "boolean": st.booleans(),
    "numeric": st.decimals(-(10**12), 10**12, places=4),
    "date": st.dates(),
    "timestamptz": st.datetimes(timezones=st.just(UTC)),
    "bigint[]": st.lists(st.integers(-(2**63), 2**63 - 1)),
    "date[]": st.lists(st.dates()),
}
value = st.sampled_from(sorted(TYPES)).flatmap(lambda name: st.tuples(st.just(name), st.none() | TYPES[name]))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value)
def test_every_value_arrives_as_it_is(db: None, typed: tuple[str, Any]) -> None:
    name, one = typed
    echo = Query(Prepared(f"SELECT %s::{name}"), [one], lambda rows: rows[0][0])

    assert ask(echo) == (one,)


def test_json_arrives_as_it_is() -> None:
    facts = {"says": "it's 5 € \\ '; DROP", "more": [1, None, True]}

    assert ask(Query(Prepared("SELECT (%s::jsonb)::text::json->>'says'"), [Jsonb(facts)], lambda rows: rows[0][0])) == (
        facts["says"],
    )


@pytest.mark.parametrize("wrong", [["a"], {"a": 1}, 1.5, b"a"])
def test_what_is_no_value_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError):
        ask(Query(Prepared("SELECT %s::text"), [wrong], list))


def test_a_value_too_few_is_refused() -> None:
    with pytest.raises(TypeError):
        ask(Query(Prepared("SELECT %s::int + %s::int"), [1], list))


def test_each_sees_what_was_written_before_it_in_one_message(cast: Cast) -> None:
    name = Query(
        Prepared("SELECT name FROM customers_customer WHERE id = %s"), [cast.rossi.pk], lambda rows: rows[0][0]
    )
    rename = Prepared("UPDATE customers_customer SET name = %s WHERE id = %s")
    again = Prepared("UPDATE customers_customer SET name = %s WHERE id = %s RETURNING name")
    changed = Query(again, ["Third", cast.rossi.pk], lambda rows: rows[0][0])

    with CaptureQueriesContext(connection) as captured:
        found = ask(name, changed, name, first=[Write(rename, ["First", cast.rossi.pk])], then="SAVEPOINT after")

    assert found == ("First", "Third", "Third")
    assert len([q for q in captured.captured_queries if q["sql"].startswith("EXECUTE")]) == 1


def test_a_day_and_an_amount_keep_their_types() -> None:
    found = ask(
        Query(Prepared("SELECT %s::date + 1"), [date(2026, 2, 28)], lambda rows: rows[0][0]),
        Query(Prepared("SELECT %s::numeric * 2"), [Decimal("0.10")], lambda rows: rows[0][0]),
    )

    assert found == (date(2026, 3, 1), Decimal("0.20"))

"""Whatever changes in a reference table is noted: who, from where, from what to what, why."""

from decimal import Decimal

import psycopg
import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import ProgrammingError, connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from approvals import gate
from approvals.models import Authority
from creditrisk.audit.attribution import acting
from creditrisk.audit.models import Change
from creditrisk.audit.watching import ORIGINS, WATCHED
from creditrisk.backoffice import ReadOnly, ReadOnlyRows
from creditrisk.roles import Actor
from customers.models import Customer, Limit, PaymentTerms
from tests.cast import NOW, TODAY, Cast
from tests.pages import as_user

pytestmark = pytest.mark.django_db


def newest(table: str) -> Change:
    return Change.objects.filter(table_name=table).latest("id")


def test_a_change_says_who_from_where_from_what_to_what_and_why(cast: Cast) -> None:
    ada = Actor(cast.ada.user, address="192.0.2.7")

    with acting(ada, reason="new contract"):
        PaymentTerms.objects.filter(pk=cast.terms.pk).update(days=60)

    noted = newest("customers_paymentterms")
    assert (noted.action, noted.subject, noted.was, noted.becomes) == ("UPDATE", "N30", {"days": 30}, {"days": 60})
    assert (noted.user_id, noted.who, noted.address, noted.channel) == (cast.ada.user_id, "ada", "192.0.2.7", "web")
    assert noted.reason == "new contract"
    assert noted.database_role == settings.DATABASE_APP_ROLE


def test_a_hold_that_its_owner_changes_by_hand_says_from_what_to_what_and_one_that_is_closed_has_its_closing(
    cast: Cast,
) -> None:
    hold = gate.submit(cast.order(cast.bianchi, "1500"), "confirm", by=cast.sara, now=NOW).hold
    assert hold is not None

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("UPDATE approvals_hold SET opened_by_id = %s WHERE id = %s", [cast.carla.user_id, hold.pk])
        cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}")
    gate.release(hold, by=cast.dario, now=NOW, reason="good")

    (noted,) = Change.objects.filter(table_name="approvals_hold")
    assert (noted.was, noted.becomes) == ({"opened_by_id": cast.sara.user_id}, {"opened_by_id": cast.carla.user_id})
    assert noted.customer_id == cast.bianchi.pk


def test_what_is_saved_without_a_difference_leaves_no_row(cast: Cast) -> None:
    before = Change.objects.count()

    cast.terms.save()

    assert Change.objects.count() == before


def test_rows_changed_in_bulk_are_noted_one_by_one(cast: Cast) -> None:
    before = Change.objects.count()

    Customer.objects.filter(code__in=["ROSSI", "NERI"]).update(country="IT")

    made = Change.objects.order_by("id")[before:]
    assert {(row.subject, row.customer_id) for row in made} == {("ROSSI", cast.rossi.pk), ("NERI", cast.neri.pk)}


@pytest.mark.django_db(transaction=True)
def test_an_actor_does_not_stay_on_the_connection(cast: Cast) -> None:
    with acting(cast.ada):
        PaymentTerms.objects.create(code="N10", days=10)

    PaymentTerms.objects.create(code="N20", days=20)

    assert list(Change.objects.filter(subject__in=["N10", "N20"]).order_by("id").values_list("who", flat=True)) == [
        "ada",
        "",
    ]


def test_who_acts_for_nobody_is_named_by_the_program(cast: Cast) -> None:
    PaymentTerms.objects.create(code="N10", days=10)

    assert newest("customers_paymentterms").channel.startswith("creditrisk ")


def test_passwords_are_noted_and_never_shown(cast: Cast) -> None:
    cast.sara.user.set_password("another")
    cast.sara.user.save()

    noted = newest("auth_user")
    assert noted.was == noted.becomes == {"password": "(not shown)"}


def test_logging_in_is_no_change(cast: Cast, client: Client) -> None:
    before = Change.objects.count()

    assert client.login(username="sara", password="demo")

    assert Change.objects.count() == before


def test_a_role_given_and_taken_is_noted(cast: Cast) -> None:
    group = Group.objects.get(name="credit_manager")

    cast.sara.user.groups.add(group)
    cast.sara.user.groups.remove(group)

    added, removed = Change.objects.filter(table_name="auth_user_groups").order_by("-id")[:2][::-1]
    assert (added.action, added.becomes["user_id"], added.becomes["group_id"]) == (
        "INSERT",
        cast.sara.user_id,
        group.pk,
    )
    assert (removed.action, removed.was["user_id"], removed.was["group_id"]) == ("DELETE", cast.sara.user_id, group.pk)


def test_an_edit_in_the_administration_carries_person_address_and_reason(cast: Cast) -> None:
    authority = Authority.objects.get(user=cast.carla.user)
    form = {"user": cast.carla.user_id, "release_up_to": "5000", "_why": "probation is over"}

    response = as_user(cast.ada.user).post(
        reverse("admin:approvals_authority_change", args=[authority.pk]), form, REMOTE_ADDR="198.51.100.4"
    )

    assert response.status_code == 302
    noted = newest("approvals_authority")
    assert (noted.who, noted.address, noted.reason) == ("ada", "198.51.100.4", "probation is over")
    assert noted.was == {"release_up_to": None}
    assert Decimal(str(noted.becomes["release_up_to"])) == 5000


def test_the_forms_of_the_administration_ask_why(cast: Cast) -> None:
    page = as_user(cast.ada.user).get(reverse("admin:customers_company_change", args=[cast.company.pk]))

    assert 'name="_why"' in page.content.decode()


@override_settings(BEHIND_TLS=True)
def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_saw(cast: Cast) -> None:
    client = as_user(cast.ada.user)

    client.post(
        reverse("admin:customers_creditgroup_add"), {"code": "G1", "name": ""},
        REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": "203.0.113.1, 198.51.100.9"},
    )  # fmt: skip

    assert newest("customers_creditgroup").address == "198.51.100.9"


def test_what_a_proxy_would_say_counts_for_nothing_without_one(cast: Cast) -> None:
    as_user(cast.ada.user).post(
        reverse("admin:customers_creditgroup_add"), {"code": "G1", "name": ""},
        REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": "203.0.113.1"},
    )  # fmt: skip

    assert newest("customers_creditgroup").address == "127.0.0.1"


def test_the_path_of_a_decision_is_not_lengthened(cast: Cast) -> None:
    order = cast.order(cast.rossi, "300")

    with acting(cast.sara), CaptureQueriesContext(connection) as seen:
        gate.submit(order, "confirm", by=cast.sara, now=NOW)

    assert len(seen) > 0
    assert not any("creditrisk.actor" in query["sql"] or "audit_" in query["sql"] for query in seen.captured_queries)


def test_a_limit_says_from_which_address_it_was_granted(cast: Cast) -> None:
    with acting(Actor(cast.dario.user, address="192.0.2.9")):
        made = Limit.objects.create(
            customer=cast.rossi,
            amount=1,
            currency="EUR",
            valid_from=TODAY,
            granted_by=cast.dario.user,
            granted_at="2026-03-02T09:00Z",
        )

    noted = newest("customers_limit")
    assert (noted.row_id, noted.address) == (str(made.pk), "192.0.2.9")


def test_the_application_cannot_write_a_change_itself(cast: Cast) -> None:
    statement = "INSERT INTO audit_change (at, table_name, row_id, action) VALUES (now(), 'x', '1', 'INSERT')"

    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        f"{verb} {table}{rest}"
        for table, column in {
            "audit_change": "who", "audit_seal": "digest", "audit_sealedrow": "text", "audit_verification": "breaks",
        }.items()
        for verb, rest in (("UPDATE", f" SET {column} = {column}"), ("DELETE FROM", ""), ("TRUNCATE", ""))
    ],
)  # fmt: skip
def test_in_psql_as_the_application_nothing_is_altered(cast: Cast, statement: str) -> None:
    told = connection.get_connection_params()
    where = {name: told[name] for name in ("dbname", "user", "password", "host", "port") if name in told}

    with psycopg.connect(**where, options=f"-c role={settings.DATABASE_APP_ROLE}") as session:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(statement)


def test_whatever_the_administration_edits_is_watched() -> None:
    edited = set()
    for model, page in admin.site._registry.items():
        if isinstance(page, ReadOnly):
            continue
        edited.add(model._meta.db_table)
        edited |= {field.remote_field.through._meta.db_table for field in model._meta.many_to_many}
        edited |= {rows.model._meta.db_table for rows in page.inlines if not issubclass(rows, ReadOnlyRows)}

    assert edited - set(WATCHED) == {"policy_rule"}  # its page edits the rows of the rule; the rules are the code's


def test_what_is_named_as_watched_has_its_trigger() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit_note_change'")
        there = {name for (name,) in cursor.fetchall()}

    assert there == {*WATCHED, *ORIGINS}

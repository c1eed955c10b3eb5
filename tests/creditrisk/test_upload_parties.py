"""What files say of customers and documents beyond the least: relations, regions, delivery notes, credit notes."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from approvals import gate
from approvals.models import EvaluationRequest
from customers.models import Customer, PaymentTerms, Region
from documents.models import Document
from tests.cast import NOW, Cast
from tests.creditrisk.test_uploads import audited, carried, checked, outcomes, why
from tests.pages import as_user, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def dario(cast: Cast) -> Client:
    return as_user(cast.dario.user)


def test_a_customer_comes_with_its_numbers_people_and_relations(dario: Client, cast: Cast) -> None:
    Region.objects.create(code="NORD")
    content = (
        "cliente,ragione sociale,zona,partita iva,indirizzo,capogruppo,bill to,fatturazione,agente\n"
        "K1,Kappa Uno,nord,IT00743110157,\"Via Roma 1, Milano\",NERI,ROSSI,mensile,sara\n"
    )  # fmt: skip

    upload = carried(dario, checked(dario, content, "CUSTOMERS", company="MAIN"))

    made = Customer.objects.get(code="K1")
    assert outcomes(upload) == {2: "CREATED"}
    assert (made.region.code, made.tax_number, made.address) == ("NORD", "IT00743110157", "Via Roma 1, Milano")
    assert (made.parent, made.bill_to, made.invoicing, made.salesperson) == (
        cast.neri, cast.rossi, "MONTHLY", cast.sara.user,
    )  # fmt: skip
    assert set(outcomes(checked(dario, content, "CUSTOMERS", company="MAIN")).values()) == {"ALREADY"}


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("region", "SUD", "There is no region “SUD”"),
        ("salesperson", "nobody", "There is no user “nobody”"),
        ("head", "NIX", "There is no customer NIX"),
        ("head", "BRANCH", "stands below NERI already"),
        ("bill_to", "NIX", "There is no customer NIX"),
        ("invoicing", "yearly", "says neither per delivery nor weekly nor monthly"),
    ],
)
def test_what_a_row_names_and_is_not_there_is_told(
    dario: Client, cast: Cast, column: str, value: str, sentence: str
) -> None:
    cast.customer("BRANCH", None, parent=cast.neri)

    upload = checked(dario, f"customer,name,{column}\nNERI,Neri,{value}\nROSSI,Rossi,\n", "CUSTOMERS")

    assert sentence in why(upload, 2)
    assert outcomes(upload) == {2: "REFUSED", 3: "ALREADY"}


def test_holds_are_looked_at_again_where_a_file_changes_what_they_rest_on(dario: Client, cast: Cast) -> None:
    gate.submit(cast.order(cast.bianchi, "1500"), "confirm", by=cast.sara, now=NOW)
    PaymentTerms.objects.create(code="N10", days=10)
    EvaluationRequest.objects.all().delete()

    carried(dario, checked(dario, "customer,name,terms\nBIANCHI,Bianchi,N10\n", "CUSTOMERS"))

    assert list(EvaluationRequest.objects.values_list("customer__code", "cause")) == [("BIANCHI", "import")]


def test_a_refused_row_leaves_the_customers_made_before_it_known(dario: Client) -> None:
    rows = "customer,name,head,country\nK1,One,,IT\nK2,Two,,ITALY\nK3,Three,K1,IT\n"

    assert outcomes(checked(dario, rows, "CUSTOMERS", company="MAIN")) == {2: "CREATED", 3: "REFUSED", 4: "CREATED"}


@pytest.mark.parametrize(
    ("kind", "confirms", "state"),
    [
        ("delivery note", "on", "DELIVERED"),
        ("DDT", "", "DRAFT"),
        ("credit_note", "on", "POSTED"),
        ("Nota di credito", "", "DRAFT"),
    ],
)
def test_delivery_notes_and_credit_notes_come_in_files_too(dario: Client, kind: str, confirms: str, state: str) -> None:
    content = f"kind,number,customer,price\n{kind},X-1,ROSSI,100.00\n"
    given: dict[str, Any] = {"confirms": confirms} if confirms else {}

    carried(dario, checked(dario, content, "DOCUMENTS", given=given))

    assert Document.objects.get().state == state
    assert set(outcomes(checked(dario, content, "DOCUMENTS")).values()) == {"ALREADY"}
    assert audited() == 0


def test_nobody_is_put_above_oneself_in_the_administration(cast: Cast) -> None:
    branch = cast.customer("BRANCH", None, parent=cast.neri)
    ada = as_user(cast.ada.user)
    form = {"code": "NERI", "name": "Neri", "company": cast.company.pk, "currency": "EUR", "parent": branch.pk,
            "credit_account-TOTAL_FORMS": "0", "credit_account-INITIAL_FORMS": "0"}  # fmt: skip

    page = words(ada.post(reverse("admin:customers_customer_change", args=[cast.neri.pk]), form))

    assert "stands below this customer already" in page
    cast.neri.refresh_from_db()
    assert cast.neri.parent is None

"""RiBa lists: written as the CBI has it, read back, and the bank's answer booked once."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import booking
from creditrisk.clock import business_day
from creditrisk.exposure import ledger as exposure
from ledger.bank import riba
from ledger.bank.models import CollectingAccount, DrawnOn
from ledger.imports.delimited import BadFile
from ledger.models import Effect
from tests.cast import Cast
from tests.ledger import realdata
from tests.pages import as_user, words

CREDITOR = riba.Creditor("A1234", "05696", "11000", "123456", "Dàmone Srl", "Via Po 1", "20100 Milano", "01234567890")


def receipt(number: int = 1, amount: str = "732.05", **more: Any) -> riba.Receipt:
    facts: dict[str, Any] = {
        "number": number, "due": date(2026, 4, 30), "amount": Decimal(amount), "debtor": "Società Rossi & Figli",
        "debtor_code": "ROSSI", "tax_code": "03450700988", "address": "Via Lombardia 4", "postcode": "25034",
        "town": "Orzinuovi", "province": "BS", "abi": "08393", "cab": "54850", "bank": "BCC Orzinuovi", "says": "FT 41",
    }  # fmt: skip
    return riba.Receipt(**{**facts, **more})


def flow(*receipts: riba.Receipt) -> str:
    return riba.write(CREDITOR, receipts or [receipt()], name="RIBA1", day=date(2026, 3, 2))


def answered(text: str, code: str) -> bytes:
    """Return a list as the bank sends it back, with its code in place of the order's."""
    lines = [line[:28] + code + line[33:] if line[1:3] == "14" else line for line in text.splitlines()]
    return "\r\n".join(lines).encode()


def test_every_record_has_120_signs_and_stands_where_the_standard_wants_it() -> None:
    lines = flow(receipt(1), receipt(2, "0.01")).split("\r\n")[:-1]

    assert {len(line) for line in lines} == {120}
    assert [line[1:3] for line in lines] == ["IB", *["14", "20", "30", "40", "50", "51", "70"] * 2, "EF"]
    assert lines[0] == f" IBA123405696020326{'RIBA1':<20}{'':74}E{'':6}"
    first = lines[1]
    assert (first[3:10], first[22:28], first[28:33], first[33:47]) == ("0000001", "300426", "30000", "0000000073205-")
    assert (first[47:57], first[57:69], first[69:79]) == ("0569611000", "000000123456", "0839354850")
    assert (first[91:96], first[96], first[97:113], first[119]) == ("A1234", "4", f"{'ROSSI':<16}", "E")
    assert lines[3][10:70] == f"{'SOCIETA ROSSI & FIGLI':<60}"
    assert lines[-1][45:89] == "0000002" + "000000000073206" + "000000000000000" + "0000016"


def test_what_was_written_is_read_back() -> None:
    found = riba.read(flow(receipt(7), receipt(8, "99999.99")).encode(), "list.txt")

    assert [(r.number, r.amount, r.due, r.code) for r in found] == [
        (7, Decimal("732.05"), date(2026, 4, 30), "30000"), (8, Decimal("99999.99"), date(2026, 4, 30), "30000"),
    ]  # fmt: skip


def test_the_code_for_unpaid_says_so_and_others_are_asked() -> None:
    (unpaid,) = riba.read(answered(flow(), "30010"), "a.txt")
    (other,) = riba.read(answered(flow(), "30099"), "a.txt")

    assert (unpaid.paid, other.paid) == (False, None)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.replace(" IB", " XX", 1), "does not begin with a record IB"),
        (lambda t: t.replace(" IB", " IM", 1), "another kind"),
        (lambda t: "\r\n".join(t.split("\r\n")[:-2]), "breaks off"),
        (lambda t: t.replace("0000000073205-", "0000000073206-"), "does not add up"),
        (lambda t: t.replace("300426", "310426"), "a day, an amount or a number that is none"),
        (lambda t: t.replace(" 51", " 5X"), "a record 5X"),
        (lambda t: "\r\n".join(x for x in t.split("\r\n") if x[1:3] != "51"), "lacks its record 14 or 51"),
        (lambda t: t.replace(" 20", "x20", 1), "no record of 120 signs"),
        (lambda t: "", "is empty"),
    ],
)
def test_a_flow_that_is_wrong_is_refused_whole(change: Any, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        riba.read(change(flow()).encode(), "a.txt")


@pytest.mark.parametrize("amount", ["0", "0.001", "999999999999.99"])
def test_what_cannot_be_written_in_cents_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="cannot be written in cents"):
        flow(receipt(amount=amount))


def test_a_real_flow_of_another_kind_is_refused_by_name() -> None:
    path = realdata.path("messages", "riba_cbi", "elbati_MAV_sample.txt")

    with pytest.raises(BadFile, match=r"of another kind \(IM\)"):
        riba.read(path.read_bytes(), path.name)


# -- pages ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def carla(cast: Cast) -> Client:
    return as_user(cast.carla.user)


@pytest.fixture
def effects(cast: Cast) -> list[Effect]:
    """Two RiBa of Rossi, presented."""
    now = timezone.now()
    today = business_day(now)
    made = []
    for n in (1, 2):
        item = cast.item(cast.rossi, "100", due=today, reference=f"F{n}", now=now)
        made.append(
            booking.issue_effect(
                customer=cast.rossi,
                amount=Decimal(100),
                due=today,
                items=[item],
                number=f"R{n}",
                by=cast.carla,
                now=now,
            )
        )
    booking.present(made, bank="BPM", by=cast.carla, now=now)
    return list(Effect.objects.order_by("pk"))


def known(cast: Cast) -> CollectingAccount:
    DrawnOn.objects.create(
        customer=cast.rossi, abi="08393", cab="54850", tax_code="03450700988", address="Via Po 1", postcode="25034",
        town="Orzinuovi", province="BS",
    )  # fmt: skip
    return CollectingAccount.objects.create(
        company=cast.company, bank="BPM", sia="A1234", abi="05696", cab="11000", account="123456", name="Main",
        tax_code="01234567890",
    )  # fmt: skip


@pytest.mark.django_db
def test_a_list_says_what_the_bank_still_needs_and_then_is_taken(
    carla: Client, cast: Cast, effects: list[Effect]
) -> None:
    address = reverse("bank_list", args=[effects[0].presentation_id])
    lacks = words(carla.get(address))
    form = {"abi": "08393", "cab": "54850", "tax_code": "03450700988", "address": "Via Po 1", "postcode": "25034",
            "town": "Orzinuovi", "province": "BS", "next": address}  # fmt: skip
    carla.post(reverse("bank_drawn_on", args=["ROSSI"]), form)
    ours = {"company": cast.company.pk, "bank": "BPM", "sia": "A1234", "abi": "05696", "cab": "11000",
            "account": "123456", "name": "Main", "tax_code": "01234567890"}  # fmt: skip
    carla.post(reverse("bank_lists"), ours)

    taken = carla.get(
        reverse("bank_flow", args=[effects[0].presentation_id]), {"account": CollectingAccount.objects.get().pk}
    )

    assert "The bank needs to know where they pay ROSSI" in lacks
    assert [r.number for r in riba.read(taken.content, "list.txt")] == [e.pk for e in effects]


@pytest.mark.django_db
def test_the_banks_answer_is_shown_first_and_booked_once(carla: Client, cast: Cast, effects: list[Effect]) -> None:
    account = known(cast)
    taken = carla.get(reverse("bank_flow", args=[effects[0].presentation_id]), {"account": account.pk})
    back = answered(taken.content.decode(), "30010")

    shown = carla.post(reverse("bank_answer"), {"file": SimpleUploadedFile("a.txt", back)})
    before = set(Effect.objects.values_list("state", flat=True))
    data = {"book": "1", "id": [e.pk for e in effects], "posted": "on",
            f"effect_{effects[0].pk}": "unpaid", f"effect_{effects[1].pk}": "paid"}  # fmt: skip
    booked = carla.post(reverse("bank_answer"), data, follow=True)
    again = carla.post(reverse("bank_answer"), data, follow=True)

    assert "30010" in words(shown)
    assert before == {"PRESENTED"}
    assert "1 receipts are paid, 1 came back unpaid." in words(booked)
    assert list(Effect.objects.order_by("pk").values_list("state", flat=True)) == ["UNPAID_POSTED", "COLLECTED"]
    assert "cannot" in words(again)
    assert exposure.audit().total == 0


@pytest.mark.django_db
def test_a_code_that_is_not_known_is_said_once_for_all_its_receipts(
    carla: Client, cast: Cast, effects: list[Effect]
) -> None:
    account = known(cast)
    taken = carla.get(reverse("bank_flow", args=[effects[0].presentation_id]), {"account": account.pk})
    back = answered(taken.content.decode(), "30099")
    one, two = effects[:2]

    shown = carla.post(reverse("bank_answer"), {"file": SimpleUploadedFile("a.txt", back)})
    said = {"book": "1", "id": [one.pk, two.pk], "with_code": [f"30099:{one.pk}", f"30099:{two.pk}"],
            "code_30099": "paid", f"effect_{two.pk}": "unpaid"}  # fmt: skip
    booked = carla.post(reverse("bank_answer"), said, follow=True)

    assert "All with code 30099 were" in words(shown)
    assert f'name="with_code" value="30099:{one.pk}"' in shown.content.decode()
    assert "1 receipts are paid, 1 came back unpaid." in words(booked)
    assert exposure.audit().total == 0

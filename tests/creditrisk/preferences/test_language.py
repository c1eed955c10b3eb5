"""In whose language a page answers, and how numbers are written and read there."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from creditrisk import language
from creditrisk.forms import AmountField, parsed, plain
from creditrisk.money import MissingRate
from creditrisk.preferences import spoken
from creditrisk.preferences.models import Preference
from creditrisk.templatetags import credit
from tests.cast import Cast
from tests.pages import words


def test_who_chose_nothing_reads_what_the_browser_prefers(client: Client, db: None) -> None:
    english = client.get("/login/")
    italian = client.get("/login/", headers={"accept-language": "it-IT,it;q=0.9,en;q=0.5"})

    assert (english["Content-Language"], italian["Content-Language"]) == ("en", "it")
    assert '<html lang="it"' in italian.text


def test_a_choice_is_kept_over_logins_and_wins_over_the_browser(cast: Cast, client: Client) -> None:
    client.force_login(cast.carla.user)

    answer = client.post("/language/", {"language": "it", "next": "/customers/"})

    assert answer.headers["Location"] == "/customers/"
    assert client.get("/customers/")["Content-Language"] == "it"
    elsewhere = Client(headers={"accept-language": "en"})
    elsewhere.force_login(cast.carla.user)
    assert elsewhere.get("/customers/")["Content-Language"] == "it"
    assert spoken.language_of(cast.carla.user) == "it"
    assert spoken.languages_of([cast.carla.user.pk, cast.sara.user.pk]) == {
        cast.carla.user.pk: "it",
        cast.sara.user.pk: "en",
    }


def test_somebody_else_at_the_same_browser_reads_in_their_own(cast: Cast, client: Client) -> None:
    spoken.choose(cast.sara.user, "en")
    client.force_login(cast.carla.user)
    client.post("/language/", {"language": "it"})
    client.post("/logout/")

    assert client.get("/login/")["Content-Language"] == "it"
    client.force_login(cast.sara.user)
    assert client.get("/customers/")["Content-Language"] == "en"


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""])
def test_the_way_back_never_leads_elsewhere(client: Client, db: None, back: str) -> None:
    assert client.post("/language/", {"language": "it", "next": back}).headers["Location"] == "/"


def test_a_language_that_is_not_spoken_is_refused(client: Client, db: None) -> None:
    assert "This language is not spoken here." in words(client.post("/language/", {"language": "tlh"}, follow=True))
    assert not Preference.objects.exists()


@pytest.mark.parametrize(
    ("code", "said"), [("en", ("12,345.60", "−1,234.5", "EUR 0.00")), ("it", ("12.345,60", "−1.234,5", "EUR 0,00"))]
)
def test_numbers_are_written_as_the_reader_does(code: str, said: tuple[str, ...]) -> None:
    with translation.override(code):
        found = (
            credit.amount(Decimal("12345.6"), "EUR"),
            credit.amount(Decimal("-1234.5"), 1),
            credit.money(Decimal(0), "EUR").replace("\u00a0", " "),
        )

    assert found == said


@pytest.mark.parametrize(
    ("typed", "english", "italian"),
    [
        ("1234.50", "1234.50", "1234.50"),
        ("1234,50", None, "1234.50"),
        ("1,234.50", "1234.50", None),
        ("1.234,50", None, "1234.50"),
        ("1.234", "1.234", "1234"),
        ("1,234", "1234", "1.234"),
        ("1 234,5", None, "1234.5"),
        ("abc", None, None),
    ],
)
def test_numbers_are_read_as_the_reader_writes_them(typed: str, english: str | None, italian: str | None) -> None:
    for code, expected in (("en", english), ("it", italian)):
        with translation.override(code):
            if expected is None:
                with pytest.raises(ValidationError):
                    parsed(typed)
            else:
                assert parsed(typed) == Decimal(expected)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=4), st.sampled_from(["en", "it"]), st.integers(0, 4))
def test_what_a_form_draws_it_reads_again(value: Decimal, code: str, places: int) -> None:
    with translation.override(code):
        assert parsed(plain(value, places)) == value
        assert AmountField(minimum=None).clean(language.number(value, 4)) == value


def test_a_missing_rate_is_said_to_whoever_reads_it() -> None:
    error: Any = MissingRate("USD", "EUR", date(2026, 3, 1))

    assert str(error).startswith("There is no exchange rate from USD to EUR on or before 01 Mar 2026.")
    with translation.override("it"):
        assert "01 mar 2026" in str(error).lower()

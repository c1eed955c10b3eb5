"""A login that runs out while a page is open: a part of it that is asked for then says so, and never brings a login page."""

import pytest
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["desk_pulse", "desk", "orders", "alerts"])
def test_a_part_of_a_page_is_refused_with_a_sentence_once_the_login_ran_out(name: str) -> None:
    response = Client().get(reverse(name), headers={"HX-Request": "true"})

    assert response.status_code == 401
    assert response.content.decode() == "You are logged out."


def test_the_page_itself_leads_to_the_login_and_back() -> None:
    response = Client().get(reverse("desk"))

    assert (response.status_code, response.headers["Location"]) == (
        302,
        f"{reverse('account_login')}?next={reverse('desk')}",
    )

"""The administration's pages refuse what no row can be, with a sentence or as not there; none of them breaks."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.contenttypes.models import ContentType
from django.test import RequestFactory
from django.urls import reverse

from creditrisk.policy.models import Rule
from customers.models import Company, CompanyAccess
from tests.scene import Scene

# What no row's key can be, as it is written in an address.
KEYS = ["a%00b", "x", "9" * 30, "-1", "1.5", "%F0%9F%A6%86"]
PAGES = [(f"{model._meta.app_label}_{model._meta.model_name}", page) for model, page in admin.site._registry.items()]
TYPED = ["x", "1e999", "a\0b", "9" * 50, "9" * 5000, "-1"]


def searches() -> Iterator[tuple[str, str, str]]:
    """Return each search field of a form: its page, its field, and whether it takes several."""
    for name, page in PAGES:
        for field in page.get_autocomplete_fields(RequestFactory().get("/")):
            yield name, field, "several" if page.model._meta.get_field(field).many_to_many else "one"


@pytest.mark.parametrize("key", KEYS)
def test_an_address_of_no_row_is_not_found(scene: Scene, key: str) -> None:
    client = scene.client("ada", raise_request_exception=False)

    wrong = {}
    for name, _page in PAGES:
        for what in ("change", "delete", "history"):
            address = f"{reverse(f'admin:{name}_changelist')}{key}/{what}/"
            if (status := client.get(address).status_code) != 404:
                wrong[address] = status

    assert wrong == {}
    kind = ContentType.objects.get_for_model(Rule).pk
    assert client.get(f"/admin/r/{kind}/{key}/").status_code == 404


@pytest.mark.parametrize("typed", TYPED)
def test_a_search_field_refuses_what_is_no_row_where_it_was_typed(scene: Scene, typed: str) -> None:
    client = scene.client("ada", raise_request_exception=False)
    wrong: list[Any] = []

    for name, field, many in searches():
        answer = client.post(reverse(f"admin:{name}_add"), {field: typed})
        said = answer.context["adminform"].form.errors.get(field) if answer.status_code == 200 else None
        if not said:
            wrong.append((name, field, many, answer.status_code))
        asked = client.get(reverse(f"admin:{name}_add"), {field: typed})
        if asked.status_code != 200:
            wrong.append((name, field, "asked for by an address", asked.status_code))

    assert wrong == []
    assert len([*searches()]) >= 9


def test_a_tick_beside_no_row_ticks_nothing_and_a_search_for_no_word_finds_nothing(scene: Scene) -> None:
    client = scene.client("ada", raise_request_exception=False)
    wrong: list[Any] = []

    for name, page in PAGES:
        address = reverse(f"admin:{name}_changelist")
        ticked = {"action": "delete_selected", ACTION_CHECKBOX_NAME: ["x", "a\0b", "9" * 50]}
        if (status := client.post(address, ticked).status_code) not in {200, 302, 403}:
            wrong.append((address, "ticked", status))
        for query in ("q=a%00b", *(f"{field.name}=a%00b" for field in page.model._meta.concrete_fields)):
            if (status := client.get(f"{address}?{query}").status_code) not in {200, 302, 400}:
                wrong.append((address, query, status))
    for name, field, _many in searches():
        app, _sep, model = name.partition("_")
        asked = {"app_label": app, "model_name": model, "field_name": field, "term": "a\0b"}
        if (answer := client.get(reverse("admin:autocomplete"), asked)).status_code != 200 or answer.json()["results"]:
            wrong.append((name, field, "searched", answer.status_code))

    assert wrong == []


def test_an_auditor_who_is_bound_to_a_company_looks_at_nothing_where_all_lie_open(scene: Scene) -> None:
    keys = {name: page.model._default_manager.values_list("pk", flat=True).first() for name, page in PAGES}
    addresses = [reverse(f"admin:{name}_changelist") for name, _page in PAGES]
    addresses += [reverse(f"admin:{name}_{what}", args=[keys[name]]) for name, _page in PAGES if keys[name] is not None
                  for what in ("change", "history", "delete")]  # fmt: skip
    addresses += [
        f"{reverse('admin:autocomplete')}?app_label={model._meta.app_label}&model_name={model._meta.model_name}&field_name={field}"
        for model, page in admin.site._registry.items()
        for field in page.get_autocomplete_fields(RequestFactory().get("/"))
    ]
    guido = scene.cast.guido.user
    guido.is_staff = True
    guido.save()
    unbound = scene.client("guido")
    seen = [address for address in addresses if unbound.get(address).status_code == 200]
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    CompanyAccess.objects.create(user=guido, company=other)

    bound = scene.client("guido")
    still = [address for address in addresses if bound.get(address).status_code == 200]

    assert len(seen) > len(PAGES)
    assert still == []


@pytest.mark.parametrize("filtered", ["valid_from__year=" + "9" * 50, "valid_from__year=2026&valid_from__month=99"])
def test_a_filter_that_no_column_could_hold_is_answered_as_one_that_cannot_be_read(scene: Scene, filtered: str) -> None:
    client = scene.client("ada", raise_request_exception=False)

    answer = client.get(f"{reverse('admin:customers_limit_changelist')}?{filtered}")

    assert (answer.status_code, answer.headers["Location"].rpartition("?")[2]) == (302, "e=1")

"""Who hears of what: usual ways by role, own choices, company borders, own customers; each alert once to everybody."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone, translation

from approvals import alerts
from approvals.alert_kinds import KINDS, Way, kind_of, sentence
from approvals.models import Alert
from creditrisk.notices import choices, spreading
from creditrisk.notices.models import Choice, Endpoint, NewAlert, Notice, NoticeLine, Reader
from creditrisk.roles import ROLES
from customers.models import Company, Customer
from tests.cast import NOW, TODAY, Cast, after
from tests.pages import as_user, words

MONEY = {"amount": "800", "currency": "EUR"}
EVERY = {
    "shared": "GROUP",
    "document": "SO-1", "customer": "Rossi", "amount": MONEY, "reason": "late", "days": 3, "who": "carla", "note": "please",
    "day": {"day": "2026-03-02"}, "total": MONEY, "limit": MONEY, "used": {"percent": "80.04"}, "overdue": MONEY,
    "effect": "E1", "name": "x.csv", "error": "no", "count": 2, "first": "row 1",
}  # fmt: skip


def write(code: str, customer: Customer | None = None, *, document: int | None = None) -> Alert:
    (alert,) = alerts.write(
        [(code, EVERY)], customer_id=customer.pk if customer else None, document_id=document, day=TODAY, now=NOW
    )
    return alert


def addressed(cast: Cast, *names: str) -> None:
    for name in names:
        User.objects.filter(username=name).update(email=f"{name}@main.example")


def notices(name: str) -> list[tuple[str, list[str]]]:
    """Return what goes to somebody: the channel and the codes of the alerts in it."""
    found = Notice.objects.filter(user__username=name).order_by("pk")
    return [(n.channel, list(n.lines.order_by("pk").values_list("alert__code", flat=True))) for n in found]


@pytest.mark.parametrize(
    ("code", "says"), [(code, says) for code, kind in KINDS.items() for says in kind.sentences]
)  # fmt: skip
def test_every_sentence_is_made_of_the_values_that_are_kept(code: str, says: str) -> None:
    made = sentence(code, EVERY | {"says": says})

    assert "%" not in made.replace("80.0 %", "")
    assert made[0].isupper() or made[0] == "“" or made.startswith("carla")


def test_every_kind_concerns_somebody_and_says_so_by_roles_that_are() -> None:
    assert all(kind.usual and set(kind.usual) <= set(ROLES) for kind in KINDS.values())


@pytest.mark.parametrize(
    ("code", "kind"), [("usage_80", "usage"), ("overdue", "overdue"), ("overdue_30", "overdue_old"), ("held", "held")]
)
def test_a_code_with_a_number_is_of_its_kind(code: str, kind: str) -> None:
    found = kind_of(code)

    assert found is not None and found.code == kind


def test_an_alert_from_the_time_before_values_keeps_its_text(cast: Cast) -> None:
    old = Alert.objects.create(code="drift", text="It differed.", raised_at=NOW, day=TODAY)

    assert old.sentence == "It differed."
    assert "It differed." in words(as_user(cast.dario.user).get(reverse("alerts")))


def test_the_sentence_is_made_in_the_language_of_who_reads(cast: Cast) -> None:
    alert = write("limit_expired", cast.rossi)

    with translation.override("it"):
        told = alert.sentence

    assert told == "Il fido di Rossi è scaduto il 02 Mar 2026."


def test_mail_at_once_is_a_notice_each_and_a_digest_is_one_for_all(cast: Cast) -> None:
    addressed(cast, "carla", "dario")
    for _time in range(2):
        write("effect_unpaid", cast.rossi)

    spreading.spread(now=NOW)

    assert notices("carla") == [("MAIL", ["effect_unpaid"]), ("MAIL", ["effect_unpaid"])]
    assert notices("dario") == [("DIGEST", ["effect_unpaid", "effect_unpaid"])]
    assert not NewAlert.objects.exists()


def test_whoever_has_no_address_or_is_gone_gets_nothing(cast: Cast) -> None:
    addressed(cast, "dario")
    User.objects.filter(username="dario").update(is_active=False)
    write("effect_unpaid", cast.rossi)

    spreading.spread(now=NOW)

    assert not Notice.objects.exists()


def test_an_alert_is_spread_once_however_often_it_is_tried(cast: Cast) -> None:
    addressed(cast, "carla")
    alert = write("effect_unpaid", cast.rossi)

    first, second = spreading.spread(now=NOW), spreading.spread(now=NOW)
    NewAlert.objects.create(alert=alert)  # as if it had not been noted
    with pytest.raises(Exception, match="notices_once_to_a_person"):
        spreading.spread(now=NOW)

    assert (first, second) == (1, 0)


def test_no_mail_crosses_the_border_of_a_company(cast: Cast) -> None:
    addressed(cast, "carla", "dario")
    cast.carla.user.company_access.create(company=Company.objects.create(code="OTHER", name="Other", currency="EUR"))
    write("effect_unpaid", cast.rossi)

    spreading.spread(now=NOW)

    assert notices("carla") == []
    assert notices("dario") != []


def test_sales_hear_of_their_own_customers_and_of_what_they_entered(cast: Cast) -> None:
    addressed(cast, "sara")
    Customer.objects.filter(code="NERI").update(salesperson=cast.sara.user)
    order = cast.order(cast.bianchi, "10")
    write("effect_unpaid", cast.neri)
    write("effect_unpaid", cast.rossi)
    write("released", cast.bianchi, document=order.pk)

    spreading.spread(now=NOW)

    told = NoticeLine.objects.filter(user=cast.sara.user).values_list("alert__code", "alert__customer__code")
    assert sorted(told) == [("effect_unpaid", "NERI"), ("released", "BIANCHI")]


def test_the_digest_leaves_at_the_readers_hour_and_grows_until_then(cast: Cast) -> None:
    addressed(cast, "dario")
    Reader.objects.create(user=cast.dario.user, digest_hour=18)
    write("effect_unpaid", cast.rossi)
    spreading.spread(now=NOW)
    write("limit_expiring", cast.rossi)
    spreading.spread(now=NOW + timedelta(hours=2))

    (digest,) = Notice.objects.filter(user=cast.dario.user)

    local = timezone.localtime(digest.due_at)
    assert (local.hour, local.date()) == (18, TODAY)
    assert digest.lines.count() == 2


def test_a_digest_that_is_on_its_way_grows_no_more(cast: Cast) -> None:
    addressed(cast, "dario")
    write("effect_unpaid", cast.rossi)
    spreading.spread(now=NOW)
    Notice.objects.update(state="SENDING", attempts=1, claimed_at=NOW)

    write("effect_unpaid", cast.rossi)
    spreading.spread(now=NOW)

    assert [n.lines.count() for n in Notice.objects.order_by("pk")] == [1, 1]


def test_a_webhook_hears_of_its_company_and_of_the_kinds_that_it_wants(cast: Cast) -> None:
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    Endpoint.objects.create(name="all", url="https://example.com/a")
    Endpoint.objects.create(name="main", url="https://example.com/b", company=cast.company, kinds=["usage"])
    Endpoint.objects.create(name="other", url="https://example.com/c", company=other)
    Endpoint.objects.create(name="off", url="https://example.com/d", active=False)
    write("usage_80", cast.rossi)
    write("drift")

    spreading.spread(now=NOW)

    told = Notice.objects.filter(channel="WEBHOOK").values_list("endpoint__name", "lines__alert__code")
    assert sorted(told) == [("all", "drift"), ("all", "usage_80"), ("main", "usage_80")]


def test_many_alerts_cost_as_many_queries_as_one(cast: Cast, django_assert_max_num_queries: Any) -> None:
    addressed(cast, "carla", "dario", "fiona")
    for _time in range(30):
        write("effect_unpaid", cast.rossi)

    with django_assert_max_num_queries(45):
        spreading.spread(now=NOW)


# -- the page --------------------------------------------------------------------------------------------------------


def posted(user: Any, **changes: str) -> dict[str, str]:
    kept = {one.kind.code: str(one.way.value) for one in choices.page(User.objects.get(pk=user.pk))}
    return {"digest_hour": "7", **kept, **changes}


def test_my_alerts_keeps_what_is_not_usual_and_the_inbox_follows(cast: Cast) -> None:
    write("effect_unpaid", cast.rossi)
    write("usage_80", cast.rossi)
    client = as_user(cast.carla.user)

    answer = client.post(reverse("alerts_mine"), posted(cast.carla.user, usage="NONE", digest_hour="9"))

    assert answer.status_code == 302
    assert list(Choice.objects.values_list("kind", "way")) == [("usage", "NONE")]
    assert Reader.objects.get().digest_hour == 9
    page = words(client.get(reverse("alerts")))
    assert "came back unpaid" in page and "of its limit" not in page
    assert "of its limit" in words(client.get(reverse("alerts") + "?all=1"))


def test_what_is_usual_again_is_left_to_the_role(cast: Cast) -> None:
    user = cast.carla.user
    choices.choose(user, {"usage": Way.NONE}, digest_hour=7, now=NOW)

    choices.choose(user, {"usage": Way.INBOX}, digest_hour=7, now=NOW)

    assert not Choice.objects.exists()


def test_another_hour_moves_the_digest_that_grows(cast: Cast) -> None:
    addressed(cast, "dario")
    write("effect_unpaid", cast.rossi)
    spreading.spread(now=NOW)

    choices.choose(cast.dario.user, {}, digest_hour=20, now=after(0))

    assert timezone.localtime(Notice.objects.get().due_at).hour == 20


def test_a_choice_that_does_not_exist_is_refused_where_it_was_made(cast: Cast) -> None:
    answer = as_user(cast.carla.user).post(reverse("alerts_mine"), posted(cast.carla.user, usage="PIGEON"))

    assert answer.status_code == 422
    assert "PIGEON is not one of the available choices" in words(answer)
    assert not Choice.objects.exists() and not Reader.objects.exists()


def test_the_page_shows_the_kinds_of_the_readers_role_alone(cast: Cast) -> None:
    sales, auditor = (words(as_user(who.user).get(reverse("alerts_mine"))) for who in (cast.sara, cast.guido))

    assert "A change is wanted" in sales and "The audit trail is broken" not in sales
    assert "The audit trail is broken" in auditor and "A change is wanted" not in auditor
    assert "Nobody noted an e-mail address for you" in sales


def test_nobody_hears_of_a_kind_that_is_for_other_roles_in_the_inbox(cast: Cast) -> None:
    write("trail_broken")
    write("limit_expired", cast.rossi)

    assert [a.code for a in alerts.newest(cast.guido.user)] == ["trail_broken"]
    assert [a.code for a in alerts.newest(cast.carla.user)] == ["limit_expired"]

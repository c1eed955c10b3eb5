"""Sending over a real mail server: what arrives, what is tried again, what is given up and told, what is sent again by hand."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from approvals import alerts
from approvals.models import Alert
from creditrisk import environment
from creditrisk.notices import sending, spreading, writing
from creditrisk.notices.models import Notice, Reader
from creditrisk.preferences import spoken
from customers.models import Company
from tests.cast import NOW, TODAY, Cast
from tests.pages import as_user, queries_of, words
from tests.sink import Sink

VALUES = {"effect": "E1", "customer": "Rossi", "amount": {"amount": "100", "currency": "EUR"}}


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    found = Sink().up()
    settings.MAILERS = {"default": environment.mail(found.address, timeout=2)}
    settings.SITE_URL = "https://credit.example"
    settings.DEFAULT_FROM_EMAIL = "Credit <credit@main.example>"
    yield found
    found.down()


@pytest.fixture
def carla(cast: Cast) -> Cast:
    User.objects.filter(username="carla").update(email="carla@main.example", first_name="Carla")
    return cast


def raise_alerts(cast: Cast, count: int = 1) -> None:
    for _time in range(count):
        alerts.write([("effect_unpaid", VALUES)], customer_id=cast.rossi.pk, day=TODAY, now=NOW)
    spreading.spread(now=NOW)


def run(now: datetime = NOW) -> int:
    """Do what a run of the worker does at a moment; return how many were tried."""
    post, count = sending.Post(), 0
    sending.reclaim(now=now)
    while sending.send_next(clock=lambda: now, post=post):
        count += 1
    post.close()
    return count


def test_a_mail_says_what_happened_in_text_and_html_with_a_link_and_an_id_of_its_own(carla: Cast, sink: Sink) -> None:
    raise_alerts(carla)

    run()

    (mail,) = sink.mails
    text, html = (part.get_payload(decode=True).decode() for part in mail.get_payload())  # type: ignore[union-attr]
    notice = Notice.objects.get()
    assert sink.recipients == ["carla@main.example"]
    assert mail["Subject"] == "An effect came back unpaid: Rossi"
    assert mail["Message-ID"] == f"<{notice.key}@main.example>"
    assert (
        "Effect E1 of Rossi, EUR 100.00, came back unpaid." in text and "https://credit.example/customers/ROSSI" in text
    )
    assert "Good day Carla" in html and 'href="https://credit.example/customers/ROSSI' in html
    assert (notice.state, notice.sent_at, notice.attempts, notice.repeats) == ("SENT", NOW, 1, 0)


def test_a_mail_is_in_the_language_that_its_reader_chose(carla: Cast, sink: Sink) -> None:
    spoken.choose(carla.carla.user, "it")
    raise_alerts(carla)

    run()

    (mail,) = sink.mails
    text = mail.get_payload()[0].get_payload(decode=True).decode()  # type: ignore[index,union-attr]
    assert "Buongiorno Carla" in text
    assert "L’effetto E1 di Rossi, EUR 100,00, è tornato insoluto." in text


def test_nothing_is_sent_twice(carla: Cast, sink: Sink) -> None:
    raise_alerts(carla, 3)

    assert (run(), run(), len(sink.mails)) == (3, 0, 3)


def test_a_digest_is_one_mail_by_subject_in_its_hour(carla: Cast, sink: Sink) -> None:
    User.objects.filter(username="dario").update(email="dario@main.example")
    User.objects.filter(username="carla").update(email="")
    Reader.objects.create(user=carla.dario.user, digest_hour=12)
    raise_alerts(carla, 2)

    early = run()
    due = Notice.objects.get().due_at
    run(due)

    (mail,) = sink.mails
    assert early == 0
    assert mail["Subject"] == "2 alerts of your day"
    assert mail.get_payload()[0].get_payload(decode=True).decode().count("came back unpaid") == 2  # type: ignore[index,union-attr]


def test_a_mail_server_that_is_down_is_tried_later_and_later_and_nothing_is_lost(carla: Cast, sink: Sink) -> None:
    raise_alerts(carla, 2)
    sink.down()

    tried = run()
    first, second = Notice.objects.order_by("pk")
    sink.up()
    run(NOW + timedelta(minutes=1))

    assert tried == 1  # the other waits: one was enough to see that nobody answers
    assert (first.state, first.attempts, second.attempts) == ("WAITING", 1, 0)
    assert "Connect" in first.error or "refused" in first.error
    assert timedelta(seconds=24) <= first.due_at - NOW <= timedelta(seconds=36)
    assert len(sink.mails) == 2 and not Notice.objects.exclude(state="SENT").exists()


def test_pauses_grow_fourfold_up_to_six_hours_and_differ() -> None:
    pauses = [sending.pause(attempts) for attempts in range(1, 9)]

    assert all(later > earlier for earlier, later in pairwise(pauses[:6]))
    assert max(pauses) <= timedelta(hours=7.2)
    assert len({sending.pause(3) for _time in range(20)}) > 1


def give_up(now: datetime = NOW) -> datetime:
    """Let time pass until nothing waits any more; return when that was."""
    while (waiting := Notice.objects.filter(state="WAITING").order_by("due_at").first()) is not None:
        now = max(now, waiting.due_at)
        run(now)
    return now


def test_after_eight_attempts_it_is_given_up_with_its_reason_and_told_once(carla: Cast, sink: Sink) -> None:
    raise_alerts(carla, 2)
    sink.answer = "451 come back later"

    give_up()

    assert list(Notice.objects.values_list("state", "attempts")) == [("DEAD", 8), ("DEAD", 8)]
    assert "The mail server answered 451: come back later" in Notice.objects.first().error  # type: ignore[union-attr]
    told = Alert.objects.get(code="channel_failed")
    assert told.sentence.startswith("Mail to Carla could not be sent and was given up: The mail server answered 451")


def test_it_is_told_again_only_after_mail_arrived_and_failed_again(carla: Cast, sink: Sink) -> None:
    raise_alerts(carla)
    sink.answer = "451 later"
    now = give_up()
    sink.answer = ""
    raise_alerts(carla)
    run(now + timedelta(minutes=1))
    sink.answer = "451 later"
    raise_alerts(carla)
    give_up(now + timedelta(minutes=2))

    assert Alert.objects.filter(code="channel_failed").count() == 2


def test_an_address_that_is_refused_for_good_is_given_up_at_once_and_the_others_get_theirs(
    carla: Cast, sink: Sink
) -> None:
    User.objects.filter(username="sara").update(email="sara@main.example")
    type(carla.rossi).objects.update(salesperson=carla.sara.user)
    sink.refused = {"carla@main.example": "550 no such mailbox"}
    raise_alerts(carla)

    run()

    assert sink.recipients == ["sara@main.example"]
    dead = Notice.objects.get(state="DEAD")
    assert (dead.user, dead.attempts) == (carla.carla.user, 1)
    assert dead.error == "The mail server answered 550: no such mailbox"


def test_what_a_lost_worker_was_sending_is_sent_again_under_its_id_and_counted(carla: Cast, sink: Sink) -> None:
    raise_alerts(carla)
    notice = sending.claim(now=NOW)
    assert notice is not None
    message = writing.mail(notice)
    assert message is not None
    message.send()  # and there it was killed

    during = run(NOW + timedelta(minutes=1))
    run(NOW + timedelta(minutes=3))

    notice.refresh_from_db()
    assert during == 0  # it might still be at it
    assert (notice.state, notice.attempts, notice.repeats) == ("SENT", 2, 1)
    assert sink.counted == {f"<{notice.key}@main.example>": 2}


def test_a_worker_that_was_taken_for_lost_does_not_undo_what_another_did(carla: Cast, sink: Sink) -> None:
    raise_alerts(carla)
    slow = sending.claim(now=NOW)
    run(NOW + timedelta(minutes=3))
    assert slow is not None

    sending._failed(slow, "too late", now=NOW + timedelta(minutes=3), for_good=True)

    assert Notice.objects.get().state == "SENT"
    assert not Alert.objects.filter(code="channel_failed").exists()


def test_what_is_the_readers_no_more_when_it_leaves_does_not_leave(carla: Cast, sink: Sink) -> None:
    raise_alerts(carla)
    carla.carla.user.company_access.create(company=Company.objects.create(code="OTHER", name="Other", currency="EUR"))

    run()

    assert sink.mails == []
    assert Notice.objects.get().state == "DROPPED"


def test_names_with_line_breaks_do_no_harm_to_a_mail(carla: Cast, sink: Sink) -> None:
    type(carla.rossi).objects.filter(pk=carla.rossi.pk).update(name="Rossi\r\nBcc: all@example.com")
    raise_alerts(carla)

    run()

    assert sink.mails[0]["Bcc"] is None and sink.recipients == ["carla@main.example"]


# -- the page --------------------------------------------------------------------------------------------------------


def test_the_page_tells_what_was_given_up_and_why_and_sends_it_again(carla: Cast, sink: Sink) -> None:
    raise_alerts(carla)
    sink.refused = {"carla@main.example": "550 no such mailbox"}
    run()
    client, notice = as_user(carla.ada.user), Notice.objects.get()

    page = words(client.get(reverse("notices") + "?state=DEAD"))
    sink.refused = {}
    told = words(client.post(reverse("notices_decide"), {"what": "again", "ids": [notice.pk]}, follow=True))
    notice.refresh_from_db()
    run(max(notice.due_at, NOW))

    assert "550: no such mailbox" in page and "came back unpaid" in page and "given up" in page
    assert "1 notice is sent again." in told
    assert len(sink.mails) == 1


def test_what_was_sent_cannot_be_sent_again_or_dropped(carla: Cast, sink: Sink) -> None:
    raise_alerts(carla)
    run()

    for what in ("again", "drop"):
        told = words(as_user(carla.ada.user).post(
            reverse("notices_decide"), {"what": what, "ids": [Notice.objects.get().pk]}, follow=True))  # fmt: skip
        assert "0 notices" in told

    assert Notice.objects.get().state == "SENT"


@pytest.mark.parametrize(
    "typed", [{}, {"what": "again"}, {"what": "again", "ids": ["x"]}, {"what": "burn", "ids": ["1"]}]
)
def test_nonsense_is_answered_with_a_sentence(carla: Cast, typed: dict[str, Any]) -> None:
    answer = as_user(carla.ada.user).post(reverse("notices_decide"), typed, follow=True)

    assert "Tick the notices first." in words(answer)


def test_a_digest_that_was_given_up_is_sent_again_beside_the_one_that_grows(carla: Cast, sink: Sink) -> None:
    User.objects.filter(username="dario").update(email="dario@main.example")
    User.objects.filter(username="carla").update(email="")
    raise_alerts(carla)
    Notice.objects.update(state="DEAD", attempts=8, claimed_at=NOW)
    raise_alerts(carla)

    assert sending.resend(Notice.objects.all(), now=NOW) == 1

    run()
    assert sorted(Notice.objects.values_list("state", flat=True)) == ["SENT", "WAITING"]


def test_the_list_costs_the_same_for_many(carla: Cast) -> None:
    client = as_user(carla.ada.user)
    raise_alerts(carla)
    one = queries_of(client, reverse("notices"))

    raise_alerts(carla, 40)

    assert queries_of(client, reverse("notices")) == one


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("smtp://mail.example", {"host": "mail.example", "port": 25, "use_tls": False, "use_ssl": False}),
        ("smtp+starttls://u:p%40ss@mail.example", {"port": 587, "username": "u", "password": "p@ss", "use_tls": True}),
        ("smtps://mail.example:4650", {"port": 4650, "use_ssl": True}),
        ("file:/var/mail", {"file_path": "/var/mail"}),
    ],
)
def test_the_mail_servers_address_is_read(url: str, wanted: dict[str, Any]) -> None:
    assert wanted.items() <= environment.mail(url)["OPTIONS"].items()


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtp://host:port", "file:"])
def test_an_address_of_no_mail_server_stops_the_start_with_a_sentence(url: str) -> None:
    with pytest.raises(Exception, match="EMAIL_URL names a mail server as"):
        environment.mail(url)

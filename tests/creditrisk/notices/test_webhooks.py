"""Webhooks: signed, to the address that was looked at, never inside unless allowed, within a time, without redirects."""

import base64
import hashlib
import hmac
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.urls import reverse

from approvals import alerts
from approvals.models import Alert
from creditrisk import environment
from creditrisk.audit.models import Change
from creditrisk.notices import addresses, calling, sending, spreading
from creditrisk.notices.addresses import Target, Unreachable
from creditrisk.notices.models import Endpoint, Notice
from tests.cast import NOW, TODAY, Cast
from tests.pages import as_user, words

type Answer = Callable[[BaseHTTPRequestHandler], None]


class Hook:
    """A program that is called: keeps what it got, and answers as it is told."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                hook.got.append((self.path, dict(self.headers.items()), body))
                hook.answer(self)

            def log_message(self, *args: Any) -> None:
                pass

        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answer: Answer = answering(204)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
            self.server.handle_error = lambda request, who: None  # type: ignore[method-assign]  # Who hangs up is expected.
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook?from=credit"


def answering(status: int, body: bytes = b"", **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def hook(settings: Any) -> Iterator[Hook]:
    settings.WEBHOOK_NETWORKS = (ip_network("127.0.0.0/8"),)
    found = Hook()
    yield found
    found.close()


def raised(cast: Cast, hook: Hook) -> Notice:
    Endpoint.objects.create(name="ERP", url=hook.url)
    values = {"customer": "ROSSI", "used": {"percent": "81.2"}, "total": {"amount": "8120.00", "currency": "EUR"}}
    alerts.write([("usage_80", values)], customer_id=cast.rossi.pk, day=TODAY, now=NOW)
    spreading.spread(now=NOW)
    return Notice.objects.get()


def run(now: Any = NOW) -> None:
    post = sending.Post()
    while sending.send_next(clock=lambda: now, post=post):
        pass


def test_a_call_says_what_happened_to_programs_and_people_and_is_signed(cast: Cast, hook: Hook) -> None:
    notice = raised(cast, hook)

    run()

    ((path, headers, body),) = hook.got
    secret = base64.b64decode(Endpoint.objects.get().secret.removeprefix("whsec_"))
    signed = hmac.new(secret, f"{notice.key}.{int(NOW.timestamp())}.".encode() + body, hashlib.sha256).digest()
    told = json.loads(body)
    assert path == "/hook?from=credit"
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == (str(notice.key), str(int(NOW.timestamp())))
    assert headers["webhook-signature"] == "v1," + base64.b64encode(signed).decode()
    assert told["type"] == "alert.usage"
    assert told["data"]["sentence"] == "ROSSI uses 81.2 % of its limit: EUR 8,120.00."
    assert told["data"]["values"]["total"] == {"amount": "8120.00", "currency": "EUR"}
    assert (told["data"]["code"], told["data"]["customer"]) == ("usage_80", "ROSSI")
    assert Notice.objects.get().state == "SENT"


def test_another_body_or_moment_has_another_signature() -> None:
    secret = "whsec_" + base64.b64encode(b"k" * 32).decode()

    made = {
        calling.headers(key, body, secret=secret, now=now)["webhook-signature"]
        for key in ("a", "b") for body in (b"1", b"2") for now in (NOW, NOW + timedelta(seconds=1))
    }  # fmt: skip

    assert len(made) == 8


def test_the_example_of_the_standard_is_met() -> None:
    """From the specification of Standard Webhooks."""
    from datetime import UTC, datetime

    made = calling.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        now=datetime.fromtimestamp(1614265330, UTC),
    )  # fmt: skip

    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("answer", "state", "sentence"),
    [
        (answering(500, b"out of order"), "WAITING", "It answered 500: out of order"),
        (answering(404), "WAITING", "It answered 404"),
        (answering(302, location="http://169.254.169.254/"), "WAITING", "redirects are not followed"),
        (answering(410), "DEAD", "nobody listens there any more"),
        (lambda handler: handler.wfile.write(b"SSH-2.0-no web\r\n"), "WAITING", "BadStatusLine"),
        (lambda handler: handler.connection.close(), "WAITING", ""),
    ],
)
def test_what_is_not_taken_is_kept_with_its_reason(
    cast: Cast, hook: Hook, answer: Answer, state: str, sentence: str
) -> None:
    raised(cast, hook)
    hook.answer = answer

    run()

    notice = Notice.objects.get()
    assert notice.state == state
    assert sentence in notice.error
    assert len(hook.got) == 1  # and nobody was asked anywhere else


def test_a_webhook_that_is_given_up_is_told(cast: Cast, hook: Hook) -> None:
    raised(cast, hook)
    hook.answer = answering(410)

    run()

    told = Alert.objects.get(code="channel_failed").sentence
    assert (
        told
        == "The webhook “ERP” could not be reached and was given up: It answered 410: nobody listens there any more."
    )


@pytest.mark.parametrize("part", ["headers", "body"])
def test_who_sends_a_byte_now_and_then_is_cut_off(hook: Hook, part: str) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        start = b"HTTP/1.1 200 OK\r\n" + (b"content-length: 99999\r\n\r\n" if part == "body" else b"")
        try:
            handler.wfile.write(start)
            for _byte in range(100):
                handler.wfile.write(b"x")
                handler.wfile.flush()
                time.sleep(0.1)
        except OSError:
            pass

    hook.answer = drip
    began = time.monotonic()

    with pytest.raises(Unreachable, match="No answer within 1 seconds"):
        calling.call(hook.url, b"{}", {}, at_most=1)

    assert time.monotonic() - began < 4


def test_a_huge_answer_is_not_read_to_its_end(hook: Hook) -> None:
    hook.answer = answering(200, b"x" * 30_000_000)

    calling.call(hook.url, b"{}", {})


def test_a_call_goes_to_the_address_that_was_looked_at_and_names_the_host(hook: Hook) -> None:
    connection = calling._Connection(Target("http", "shop.example", hook.server.server_port, "/", "127.0.0.1"))

    connection.request("POST", "/", body=b"{}")

    assert connection.getresponse().status == 204
    assert hook.got[0][1]["Host"] == f"shop.example:{hook.server.server_port}"


INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "192.0.0.1",
    "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254",
    "ff02::1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_inside_is_called(address: str) -> None:
    assert not addresses.allowed(address, tls=True)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_the_open_internet_is_called_over_https_alone(address: str) -> None:
    assert addresses.allowed(address, tls=True)
    assert not addresses.allowed(address, tls=False)


def test_a_network_that_is_named_is_allowed_and_its_neighbour_is_not(settings: Any) -> None:
    settings.WEBHOOK_NETWORKS = environment.networks("10.1.0.0/16, fd00::/8")

    assert addresses.allowed("10.1.2.3", tls=False)
    assert addresses.allowed("::ffff:10.1.2.3", tls=False)
    assert addresses.allowed("fd00::1", tls=True)
    assert not addresses.allowed("10.2.0.1", tls=True)


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "017700000001", "127.1", "0x7f.1", "0", "0.0.0.0", "[::1]", "[::]",
        "[::ffff:7f00:1]", "[::ffff:0:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "①②⑦.⓪.⓪.①", "127。0。0。1",
        "LOCALHOST", "169.254.169.254", "2852039166", "[fd00:ec2::254]", "[5f00::1]", "224.0.0.1", "255.255.255.255",
    ],
)  # fmt: skip
def test_a_name_that_means_an_address_inside_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(Unreachable, match="not an address on the open internet|is not known"):
        addresses.resolve(f"https://{host}/")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://example.com/", "use https"),
        ("https://user:pass@example.com/", "Leave name and password out"),
        ("https:///x", "Write the whole address"),
        ("https://example.com:99999/", "no address of the web"),
        ("https://example.com:0/", "Port 0 is none"),
        ("https://example.com:x/", "no address of the web"),
        ("https://127.0.0.1@example.com/", "Leave name and password out"),
        ("https://[::1/", "no address of the web"),
        *(
            (f"{scheme}://127.0.0.1/", "Write the whole address")
            for scheme in ("file", "ftp", "gopher", "dict", "ldap", "javascript")
        ),
        ("//example.com/", "Write the whole address"),
    ],
)
def test_an_address_that_could_never_be_called_is_refused_where_it_is_typed(url: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Endpoint(name="x", url=url).clean()


def test_a_name_that_changes_between_looking_and_calling_is_called_where_it_was_looked_at(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers with what is allowed once, and with our inside ever after.

    The resolver is replaced here and in the next test alone: a system that gives nobody a network of their own could not
    show it otherwise. Where it does, test_reaching.py asks a real name service the same.
    """
    answers = iter([("127.0.0.1", hook.server.server_port)])
    asked = []

    def lookup(host: str, port: int, **more: Any) -> list[Any]:
        asked.append(host)
        where = next(answers, ("127.0.0.9", 9))
        return [(2, 1, 6, "", where)]

    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, *a, **k: lookup(host, port) if host == "turns.example" else real(host, port, *a, **k),
    )

    calling.call(f"http://turns.example:{hook.server.server_port}/", b"{}", {})

    assert asked == ["turns.example"]
    assert hook.got[0][1]["Host"].startswith("turns.example")


def test_of_several_addresses_of_a_name_none_may_lie_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(2, 1, 6, "", (address, 443)) for address in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: both)

    with pytest.raises(Unreachable, match="10.0.0.1: not an address on the open internet"):
        addresses.resolve("https://two.example/")


def test_networks_that_are_none_stop_the_start_with_a_sentence() -> None:
    with pytest.raises(ImproperlyConfigured, match="WEBHOOK_NETWORKS names networks as"):
        environment.networks("10.0.0.0/8, nonsense")


def test_the_administrator_adds_one_tries_it_and_renews_its_key(cast: Cast, hook: Hook) -> None:
    client = as_user(cast.ada.user)
    values = {"name": "ERP", "url": hook.url, "kinds": ["usage", "held"], "language": "en", "active": "on"}

    added = client.post(reverse("admin:notices_endpoint_add"), values, follow=True)
    made = Endpoint.objects.get()
    ticked = {"_selected_action": [made.pk]}
    tried = client.post(reverse("admin:notices_endpoint_changelist"), {"action": "try_them", **ticked}, follow=True)
    client.post(reverse("admin:notices_endpoint_changelist"), {"action": "renew_keys", **ticked}, follow=True)

    assert added.status_code == 200 and made.kinds == ["usage", "held"]
    assert "ERP answered." in words(tried)
    assert json.loads(hook.got[0][2])["type"] == "test"
    assert Endpoint.objects.get().secret != made.secret


def test_the_key_is_shown_to_administrators_alone_and_is_not_in_the_trail(cast: Cast, hook: Hook) -> None:
    cast.guido.user.is_staff = True
    cast.guido.user.save()
    made = Endpoint.objects.create(name="ERP", url=hook.url)
    address = reverse("admin:notices_endpoint_change", args=[made.pk])

    ada, guido = (as_user(who.user).get(address).content.decode() for who in (cast.ada, cast.guido))

    assert made.secret in ada.replace("&#x2B;", "+") and made.secret not in guido.replace("&#x2B;", "+")
    noted = Change.objects.filter(table_name="notices_endpoint")
    assert noted.exists() and all(made.secret not in json.dumps([c.was, c.becomes]) for c in noted)

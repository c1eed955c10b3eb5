"""What is larger than any form takes is refused before it is read, in words, and so is what does not say its size."""

import io
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest
from django.test import Client, RequestFactory
from django.test.client import ClientHandler
from playwright.sync_api import Page, expect

from creditrisk.running import bodies
from tests.browser.walking import Axe, Walk
from tests.cast import Cast, assemble
from tests.pages import as_user
from tools import run

KIND = "multipart/form-data; boundary=part"
HEAD = b'--part\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'


class Endless(io.RawIOBase):
    """A body without an end that counts what is taken of it, and breaks off before it fills a disk."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0 and self.taken < 2 * bodies.MOST
        begin = HEAD[self.taken : self.taken + size]
        self.taken += size
        return begin + b"x" * (size - len(begin))


def send(client: Client, length: str, **more: str) -> tuple[int, str, int]:
    """Send a body of which the head says its length; return what was answered, and how much was read."""
    body = Endless()
    environ = RequestFactory().post("/imports/", headers=more).environ
    cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())
    environ |= {"wsgi.input": body, "CONTENT_TYPE": KIND, "CONTENT_LENGTH": length, "HTTP_COOKIE": cookies}
    answer = ClientHandler(enforce_csrf_checks=True)(environ)
    return answer.status_code, answer.content.decode(), body.taken


@pytest.mark.parametrize("length", [bodies.MOST + 1, 10**12, 10**30])
def test_what_is_too_large_is_refused_unread(cast: Cast, length: int) -> None:
    for client in (as_user(cast.dario.user), Client()):
        status, page, taken = send(client, str(length))

        assert (status, taken) == (413, 0)
        assert "What was sent is larger than 53 MB, so it was not read. Nothing was changed." in " ".join(page.split())
        assert "lost__code" in page and "</html>" in page


def test_what_is_just_not_too_large_is_read(cast: Cast) -> None:
    status, _page, taken = send(as_user(cast.dario.user), str(bodies.MOST))

    assert status == 403, "without its token it is refused, once it was read"
    assert taken >= bodies.MOST - 1


def test_what_does_not_say_how_large_it_is_is_refused(cast: Cast) -> None:
    status, page, taken = send(as_user(cast.dario.user), "", transfer_encoding="chunked")

    assert (status, taken) == (411, 0)
    assert "does not say how large it is" in page


def test_a_part_of_a_page_gets_the_sentence_alone_in_the_readers_language(cast: Cast) -> None:
    status, sentence, _taken = send(Client(), str(10**9), hx_request="true", accept_language="it")

    assert status == 413
    assert sentence == "Quanto inviato supera 53 MB e perciò non è stato letto."


def test_a_page_shows_the_sentence_where_errors_stand(
    transactional_db: None, page: Page, live_server: object, axe: Axe, monkeypatch: pytest.MonkeyPatch
) -> None:
    assemble()
    page = (
        page.context.new_page()
    )  # htmx tells the console of every answer that is an error, and the first page may not complain.
    walk = Walk(page, str(live_server), axe)
    walk.be("dario")
    walk.go("/orders/new/")
    page.wait_for_load_state("networkidle")
    monkeypatch.setattr(bodies, "MOST", 10)

    page.get_by_role("combobox", name="Customer").fill("ROSSI")

    expect(page.locator("#messages")).to_contain_text("so it was not read")


@pytest.fixture(scope="module")
def server(environment: dict[str, str]) -> Iterator[int]:
    """The server that a company runs, on this run's database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = run.web(str(port))
    command[command.index("--workers") + 1] = "1"
    process = subprocess.Popen(command, cwd=run.BASE, env=environment)
    try:
        for _try in range(300):
            if answers(port):
                break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def answers(port: int) -> bool:
    asked = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        asked.request("GET", "/health/")
        return asked.getresponse().status == 200
    except OSError:
        return False
    finally:
        asked.close()


def head(sent: HTTPConnection, **headers: str) -> HTTPResponse:
    sent.putrequest("POST", "/login/")
    for name, value in {"Content-Type": KIND, **headers}.items():
        sent.putheader(name.replace("_", "-"), value)
    sent.endheaders()
    return sent.getresponse()


@pytest.mark.parametrize(
    ("status", "begin"),
    [
        (413, lambda sent: head(sent, Content_Length=str(10**10))),
        (411, lambda sent: head(sent, Transfer_Encoding="chunked")),
    ],
)
def test_the_server_answers_by_the_head_alone(
    server: int, status: int, begin: Callable[[HTTPConnection], HTTPResponse]
) -> None:
    """Not a byte of the body was sent: whoever waits for it would wait until the connection's end."""
    sent = HTTPConnection("127.0.0.1", server, timeout=20)

    answer = begin(sent)

    assert answer.status == status
    assert b"lost__code" in answer.read()
    sent.close()

"""What people do all day, for the load tool: clerks work off the desk and look at customers, sales type orders."""

import re
import uuid
from collections.abc import Iterator
from itertools import count
from random import choice, randint
from typing import Any
from urllib.parse import urlsplit

from locust import HttpUser, between, task

CUSTOMER, HOLD = re.compile(r'href="/customers/([\w-]+)/"'), re.compile(r'href="/desk/(\d+)/"')


def logins(*like: str) -> Iterator[str]:
    """Return a login for each who clicks, as `bench.load` makes them: like whom, and a number."""
    return (f"{like[n % len(like)]}-{n}" for n in count())


class Person(HttpUser):
    """Somebody who logs in once and thinks between two clicks."""

    abstract = True
    wait_time = between(2, 5)
    names = logins("sara")

    def on_start(self) -> None:
        """Log in, and remember which customers there are."""
        self.look("/login/", name="login")
        self.send("/login/", {"login": next(self.names), "password": "demo"}, name="log in", ends="/")
        self.customers = sorted(set(CUSTOMER.findall(self.look("/customers/", name="customers"))))

    def look(self, address: str, *, name: str) -> str:
        """Open a page; it fails where another comes, as where nobody is logged in."""
        return self._ask("GET", address, name=name, ends=address)

    def send(self, address: str, data: dict[str, Any], *, name: str, ends: str) -> str:
        """Post as a form of this site does; it fails where it does not lead to such an address."""
        sent = {**data, "csrfmiddlewaretoken": self.client.cookies.get("csrftoken", "")}
        return self._ask("POST", address, data=sent, name=name, headers={"Referer": f"{self.host}{address}"}, ends=ends)

    def _ask(self, method: str, address: str, *, ends: str, **more: Any) -> str:
        with self.client.request(method, address, catch_response=True, **more) as answer:
            if answer.ok and not re.fullmatch(ends, urlsplit(answer.url).path):
                answer.failure(f"led to {answer.url}")
            return str(answer.text)

    @task(2)
    def look_at_a_customer(self) -> None:
        """Open the page of somebody."""
        self.look(f"/customers/{choice(self.customers)}/", name="customer")

    @task(1)
    def begin(self) -> None:
        """Open the first page."""
        self.look("/", name="start")


class Clerk(Person):
    """Works off the desk."""

    names = logins("carla", "dario", "fiona")

    @task(4)
    def work_off_the_desk(self) -> None:
        """Open the desk, then a hold of it."""
        holds = HOLD.findall(self.look("/desk/", name="desk"))
        self.look(f"/desk/{choice(holds)}/", name="hold")


class Seller(Person):
    """Types orders."""

    names = logins("sara")

    @task(4)
    def type_an_order(self) -> None:
        """Open the form, type, see what would come of it, and save it confirmed."""
        self.look("/orders/new/", name="order form")
        order = {
            "customer": choice(self.customers), "token": uuid.uuid4().hex, "lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0",
            "lines-MIN_NUM_FORMS": "0", "lines-MAX_NUM_FORMS": "200", "lines-0-text": "Pumps", "lines-0-quantity": "2",
            "lines-0-price": str(randint(10, 900)),
        }  # fmt: skip
        for _ in range(2):
            self.send("/orders/new/", {**order, "panel": "1"}, name="order panel", ends="/orders/new/")
        self.send("/orders/new/", {**order, "confirm": "1"}, name="order saved", ends=r"/documents/\d+/")

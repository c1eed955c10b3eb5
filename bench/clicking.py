"""What people do all day, for the load tool: clerks work off the desk and look at customers, sales type orders."""

import re
import uuid
from itertools import cycle
from random import choice, randint
from typing import Any

from locust import HttpUser, between, task

SELLERS, CLERKS = cycle(["sara"]), cycle(["carla", "dario", "fiona"])
CUSTOMER, HOLD = re.compile(r'href="/customers/([\w-]+)/"'), re.compile(r'href="/desk/(\d+)/"')


class Person(HttpUser):
    """Somebody who logs in once and thinks between two clicks."""

    abstract = True
    wait_time = between(2, 5)
    names = cycle([""])

    def on_start(self) -> None:
        """Log in, and remember which customers there are."""
        self.client.get("/login/")
        self.send("/login/", {"login": next(self.names), "password": "demo"}, name="log in")
        self.customers = sorted(set(CUSTOMER.findall(self.client.get("/customers/").text))) or ["?"]

    def send(self, address: str, data: dict[str, Any], *, name: str) -> Any:
        """Post as a form of this site does."""
        sent = {**data, "csrfmiddlewaretoken": self.client.cookies.get("csrftoken", "")}
        return self.client.post(address, sent, name=name, headers={"Referer": f"{self.host}{address}"})

    @task(2)
    def look_at_a_customer(self) -> None:
        """Open the page of somebody."""
        self.client.get(f"/customers/{choice(self.customers)}/", name="customer")

    @task(1)
    def begin(self) -> None:
        """Open the first page."""
        self.client.get("/", name="start")


class Clerk(Person):
    """Works off the desk."""

    names = CLERKS

    @task(4)
    def work_off_the_desk(self) -> None:
        """Open the desk, then a hold of it."""
        holds = HOLD.findall(self.client.get("/desk/", name="desk").text)
        if holds:
            self.client.get(f"/desk/{choice(holds)}/", name="hold")


class Seller(Person):
    """Types orders."""

    names = SELLERS

    @task(4)
    def type_an_order(self) -> None:
        """Open the form, type, see what would come of it, and save it confirmed."""
        self.client.get("/orders/new/", name="order form")
        order = {
            "customer": choice(self.customers), "token": uuid.uuid4().hex, "lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0",
            "lines-MIN_NUM_FORMS": "0", "lines-MAX_NUM_FORMS": "200", "lines-0-text": "Pumps", "lines-0-quantity": "2",
            "lines-0-price": str(randint(10, 900)),
        }  # fmt: skip
        for _ in range(2):
            self.send("/orders/new/", {**order, "panel": "1"}, name="order panel")
        self.send("/orders/new/", {**order, "confirm": "1"}, name="order saved")

"""People who order, amend, deliver, pay, release and change limits at random in a browser, and remember what they were told was done."""

import html
import json
import random
import re
import threading
import time
import uuid
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import requests

from tests.forms import Forms

WRONG = (500, 502, 504)


def words(answer: requests.Response) -> str:
    """Return what a page says."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.unescape(answer.text)))


class Clicking(threading.Thread):
    """One person at a time at one desk. `done` is what an answer confirmed; `faults` are answers nobody should get."""

    def __init__(
        self, address: str, people: dict[str, requests.Session], customers: list[str], *, today: date, seed: str
    ) -> None:
        super().__init__(daemon=True)
        self.address, self.people, self.customers, self.today = address, people, customers, today
        self.random = random.Random(seed)
        self.done: list[tuple[Any, ...]] = []
        self.faults: list[str] = []
        self.ends: Counter[str] = Counter()
        self.over = threading.Event()

    def run(self) -> None:
        acts = [self.order] * 5 + [self.amend] * 3 + [self.deliver] * 2 + [self.pay] * 2 + [self.release] * 3
        acts += [self.limit] * 2 + [self.look]
        while not self.over.is_set():
            act = self.random.choice(acts)
            try:
                act()
            except requests.RequestException:
                self.ends["no answer"] += 1
                time.sleep(0.1)

    def typed(self) -> dict[str, str]:
        """Return an order as a browser sends it, to be confirmed at once."""
        return {
            "customer": self.random.choice(self.customers), "token": uuid.uuid4().hex, "confirm": "1",
            "lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0", "lines-MIN_NUM_FORMS": "0",
            "lines-MAX_NUM_FORMS": "200", "lines-0-text": "Pumps", "lines-0-quantity": "1",
            "lines-0-price": str(self.random.randint(1, 40000) / Decimal(100)),
        }  # fmt: skip

    def order(self) -> None:
        typed = self.typed()
        answer = self._post("sara", "/orders/new/", typed)
        if answer.status_code == 302 and (found := re.search(r"/documents/(\d+)/", answer.headers["Location"])):
            self._is_done("order", int(found[1]), Decimal(typed["lines-0-price"]))

    def refused(self) -> str:
        """Type an order; return the page where there is no room for it. The next may find room in what is there already."""
        address = self.address + "/orders/new/"
        answer = self.people["sara"].post(address, self.typed(), timeout=30, allow_redirects=False)
        return words(answer) if answer.status_code == 503 else ""

    def amend(self) -> None:
        """Give an order another price, and a note by which the amendment is known: the revision that it amends, a space, a mark."""
        order = self._one_of("/orders/")
        typed = order and self._form(f"/documents/{order}/amend/", "lines-TOTAL_FORMS")
        if not typed:
            return
        note = f"{typed['revision']} {uuid.uuid4().hex}"
        typed |= {"lines-0-price": str(self.random.randint(1, 40000) / Decimal(100)), "note": note}
        if self._post("sara", f"/documents/{order}/amend/", typed).status_code == 302:
            self._is_done("amendment", int(order), note)

    def deliver(self) -> None:
        order = self._one_of("/orders/?state=CONFIRMED")
        typed = order and self._form(f"/deliveries/from/?source={order}", "how")
        if not typed:
            return
        answer = self._post("sara", "/deliveries/from/", {**typed, "how": "all"})
        if answer.status_code == 302 and (found := re.search(r"/documents/(\d+)/", answer.headers["Location"])):
            self._is_done("delivery", int(found[1]), int(order))

    def pay(self) -> None:
        amount, reference = self.random.randint(100, 20000) / Decimal(100), uuid.uuid4().hex
        typed = {
            "customer": self.random.choice(self.customers), "amount": str(amount), "day": self.today.isoformat(),
            "reference": reference, "allocation": "oldest", "token": uuid.uuid4().hex,
        }  # fmt: skip
        if self._post("carla", "/payments/new/", typed).status_code == 302:
            self._is_done("payment", reference, amount)

    def release(self) -> None:
        holds = re.findall(r'href="/desk/(\d+)/', self._get("carla", "/desk/").text)
        if not holds:
            return
        hold = self.random.choice(holds[:10])
        saw = re.search(r'name="saw" value="([^"]*)"', self._get("carla", f"/desk/{hold}/").text)
        if saw is None:
            return
        seen = html.unescape(saw[1])
        typed = {"saw": seen, "reason": "good_history", "scope": "REMAINING_STEPS", "cap": json.loads(seen)["amount"]}
        answer = self._post("carla", f"/desk/{hold}/release/", typed)
        if answer.status_code == 302 and answer.headers["Location"] == "/desk/":  # Else somebody else decided it.
            self._is_done("release", int(hold))

    def limit(self) -> None:
        path = f"/customers/{self.random.choice(self.customers)}/limit/"
        seen = re.search(r'name="seen" value="(\d*)"', self._get("dario", path).text)
        if seen is None:
            return
        amount = self.random.randint(50000, 150000) / Decimal(100)
        typed = {"kind": "BASE", "state": "AMOUNT", "amount": str(amount), "valid_from": self.today.isoformat()}
        if self._post("dario", path, {**typed, "reason": "Chaos", "seen": seen[1]}).status_code == 302:
            self._is_done("limit", path.split("/")[2], amount)

    def look(self) -> None:
        self._get("fiona", "/")

    def _one_of(self, path: str) -> str:
        """Return one of the newest documents of a list."""
        found = list(dict.fromkeys(re.findall(r'href="/documents/(\d+)/', self._get("sara", path).text)))
        return self.random.choice(found[:10]) if found else ""

    def _form(self, path: str, field: str) -> dict[str, str]:
        """Return what stands in the form of a page that has this field; nothing where the page has no such form."""
        parser = Forms(path)
        parser.feed(self._get("sara", path).text)
        return next((form.fields for form in parser.forms if field in form.fields), {})

    def _get(self, who: str, path: str) -> requests.Response:
        return self._heard(self.people[who].get(self.address + path, timeout=30))

    def _post(self, who: str, path: str, typed: dict[str, Any]) -> requests.Response:
        browser = self.people[who]
        return self._heard(browser.post(self.address + path, typed, timeout=30, allow_redirects=False))

    def _heard(self, answer: requests.Response) -> requests.Response:
        self.ends[f"answer {answer.status_code}"] += 1
        if answer.status_code in WRONG or (answer.status_code == 302 and "/login/" in answer.headers["Location"]):
            self.faults.append(
                f"{answer.request.method} {answer.request.url}: {answer.status_code} {words(answer)[:300]}"
            )
        return answer

    def _is_done(self, *what: Any) -> None:
        self.done.append(what)
        self.ends[f"{what[0]} confirmed to its person"] += 1

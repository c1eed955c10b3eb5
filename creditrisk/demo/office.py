"""What the credit department of the demo company has under way: levels, requests with evidence, a journal, flags."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group

from approvals import attachments, flags, journal_filling, journals, limit_requests
from approvals.journal_filling import Days, Formula, Selection
from approvals.journals import NewLine
from approvals.limit_requests import Asked
from approvals.models import ApprovalLevel, LineSource
from creditrisk.clock import business_day
from creditrisk.contacts import writing
from creditrisk.roles import Actor
from customers.models import Customer, LimitKind, Segment
from ledger.models import OpenItem

# Role, limits up to, increases up to, and whether the level below decides before.
LEVELS = (
    ("credit_clerk", 10_000, 10_000, False),
    ("credit_manager", 50_000, 50_000, False),
    ("finance_director", None, None, True),
)
REPORT = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""


def work(people: Mapping[str, Any], *, now: datetime) -> None:
    """This will put on the desks of the credit department what waits there at `now`."""
    actors = {login: Actor(user, channel="demo") for login, user in people.items()}
    for position, (role, amount, increase, with_former) in enumerate(LEVELS, 1):
        ApprovalLevel.objects.create(
            position=position, group=Group.objects.get(name=role), amount_up_to=amount, increase_up_to=increase,
            with_former=with_former,
        )  # fmt: skip
    _requests(actors, now=now)
    _journals(actors, now=now)
    _talks(actors["carla"], now=now)
    chosen = _good()[20:22]
    rows = "".join(f"{c.code},Negative report on a guarantor,{business_day(now) + timedelta(days=6)}\n" for c in chosen)
    flags.take_in(f"customer,reason,until\n{rows}".encode(), "bureau.csv", source="Bureau", by=actors["carla"], now=now)


def _good() -> list[Customer]:
    """Return customers of the best risk class, in the order of their codes."""
    found = Customer.objects.filter(credit_account__risk_class__code="A", merged_into__isnull=True, currency="EUR")
    return list(found.order_by("code")[:40])


def _requests(actors: Mapping[str, Actor], *, now: datetime) -> None:
    first, second, third = _good()[3:6]
    report = attachments.checked("Bureau report.pdf", REPORT)
    attachments.ask_limit(
        first, Asked(amount=Decimal(90_000), reason="Two new branches from spring on"), [report], by=actors["sara"], now=now
    )  # fmt: skip
    last = business_day(now) + timedelta(days=45)
    season = Asked(amount=Decimal(40_000), kind=LimitKind.TEMPORARY, valid_to=last, reason="Christmas season")
    limit_requests.ask(second, season, by=actors["sara"], now=now)
    refused = limit_requests.ask(third, Asked(state="UNLIMITED", reason="Old friends"), by=actors["sara"], now=now)
    limit_requests.reject(refused, by=actors["dario"], now=now, note="Nobody is without a limit here.")


def _talks(carla: Actor, *, now: datetime) -> None:
    """Notes of talks with the six who owe most for longest."""
    today = business_day(now)
    late = OpenItem.objects.filter(open_amount__gt=0, due__lt=today, kind="INVOICE", disputed=False).order_by("due")
    debtors = list(dict.fromkeys(item.customer for item in late.select_related("customer")[:200]))[:6]
    said = (
        ("CALL", "The accounts department says that the invoice was never seen. Copy sent again.", "Ms Ferri", 0, None),
        ("CALL", "They wait for money of their own customer and pay on Friday.", "Mr Conti", 3, 4),
        ("MAIL", "Second reminder, with the statement of account.", "", 7, None),
        ("VISIT", "Talked about a plan of three payments; they come back with a proposal.", "the owner", 10, None),
        ("CALL", "Promises the whole by the end of next week.", "Ms Riva", None, 9),
        ("NOTE", "Moves to a new office in January; invoices by e-mail only.", "", None, None),
    )
    for n, (debtor, (way, text, person, ahead, promised)) in enumerate(zip(debtors, said, strict=False)):
        writing.write(
            debtor, text=text, way=way, person=person, by=carla, now=now, source_key=f"demo:{n}",
            next_contact=None if ahead is None else today + timedelta(days=ahead),
            promised_on=None if promised is None else today + timedelta(days=promised),
            promised=None if promised is None else Decimal(2_500),
        )  # fmt: skip


def _journals(actors: Mapping[str, Actor], *, now: datetime) -> None:
    day, carla = business_day(now), actors["carla"]
    segment = Segment.objects.order_by("code").first()
    review = journals.prepare("Yearly review: good payers", company=None, by=carla, now=now)
    chosen = journal_filling.of_selection(
        review, Selection({"segment": segment, "credit_account__risk_class__code": "A"}, overdue_most=5),
        Formula("percent", Decimal(10), step=Decimal(500), rounding="up"), Days(), user=carla.user, day=day,
    )  # fmt: skip
    journals.add(review, chosen.lines[:14], by=carla, now=now)
    journals.send(review, by=carla, now=now)
    journals.approve(review, numbers=[1, 2, 3], by=actors["dario"], now=now, note="as agreed in the meeting")
    journals.reject(review, numbers=[4], by=actors["dario"], now=now, note="They change hands; wait for the accounts.")
    draft = journals.prepare("From the group's list", company=None, by=carla, now=now)
    one, two = _good()[8:10]
    lines = [
        NewLine(one, Decimal(25_000), LineSource.FILE), NewLine(two, Decimal(18_000), LineSource.FILE),
        NewLine(None, None, LineSource.FILE, typed="C-9999", error="Row 4: There is no customer “C-9999”."),
    ]  # fmt: skip
    journals.add(draft, lines, by=carla, now=now)

"""The demo company's reports: the portfolio on Mondays, how the largest customers pay once a month; one of each is made."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from creditrisk.demo.market import HOME
from creditrisk.reports import making
from creditrisk.reports.models import LAST_DAY, Every, Grain, Report, Weekday, What
from creditrisk.roles import Actor
from customers.models import Company


def make_reports(people: Mapping[str, Any], *, now: datetime) -> None:
    """This will make two reports that come by themselves, and an edition of each that nobody is mailed."""
    company = Company.objects.get(code=HOME)
    dario = Actor(people["dario"], channel="demo")
    kept = {"company": company, "starts_at": now, "made_by": dario.user, "made_at": now}
    weekly = Report.objects.create(
        name="Portfolio on Monday", what=What.PORTFOLIO, every=Every.WEEK, weekday=Weekday.MONDAY, hour=7,
        addresses="board@adria.example", **kept,
    )  # fmt: skip
    weekly.people.set([people["dario"], people["fiona"]])
    monthly = Report.objects.create(
        name="How our largest pay", what=What.PAYMENTS, every=Every.MONTH, month_day=LAST_DAY, hour=18, grain=Grain.QUARTER, periods=8,
        largest=6, **kept,
    )  # fmt: skip
    monthly.people.set([people["carla"], people["dario"]])
    for report in (weekly, monthly):
        making.make(report, by=dario, now=now, mailed=False)

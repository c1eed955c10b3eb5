"""Reports on a real worker: a due one is made once though the worker is woken twice, and its delivery is tried."""

import time
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.utils import timezone

from creditrisk.reports.models import Delivery, Edition, Report
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_worker_makes_what_is_due_once_and_tries_to_send_it(cast: Cast, celery_worker: Any) -> None:
    now = timezone.localtime()
    report = Report.objects.create(
        name="Due", company=cast.company, weekday=now.isoweekday(), hour=0, addresses="a@example.com",
        starts_at=now - timedelta(days=2), made_by=cast.dario.user, made_at=now,
    )  # fmt: skip

    for _twice in range(2):
        current_app.send_task("creditrisk.reports.tasks.make")
    patience = time.monotonic() + 60
    while not Delivery.objects.filter(attempts__gte=1, claimed_until=None).exists() and time.monotonic() < patience:
        time.sleep(0.2)

    edition = Edition.objects.get()
    assert edition.report == report
    assert edition.due_at == now.replace(hour=0, minute=0, second=0, microsecond=0)
    delivery = Delivery.objects.get()
    assert delivery.attempts == 1
    assert delivery.state == "SENT" or "Error" in delivery.error

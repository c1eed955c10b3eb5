"""Waking the worker never fails for want of a broker, and never makes a person wait."""

import time

import pytest
from celery import Celery, current_app
from django.db import transaction

from creditrisk import nudge


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_the_work_is_done_and_the_worker_not_woken(caplog: pytest.LogCaptureFixture) -> None:
    ours = current_app._get_current_object()
    nowhere = Celery("nowhere", broker="redis://127.0.0.1:1/0", set_as_current=True)
    nowhere.conf.broker_transport_options = ours.conf.broker_transport_options
    began = time.monotonic()
    try:
        with transaction.atomic():
            nudge.after_commit("approvals.tasks.evaluate_holds")
    finally:
        ours.set_current()

    assert "was not woken" in caplog.text
    assert time.monotonic() - began < 2


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_wakes_nobody(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        nudge.after_commit("no such task")
        raise ZeroDivisionError

    assert caplog.text == ""

"""A large file is the worker's: a real worker process checks it and carries it out, once."""

import time
from typing import Any

import pytest
from django.utils import timezone

from creditrisk.exposure import ledger as exposure
from creditrisk.takeover import carrying
from creditrisk.takeover.models import Upload, UploadState
from creditrisk.takeover.tasks import work_off
from ledger.models import OpenItem
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


def waited_for(pk: int, state: str, *, seconds: float = 60) -> Upload:
    """Ask for the upload until it is in that state."""
    until = time.monotonic() + seconds
    while (found := Upload.objects.get(pk=pk)).state != state and time.monotonic() < until:
        time.sleep(0.2)
    assert found.state == state, found.error
    return found


def test_a_worker_checks_a_large_file_and_carries_it_out(cast: Cast, celery_worker: Any) -> None:
    rows = "".join(f"ROSSI,W{n:04d},1.50,2026-01-10,2026-02-10\n" for n in range(carrying.AT_ONCE + 50))
    now = timezone.now()
    upload = carrying.keep(
        f"customer,reference,amount,date,due\n{rows}".encode(), "large.csv", what="ITEMS", encoding="utf-8",
        company=None, currency="", by=cast.dario, now=now,
    )  # fmt: skip
    written = {name: fit.sure for name, fit in carrying.fits(upload, carrying.sheet_of(upload), upload.columns).items()}
    carrying.name_columns(upload, columns=upload.columns, written=written, keep_as="", by=cast.dario, now=now)

    work_off.delay()
    checked = waited_for(upload.pk, UploadState.CHECKED)
    assert not OpenItem.objects.exists()
    carrying.ask_to_carry(upload.pk, mode="ALL", by=cast.dario, now=now)
    work_off.delay()
    work_off.delay()
    done = waited_for(upload.pk, UploadState.DONE)

    assert checked.counts == done.counts == {"CREATED": carrying.AT_ONCE + 50}
    assert OpenItem.objects.count() == carrying.AT_ONCE + 50
    assert exposure.audit().total == 0

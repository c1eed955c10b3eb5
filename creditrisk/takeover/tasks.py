"""What the worker does with uploads: checks and carries out those that wait."""

from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone, translation

from creditrisk.preferences import spoken
from creditrisk.takeover import carrying
from creditrisk.takeover.models import Upload


@shared_task(name="creditrisk.takeover.tasks.work_off")
def work_off(**kwargs: Any) -> int:
    """Check or carry out every upload that waits."""
    done = 0
    for pk in carrying.waiting(now=timezone.now()):
        with translation.override(_language_of(pk)):
            done += carrying.work(pk, now=timezone.now())
    return done


def _language_of(upload_id: int) -> str:
    """Return the language of whoever sent a file in, in which its rows are told."""
    upload = Upload.objects.defer("content").select_related("uploaded_by").get(pk=upload_id)
    return spoken.language_of(upload.uploaded_by) if upload.uploaded_by else settings.LANGUAGE_CODE

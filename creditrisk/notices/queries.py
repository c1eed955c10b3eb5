"""Reading notices for the page of those who keep the channels going: what waits, what was given up and why."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from approvals.models import Alert
from creditrisk.notices.models import Channel, Endpoint, Notice, NoticeLine, NoticeState


@dataclass(frozen=True)
class ChannelRow:
    """How a channel goes. `oldest` is since when the first of those that are due waits."""

    channel: str
    label: str
    waiting: int
    dead: int
    sent: int
    repeats: int
    oldest: datetime | None
    last_sent: datetime | None


@dataclass(frozen=True)
class NoticeRow:
    """A notice as the list shows it."""

    notice: Notice
    what: str
    more: int

    @property
    def again(self) -> bool:
        """Whether it can be sent again or dropped."""
        grows = (
            self.notice.channel == Channel.DIGEST
            and self.notice.state == NoticeState.WAITING
            and not self.notice.attempts
        )
        return self.notice.state in (NoticeState.DEAD, NoticeState.WAITING) and not grows


def channels(*, now: datetime) -> list[ChannelRow]:
    """Return how each channel goes: one query."""
    found = Notice.objects.values("channel").annotate(
        waiting=Count("pk", filter=Q(state__in=[NoticeState.WAITING, NoticeState.SENDING])),
        dead=Count("pk", filter=Q(state=NoticeState.DEAD)),
        sent=Count("pk", filter=Q(state=NoticeState.SENT)),
        repeated=Sum("repeats"),
        oldest=Min("due_at", filter=Q(state=NoticeState.WAITING, due_at__lte=now)),
        last=Max("sent_at"),
    )
    by_channel = {row["channel"]: row for row in found}
    return [
        ChannelRow(
            channel.value, str(channel.label), row["waiting"], row["dead"], row["sent"], row["repeated"] or 0, row["oldest"], row["last"]
        )
        if (row := by_channel.get(channel.value)) is not None
        else ChannelRow(channel.value, str(channel.label), 0, 0, 0, 0, None, None)
        for channel in Channel
    ]  # fmt: skip


def listed(**where: str) -> QuerySet[Notice]:
    """Return notices, the newest first, with what a row shows."""
    return Notice.objects.filter(**where).select_related("user", "endpoint").order_by("-pk")


def rows(found: list[Notice]) -> list[NoticeRow]:
    """Return notices as rows: the first alert of each in words, and how many more there are. Two queries."""
    lines = NoticeLine.objects.filter(notice__in=[notice.pk for notice in found]).order_by("-alert_id")
    of_notice: dict[int, list[int]] = {}
    for notice_id, alert_id in lines.values_list("notice_id", "alert_id"):
        of_notice.setdefault(notice_id, []).append(alert_id)
    first = Alert.objects.in_bulk([ids[0] for ids in of_notice.values()])
    return [
        NoticeRow(notice, first[ids[0]].sentence if (ids := of_notice.get(notice.pk, [])) else "", max(len(ids) - 1, 0))
        for notice in found
    ]


def endpoints() -> list[Endpoint]:
    """Return the webhooks by name."""
    return list(Endpoint.objects.select_related("company").order_by("name"))

"""Amounts, days, states and reasons as people read them; icons and form fields."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.forms import BaseForm, BoundField, CheckboxInput
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from creditrisk import language
from creditrisk import money as moneys
from creditrisk.language import MINUS
from creditrisk.roles import name_of
from creditrisk.templatetags.words import (
    BUCKET_LABELS,
    ENTRY_LABELS,
    OUTCOME_BADGES,
    REASON_LABELS,
    STATE_BADGES,
    Badge,
    Text,
)

register = template.Library()

NONE = "\u2013"
NBSP = "\u00a0"

_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86400, 604800


def written(value: Decimal | int, places: int) -> str:
    """Return a number as the reader's language writes it: `places` decimals, a real minus; a rounded zero carries no sign."""
    text = language.number(Decimal(value).copy_abs(), places)
    return f"{MINUS}{text}" if value < 0 and any(digit in text for digit in "123456789") else text


@register.filter
def amount(value: Decimal | int | None, currency: str | int = 2) -> str:
    """Return an amount as `12,345.60`; the argument is a currency (its decimals) or a count of decimals."""
    if value is None or value == "":
        return NONE
    if isinstance(currency, int):
        return written(Decimal(value), currency)
    return written(moneys.rounded(Decimal(value), currency), moneys.decimals(currency))


@register.filter
def money(value: Decimal | int | None, currency: str = "") -> str:
    """Return an amount with its currency before it, as `EUR 12,345.60`, never broken over two lines."""
    if value is None or value == "":
        return NONE
    return f"{currency}{NBSP}{amount(value, currency)}" if currency else amount(value)


@register.filter
def person(value: Any) -> Any:
    """Return what a user is called; what is no user stays as it is."""
    return name_of(value) if hasattr(value, "get_username") else value


@register.filter
def percent(value: Decimal | int | None, places: int = 0) -> str:
    """Return a percentage as `87%`; `value` is in per cent already. Infinite: no limit to measure by."""
    if value is None or value == "":
        return NONE
    number = Decimal(value)
    return "∞" if number.is_infinite() else f"{written(number, places)}%"


@register.filter
def days(value: int | Decimal | None, kind: str = "") -> str:
    """Return `61 days`; with `late` as argument `61 days late`, `due today` or `due in 5 days`."""
    if value is None:
        return NONE
    value = round(value)  # an average of days may come with decimals
    count = abs(value)
    if kind != "late":
        text = ngettext("%(count)s day", "%(count)s days", count) % {"count": language.number(count)}
        return f"{MINUS}{text}" if value < 0 else text
    if value == 0:
        return _("due today")
    if value < 0:
        return ngettext("due in %(count)s day", "due in %(count)s days", count) % {"count": language.number(count)}
    return ngettext("%(count)s day late", "%(count)s days late", count) % {"count": language.number(count)}


@register.filter
def day(value: date | None) -> str:
    """Return a day as `<time datetime="2026-11-24">24 Nov 2026</time>`; a moment is shown as its local day."""
    if not value:
        return NONE
    plain = _local(value).date() if isinstance(value, datetime) else value
    return format_html('<time datetime="{}">{}</time>', plain.isoformat(), date_format(plain, "d M Y"))


@register.filter
def near_day(value: date | None) -> str:
    """Return a day as a narrow column of days around now shows it, without its year."""
    if not value:
        return NONE
    whole, brief = date_format(value, "d M Y"), date_format(value, "d M")
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), whole, brief)


@register.filter
def moment(value: datetime | None) -> str:
    """Return a moment as `24 Nov 2026, 14:05`, in the reader's time zone."""
    if not value:
        return NONE
    local = _local(value)
    return format_html(
        '<time datetime="{}">{}</time>',
        local.isoformat(),
        date_format(local, "d M Y, H:i"),
    )


@register.filter
def ago(value: datetime | None, now: datetime | None = None) -> str:
    """Return how long ago a moment was, as `5 min ago`; from a day on by calendar days, beyond a week the day. The full moment is its title."""
    if not value:
        return NONE
    if now is None:
        now = timezone.now()  # noqa: TID251  a page is a front door
    seconds = int((now - value).total_seconds())
    if seconds >= _WEEK:
        return day(value)
    if seconds < _MINUTE:
        text = _("just now")
    elif seconds < _HOUR:
        text = _("%(count)d min ago") % {"count": seconds // _MINUTE}
    elif seconds < _DAY:
        text = _("%(count)d h ago") % {"count": seconds // _HOUR}
    else:
        count = (_local(now).date() - _local(value).date()).days
        text = ngettext("%(count)d day ago", "%(count)d days ago", count) % {"count": count}
    local = _local(value)
    full = date_format(local, "d M Y, H:i")
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), full, text)


@register.filter
def milliseconds(microseconds: int | None) -> str:
    """Return how long something took, as `21.3 ms`."""
    return NONE if microseconds is None else f"{written(Decimal(microseconds) / 1000, 1)}{NBSP}ms"


def _local(value: datetime) -> datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value


@register.filter
def bucket_label(code: str) -> Text:
    """Return the name of an exposure bucket, or of a figure shown beside them."""
    return BUCKET_LABELS.get(code) or _spelled(code)


@register.filter
def entry_label(code: str) -> Text:
    """Return the name of a bucket of the exposure ledger, finer than the eight."""
    return ENTRY_LABELS.get(code) or _spelled(code)


@register.filter
def reason_label(code: str) -> Text:
    """Return why a document is held, in the words of a salesperson."""
    return REASON_LABELS.get(code) or _spelled(code)


@register.filter
def state_badge(code: str) -> SafeString:
    """Return the badge of a document's state, or of `held`."""
    return _badge(code, STATE_BADGES)


@register.filter
def outcome_badge(code: str) -> SafeString:
    """Return the badge of a decision: passed, warned, held, refused."""
    return _badge(code, OUTCOME_BADGES)


def _badge(code: str, known: Mapping[str, Badge]) -> SafeString:
    label, tone, name = known.get(code.lower()) or Badge(_spelled(code), "quiet", "info")
    return format_html('<span class="badge badge--{}">{}{}</span>', tone, icon(name), label)


def _spelled(code: str) -> str:
    return code.replace("_", " ").capitalize()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Return an icon of the sprite; without a label it is decoration and hidden from screen readers."""
    address = f"{static('icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon" width="16" height="16" role="img" aria-label="{}"><use href="{}"></use></svg>',
            label,
            address,
        )
    return format_html(
        '<svg class="icon" width="16" height="16" aria-hidden="true" focusable="false"><use href="{}"></use></svg>',
        address,
    )


@register.inclusion_tag("forms/field.html")
def field(bound: BoundField, size: str = "", label: str = "") -> dict[str, Any]:
    """Draw a form field: label, input, help and errors. `size`: `short`, `long`, `wide`, or `bare` without a label."""
    return {
        "field": bound,
        "size": size,
        "label": label or bound.label,
        "is_check": isinstance(bound.field.widget, CheckboxInput),
    }


@register.inclusion_tag("forms/errors.html")
def form_errors(form: BaseForm) -> dict[str, Any]:
    """Draw the summary of a form's errors, with links to the fields; nothing when there are none."""
    return {
        "form": form,
        "fields": [bound for bound in form if bound.errors and not bound.is_hidden],
    }

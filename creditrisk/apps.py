from functools import cache
from typing import Any

from django.apps import AppConfig
from django.utils import dateformat, formats, translation
from django.utils.functional import Promise

from creditrisk import language


@cache
def marks_of(code: str | None) -> tuple[str, str]:
    """Return the marks before decimals and between thousands of a language."""

    def mark(name: str) -> Any:
        return formats.get_format(name, lang=code, use_l10n=True)

    return mark("DECIMAL_SEPARATOR"), mark("THOUSAND_SEPARATOR")


def _late(value: Any) -> str | None:
    if not isinstance(value, Promise):
        return None
    with translation.override("en"):
        return str(value)


class CreditriskConfig(AppConfig):
    name = "creditrisk"
    label = "creditrisk"

    def ready(self) -> None:
        """Let pure code say its sentences in the language of the request at hand."""
        language.answered_by(
            sentence=translation.gettext,
            counted=translation.ngettext,
            marks=lambda: marks_of(translation.get_language()),
            day=lambda value: dateformat.format(value, "d M Y"),
            late=_late,
        )

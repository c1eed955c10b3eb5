"""Why holds are looked at again or were closed by themselves, in words: the rows keep it in English."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

CAUSES: Mapping[str, Promise] = {
    "allocation": pgettext_lazy("cause", "allocation"),
    "allocation undone": pgettext_lazy("cause", "allocation undone"),
    "discount": pgettext_lazy("cause", "discount"),
    "disputed": pgettext_lazy("cause", "disputed"),
    "effect collected": pgettext_lazy("cause", "effect collected"),
    "effect issued": pgettext_lazy("cause", "effect issued"),
    "effect replaced": pgettext_lazy("cause", "effect replaced"),
    "effect unpaid": pgettext_lazy("cause", "effect unpaid"),
    "effects presented": pgettext_lazy("cause", "effects presented"),
    "effects withdrawn": pgettext_lazy("cause", "effects withdrawn"),
    "exchange rates": pgettext_lazy("cause", "exchange rates"),
    "excluded": pgettext_lazy("cause", "excluded"),
    "import": pgettext_lazy("cause", "import"),
    "item opened": pgettext_lazy("cause", "item opened"),
    "limit": pgettext_lazy("cause", "limit"),
    "merge": pgettext_lazy("cause", "merge"),
    "new day": pgettext_lazy("cause", "new day"),
    "payment": pgettext_lazy("cause", "payment"),
    "provisional": pgettext_lazy("cause", "provisional"),
    "reversal": pgettext_lazy("cause", "reversal"),
    "stop": pgettext_lazy("cause", "stop"),
    "stop ended": pgettext_lazy("cause", "stop ended"),
    "suspension": pgettext_lazy("cause", "suspension"),
    "terms": pgettext_lazy("cause", "terms"),
    "write-off": pgettext_lazy("cause", "write-off"),
}

# What is written where nobody typed a reason.
REASONS: Mapping[str, Promise] = {
    "reasons gone": pgettext_lazy("reason", "reasons gone"),
    "The change was withdrawn": pgettext_lazy("reason", "The change was withdrawn"),
}


def in_words(cause: str) -> str:
    """Return a cause in the reader's language; what names a record of the administration stands as it was written."""
    name, _space, number = cause.partition(" ")
    if name == "policy" and number.isdecimal():
        return _("policy %(number)s") % {"number": number}
    return str(CAUSES.get(cause, cause))


def reason(text: str) -> str:
    """Return why a hold was closed: as somebody typed it, or in the reader's language where nobody did."""
    return str(REASONS.get(text, text))

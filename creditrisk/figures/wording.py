"""A figure and its unit as people read them."""

from decimal import Decimal

from django.utils.translation import gettext as _

from creditrisk.figures.catalogue import Unit
from creditrisk.templatetags.credit import NBSP, amount, money, percent


def written(value: Decimal | None, unit: Unit, currency: str) -> str:
    """Return a figure as people read it, with its unit; `n/a` where it is not defined."""
    if value is None:
        return _("n/a")
    match unit:
        case Unit.PERCENT:
            return percent(value, 1)
        case Unit.AMOUNT:
            return money(value, currency)
        case Unit.DAYS:
            return f"{amount(value, 1)}{NBSP}{_('days')}"
        case Unit.HOURS:
            return f"{amount(value, 1)}{NBSP}{_('hours')}"
    return amount(value, 1)


def unit_label(unit: Unit, currency: str) -> str:
    """Return what a figure is counted in."""
    return {
        Unit.PERCENT: "%", Unit.DAYS: _("days"), Unit.HOURS: _("hours"), Unit.AMOUNT: currency, Unit.NUMBER: _("number"),
    }[unit]  # fmt: skip

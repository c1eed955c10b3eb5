"""The answers in sentences: what is compared, how many cases, the interval, and that small numbers say little."""

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from creditrisk.insight.alarms import Alarm, Alarms
from creditrisk.insight.intervals import Estimate
from creditrisk.insight.lengthening import Lengthening
from creditrisk.insight.reliability import Reliability
from creditrisk.templatetags.credit import written
from creditrisk.templatetags.intervals import DAYS, PERCENT, POINTS, between, said

WORDS = (gettext_lazy("longer terms"), gettext_lazy("terms unchanged"))


def of_limits(found: Reliability) -> list[str]:
    """Return whether customers with lower limits pay more reliably."""
    if not found.bands:
        return [_("n/a: nothing fell due in these days from customers with a limit of their own at their beginning.")]
    first, last, gap = found.bands[0], found.bands[-1], found.difference
    if gap is None or first.by_count is None or last.by_count is None:
        return [_("n/a: all limits lie in one group, so that there is nothing to compare with.")]
    words = {
        "low": said(first.by_count.value, PERCENT), "high": said(last.by_count.value, PERCENT),
        "gap": said(gap.value, POINTS, signed=True), "interval": between(gap, POINTS, signed=True),
    }  # fmt: skip
    said_first = _(
        "Customers with the lowest limits paid %(low)s of their instalments on time, those with the highest %(high)s:"
        " a difference of %(gap)s (95%% interval %(interval)s)."
    ) % words  # fmt: skip
    if not gap.differs:
        answer = _(
            "Zero lies in the interval: this history does not show that lower limits go with better paying, nor with worse."
        )
    elif gap.value > 0:
        answer = _("Yes: customers with lower limits paid more reliably, and chance does not explain it.")
    else:
        answer = _("No: customers with lower limits paid less reliably, and chance does not explain it.")
    return [
        said_first,
        answer,
        *_small(gap),
        _("It does not say why: who pays badly is often given less, and limits follow the business."),
    ]


def of_terms(found: Lengthening) -> list[str]:
    """Return what longer terms did."""
    if not found.pairs:
        return [_("n/a: no customer's terms became longer in these days with enough days after it to compare.")]
    pair = found.pairs[0]
    many = len(pair.longer.customers)
    told = ngettext(
        "With longer terms (%(was)s to %(becomes)s days on average) of %(n)d customer",
        "With longer terms (%(was)s to %(becomes)s days on average) of %(n)d customers", many,
    ) % {"was": _whole(pair.longer.term_before), "becomes": _whole(pair.longer.term_after), "n": many}  # fmt: skip
    sentences = [
        _("%(told)s the DSO changed by %(days)s and sales by %(growth)s.")
        % {"told": told, "days": _value(pair.longer.days, DAYS), "growth": _value(pair.longer.growth, PERCENT)},
        ngettext(
            "Where terms stayed (%(n)d customer) it was %(days)s and %(growth)s in the same time.",
            "Where terms stayed (%(n)d customers) it was %(days)s and %(growth)s in the same time.",
            len(pair.same.customers),
        )
        % {
            "n": len(pair.same.customers),
            "days": _value(pair.same.days, DAYS),
            "growth": _value(pair.same.growth, PERCENT),
        },
    ]
    if pair.days is None or pair.growth is None:
        return [*sentences, _("n/a: one of the two sold nothing before or after, so that they cannot be compared.")]
    sentences.append(
        _("So longer terms went with %(days)s more DSO (%(of_days)s) and %(growth)s more sales (%(of_growth)s) than no change.")
        % {
            "days": said(pair.days.value, DAYS, signed=True), "of_days": between(pair.days, DAYS, signed=True),
            "growth": said(pair.growth.value, POINTS, signed=True), "of_growth": between(pair.growth, POINTS, signed=True),
        }
    )  # fmt: skip
    if not pair.growth.differs:
        sentences.append(_("Zero lies in the interval of sales: that longer terms sold more is not shown."))
    return [
        *sentences,
        *_small(pair.days),
        _("Who was given longer terms was not chosen by lot; so this compares, and proves no cause."),
    ]


def of_alarms(found: Alarms) -> list[str]:
    """Return how many of the holds were false alarms."""
    every, share = found.every, found.every.false_alarms
    if not every.held:
        return [_("n/a: nothing was held in these days.")]
    if share is None:
        return [
            ngettext(
                "n/a: %(held)d document was held, and of those released none has fallen due yet.",
                "n/a: %(held)d documents were held, and of those released none has fallen due yet.", every.held,
            ) % {"held": every.held}
        ]  # fmt: skip
    return [
        ngettext(
            "%(held)d document was held. Released: %(released)d; of these it is known how they were paid: %(judged)d.",
            "%(held)d documents were held. Released: %(released)d; of these it is known how they were paid: %(judged)d.",
            every.held,
        )
        % {"held": every.held, "released": every.released, "judged": every.judged},
        _("Paid on time, so that the hold was a false alarm: %(share)s (95%% interval %(interval)s).")
        % {"share": said(share.value, PERCENT), "interval": between(share, PERCENT)},
        *_small(share),
        _("Holds that were rejected or healed are not judged: what would have come of them nobody knows."),
    ]


def of_row(alarm: Alarm) -> str:
    """Return what a rule, or a row of one, is called in a picture."""
    return f"{alarm.label}, {alarm.says}" if alarm.says else alarm.label


def _small(found: Estimate) -> list[str]:
    if not found.is_small:
        return []
    return [
        ngettext(
            "The smaller group has %(n)d customer: that is few, and the next may change the picture.",
            "The smaller group has %(n)d customers: that is few, and the next may change the picture.", found.customers,
        ) % {"n": found.customers}
    ]  # fmt: skip


def _value(found: Estimate | None, unit: str) -> str:
    return _("n/a") if found is None else said(found.value, unit, signed=True)


def _whole(value: Decimal | None) -> str:
    return _("n/a") if value is None else written(value, 0)

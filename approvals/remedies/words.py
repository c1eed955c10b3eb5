"""What would free a document, in sentences that a salesperson understands and can say on the telephone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from approvals.remedies.payments import Paid
from approvals.remedies.remedy import Remedies, Remedy
from creditrisk import language
from creditrisk.decisions.story import sum_of
from creditrisk.money import ZERO
from documents.models import Kind

NAMED = 4
ICONS = {"pay": "payment", "amount": "orders", "terms": "scale", "discount": "scale", "ship": "delivery",
         "wait": "clock", "limit": "shield", "office": "unlock"}  # fmt: skip


@dataclass(frozen=True)
class Way:
    """One remedy as people read it; `items` are those that a payment settles."""

    kind: str
    icon: str
    text: str
    items: tuple[Paid, ...] = ()


@dataclass(frozen=True)
class Advice:
    """What would free it: any one of `ways`, or all of `together`; else `sentence` says why nothing is named."""

    ways: tuple[Way, ...] = ()
    together: tuple[Way, ...] = ()
    sentence: str = ""


def tell(remedies: Remedies, *, debtor: str, kind: str, grants: bool) -> Advice:
    """Return remedies in words: `debtor` is the code of who owes, `grants` whether the reader hears of higher limits."""
    if remedies.sentence:
        return Advice(sentence=remedies.sentence)
    if remedies.passes:
        return Advice(sentence=_("Nothing stands in the way any more: repeat the step."))

    def told(some: Iterable[Remedy]) -> tuple[Way, ...]:
        return tuple(
            Way(r.kind, ICONS[r.kind], _text(r, debtor=debtor, kind=kind), r.payment.parts if r.payment else ())
            for r in some
        )

    ways = [r for r in remedies.ways if grants or r.kind != "limit"]
    together = remedies.together if grants or all(r.kind != "limit" for r in remedies.together) else ()
    if ways or together:
        return Advice(told(ways), told(together))
    return Advice(sentence=_("Nothing that can be paid, changed or waited for would free it: it takes a release."))


def _text(remedy: Remedy, *, debtor: str, kind: str) -> str:
    match remedy.kind:
        case "pay":
            return _payment(remedy, debtor)
        case "amount":
            most = sum_of(remedy.amount, remedy.currency)
            if kind == Kind.DELIVERY:
                return _("A delivery of at most %(most)s.") % {"most": most}
            if kind == Kind.INVOICE:
                return _("An invoice of at most %(most)s.") % {"most": most}
            return _("An order of at most %(most)s.") % {"most": most}
        case "terms" if remedy.terms is not None:
            if remedy.terms.prepaid:
                return _("Prepaid terms, %(terms)s: the goods leave when the money is there.") % {"terms": remedy.terms}
            return _("The payment terms %(terms)s instead.") % {"terms": remedy.terms}
        case "discount":
            if remedy.discount is None:
                return _("No settlement discount.")
            return _("The usual settlement discount, %(discount)s.") % {"discount": remedy.discount}
        case "ship":
            return _("A ship date of %(day)s or later: until it comes near, the order uses no credit.") % {
                "day": _day(remedy.day)
            }
        case "wait":
            return _wait(remedy)
        case "limit":
            return _limit(remedy)
    return {
        "customer_blocked": _("The end of the stop by hand."),
        "suspended": _("The end of the suspension."),
        "account_status": _("Another account status."),
        "review_overdue": _("A credit review that sets the next date."),
        "limit_expired": _("A renewed limit: the last day of this one has passed."),
    }[remedy.code]


def _payment(remedy: Remedy, debtor: str) -> str:
    payment = remedy.payment
    if payment is None:
        return ""
    least = _sums(payment.sums)
    if remedy.anything:
        return _("A payment of at least %(least)s, whatever it settles.") % {"least": least}
    if payment.on_account:
        return _("A payment of at least %(least)s that stays on account.") % {"least": least}
    named = [_part(part, debtor) for part in payment.parts[:NAMED]]
    if (rest := len(payment.parts) - NAMED) and rest > 0:
        named.append(ngettext("%d more", "%d more", rest) % rest)
    return _("Payment of at least %(least)s: %(items)s.") % {"least": least, "items": ", ".join(named)}


def _part(part: Paid, debtor: str) -> str:
    amount = sum_of(part.amount, part.currency)
    if part.item_id is None:
        return _("%(amount)s on account") % {"amount": amount}
    name = part.reference if part.customer == debtor else f"{part.customer} {part.reference}"
    if part.in_full:
        return _("%(item)s (%(amount)s)") % {"item": name, "amount": amount}
    return _("%(amount)s of %(item)s") % {"item": name, "amount": amount}


def _wait(remedy: Remedy) -> str:
    day = _day(remedy.day)
    if remedy.matures and any(remedy.matures.values()):
        return _("Waiting until %(day)s: effects of %(sum)s have matured by then.") % {
            "day": day, "sum": _sums(remedy.matures),
        }  # fmt: skip
    return _("Waiting until %(day)s: from then on it passes by itself.") % {"day": day}


def _limit(remedy: Remedy) -> str:
    values = {"least": sum_of(remedy.amount, remedy.currency), "whose": remedy.whose}
    if remedy.whose_kind == "shared":
        return _("A shared limit %(whose)s of at least %(least)s.") % values
    if remedy.temporary:
        return _("A temporary limit of at least %(least)s for %(whose)s.") % values
    return _("A limit of at least %(least)s for %(whose)s.") % values


def _sums(sums: Mapping[str, Decimal]) -> str:
    return _(" and ").join(sum_of(amount, unit) for unit, amount in sorted(sums.items()) if amount > ZERO)


def _day(day: date | None) -> str:
    return language.day(day) if day else ""

"""Matches a movement with what is owed: by reference, amount, payer. Pure: facts in, a proposal out, with its reason.

Confidence says in per cent how sure a match is; from `SURE` on it may be booked without being looked at.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from creditrisk.language import marked
from creditrisk.money import ZERO

SURE = 90
SHORTEST = 4  # A reference of fewer letters or digits is found by chance.

# What company names have in common says nothing about whom they name.
_COMMON = frozenset(
    [
        "the",
        "and",
        "und",
        "e",
        "di",
        "de",
        "la",
        "le",
        "&",
        "co",
        "kg",
        "cie",
        "sa",
        "spa",
        "srl",
        "srls",
        "snc",
        "sas",
        "sapa",
        "scarl",
        "coop",
        "gmbh",
        "ag",
        "mbh",
        "ohg",
        "ug",
        "ltd",
        "limited",
        "plc",
        "llc",
        "inc",
        "corp",
        "corporation",
        "company",
        "bv",
        "nv",
        "oy",
        "ab",
        "as",
        "aps",
        "sl",
        "slu",
        "sarl",
        "sasu",
        "eurl",
        "holding",
        "group",
        "gruppo",
        "gruppe",
    ]
)


_BY_ACCOUNT = {
    "amount": marked("The payer's account and the amount agree."),
    "several": marked("The payer's account agrees; several items have this amount."),
    "all": marked("The payer's account agrees; the sum is all that is open."),
    "sum": marked("The payer's account agrees; the sum is that of the oldest items."),
    "part": marked("Only the payer's account agrees: the oldest are proposed."),
    "nothing": marked("The payer's account agrees; nothing is open."),
}
_BY_NAME = {
    "amount": marked("The payer's name and the amount agree."),
    "several": marked("The payer's name agrees; several items have this amount."),
    "all": marked("The payer's name agrees; the sum is all that is open."),
    "sum": marked("The payer's name agrees; the sum is that of the oldest items."),
    "part": marked("Only the payer's name agrees: the oldest are proposed."),
    "nothing": marked("The payer's name agrees; nothing is open."),
}


@dataclass(frozen=True, slots=True)
class Debt:
    """An open item, as matching sees it."""

    item: int
    customer: int
    reference: str
    amount: Decimal
    due: object = None


@dataclass(frozen=True, slots=True)
class Match:
    """Whose money it is and what it settles. `why` is English: it is kept, and translated where it is read."""

    customer: int | None = None
    parts: tuple[tuple[int, Decimal], ...] = ()
    confidence: int = 0
    why: str = marked("Nothing fits.")


@dataclass
class Book:
    """What is owed in one company and currency, and who is known how: made once, asked for every movement."""

    debts: Sequence[Debt]
    names: Mapping[int, str]
    accounts: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_reference: defaultdict[str, list[Debt]] = defaultdict(list)
        self._by_customer: defaultdict[int, list[Debt]] = defaultdict(list)
        self._by_word: defaultdict[str, set[int]] = defaultdict(set)
        for debt in self.debts:
            if len(bare := plain(debt.reference)) >= SHORTEST:
                self._by_reference[bare].append(debt)
            self._by_customer[debt.customer].append(debt)
        self._words = {customer: words(name) for customer, name in self.names.items()}
        for customer, own in self._words.items():
            for word in own:
                self._by_word[word].add(customer)

    def match(self, *, amount: Decimal, text: str, payer: str, account: str = "") -> Match:
        """Propose what a movement settles; money that goes out settles nothing."""
        if amount <= 0:
            return Match(why=marked("Money that went out."))
        payers = self._payers(payer)
        known = self.accounts.get(account) if account else None
        if known is None and len(payers) == 1:
            known = payers[0]
        named = self._named(text)
        if named:
            return self._by_references(named, amount, known, payers)
        if known is None:
            return self._by_amount(amount, payers)
        return self._by_payer(known, amount, by_account=bool(account and account in self.accounts))

    # -- by reference ----------------------------------------------------------------------------------------------

    def _named(self, text: str) -> list[Debt]:
        """Return the debts whose reference the text names: whole words, or words written apart."""
        parts = re.findall(r"[a-z0-9]+", _ascii(text))
        found: dict[int, Debt] = {}
        taken: set[int] = set()
        for size in (5, 4, 3, 2, 1):
            for first in range(len(parts) - size + 1):
                span = set(range(first, first + size))
                bare = "".join(parts[first : first + size])
                if bare in self._by_reference and not span & taken:
                    taken |= span
                    found.update({debt.item: debt for debt in self._by_reference[bare]})
        return list(found.values())

    def _by_references(self, named: Sequence[Debt], amount: Decimal, known: int | None, payers: Sequence[int]) -> Match:
        owners = {debt.customer for debt in named}
        if len(owners) > 1:
            # The same reference at several customers: the payer decides, else nobody.
            mine = [debt for debt in named if debt.customer == known or debt.customer in payers]
            if len({debt.customer for debt in mine}) != 1:
                return Match(confidence=20, why=marked("The reference is several customers'."))
            named = mine
        customer = named[0].customer
        agrees = customer == known or customer in payers
        total = sum((debt.amount for debt in named), ZERO)
        exact = [debt for debt in named if debt.amount == amount]
        if total == amount:
            return Match(customer, _whole(named), 99 if agrees else 95, marked("Reference and amount agree."))
        if len(exact) == 1 and len({plain(d.reference) for d in named}) == 1:
            return Match(
                customer, _whole(exact), 95 if agrees else 90, marked("Reference and amount of one instalment agree.")
            )
        if amount < total and agrees:
            return Match(customer, _oldest(named, amount), 90, marked("Reference and payer agree; a part is paid."))
        if amount < total:
            return Match(
                customer, _oldest(named, amount), 75, marked("The reference agrees; less is paid than is open.")
            )
        why = marked("The reference agrees; more is paid than is open; the rest stays on account.")
        return Match(customer, _whole(named), 85 if agrees else 70, why)

    # -- by payer --------------------------------------------------------------------------------------------------

    def _payers(self, payer: str) -> list[int]:
        """Return the customers who have the payer's name: all its telling words, or all of theirs (two at least)."""
        own = words(payer)
        if not own:
            return []
        near = set[int]().union(*(self._by_word.get(word, set()) for word in own))
        exact = [c for c in near if self._words[c] == own]
        if exact:
            return sorted(exact)
        return sorted(
            c for c in near if len(own & self._words[c]) >= 2 and (own <= self._words[c] or self._words[c] <= own)
        )

    def _by_payer(self, customer: int, amount: Decimal, *, by_account: bool) -> Match:
        debts = sorted(self._by_customer.get(customer, ()), key=lambda d: (str(d.due), d.item))
        told = _BY_ACCOUNT if by_account else _BY_NAME
        exact = [debt for debt in debts if debt.amount == amount]
        if len(exact) == 1:
            return Match(customer, _whole(exact), 92 if by_account else 90, told["amount"])
        if len(exact) > 1:
            return Match(customer, _whole(exact[:1]), 80, told["several"])
        total = ZERO
        for at, debt in enumerate(debts, 1):
            total += debt.amount
            if total == amount:
                last = at == len(debts)
                return Match(customer, _whole(debts[:at]), 92 if last else 85, told["all" if last else "sum"])
        if debts:
            return Match(customer, _oldest(debts, amount), 50, told["part"])
        return Match(customer, (), 40, told["nothing"])

    # -- by amount alone -------------------------------------------------------------------------------------------

    def _by_amount(self, amount: Decimal, payers: Sequence[int]) -> Match:
        exact = [debt for debt in self.debts if debt.amount == amount and (not payers or debt.customer in payers)]
        if len(exact) == 1:
            return Match(
                exact[0].customer, _whole(exact), 60 if payers else 45, marked("Only the amount agrees, with one item.")
            )
        return Match()


def _whole(debts: Iterable[Debt]) -> tuple[tuple[int, Decimal], ...]:
    return tuple((debt.item, debt.amount) for debt in debts)


def _oldest(debts: Iterable[Debt], amount: Decimal) -> tuple[tuple[int, Decimal], ...]:
    """Spread an amount over debts, the oldest first."""
    parts, left = [], amount
    for debt in sorted(debts, key=lambda d: (str(d.due), d.item)):
        if part := min(left, debt.amount):
            parts.append((debt.item, part))
            left -= part
    return tuple(parts)


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()


def plain(text: str) -> str:
    """Return letters and digits alone, small: as references are compared."""
    return re.sub(r"[^a-z0-9]", "", _ascii(text))


def words(name: str) -> frozenset[str]:
    """Return the words of a name that tell companies apart."""
    bare = re.sub(r"\b([a-z])\.(?=[a-z]\b)", r"\1", _ascii(name))
    return frozenset(w for w in re.findall(r"[a-z0-9]+", bare) if w not in _COMMON and len(w) > 1)

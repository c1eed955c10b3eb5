"""Rows of the policy that can never have an effect, and why: told to whoever writes them. Pure.

It follows from the reading order alone (see `creditrisk.rules`): a row is idle when taking it away would change no
outcome of any case, whatever its figures. Where that cannot be shown, the row is left alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from creditrisk.language import day, say
from creditrisk.rules import LEVELS, Row, Rule, reading_order


@dataclass(frozen=True)
class Idle:
    """A row without effect, the sentence that says why, and the row that makes it so, if one does."""

    row: Row
    why: str
    because: Row | None = None


def idle(rows: Iterable[Row], *, today: date) -> list[Idle]:
    """Return the rows that can have no effect from `today` on, in reading order."""
    ordered = reading_order(rows)
    return [found for row in ordered if (found := _judge(row, ordered, today))]


def _judge(row: Row, ordered: Sequence[Row], today: date) -> Idle | None:
    if row.valid_to is not None and row.valid_to < today:
        return Idle(row, say("Its last day, %(day)s, is past.", day=day(row.valid_to)))
    if row.valid_from is not None and row.valid_to is not None and row.valid_to < row.valid_from:
        return Idle(row, say("It ends before it begins."))
    search = [other for other in ordered if other.search == row.search]
    if row.kind == "block":
        return _idle_block(row, search, today)
    return _idle_exclusion(row, search, ordered, today)


def _idle_block(row: Row, search: Sequence[Row], today: date) -> Idle | None:
    for other in search:
        if other is row or other.kind != "block" or not _stands_for(other, row, search, today):
            continue
        if LEVELS[other.scope] == LEVELS[row.scope]:
            if other.action == row.action:
                return Idle(row, _adds_nothing(other), other)
            if other.action == "HOLD":
                return Idle(
                    row, say("%(row)s holds whenever this one would warn, and is read first.", row=named(other)), other
                )
        elif other.action == row.action and not _parted(row, other, search, today):
            return Idle(
                row,
                say(
                    "%(row)s is stricter and speaks of everybody whom this one speaks of. A looser block does not"
                    " relax a stricter one: that takes an exclusion.",
                    row=named(other),
                ),
                other,
            )
    return None


def _parted(row: Row, other: Row, search: Sequence[Row], today: date) -> bool:
    """Return whether a row read between two blocks may end the search otherwise than both would."""
    between = search[_place(row, search) + 1 : _place(other, search)]
    return any(
        (x.kind == "exclude" or x.action != row.action) and _meet(x, row, today) and not never_together(x, row)
        for x in between
    )


def _idle_exclusion(row: Row, search: Sequence[Row], ordered: Sequence[Row], today: date) -> Idle | None:
    for other in search:
        if other is row or other.kind != "exclude" or not _stands_for(other, row, search, today):
            continue
        earlier = _place(other, search) < _place(row, search) or other.scope == row.scope
        if other.release_order if row.release_order else earlier:
            return Idle(row, _adds_nothing(other), other)
    if row.release_order:
        return None
    later = [x for x in search[_place(row, search) + 1 :] if x.kind == "block" and _meet(x, row, today)]
    earlier_blocks = [b for b in search[: _place(row, search)] if b.kind == "block"]
    because = None
    for block in later:
        shadow = next(
            (b for b in earlier_blocks if implies(b, block) and (_covers(b, row, today) or _covers(b, block, today))),
            None,
        )
        if not never_together(row, block) and shadow is None:
            return None
        because = shadow or block
    if because is None:
        return Idle(row, _no_block(row, search, ordered))
    if because.scope == row.scope:
        why = say("%(row)s is read before it and blocks whatever it could let through.", row=named(because))
    else:
        why = say("Whenever it is true, %(row)s is not, nor any other block after it.", row=named(because))
    return Idle(row, why, because)


def _adds_nothing(other: Row) -> str:
    return say("%(row)s is true whenever this one is: this row adds nothing.", row=named(other))


def _no_block(row: Row, search: Sequence[Row], ordered: Sequence[Row]) -> str:
    """Return why no block comes after an exclusion that it could answer."""
    if row.scope == "all":
        return say(
            "An exclusion for all customers is read last, after every block. Name a group or a customer, or let it"
            " free the order from every rule."
        )
    if any(x.kind == "block" and x.search != row.search and x.rule.code == row.rule.code for x in ordered):
        return say(
            "An exclusion answers only blocks with the same kind of value, and no later block gives %(values)s.",
            values=say(" and ").join(row.rule.value_kind()),
        )
    if any(x.kind == "block" and x.scope == row.scope for x in search):
        return say("Blocks of the same level are read before it, and no block for more customers comes after it.")
    return say("No block of this rule comes after it, so there is nothing to exclude from.")


def named(row: Row) -> str:
    """Return a row as sentences name it."""
    whom = {
        "all": say("all customers"), "group": say("group %(code)s", code=row.scope_code),
        "customer": say("customer %(code)s", code=row.scope_code),
    }[row.scope]  # fmt: skip
    if row.kind == "block":
        return say("Row %(row)s (block for %(whom)s)", row=row.id, whom=whom)
    return say("Row %(row)s (exclusion for %(whom)s)", row=row.id, whom=whom)


def _place(row: Row, rows: Sequence[Row]) -> int:
    return next(place for place, other in enumerate(rows) if other is row)


def _stands_for(other: Row, row: Row, search: Sequence[Row], today: date) -> bool:
    """Return whether `other` applies and is true whenever `row` is; of two that say the same, the first read stands."""
    if not (_covers(other, row, today) and implies(other, row)):
        return False
    same = _covers(row, other, today) and implies(row, other) and row.action == other.action
    same = same and row.release_order == other.release_order
    return not same or _place(other, search) < _place(row, search)


def _window(row: Row, today: date) -> tuple[date, date]:
    return max(row.valid_from or today, today), row.valid_to or date.max


def _covers(wide: Row, narrow: Row, today: date) -> bool:
    """Return whether `wide` speaks of everybody, on every day to come, of whom `narrow` speaks."""
    begins, ends = _window(wide, today)
    first, last = _window(narrow, today)
    return (
        (wide.scope == "all" or (wide.scope, wide.scope_code) == (narrow.scope, narrow.scope_code))
        and wide.risk_class in (None, narrow.risk_class)
        and begins <= first
        and last <= ends
    )


def _meet(one: Row, other: Row, today: date) -> bool:
    """Return whether both may speak of one customer on one day."""
    (first, last), (begins, ends) = _window(one, today), _window(other, today)
    same_level = one.scope == other.scope
    return (
        (not same_level or one.scope_code == other.scope_code)
        and (None in (one.risk_class, other.risk_class) or one.risk_class == other.risk_class)
        and max(first, begins) <= min(last, ends)
    )


def _comparable(one: Rule, other: Rule) -> bool:
    return getattr(one, "currency", None) == getattr(other, "currency", None)


def _given(rule: Rule, names: Iterable[str]) -> list[str]:
    return [name for name in names if getattr(rule, name) is not None]


def implies(one: Row, other: Row) -> bool:
    """Return whether `one` is true whenever `other` is: rows of the same search and kind, asked about the same case."""
    a, b = one.rule, other.rule
    if one.search != other.search or one.kind != other.kind or not _comparable(a, b):
        return False
    if any(getattr(a, key) != getattr(b, key) for key in a.keys):
        return False
    if one.kind == "exclude":
        a, b = b, a
    return all(getattr(a, name) <= getattr(b, name) for name in _given(a, a.bounds)) and all(
        getattr(a, name) >= getattr(b, name) for name in _given(a, a.spans)
    )


def never_together(one: Row, other: Row) -> bool:
    """Return whether two rows of the same search can never both be true of a case."""
    if any(getattr(one.rule, key) != getattr(other.rule, key) for key in one.rule.keys):
        return True
    if one.kind == other.kind or not _comparable(one.rule, other.rule):
        return False
    block, exclusion = (one.rule, other.rule) if one.kind == "block" else (other.rule, one.rule)
    looks_as_far = all(getattr(exclusion, name) >= getattr(block, name) for name in _given(block, block.spans))
    return looks_as_far and any(getattr(block, name) > getattr(exclusion, name) for name in _given(block, block.bounds))

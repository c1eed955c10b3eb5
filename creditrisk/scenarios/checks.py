"""Checks of single values, and how they are put together: each returns the value in its type or notes a mistake."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from creditrisk.scenarios.source import Map, Number, Seq


@dataclass(frozen=True)
class Mistake:
    """Something that is wrong in a file: where, and a sentence that says what."""

    file: str
    sentence: str
    line: int | None = None
    scenario: str = ""
    step: int | None = None
    path: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        story = ", ".join(part for part in (self.scenario, f"step {self.step}" if self.step else "") if part)
        return ": ".join(part for part in (place, story, self.path, self.sentence) if part)


@dataclass(frozen=True)
class Place:
    """Where a value stands. Mistakes found there are added to `found`; `names` are the codes known by kind."""

    file: str
    found: list[Mistake] = field(default_factory=list, compare=False)
    names: Mapping[str, Collection[str]] = field(default_factory=dict, compare=False)
    scenario: str = ""
    step: int | None = None
    path: str = ""
    line: int | None = None

    def at(self, key: str, line: int | None = None) -> "Place":
        """Return the place of `key` inside this one."""
        return replace(
            self,
            path=f"{self.path}.{key}" if self.path else key,
            line=line or self.line,
        )

    def wrong(self, sentence: str) -> None:
        """Note a mistake."""
        self.found.append(Mistake(self.file, sentence, self.line, self.scenario, self.step, self.path))

    def unknown(self, what: str, name: object, known: Iterable[str]) -> None:
        """Note a name that is not known, with those that are."""
        self.wrong(f"unknown {what} {name!r}; known: {', '.join(known) or 'none'}")


Check = Callable[[Any, Place], Any]


def shown(value: Any) -> str:
    """Return a value as the author wrote it, or nearly."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list) else repr(value)


def text(value: Any, place: Place) -> str:
    """Free text."""
    if isinstance(value, str):
        return value
    place.wrong(f"expected text, found {shown(value)}")
    return ""


def code(longest: int = 20) -> Check:
    """A code or id of the author's own, of at most so many characters."""

    def check(value: Any, place: Place) -> str:
        name = value.text if isinstance(value, Number) else value
        if not isinstance(name, str) or not name.strip():
            place.wrong(f"expected a code, found {shown(value)}")
            return ""
        if len(name) > longest:
            place.wrong(f"a code of at most {longest} characters, found {name!r}")
        return name

    return check


def ref(kind: str) -> Check:
    """The code of something that the scenario has."""

    def check(value: Any, place: Place) -> str:
        name: str = code(60)(value, place)
        if name and kind in place.names and not _is_known(name, kind, place.names):
            place.unknown(kind, name, place.names[kind])
        return name

    return check


def _is_known(name: str, kind: str, names: Mapping[str, Collection[str]]) -> bool:
    if name in names[kind]:
        return True
    document, _, part = name.rpartition("/")  # one instalment of a posted invoice
    return kind == "item" and part.isdigit() and document in names[kind]


def one_of(what: str, words: Collection[str]) -> Check:
    """One of these words."""

    def check(value: Any, place: Place) -> str:
        if isinstance(value, str) and value in words:
            return value
        place.unknown(what, value if isinstance(value, str) else shown(value), words)
        return ""

    return check


def currency(value: Any, place: Place) -> str:
    """A currency by its three letters."""
    if isinstance(value, str) and re.fullmatch("[A-Z]{3}", value):
        return value
    place.wrong(f"expected a currency of three capital letters, found {shown(value)}")
    return ""


def boolean(value: Any, place: Place) -> bool:
    """True or false."""
    if isinstance(value, bool):
        return value
    place.wrong(f"expected true or false, found {shown(value)}")
    return False


def day(value: Any, place: Place) -> date:
    """An ISO date."""
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    place.wrong(f"expected a date such as 2026-03-31, found {shown(value)}")
    return date.min


def decimal(value: Any, place: Place) -> Decimal:
    """An amount or another exact number, as a number or a decimal string."""
    if isinstance(value, Number):
        return Decimal(value)
    try:
        if isinstance(value, str) and (number := Decimal(value.strip())).is_finite() and "_" not in value:
            return number
    except InvalidOperation:
        pass
    place.wrong(f"expected an amount such as 1500 or '1500.01', found {shown(value)}")
    return Decimal(0)


def not_negative(value: Any, place: Place) -> Decimal:
    """An amount of zero or more."""
    number = decimal(value, place)
    if number < 0:
        place.wrong(f"expected zero or more, found {shown(value)}")
    return number


def positive(value: Any, place: Place) -> Decimal:
    """An exact number above zero."""
    number = decimal(value, place)
    if number <= 0 and not (place.found and place.found[-1].line == place.line):
        place.wrong(f"expected more than zero, found {shown(value)}")
    return number


def percent(value: Any, place: Place) -> Decimal:
    """A percentage from 0 to 100."""
    number = not_negative(value, place)
    if number > 100:
        place.wrong(f"expected at most 100, found {shown(value)}")
    return number


def whole(value: Any, place: Place) -> int:
    """A whole number of zero or more."""
    if isinstance(value, Number) and value == value.to_integral_value() and value >= 0:
        return int(value)
    place.wrong(f"expected a whole number, found {shown(value)}")
    return 0


def sign(value: Any, place: Place) -> int:
    """1 or -1."""
    if isinstance(value, Number) and value in (1, -1):
        return int(value)
    place.wrong(f"expected 1 or -1, found {shown(value)}")
    return 1


def or_word(check: Check, *words: str) -> Check:
    """One of these words, or what `check` takes."""

    def either(value: Any, place: Place) -> Any:
        if isinstance(value, str) and value in words:
            return value
        before = len(place.found)
        result = check(value, place)
        if len(place.found) > before:
            del place.found[before:]
            place.wrong(f"expected an amount or {' or '.join(words)}, found {shown(value)}")
        return result

    return either


def or_null(check: Check) -> Check:
    """Nothing, said explicitly, or what `check` takes."""
    return lambda value, place: None if value is None else check(value, place)


def list_of(check: Check) -> Check:
    """A list."""

    def members(value: Any, place: Place) -> tuple[Any, ...]:
        if not isinstance(value, Seq):
            place.wrong(f"expected a list, found {shown(value)}")
            return ()
        return tuple(
            check(member, place.at(str(n), line))
            for n, (member, line) in enumerate(zip(value, value.lines, strict=True), 1)
        )

    return members


def mapping_of(check: Check, *, key: Check | None = None) -> Check:
    """A mapping from codes of the author's own, or from what `key` takes."""

    def entries(value: Any, place: Place) -> dict[str, Any]:
        if not isinstance(value, Map):
            place.wrong(f"expected a mapping, found {shown(value)}")
            return {}
        result: dict[str, Any] = {}
        for name, member in value.items():
            here = place.at(name, value.lines.get(name))
            (key or code())(name, replace(here, path=place.path))
            result[name] = check(member, here)
        return result

    return entries


def keys(checks: Mapping[str, Check], *, what: str = "key", required: Collection[str] = ()) -> Check:
    """A mapping with some of these keys; returns those that are given."""

    def entries(value: Any, place: Place) -> dict[str, Any]:
        if not isinstance(value, Map):
            place.wrong(f"expected a mapping with {', '.join(checks)}; found {shown(value)}")
            return {}
        result: dict[str, Any] = {}
        for name, member in value.items():
            here = place.at(name, value.lines.get(name))
            if name not in checks:
                replace(here, path=place.path).unknown(what, name, checks)
            else:
                result[name] = checks[name](member, here)
        for name in required:
            if name not in value:
                replace(place, line=value.line).wrong(f"the {what} {name!r} is missing")
        return result

    return entries


def value(check: Check, default: Any = MISSING, *, key: str = "") -> Any:
    """Declare a dataclass field that is read with `check`, from `key` if that is not its name."""
    metadata = {"check": check, "key": key}
    if default is MISSING:
        return field(metadata=metadata)
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def record(cls: type[Any]) -> Check:
    """A mapping that becomes a `cls`, whose fields were declared with `value`; null leaves a field at its default.

    Returns None where something is wrong.
    """
    declared = {f.metadata["key"] or f.name: f for f in fields(cls)}
    optional = {name for name, f in declared.items() if f.default is not MISSING or f.default_factory is not MISSING}

    def build(raw: Any, place: Place) -> Any:
        checks: dict[str, Check] = {
            name: or_null(f.metadata["check"]) if name in optional else f.metadata["check"]
            for name, f in declared.items()
        }
        before = len(place.found)
        given = keys(checks, required=[name for name in declared if name not in optional])(raw, place)
        if len(place.found) > before:
            return None
        return cls(**{declared[name].name: v for name, v in given.items() if v is not None})

    return build

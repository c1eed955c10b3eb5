"""Reads scenario files: text to frozen scenarios, every mistake with its place and the words that are known.

The format itself is told in FORMAT.md beside the scenario files.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from creditrisk.scenarios import checks, shapes, steps
from creditrisk.scenarios.checks import Mistake, Place
from creditrisk.scenarios.source import Map, Number, Seq, Unreadable, documents

Given = shapes.Given


@dataclass(frozen=True)
class Step:
    """One step: what is done, by whom, and what is expected of it. `on` moves the clock before it."""

    number: int
    verb: str
    value: Mapping[str, Any]
    by: str
    on: date | None = None
    expect: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Scenario:
    """One story. Where there are mistakes it is not to be played."""

    file: str
    id: str
    title: str
    today: date
    given: Given
    steps: tuple[Step, ...]
    source: str = ""
    line: int | None = None
    mistakes: tuple[Mistake, ...] = ()


@dataclass(frozen=True)
class Story:
    """One file: its scenarios; or, where something is wrong that belongs to none of them, how many are lost by it."""

    file: str
    scenarios: tuple[Scenario, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    lost: int = 0


# What every story has without saying so; a story's own codes are added.
BUILT_IN: Mapping[str, Any] = {
    "company": {},
    "terms": {"N30": {"days": "30"}},
    "account_statuses": {"NORMAL": {"stops": "none"}},
    "document_types": {
        "ORDER": {"of": "order"}, "DELIVERY": {"of": "delivery"}, "INVOICE": {"of": "invoice"},
    },
    "users": {
        "sara": {"roles": ["sales"]},
        "carla": {"roles": ["credit_clerk"], "may_release_up_to": "unlimited"},
        "dario": {"roles": ["credit_manager"], "may_release_up_to": "unlimited"},
        "fiona": {"roles": ["finance_director"]},
        "ada": {"roles": ["admin"]},
        "guido": {"roles": ["auditor"]},
    },
}  # fmt: skip


def files(paths: list[Path]) -> Iterator[Path]:
    """Yield the scenario files at `paths`: files as they are, folders searched for .yaml and .yml.

    Raises FileNotFoundError.
    """
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml") and p.is_file())
        elif path.exists():
            yield path
        else:
            raise FileNotFoundError(path)


def read(path: Path) -> Story:
    """Return the story in the file at `path`."""
    try:
        return parse(path.read_text(encoding="utf-8"), file=str(path))
    except (OSError, UnicodeDecodeError) as error:
        return Story(
            str(path),
            mistakes=(Mistake(str(path), f"cannot be read: {error}"),),
            lost=1,
        )


def parse(text: str, *, file: str) -> Story:
    """Return the story that `text` tells; `file` is the name that mistakes carry."""
    place = Place(file)
    try:
        parts = list(documents(text))
    except Unreadable as error:
        return Story(file, mistakes=(Mistake(file, str(error), error.line),), lost=1)
    defaults: Map = Map(1)
    if len(parts) == 2:
        head = checks.keys({"defaults": lambda value, place: value}, required=["defaults"])(parts[0][0], place)
        given = head.get("defaults", defaults)
        checks.record(shapes.Given)(given, place.at("defaults"))
        defaults = given if isinstance(given, Map) else defaults
    elif len(parts) != 1:
        place.wrong(f"expected one YAML document (a list of scenarios) or two (defaults first), found {len(parts)}")
    told = parts[-1][0] if parts else None
    if parts and not isinstance(told, Seq):
        replace(place, line=parts[-1][1]).wrong(f"expected a list of scenarios, found {checks.shown(told)}")
    if place.found or not isinstance(told, Seq):
        return Story(
            file,
            mistakes=tuple(place.found),
            lost=max(len(told) if isinstance(told, Seq) else 0, 1),
        )
    lines = zip(told, told.lines, strict=True)
    return Story(
        file,
        tuple(_only_once([_scenario(raw, replace(place, line=line), defaults) for raw, line in lines])),
    )


def _only_once(scenarios: list[Scenario]) -> Iterator[Scenario]:
    lines: dict[str, int | None] = {}
    for s in scenarios:
        if s.id and s.id in lines:
            sentence = f"the scenario id {s.id!r} is given twice, first in line {lines[s.id]}"
            s = replace(s, mistakes=(*s.mistakes, Mistake(s.file, sentence, s.line, s.id)))
        lines.setdefault(s.id, s.line)
        yield s


def merged(base: Any, over: Any) -> Any:
    """Return `over` laid upon `base`: mappings deeply, everything else replaced. Neither is changed."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    result = Map(getattr(over, "line", 0) or getattr(base, "line", 0))
    for layer in (base, over):
        result.lines.update(getattr(layer, "lines", {}))
        for key, value in layer.items():
            result[key] = merged(result[key], value) if key in result else value
    return result


_SCENARIO: Mapping[str, checks.Check] = {
    "id": checks.code(80), "title": checks.text, "source": checks.or_null(checks.text), "today": checks.day,
    "given": lambda value, place: value, "steps": lambda value, place: value,
}  # fmt: skip


def _scenario(raw: Any, place: Place, defaults: Map) -> Scenario:
    found: list[Mistake] = []
    name = str(raw.get("id") or "") if isinstance(raw, Map) else ""
    place = replace(
        place,
        found=found,
        scenario=getattr(raw.get("id"), "text", name) if name else "",
    )
    head = checks.keys(_SCENARIO, required=["id", "title", "today", "steps"])(raw, place)
    raw_given = _complete(head.get("given") or Map(place.line or 0), defaults, place)
    place = replace(place, names=_names(raw_given))
    given = checks.record(shapes.Given)(raw_given, place.at("given"))
    told = _steps(head["steps"], place, head.get("today")) if "steps" in head else ()
    return Scenario(
        file=place.file,
        id=head.get("id", ""),
        title=head.get("title", ""),
        source=head.get("source") or "",
        today=head.get("today", date.min),
        given=given or Given(),
        steps=told,
        line=place.line,
        mistakes=tuple({(m.line, m.step, m.sentence): m for m in reversed(found)}.values())[::-1],
    )


def _complete(given: Any, defaults: Map, place: Place) -> Map:
    """Lay `given` over the file's defaults, those over what is built in, and each customer over their default."""
    if not isinstance(given, Map):
        place.at("given").wrong(f"expected a mapping, found {checks.shown(given)}")
        given = Map(place.line or 0)
    complete: Map = merged(merged(_plain(BUILT_IN), defaults), given)
    usual, customers = complete.get("customers_default"), complete.get("customers")
    if isinstance(usual, Map) and isinstance(customers, Map):
        complete["customers"] = merged(customers, Map(customers.line))
        for code, own in customers.items():
            complete["customers"][code] = merged(usual, own)
    return complete


def _plain(value: Any) -> Any:
    """Return a built-in value as if it had been read."""
    if isinstance(value, Mapping):
        read = Map(0)
        read.update((key, _plain(member)) for key, member in value.items())
        return read
    if isinstance(value, list):
        members = Seq(0)
        members.extend(value)
        members.lines.extend(0 for _ in value)
        return members
    return Number(value) if isinstance(value, str) and value.isdigit() else value


# Where the codes of each kind stand under `given`.
_CODES = {
    "terms": "terms", "settlement discount": "settlement_discounts", "account status": "account_statuses",
    "risk class": "risk_classes", "segment": "segments", "shared limit": "shared_limits", "customer": "customers",
    "document type": "document_types", "user": "users",
}  # fmt: skip


def _names(given: Map) -> dict[str, list[str]]:
    names = {kind: list(given[key]) if isinstance(given.get(key), Map) else [] for kind, key in _CODES.items()}
    groups, company, companies = (
        given.get("credit_groups"),
        given.get("company"),
        given.get("companies"),
    )
    names["credit group"] = [getattr(g, "text", g) for g in groups] if isinstance(groups, Seq) else []
    home = company.get("code", "MAIN") if isinstance(company, Map) else "MAIN"
    names["company"] = [
        getattr(home, "text", home),
        *(companies if isinstance(companies, Map) else ()),
    ]
    names["account"] = [*names["customer"], *names["shared limit"]]
    for kind in steps.KINDS:
        names[kind] = []
    names["holder"] = list(names["customer"])
    return names


def _steps(raw: Any, place: Place, today: date | None) -> tuple[Step, ...]:
    if not isinstance(raw, Seq) or not raw:
        found = "an empty one" if isinstance(raw, Seq) else checks.shown(raw)
        place.at("steps").wrong(f"expected a list of steps, found {found}")
        return ()
    told: list[Step] = []
    clock = today
    for number, (step, line) in enumerate(zip(raw, raw.lines, strict=True), 1):
        here = replace(place, step=number, line=line)
        read = _step(step, here, number)
        moved = read and (read.value.get("day") if read.verb == "today" else read.on)
        if read and moved and moved > date.min:
            if clock and moved < clock:
                here.wrong(f"the clock cannot go back from {clock} to {moved}")
            clock = moved
        if read:
            told.append(read)
    return tuple(told)


def _step(raw: Any, place: Place, number: int) -> Step | None:
    if not isinstance(raw, Map):
        place.wrong(f"expected a verb with its value, found {checks.shown(raw)}")
        return None
    verbs = [key for key in raw if key not in ("by", "on", "expect")]
    for name in verbs:
        if name not in steps.VERBS:
            replace(place, line=raw.lines.get(name)).unknown("verb", name, steps.VERBS)
            return None
    if len(verbs) != 1:
        place.wrong(f"expected exactly one verb, found {', '.join(verbs) or 'none'}")
        return None
    (name,) = verbs
    verb = steps.VERBS[name]
    value = verb.check(raw[name], place.at(name, raw.lines.get(name)))
    if verb.makes and isinstance(value, dict) and value.get("id"):
        _introduce(value["id"], verb.makes, place.names)
    beside = {
        key: check(raw[key], place.at(key, raw.lines.get(key)))
        for key, check in {
            "by": checks.ref("user"),
            "on": checks.day,
            "expect": steps.expectation,
        }.items()
        if key in raw
    }
    if name == "today" and "on" in beside:
        place.wrong("today moves the clock itself; leave out on")
    return Step(
        number,
        name,
        value,
        beside.get("by", verb.by),
        beside.get("on"),
        beside.get("expect", {}),
    )


def _introduce(name: str, makes: str, names: Mapping[str, Any]) -> None:
    for kind, of in {**steps.KINDS, "holder": steps.KINDS["document"]}.items():
        if makes in of and name not in names[kind]:
            names[kind].append(name)

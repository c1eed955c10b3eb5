"""YAML 1.2 text to plain values: exact decimals instead of floats, a repeated key refused, every line remembered."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_TAG = "tag:yaml.org,2002:"
_TEXT = ("str", "timestamp")


class Unreadable(Exception):
    """The text is not YAML that a scenario may be written in. `line` counts from 1."""

    def __init__(self, sentence: str, line: int | None = None) -> None:
        super().__init__(sentence)
        self.line = line


class Number(Decimal):
    """A number as it was written: 0.4 is exactly 0.4, and a code that looks like a number keeps its digits."""

    text: str

    def __new__(cls, text: str) -> "Number":
        number = super().__new__(cls, text)
        number.text = text
        return number


class Map(dict[str, Any]):
    """A mapping that knows its line and those of its keys."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


class Seq(list[Any]):
    """A list that knows its line and those of its members."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []


def documents(text: str) -> Iterator[tuple[Any, int]]:
    """Yield the value and the first line of every YAML document in `text`.

    Raises Unreadable.
    """
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 2)
    try:
        nodes = [node for node in reader.compose_all(StringIO(text)) if node is not None]
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
        raise Unreadable(f"this is not YAML: {said}", mark.line + 1 if mark else None) from error
    except (YAMLError, ValueError) as error:
        raise Unreadable(f"this is not YAML: {' '.join(str(error).split())}") from error
    for node in nodes:
        yield _value(node, ()), _line(node)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _value(node: Node, above: tuple[int, ...]) -> Any:
    if id(node) in above:
        raise Unreadable("an alias stands inside the value that it names", _line(node))
    inside = (*above, id(node))
    if isinstance(node, MappingNode):
        return _mapping(node, inside)
    if isinstance(node, SequenceNode):
        members = Seq(_line(node))
        for member in node.value:
            members.append(_value(member, inside))
            members.lines.append(_line(member))
        return members
    assert isinstance(node, ScalarNode)
    return _scalar(node)


def _mapping(node: MappingNode, above: tuple[int, ...]) -> Map:
    mapping = Map(_line(node))
    for key_node, value_node in node.value:
        if not isinstance(key_node, ScalarNode):
            raise Unreadable("a key must be plain text", _line(key_node))
        key = str(key_node.value)
        if key in mapping:
            raise Unreadable(
                f"the key {key!r} is given twice, first in line {mapping.lines[key]}",
                _line(key_node),
            )
        mapping[key] = _value(value_node, above)
        mapping.lines[key] = _line(key_node)
    return mapping


def _scalar(node: ScalarNode) -> Any:
    tag, text = str(node.tag), str(node.value)
    kind = tag.removeprefix(_TAG)
    if not tag.startswith(_TAG) or kind not in (*_TEXT, "int", "float", "bool", "null"):
        raise Unreadable(f"the tag {tag!r} is not understood here", _line(node))
    if kind in _TEXT:
        return text
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    try:
        return Number(text)
    except InvalidOperation:
        return text  # hexadecimal, infinite: whoever expects a number will say so

"""What a body may say, as the code has it: the fields of every form, and what views read from a body themselves."""

import ast
from collections.abc import Iterator, Set
from functools import cache
from pathlib import Path
from typing import Any

from django import forms
from django.urls import get_resolver

from creditrisk.forms import AmountField, DayField, SearchField
from ledger.forms import CurrencyField

BASE = Path(__file__).resolve().parent.parent
PACKAGES = ("approvals", "creditrisk", "customers", "documents", "ledger")
# What such a field holds is no name of anything: a number, a day, a yes, a token that counts once, a currency.
PLAIN = (AmountField, DayField, SearchField, CurrencyField, forms.BooleanField, forms.UUIDField, forms.RegexField)
# What a view calls the body of a request, or what takes its place while a page is drawn by its address.
BODIES = {"request.POST", "self.data", "source", "data", "sent"}


def _below(kind: type) -> Iterator[type]:
    for found in kind.__subclasses__():
        yield found
        yield from _below(found)


def forms_of_ours() -> dict[str, type[forms.BaseForm]]:
    """Return every form of the product's pages by its name; those of the administration are the administrator's."""
    assert get_resolver().url_patterns  # so that every view, and with it every form, is there
    found = {form for form in _below(forms.BaseForm) if form.__module__.split(".")[0] in PACKAGES}
    pages = [form for form in found if not form.__module__.endswith(("admin", "policy.forms", "policy.editing"))]
    return {_called(form): form for form in pages}


def fields() -> dict[str, forms.Field]:
    """Return the fields that may name something, of forms that a body fills, each as the form that brings it and its name."""
    filled, named = filled_by("POST"), dict[str, forms.Field]()
    for form in forms_of_ours().values():
        if filled.isdisjoint({form.__name__, *(one.__name__ for one in _below(form))}):
            continue
        for name, field in form.base_fields.items():  # type: ignore[attr-defined]
            if not isinstance(field, PLAIN) and not _has_choices(field):
                named[f"{_called(_owner(form, name))}.{name}"] = field
    return named


def _called(form: type) -> str:
    """Return the name of a form with its package: some names are given twice."""
    return f"{form.__module__.rpartition('.')[0]}.{form.__name__}"


def _has_choices(field: forms.Field) -> bool:
    """Whether the form itself says what may be chosen; a choice of rows of a table is none of that."""
    return bool(not isinstance(field, forms.ModelChoiceField) and getattr(field, "choices", None))


def _owner(form: type, name: str) -> type:
    """Return the form that brought the field: the first of those that the form inherits from."""
    return next(
        one for one in reversed(form.__mro__)
        if name in (getattr(one, "declared_fields", {}) or getattr(one, "base_fields", {})) or one is form
    )  # fmt: skip


@cache
def _trees() -> list[tuple[Path, list[ast.AST]]]:
    """Return every module that may know of forms or requests, as all of its nodes."""
    found = []
    for package in PACKAGES:
        for path in sorted((BASE / package).rglob("*.py")):
            if {"migrations", "management", "demo", "rules", "formulas"}.isdisjoint(path.parts):
                text = path.read_text()
                if "request" in text or "forms" in text:
                    found.append((path, [*ast.walk(ast.parse(text))]))
    return found


def _is_body(node: ast.expr, names: Set[str]) -> bool:
    """Whether this is what a request says: its own, or one of the names under which it is kept."""
    match node:
        case ast.Attribute(value=ast.Name(id=whose), attr=what):
            return f"{whose}.{what}" in names
        case ast.Name(id=name):
            return name in names
    return False


def _written(node: Any) -> str:
    """Return a name as it is written; what of it is worked out is a star."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_written(part) for part in parts)
    return "*"


def made() -> set[str]:
    """Return the fields that forms make for what they find, each as the form and the pattern of its name."""
    found = set()
    for path, tree in _trees():
        package = ".".join(path.parent.relative_to(BASE).parts)
        for form in [node for node in tree if isinstance(node, ast.ClassDef)]:
            for node in ast.walk(form):
                if isinstance(node, ast.Assign):
                    for target in node.targets:
                        match target:
                            case ast.Subscript(value=ast.Attribute(attr="fields"), slice=key):
                                found.add(f"{package}.{form.name}.{_written(key)}")
    return found


def read() -> set[str]:
    """Return what views read from a body themselves, by their module: what they look for in it is a button's, and is left out."""
    found = set()
    for path, tree in _trees():
        place = ".".join(path.relative_to(BASE).with_suffix("").parts)
        for node in tree:
            match node:
                case ast.Call(func=ast.Attribute(value=body, attr="get" | "getlist" | "pop"), args=[key, *_]) if (
                    _is_body(body, BODIES if "views" in place else {"self.data"})
                ):
                    found.add(f"{place}:{_written(key)}")
                case ast.Subscript(value=body, slice=key) if _is_body(body, {"request.POST"}):
                    found.add(f"{place}:{_written(key)}")
                case ast.Call(func=ast.Attribute(value=ast.Name(id="pages"), attr="ids"), args=[_request, key]):
                    found.add(f"{place}:{_written(key)}")
    return found


def raw() -> list[str]:
    """Return where a body is read as it comes, past Django's reading of forms: nothing there would be looked at here."""
    found = []
    for path, tree in _trees():
        for node in tree:
            match node:
                case ast.Attribute(value=ast.Name(id="request"), attr="body" | "read" | "readline"):
                    found.append(f"{path.relative_to(BASE)}:{node.lineno}")
    return found


def filled_by(method: str) -> set[str]:
    """Return the names of the forms that some view fills with what a request of this method says."""
    found = set()
    for _path, tree in _trees():
        said = BODIES | _taken_from(tree, method)
        for node in tree:
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args, keywords=named) if (
                    name.endswith(("Form", "FormSet", "Filter"))
                ):
                    given = [ast.unparse(one) for one in args[:1]] + [
                        ast.unparse(k.value) for k in named if k.arg == "data"
                    ]
                    if any(f"request.{method}" in one or one in said for one in given):
                        found.add(name)
    return found


def _taken_from(tree: list[ast.AST], method: str) -> set[str]:
    """Return the names under which a module keeps what a request says."""
    kept = set()
    for node in tree:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=value)
            ):
                if value is not None and any(
                    isinstance(one, ast.Attribute) and one.attr == method for one in ast.walk(value)
                ):
                    kept.add(name)
    return kept

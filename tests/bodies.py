"""What a body may say, as the code has it: the fields of every form, and what views read from a body themselves."""

import ast
from collections.abc import Iterator
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
    return {f"{form.__module__.rpartition('.')[0]}.{form.__name__}": form for form in pages}


def fields() -> set[str]:
    """Return the fields that may name something, each as the form that brings it and its name."""
    named = set()
    for form in forms_of_ours().values():
        for name, field in form.base_fields.items():  # type: ignore[attr-defined]
            if not isinstance(field, PLAIN) and not _has_choices(field):
                named.add(f"{_owner(form, name).__name__}.{name}")
    return named


def _has_choices(field: forms.Field) -> bool:
    """Whether the form itself says what may be chosen; a choice of rows of a table is none of that."""
    return bool(not isinstance(field, forms.ModelChoiceField) and getattr(field, "choices", None))


def _owner(form: type, name: str) -> type:
    """Return the form that brought the field: the first of those that the form inherits from."""
    return next(
        one for one in reversed(form.__mro__)
        if name in (getattr(one, "declared_fields", {}) or getattr(one, "base_fields", {})) or one is form
    )  # fmt: skip


def _trees() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((BASE / package).rglob("*.py")):
            if "migrations" not in path.parts and "management" not in path.parts:
                yield path, ast.parse(path.read_text())


def _written(node: Any) -> str:
    """Return a name as it is written; what of it is worked out is a star."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_written(part) for part in parts)
    return "*"


def made() -> set[str]:
    """Return the fields that forms make for rows that they find, by the form's class and the pattern of their names."""
    found = set()
    for _path, tree in _trees():
        for form in [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]:
            for node in ast.walk(form):
                if isinstance(node, ast.Assign):
                    for target in node.targets:
                        match target:
                            case ast.Subscript(value=ast.Attribute(attr="fields"), slice=key):
                                found.add(f"{form.name}.{_written(key)}")
    return found


def read() -> set[str]:
    """Return what views read from a body themselves, by their module: what they look for in it is a button's, and is left out."""
    found = set()
    for path, tree in _trees():
        place = ".".join(path.relative_to(BASE).with_suffix("").parts)
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Attribute(value=body, attr="get" | "getlist" | "pop"), args=[key, *_]) if (
                    ast.unparse(body) in BODIES and ("views" in place or ast.unparse(body) == "self.data")
                ):
                    found.add(f"{place}:{_written(key)}")
                case ast.Subscript(value=body, slice=key) if ast.unparse(body) == "request.POST":
                    found.add(f"{place}:{_written(key)}")
                case ast.Call(func=ast.Attribute(value=ast.Name(id="pages"), attr="ids"), args=[_request, key]):
                    found.add(f"{place}:{_written(key)}")
    return found


def raw() -> list[str]:
    """Return where a body is read as it comes, past Django's reading of forms: nothing there would be looked at here."""
    found = []
    for path, tree in _trees():
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(value=ast.Name(id="request"), attr="body" | "read" | "readline" | "META_BODY"):
                    found.append(f"{path.relative_to(BASE)}:{node.lineno}")
    return found


def bound_to_bodies() -> set[str]:
    """Return the names of the forms that some view fills with a body."""
    found = set()
    for _path, tree in _trees():
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *_]) if (
                    "POST" in ast.unparse(first) or ast.unparse(first) in BODIES
                ):
                    found.add(name)
    return found

"""The sentences of the product and their translations: found in code and templates, kept in one catalogue a package.

`locale/` has the templates' sentences, `<package>/locale/` those of its code. The catalogues are edited by hand (`msgstr`);
`make messages` takes new sentences in, drops those that are gone, and compiles.
"""

import ast
import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import pofile
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo

BASE = Path(__file__).resolve().parent.parent
PACKAGES = ("approvals", "creditrisk", "customers", "documents", "ledger")
LANGUAGES = ("it",)
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop", "say", "marked"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy", "say_count"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
}
# Nobody reads these in the product: they are the administrator's own at a terminal, or made-up companies.
SILENT = ("creditrisk/management", "creditrisk/demo", "creditrisk/scenarios", "migrations")
AT = datetime(2026, 1, 1, tzinfo=UTC)  # A catalogue changes with its sentences, not with the clock.
WIDTH = 120
# The rule book says what its modules and classes say of themselves (`creditrisk.rules.sentence`, `detail`).
BOOK = "creditrisk/rules/"


def catalogue(place: str, language: str) -> Path:
    """The file of a package's (or, for "", the templates') translations into a language."""
    return BASE / place / "locale" / language / "LC_MESSAGES" / "django.po"


def found(place: str) -> Catalog:
    """This will look for the sentences of a package, or of the templates for ""."""
    catalog = Catalog(charset="utf-8")
    for name, source in _sources(place):
        method = "python"
        for _line, message, comments, context in extract(method, io.BytesIO(source.encode()), KEYWORDS):
            catalog.add(message, locations=[(name, 0)], auto_comments=comments, context=context)
        if name.startswith(BOOK) and not name.endswith("__init__.py"):
            for sentence in _of_itself(ast.parse(source)):
                catalog.add(sentence, locations=[(name, 0)])
    return catalog


def _of_itself(module: ast.Module) -> Iterator[str]:
    """The first paragraph of what a module says of itself, and all that its classes say of themselves."""
    yield " ".join((ast.get_docstring(module) or "").split("\n\n")[0].split())
    for one in module.body:
        if isinstance(one, ast.ClassDef) and (text := ast.get_docstring(one)):
            yield " ".join(text.split())


def _sources(place: str) -> Iterator[tuple[str, str]]:
    if place:
        for path in sorted((BASE / place).rglob("*.py")):
            name = str(path.relative_to(BASE))
            if not any(silent in name for silent in SILENT):
                yield name, path.read_text()
        return
    from django.utils.translation.template import templatize

    for path in sorted((BASE / "templates").rglob("*.*")):
        name = str(path.relative_to(BASE))
        yield name, templatize(path.read_text(), origin=name)


def known(place: str, language: str) -> Catalog:
    """The translations that are there."""
    if not (path := catalogue(place, language)).exists():
        return Catalog(locale=language, charset="utf-8")
    with path.open("rb") as file:
        return pofile.read_po(file, locale=language)


def written(catalog: Catalog) -> bytes:
    """The catalogue as it lies in the repository."""
    catalog.creation_date = catalog.revision_date = AT
    catalog.project, catalog.header_comment, catalog.fuzzy = "creditrisk", "# Translations.", False
    file = io.BytesIO()
    pofile.write_po(file, catalog, width=WIDTH, include_lineno=False, ignore_obsolete=True, sort_output=True)
    return file.getvalue()


def compiled(catalog: Catalog) -> bytes:
    """What the product reads."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def update() -> int:
    """This will bring every catalogue up to date, compile it, and say what still waits for a translation."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditrisk.settings")
    for language in LANGUAGES:
        waits = {}
        for place in ("", *PACKAGES):
            catalog = known(place, language)
            catalog.update(found(place), no_fuzzy_matching=True)
            path = catalogue(place, language)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(written(catalog))
            path.with_suffix(".mo").write_bytes(compiled(catalog))
            waits[place or "templates"] = len([m for m in catalog if m.id and not translated(m)])
        print(f"{language}: " + ", ".join(f"{place} {count}" for place, count in waits.items()) + " to translate.")
    return 0


def translated(message: Message) -> bool:
    """Whether every form of the message has its words."""
    said = message.string
    return bool(said) if isinstance(said, str) else bool(said) and all(said or ())

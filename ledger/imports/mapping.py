"""Column mapping: which column of a file of receivables means what. Built in, or read from a TOML or JSON file."""

import json
import tomllib
from collections.abc import Mapping as Values
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

NEEDED = ("customer", "reference", "amount", "date", "due")
OPTIONAL = ("name", "company", "currency", "terms", "settled", "disputed", "country")


class BadMapping(ValueError):
    """The mapping cannot be used; the text is a sentence for people."""


@dataclass(frozen=True)
class ColumnMapping:
    """What a file of receivables looks like. `columns` names the file's column for each of ours."""

    source: str  # stands before every key, so that an import repeated is recognised
    columns: Values[str, str]
    company: str = ""  # for files without a column that says
    currency: str = ""
    country: str = ""
    dates: tuple[str, ...] = ("%Y-%m-%d",)
    decimal_mark: str = "."
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    yes: tuple[str, ...] = ("yes", "true", "1", "y", "x")
    only: Values[str, tuple[str, ...]] = field(default_factory=dict)  # take rows whose column holds one of these
    credits: bool = False  # whether negative amounts are taken, as credit notes
    most: Decimal = Decimal(10_000_000_000)  # a single amount above this is a mistake

    def __post_init__(self) -> None:
        if missing := [name for name in NEEDED if name not in self.columns]:
            raise BadMapping(f"The mapping “{self.source}” names no column for: {', '.join(missing)}.")
        if strangers := [name for name in self.columns if name not in NEEDED + OPTIONAL]:
            raise BadMapping(
                f"The mapping “{self.source}” has columns nobody asks for: {', '.join(strangers)}."
                f" Known are {', '.join(NEEDED + OPTIONAL)}."
            )
        if not self.source or len(self.source) > 20:
            raise BadMapping("The mapping needs a “source” of at most 20 characters: it stands before every key.")
        if "currency" not in self.columns and not self.currency:
            raise BadMapping(f"The mapping “{self.source}” needs a column or a default for the currency.")

    def wanted(self) -> list[str]:
        """Name the columns that the file must have."""
        return list(dict.fromkeys([*self.columns.values(), *self.only]))


BUILT_IN: dict[str, ColumnMapping] = {
    "highradius": ColumnMapping(
        source="highradius",
        columns={
            "customer": "cust_number", "name": "name_customer", "company": "business_code", "reference": "doc_id",
            "amount": "total_open_amount", "currency": "invoice_currency", "date": "posting_date",
            "due": "due_in_date", "terms": "cust_payment_terms",
        },
        only={"isOpen": ("1",)},
    ),
    "highradius-cleared": ColumnMapping(
        source="highradius-cleared",
        columns={
            "customer": "cust_number", "name": "name_customer_seen", "company": "business_code_inferred",
            "reference": "invoice_id", "amount": "amount", "currency": "currency", "date": "est_invoice_date",
            "due": "due_date", "settled": "clear_date", "terms": "est_payment_terms_code",
        },
        company="U001",
    ),
    "ibm": ColumnMapping(
        source="ibm",
        columns={
            "customer": "customerID", "reference": "invoiceNumber", "amount": "InvoiceAmount", "date": "InvoiceDate",
            "due": "DueDate", "settled": "SettledDate", "disputed": "Disputed",
        },
        company="IBM",
        currency="USD",
        dates=("%m/%d/%Y",),
    ),
    "generic": ColumnMapping(
        source="generic",
        columns={name: name for name in (*NEEDED, "currency")},
    ),
}  # fmt: skip


def find(text: str) -> ColumnMapping:
    """This will return the built-in mapping of that name, or read the TOML or JSON file at that path.

    Raises BadMapping.
    """
    if text in BUILT_IN:
        return BUILT_IN[text]
    path = Path(text)
    if not path.is_file():
        raise BadMapping(f"“{text}” is neither a mapping file nor one of {', '.join(BUILT_IN)}.")
    try:
        content = path.read_text(encoding="utf-8")
        values = json.loads(content) if path.suffix.lower() == ".json" else tomllib.loads(content)
    except (ValueError, OSError) as error:
        raise BadMapping(f"The mapping file {path.name} cannot be read: {error}.") from error
    return _built(path, values)


def _built(path: Path, values: Any) -> ColumnMapping:
    if not isinstance(values, dict) or not isinstance(values.get("columns"), dict):
        raise BadMapping(f'The mapping file {path.name} needs a table “columns”: ours = "theirs".')
    known = {f.name for f in fields(ColumnMapping)}
    if strangers := [name for name in values if name not in known]:
        raise BadMapping(f"The mapping file {path.name} has unknown settings: {', '.join(strangers)}.")
    given = {"source": path.stem[:20], **values}
    for name in ("dates", "yes"):
        if name in given:
            given[name] = (given[name],) if isinstance(given[name], str) else tuple(given[name])
    if "only" in given:
        given["only"] = {k: (v,) if isinstance(v, str) else tuple(map(str, v)) for k, v in dict(given["only"]).items()}
    if "most" in given:
        given["most"] = Decimal(str(given["most"]))
    return ColumnMapping(**given)


def with_defaults(found: ColumnMapping, *, company: str = "", currency: str = "") -> ColumnMapping:
    """Return the mapping with other defaults for what the file does not say; blank leaves them."""
    return replace(found, company=company or found.company, currency=currency or found.currency)

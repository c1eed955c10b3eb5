"""Flags from outside: a bureau's or a fraud team's file that suspends customers, or gives their credit back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from approvals import stopping
from creditrisk.language import marked, say
from creditrisk.refusal import InvalidState, Refused
from creditrisk.roles import Actor
from creditrisk.takeover import kinds
from creditrisk.takeover.kinds import Field, Kind
from customers import queries as customer_queries
from customers.models import Customer
from ledger.imports import styles, tabular
from ledger.imports.delimited import BadFile
from ledger.imports.tabular import Sheet
from ledger.imports.values import Unreadable, shown

FLAGS = Kind(
    "FLAGS",
    (
        kinds.KINDS["CUSTOMERS"].by_name["customer"],
        Field("reason", "Reason", needed=True, called=("reason", "note", "event", "motivo", "grund", "motif", "why")),
        Field("until", "Last day", "day", called=("until", "to", "last day", "valid to", "fino al", "al", "bis")),
        Field("source", "Source", most=60, called=("source", "bureau", "provider", "fonte", "quelle")),
        Field("lift", "Lifted", "yes", called=("lift", "lifted", "cleared", "revocato", "aufgehoben")),
    ),
    "A row suspends a customer's credit at once; with “lifted” it gives it back.",
)


@dataclass(frozen=True)
class Told:
    """What became of a row: suspended, lifted, there already or refused, with the sentence."""

    number: int
    code: str
    outcome: str
    sentence: str = ""

    @property
    def refused(self) -> bool:
        return self.outcome == "refused"

    @property
    def outcome_in_words(self) -> str:
        return say(self.outcome)


def take_in(
    content: bytes, name: str, *, source: str = "", encoding: str = "utf-8", user: Any = None, by: Actor, now: datetime
) -> list[Told]:
    """Suspend and lift as the rows of a CSV file or workbook say, each row by itself; what is so already stays.

    `source` is meant where a row names none; `user` sees their customers only (None: all). Raises BadFile.
    """
    sheet = tabular.read(content, name, encoding=encoding)
    columns = kinds.recognised(FLAGS, sheet, name)
    written = {"until": "ymd"}
    if "until" in columns:
        fit = styles.fit(sheet.column(columns["until"]), "day")
        if fit.styles and not fit.sure:
            words = _("%(name)s writes days like %(example)s, which can be read in two ways; write YYYY-MM-DD.")
            raise BadFile(words % {"name": name, "example": fit.example})
        written["until"] = fit.sure or "ymd"
    customers = Customer.objects.all() if user is None else customer_queries.visible(user)
    known = {c.code.upper(): c for c in customers.select_related("merged_into")}
    return list(_carried(sheet, columns, written, known, source=source, by=by, now=now))


def _carried(
    sheet: Sheet, columns: Mapping[str, str], written: Mapping[str, str], known: Mapping[str, Customer], *, source: str,
    by: Actor, now: datetime,
) -> Iterator[Told]:  # fmt: skip
    for row, cells in sheet.picked(columns):
        code = styles.words(cells["customer"])[:60]
        try:
            said = kinds.understood(FLAGS, cells, written)
            customer = known.get(said["customer"].upper())
            if customer is None:
                raise Unreadable(_("There is no customer “%(customer)s”.") % {"customer": shown(said["customer"])})
            with transaction.atomic():
                outcome = _flag(customer.merged_into or customer, said, source=source, by=by, now=now)
        except InvalidState as error:
            yield Told(row.number, code, marked("there already"), str(error))
        except (Unreadable, Refused) as error:
            yield Told(row.number, code, marked("refused"), str(error))
        else:
            yield Told(row.number, customer.code, outcome)


def _flag(customer: Customer, said: Mapping[str, Any], *, source: str, by: Actor, now: datetime) -> str:
    named = said.get("source") or source
    until: date | None = said.get("until")
    if said.get("lift"):
        stopping.lift(customer, reason=said["reason"], source=named, by=by, now=now)
        return marked("lifted")
    stopping.suspend(customer, reason=said["reason"], until=until, source=named, by=by, now=now)
    return marked("suspended")

"""What a row of the trail says in one sentence: read by people, searched by text. English, as it was when it was sealed."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from django.apps import apps
from django.db.models import DateTimeField, Field, Model
from django.utils.dateparse import parse_datetime
from django.utils.timezone import localtime

from creditrisk.language import day, marked, number, say
from creditrisk.money import ZERO
from creditrisk.retelling import retold
from creditrisk.templatetags.credit import money, reason_label

type Row = Mapping[str, Any]


class Names(dict[tuple[type[Model], Any], str]):
    """What rows are called that others point at, each looked up once; what is gone is its number."""

    def __missing__(self, key: tuple[type[Model], Any]) -> str:
        model, pk = key
        found = model._default_manager.filter(pk=pk).first()
        self[key] = str(found)[:LONG] if found is not None else f"#{pk}"
        return self[key]


LINKS = {
    "approvals_authority_risk_classes": marked("risk class of an authority"),
    "auth_group_permissions": marked("permission of a role"),
    "auth_user_groups": marked("role of a person"),
    "auth_user_user_permissions": marked("permission of a person"),
    "customers_sharedlimit_members": marked("member of a shared limit"),
    "reports_report_customers": marked("customer of a report"),
    "reports_report_people": marked("reader of a report"),
}
# Figures that are kept with a grant, by their names there.
FIGURES = {
    "limit": marked("limit"), "total": marked("total"), "source": marked("source"), "overdue": marked("overdue"),
    "currency": marked("currency"), "limit_state": marked("limit state"), "days_overdue": marked("days overdue"),
}  # fmt: skip
LONG = 160  # A value of more letters is cut in the sentence; the row itself keeps it.
# What a verification finds, kept in English.
BREAKS = (
    marked("%(table)s %(row)s, of %(at)s UTC: its line in the trail was altered"),
    marked("%(table)s %(row)s, of %(at)s UTC: it was deleted after it was sealed"),
    marked("%(table)s %(row)s, of %(at)s UTC: it was altered after it was sealed"),
    marked("%(table)s %(row)s, of %(at)s UTC: it appeared among rows that were sealed before"),
    marked("seal %(seal)s is missing"),
    marked("seal %(seal)s does not begin where the one before ends"),
    marked("line %(line)s of the trail is missing, in seal %(seal)s"),
    marked("seal %(seal)s was altered, or lines before it were"),
    marked("seal %(seal)s is not the one that was noted: the chain before it was written anew"),
    marked("line %(line)s of the trail stands behind the last seal"),
)
_STATES = {"INHERIT": "inherited", "UNLIMITED": "unlimited"}


def subject(row: Row) -> str:
    """Return whose row it is: the document and the customer, as far as there are any."""
    kind = (row["document_kind"] or "").lower().replace("_", " ")
    document = f"{kind} {row['document_number'] or 'without a number'}" if row["document_id"] else ""
    customer = f"{row['customer_code']} {row['customer_name']}" if row["customer_code"] else ""
    return ", ".join(part for part in (document, customer) if part)


def decision(row: Row) -> str:
    why = _reasons([*row["reasons"], *row["warnings"]])
    return f"{row['step']} of {_money(row['document_amount'], row['document_currency'])} {row['verdict']}{why}"


def review(row: Row) -> str:
    over = f", over by {_money(row['excess'], row['account_currency'])}" if row["excess"] > ZERO else ""
    what = f"{row['step']} of {_money(row['amount'], row['currency'])}"
    verb = "held" if row["first"] else "looked at again"
    if not row["reasons"]:
        return f"{what} looked at again: no reason left"
    return f"{what} {verb}{_reasons(row['reasons'])}{over}{_because(row['forced'] if row['first'] else '')}"


def hold_event(row: Row) -> str:
    verbs = {
        "COMMENT": "comment", "TAKEN": "taken", "DELEGATED": f"delegated to {row['whom']}", "CHANGE_WANTED": "asked for a change",
        "CHANGED": "document changed", "RELEASE_ASKED": "asked for release",
    }  # fmt: skip
    return f"hold: {verbs.get(row['step'], row['step'])}{_because(row['note'])}"


def hold_change(row: Row) -> str:
    """Tell what a hold came to stop instead, from what to what."""
    becomes = {name: row[name] for name in row["was"]}
    return f"hold changed: {_from_to('approvals_hold', row['was'], becomes, row['names'])}"


def closing(row: Row) -> str:
    verbs = {
        "RELEASED": "released", "REJECTED": "rejected", "HEALED": "closed, its reasons are gone", "AUTOMATIC": "released by itself",
        "CANCELLED": "closed, the document was cancelled",
    }  # fmt: skip
    return f"hold {verbs.get(row['how'], row['how'])}{_because(row['reason'], row['note'])}"


def release(row: Row) -> str:
    scope = {"THIS_STEP": "this step", "REMAINING_STEPS": "this and all later steps", "UNTIL": f"until {row['until']}"}
    covers = scope.get(row["scope"], row["scope"].lower().replace("_", " "))
    amount = f"{_money(row['amount'], row['currency'])} released up to {_money(row['cap'], row['currency'])}"
    return f"{row['step']} of {amount}, {covers}{_because(row['reason'], row['note'])}"


def limit(row: Row) -> str:
    owner = f"shared {row['shared']}: " if row["shared"] else ""
    was = _granted(row["was_state"], row["was_amount"], row["was_currency"]) if row["was_state"] else "none"
    becomes = _granted(row["state"], row["amount"], row["currency"])
    days = f"from {row['valid_from']}" + (f" to {row['valid_to']}" if row["valid_to"] else "")
    return f"{owner}{row['kind'].lower()} limit {was} → {becomes}, {days}{_because(row['reason'])}"


def request_event(row: Row) -> str:
    verbs = {
        "ASKED": "asked", "CHANGED": "changed", "APPROVED": "approved", "APPLIED": "took effect", "CHANGE_WANTED": "sent back for a change",
        "DELEGATED": f"delegated to {row['whom']}", "REJECTED": "rejected", "WITHDRAWN": "withdrawn", "ATTACHED": "given evidence",
        "MOVED": "moved",
    }  # fmt: skip
    level = f" at level {row['level']}" if row["level"] else ""
    wanted = [_granted(row["state"], row["amount"], row["currency"])] if row["state"] else []
    wanted += [f"terms {row['terms']}"] if row["terms"] else []
    told = f"request R{row['request']} for {', '.join(wanted)} {verbs.get(row['step'], row['step'])}{level}"
    if row["step"] in ("CHANGED", "MOVED") and row["was"]:
        new = {name: row["wanted"][name] for name in row["was"]}
        told += f": {_from_to('approvals_limitrequest', row['was'], new, row['names'])}"
    elif row["step"] == "APPROVED" and row["after"]:
        told += f", now {value(fields_of('approvals_limitrequest').get('state'), row['after'], row['names'])}"
    return f"{told}{_because(row['note'] or row['why'])}"


def journal_event(row: Row) -> str:
    step = row["step"].lower().replace("_", " ")
    return f"journal J{row['journal']} of limits {step}, {row['lines']} lines{_because(row['note'])}"


def attachment(row: Row) -> str:
    owner = f"request R{row['request']}" if row["request"] else "the hold"
    return f"file {row['name']} of {row['size']:,} bytes attached to {owner}, SHA-256 {row['sha256']}"


def stop(row: Row) -> str:
    what = " and ".join(name for name in ("orders", "deliveries") if row[name])
    days = " ".join(f"{word} {row[name]}" for word, name in (("from", "valid_from"), ("to", "valid_to")) if row[name])
    return f"{what} stopped {days}".rstrip() + _because(row["note"])


def stop_end(row: Row) -> str:
    return f"stop ended{_because(row['note'])}"


def suspension(row: Row) -> str:
    until = f" until {row['until']}" if row["until"] else ""
    source = f", flagged by {row['source']}" if row["source"] else ""
    return (
        f"credit {'suspended' if row['suspended'] else 'no longer suspended'}{until}{source}{_because(row['reason'])}"
    )


def note(row: Row) -> str:
    promise = (
        f", promised {_money(row['promised'], row['currency'])}"
        if row["promised"]
        else ", promised"
        if row["promised_on"]
        else ""
    )
    promise += f" by {row['promised_on']}" if row["promised_on"] else ""
    ahead = f", next contact {row['next_contact']}" if row["next_contact"] else ""
    return f"noted: {row['text']}{promise}{ahead}"


def substitution(row: Row) -> str:
    return f"{row['whom']} stands in for {row['absent']} from {row['valid_from']} to {row['valid_to']}{_because(row['note'])}"


def substitution_end(row: Row) -> str:
    return f"{row['whom']} no longer stands in for {row['absent']}"


def version(row: Row) -> str:
    return f"policy version {row['number']} put in force{_because(row['note'])}"


def merge(row: Row) -> str:
    return f"{row['duplicate']} merged into this customer{_because(row['reason'])}"


def mark(row: Row) -> str:
    return f"item {row['item']}: {row['mark'].lower()} {'set' if row['set'] else 'taken off'}{_because(row['reason'])}"


def bank_line(row: Row) -> str:
    return f"line of {row['account']} ({row['kind'].lower()}) {_money(row['amount'], row['currency'])} from {row['valid_from']}"


def change(row: Row) -> str:
    """Tell a change of a watched table: what, and of each column from what to what."""
    verb = {"INSERT": "added", "UPDATE": "changed", "DELETE": "removed"}[row["action"]]
    table, is_update = row["table_name"], row["action"] == "UPDATE"
    named = f" {row['subject']}" if row["subject"] and table != "customers_customer" else ""
    was, becomes = (
        {name: row[side][name] for name in row[side] if name != "customer_id"} for side in ("was", "becomes")
    )
    told = [
        f"{label} {old or '–'} → {new or '–'}" if is_update else f"{label} {new or old}"
        for label, old, new in columns(table, was, becomes, row["names"])
        if is_update or new or old
    ]
    return f"{table_label(table)}{named} {verb}: {', '.join(told)}{_because(row['reason'])}".replace(": (", " (")


def _from_to(table: str, was: Row, becomes: Row, names: Names) -> str:
    told = columns(table, was, becomes, names)
    return ", ".join(f"{label} {old or '–'} → {new or '–'}" for label, old, new in told)


def columns(table: str, was: Row, becomes: Row, names: Names) -> list[tuple[str, str, str]]:
    """Return the columns of a change in the order of the model: name, from what, to what; keys as what they point at."""
    fields = fields_of(table)
    known = [name for name in fields if name in was or name in becomes]
    rest = sorted({*was, *becomes} - {*known, "id"})
    return [
        (
            str(getattr(fields.get(name), "verbose_name", name)),
            value(fields.get(name), was.get(name), names),
            value(fields.get(name), becomes.get(name), names),
        )
        for name in [*known, *rest]
        if name != "id"
    ]


def value(field: Any, raw: Any, names: Names) -> str:
    """Return one stored value as people write it."""
    if raw is None or raw == "":
        return ""
    if isinstance(raw, bool):
        return say("yes") if raw else say("no")
    if field is not None and field.is_relation:
        return names[field.related_model, raw]
    if isinstance(raw, Decimal):
        exact = raw.normalize()
        return number(raw, 2) if raw == round(raw, 2) else number(exact, max(-int(exact.as_tuple().exponent), 0))
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(raw, raw))
    if isinstance(raw, dict):
        return "; ".join(
            f"{say(FIGURES.get(name, name.replace('_', ' ')))} {told}"
            for name, one in raw.items()
            if name != "fingerprint" and (told := value(None, one, names))
        )
    if isinstance(field, DateTimeField) and (moment := parse_datetime(str(raw))):
        at = localtime(moment)
        return f"{day(at.date())}, {at:%H:%M}"
    text = ", ".join(map(str, raw)) if isinstance(raw, list) else str(raw)
    return text if len(text) <= LONG else f"{text[:LONG]}…"


@cache
def _models() -> Mapping[str, type[Model]]:
    found = apps.get_models(include_auto_created=True)
    return {model._meta.db_table: model for model in found if not model._meta.proxy}


def table_label(table: str) -> str:
    """Return what the rows of a table are called."""
    if table in LINKS:
        return say(LINKS[table])
    model = _models().get(table)
    return str(model._meta.verbose_name) if model else table


def fields_of(table: str) -> Mapping[str, "Field[Any, Any]"]:
    """Return the fields of a table by column, in the order of the model; none for a table that is gone."""
    model = _models().get(table)
    return {str(field.column): field for field in model._meta.concrete_fields} if model else {}


def broken(text: str) -> str:
    """Return what a verification found, in the reader's language."""
    return retold(text, BREAKS)


def _granted(state: str, amount: Any, currency: str) -> str:
    return _STATES.get(state) or _money(amount, currency)


def _money(amount: Any, currency: str) -> str:
    return money(amount, currency).replace("\xa0", " ")


def _reasons(codes: list[str]) -> str:
    return ": " + ", ".join(str(reason_label(code)) for code in codes) if codes else ""


def _because(*texts: str) -> str:
    said = [text.strip() for text in texts if text and text.strip()]
    return f" ({'; '.join(said)})" if said else ""

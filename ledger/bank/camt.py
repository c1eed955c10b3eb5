"""Reads ISO 20022 bank statements: camt.053 (end of day) and camt.054 (notification), any version.

Names of elements as in the message definition reports: Stmt or Ntfctn, Acct, Bal, Ntry, NtryDtls/TxDtls. A collective
entry counts by its transactions where they carry amounts of their own that sum to it, else as one.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element

from creditrisk import language
from creditrisk.language import say
from creditrisk.money import ZERO, figure, rounded
from ledger.imports import guarded, values
from ledger.imports.delimited import BadFile
from ledger.imports.values import shown

_ROOTS = {"BkToCstmrStmt": "Stmt", "BkToCstmrDbtCdtNtfctn": "Ntfctn", "BkToCstmrAcctRpt": "Rpt"}


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement: money in is positive."""

    key: str
    day: date
    currency: str
    amount: Decimal
    payer: str = ""
    payer_account: str = ""
    text: str = ""
    bank_reference: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """One statement of one account."""

    number: str
    account: str
    currency: str
    day: date | None
    opening: Decimal | None
    closing: Decimal | None
    movements: list[Movement] = field(default_factory=list)


def read(content: bytes, name: str) -> list[Account]:
    """Read every statement of the file. Raises BadFile: then nothing of it is of use."""
    root = guarded.xml(content, name)
    for message, wanted in _ROOTS.items():
        if (found := root.find(f"{{*}}{message}")) is not None:
            if message == "BkToCstmrAcctRpt":
                raise BadFile(
                    say(
                        "%(name)s is an interim report (camt.052): its entries are not final. Send camt.053 or .054.",
                        name=name,
                    )
                )
            accounts = [_account(of, name) for of in found.iterfind(f"{{*}}{wanted}")]
            if not accounts:
                raise BadFile(say("%(name)s holds no statement.", name=name))
            return accounts
    what = root.tag.rpartition("}")[2]
    raise BadFile(
        say(
            "%(name)s is not a bank statement of camt.053 or camt.054: it begins with “%(what)s”.",
            name=name,
            what=shown(what),
        )
    )


def _account(of: Element, name: str) -> Account:
    iban = _text(of, "Acct/Id/IBAN") or _text(of, "Acct/Id/Othr/Id") or _text(of, "Acct/Id/PrtryAcct/Id")
    number = _text(of, "Id")
    if not iban or not number:
        without = say("%(name)s has a statement without an account.", name=name)
        raise BadFile(say("%(name)s has a statement without a number.", name=name) if iban else without)
    currency = _text(of, "Acct/Ccy") or next((e.attrib.get("Ccy", "") for e in of.iterfind("{*}Ntry/{*}Amt")), "")
    currency = currency or next((e.attrib.get("Ccy", "") for e in of.iterfind("{*}Bal/{*}Amt")), "")
    balances = {_text(b, "Tp/CdOrPrtry/Cd"): _signed(b, name)[0] for b in of.iterfind("{*}Bal")}
    account = "".join(iban.split())[:40]
    found = Account(
        number=number[:60], account=account, currency=currency, day=_day(of, ("ToDt", "FrToDt/ToDtTm", "CreDtTm"), name),
        opening=balances.get("OPBD", balances.get("PRCD")), closing=balances.get("CLBD"),
    )  # fmt: skip
    seen: dict[str, int] = {}
    for entry in of.iterfind("{*}Ntry"):
        if _text(entry, "Sts/Cd", "Sts") not in ("", "BOOK"):
            continue
        for movement in _movements(entry, account, name):
            # Two movements may be alike in all they say; the second of a day is another one, also in the next file.
            seen[movement.key] = seen.get(movement.key, 0) + 1
            key = movement.key if seen[movement.key] == 1 else f"{movement.key}:{seen[movement.key]}"
            found.movements.append(_with_key(movement, key))
    return found


def _with_key(movement: Movement, key: str) -> Movement:
    return Movement(
        key, movement.day, movement.currency, movement.amount, movement.payer, movement.payer_account, movement.text,
        movement.bank_reference,
    )  # fmt: skip


def _movements(entry: Element, account: str, name: str) -> Iterator[Movement]:
    amount, currency = _signed(entry, name)
    day = _day(entry, ("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm"), name)
    if day is None:
        raise BadFile(
            say(
                "%(name)s has an entry of %(currency)s %(amount)s without a day.",
                name=name,
                currency=currency,
                amount=figure(amount, currency),
            )
        )
    details = list(entry.iterfind("{*}NtryDtls/{*}TxDtls"))
    parts = [_part(d, amount, name) for d in details]
    whole = len(details) > 1 and (None in parts or sum((p or ZERO for p in parts), ZERO) != amount)
    if not details or whole:
        yield _movement(entry, entry, account, day, currency, amount)
        return
    for detail, part in zip(details, parts, strict=True):
        yield _movement(entry, detail, account, day, currency, amount if len(details) == 1 else part or ZERO)


def _part(detail: Element, whole: Decimal, name: str) -> Decimal | None:
    """Return the signed amount of one transaction of a collective entry, where it says one."""
    written = detail.find("{*}AmtDtls/{*}TxAmt/{*}Amt")
    written = detail.find("{*}Amt") if written is None else written
    if written is None:
        return None
    amount = _decimal(written.text, name)
    sign = _text(detail, "CdtDbtInd")
    return -amount if sign == "DBIT" or (not sign and whole < 0) else amount


def _movement(entry: Element, of: Element, account: str, day: date, currency: str, amount: Decimal) -> Movement:
    party = "Dbtr" if amount > 0 else "Cdtr"
    payer = _text(of, f"RltdPties/{party}/Nm", f"RltdPties/{party}/Pty/Nm", f"RltdPties/Ultmt{party}/Nm",
                  f"RltdPties/Ultmt{party}/Pty/Nm")  # fmt: skip
    payer_account = _text(of, f"RltdPties/{party}Acct/Id/IBAN", f"RltdPties/{party}Acct/Id/Othr/Id")
    said = [_all(of, path) for path in ("RmtInf/Ustrd", "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/RfrdDocInf/Nb",
                                        "RmtInf/Strd/AddtlRmtInf", "Refs/EndToEndId", "AddtlTxInf")]  # fmt: skip
    words = list(dict.fromkeys(w for group in said for w in group if w and w != "NOTPROVIDED"))
    if more := _text(entry, "AddtlNtryInf"):
        words.append(more)
    reference = _text(of, "Refs/AcctSvcrRef") or _text(entry, "AcctSvcrRef") or _text(entry, "NtryRef")
    text = " ".join(words)[:1000]
    told = "|".join((account, reference, day.isoformat(), currency, f"{amount:f}", payer, payer_account, text))
    return Movement(
        key=f"camt:{hashlib.sha256(told.encode()).hexdigest()[:40]}", day=day, currency=currency, amount=amount,
        payer=values.name(payer)[:200], payer_account="".join(payer_account.split())[:40], text=text,
        bank_reference=reference[:60],
    )  # fmt: skip


def _signed(of: Element, name: str) -> tuple[Decimal, str]:
    written = of.find("{*}Amt")
    if written is None:
        raise BadFile(say("%(name)s has an entry or balance without an amount.", name=name))
    currency = written.attrib.get("Ccy", "")
    if currency not in values.CURRENCIES:
        raise BadFile(
            say(
                "%(name)s names a currency “%(currency)s” that ISO 4217 does not know.",
                name=name,
                currency=shown(currency),
            )
        )
    amount = _decimal(written.text, name)
    if rounded(amount, currency) != amount:
        raise BadFile(
            say(
                "%(name)s has an amount %(amount)s %(currency)s, finer than the currency is.",
                name=name,
                amount=language.exact(amount),
                currency=currency,
            )
        )
    return (-amount if _text(of, "CdtDbtInd") == "DBIT" else amount), currency


def _decimal(written: str | None, name: str) -> Decimal:
    try:
        amount = Decimal((written or "").strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < Decimal(10) ** 14:
        raise BadFile(
            say(
                "%(name)s has “%(written)s” where an amount is wanted.",
                name=name,
                written=shown((written or "").strip()),
            )
        )
    return amount


def _day(of: Element, paths: tuple[str, ...], name: str) -> date | None:
    written = _text(of, *paths)
    if not written:
        return None
    try:
        return datetime.fromisoformat(written).date() if "T" in written else date.fromisoformat(written[:10])
    except ValueError as error:
        raise BadFile(
            say("%(name)s has “%(written)s” where a day is wanted.", name=name, written=shown(written))
        ) from error


def _path(path: str) -> str:
    return "/".join(f"{{*}}{step}" for step in path.split("/"))


def _text(of: Element, *paths: str) -> str:
    """Return the text at the first of these paths that has one."""
    for path in paths:
        if (found := of.find(_path(path))) is not None and (text := (found.text or "").strip()):
            return text
    return ""


def _all(of: Element, path: str) -> list[str]:
    return [re.sub(r"\s+", " ", (e.text or "").strip()) for e in of.iterfind(_path(path))]

"""Messages that others wrote: read to the cent, or refused with a sentence that names what they are."""

import re

import pytest

from documents.intake import receiving, recognising
from ledger.imports.delimited import BadFile
from tests.cast import Cast
from tests.documents.test_intake import LATER, audited, received
from tests.ledger import realdata

pytestmark = pytest.mark.django_db


def test_real_messages_are_read_or_refused_with_a_sentence() -> None:
    """Every file that the product claims to read is read; what it does not claim is refused by name."""
    claimed = {"en16931": 33, "fatturapa": 3, "ubl_oasis": 8}
    for folder, count in claimed.items():
        assert _read(folder) == count, folder
    assert _read("peppol_bis/invoice") == 12
    assert _read("peppol_bis/order") == 8
    for folder in ("edifact", "x12", "webshop", "bureau", "peppol_bis/despatch_advice", "peppol_bis/order_response"):
        assert _read(folder) == 0, folder


@pytest.mark.parametrize(("folder", "named"), [("edifact", "an EDIFACT message"), ("x12", "an X12 message")])
def test_real_messages_of_older_standards_are_refused_by_their_name(folder: str, named: str) -> None:
    files = [path for path in sorted(realdata.path("messages", folder).rglob("*")) if path.is_file()]

    for path in files:
        with pytest.raises(BadFile, match=f"{re.escape(path.name)} is {named}; taken in are UBL"):
            recognising.read(path.read_bytes(), path.name)

    assert len(files) >= 3


def _read(folder: str) -> int:
    read, said = 0, []
    for path in sorted(realdata.path("messages", *folder.split("/")).rglob("*")):
        try:
            read += bool(path.is_file() and recognising.read(path.read_bytes(), path.name))
        except BadFile as error:
            said.append(str(error))
    assert all(len(sentence) > 20 for sentence in said)
    return read


def test_real_invoices_become_documents_to_the_cent(cast: Cast) -> None:
    """Each is taken in under a customer of its own; exposure agrees with the ledger after all of them."""
    done = []
    for path in sorted(realdata.path("messages", "peppol_bis", "invoice").glob("*.xml")):
        message = received(cast, path.read_bytes(), path.name)
        if message.buyer:
            message = receiving.assign(message, cast.rossi, by=cast.dario, now=LATER)
        done.append((message.state, message.error))
    taken = [state for state, _ in done].count("DONE")

    assert taken >= 7
    assert all("is here already" in error for state, error in done if state != "DONE")
    assert audited() == 0

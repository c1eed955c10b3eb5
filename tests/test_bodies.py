"""Everything that a body can name is known, with the line that shows what becomes of another company's. A new field without a line fails."""

from pathlib import Path

import pytest
from django.forms import CharField, IntegerField

from tests import bodies
from tests.test_foreign_objects import LINES

pytestmark = pytest.mark.house

BASE = Path(__file__).resolve().parent.parent
# Words that a person writes, and numbers that say how many: whatever they are, they name nothing that is here.
WORDS = {
    "note", "reason", "text", "name", "number", "reference", "revision", "seen", "source", "person", "addresses", "grace", "largest",
    "month_day", "periods", "overdue_most", "bank", "abi", "cab", "sia", "tax_code", "address", "postcode", "town", "province",
}  # fmt: skip
# What names something: by which lines of test_foreign_objects.py it is shown that another company's is not there.
SHOWN: dict[str, tuple[str, ...]] = {
    "approvals.DecideForm.to": ("request to",),
    "approvals.EventForm.to": ("delegated to",),
    "approvals.FlagsForm.file": ("flagged customer",),
    "approvals.HandForm.customer": ("journal customer",),
    "approvals.JournalForm.company": ("journal company",),
    "approvals.LineForm.customer": ("journal line",),
    "approvals.LinesFileForm.file": ("journal file",),
    "approvals.MassForm.to": ("ticked to",),
    "approvals.SelectionForm.company": ("journal selection",),
    "approvals.views.desk:hold": ("ticked hold",),
    "approvals.views.evaluations:customer": ("evaluated customer",),
    "approvals.views.evaluations:hold": ("evaluated hold",),
    "approvals.views.mass:hold": ("ticked hold", "rejected hold"),
    "creditrisk.reports.ReportForm.codes": ("report customer",),
    "creditrisk.reports.ReportForm.company": ("report company",),
    "creditrisk.reports.ReportForm.people": ("report reader",),
    "creditrisk.takeover.UploadForm.company": ("upload company",),
    "documents.HeaderForm.bill_to": ("order bill-to",),
    "documents.HeaderForm.company": ("order company",),
    "documents.HeaderForm.customer": ("order customer", "delivery customer", "invoice customer"),
    "documents.SourcesForm.source": ("delivery source", "invoice source"),
    "documents.intake.BuyerForm.customer": ("message buyer",),
    "documents.intake.MessageForm.company": ("message company",),
    "documents.views.invoicing:key": ("collective key",),
    "ledger.EffectForm.customer": ("effect customer",),
    "ledger.EffectForm.items": ("effect item",),
    "ledger.IssueForm.proposal": ("issued proposal",),
    "ledger.ItemForm.company": ("item company",),
    "ledger.ItemForm.customer": ("item customer",),
    "ledger.OutcomeForm.effect": ("outcome of",),
    "ledger.PaymentForm.company": ("payment company",),
    "ledger.PaymentForm.customer": ("payment customer",),
    "ledger.PresentForm.account": ("presented at",),
    "ledger.PresentForm.effect": ("presented effect",),
    "ledger.SettlesItems.item_*": ("payment item", "allocated item", "entry item"),
    "ledger.UndoForm.debit": ("undone debit",),
    "ledger.bank.AccountForm.company": ("collecting company",),
    "ledger.bank.OutcomesForm.code_*": ("effect by its code",),
    "ledger.bank.OutcomesForm.effect_*": ("answered effect",),
    "ledger.bank.SettleForm.customer": ("entry customer",),
    "ledger.bank.StatementForm.company": ("statement company",),
    "ledger.bank.StatementForm.file": ("statement of an account",),
    "ledger.bank.views:customer": ("entry customer",),
    "ledger.bank.views:id": ("answered effect",),
    "ledger.bank.views:with_code": ("effect by its code",),
    "ledger.effect_forms:effect": ("presented effect", "outcome of"),
    "ledger.effect_forms:proposal": ("issued proposal",),
    "ledger.forms:items": ("effect item",),
    "ledger.views.delays:keep": ("kept delay",),
    "ledger.views.effects:customer": ("effect customer",),
    "ledger.views.items:customer": ("payment customer",),
    "ledger.views.presenting:effect": ("presented effect",),
}
# What is shown by a test of its own.
ELSEWHERE = {
    "approvals.MassForm.reason": "tests/approvals/test_release_reasons.py::test_the_service_refuses_a_reason_of_another_company",
    "approvals.ReleaseForm.reason": "tests/approvals/test_release_reasons.py::test_the_service_refuses_a_reason_of_another_company",
    "creditrisk.lists.ViewForm.role": "tests/creditrisk/lists/test_lists.py::test_a_view_without_a_name_or_for_a_role_of_others_is_refused_where_it_was_typed",
    "creditrisk.lists.views:at": "tests/test_overposting.py::test_no_next_leads_away",
    "creditrisk.takeover.UploadForm.file": "tests/test_foreign_objects.py::test_rows_of_a_file_reach_no_other_company",
    "creditrisk.signin.views:process": "tests/creditrisk/signin/test_directory.py::test_the_way_to_the_directory_is_for_signing_in_alone",
    "documents.intake.MessageForm.file": "tests/test_foreign_objects.py::test_messages_of_another_company_are_not_taken_in",
    "ledger.bank.AnswerForm.file": "tests/test_foreign_objects.py::test_the_banks_answer_about_another_company_finds_nothing",
    "ledger.bank.views:next": "tests/test_overposting.py::test_no_next_leads_away",
}
# What is no company's: why.
REFERENCE, PAGES_OWN = "a reference table that all companies share", "looked up among what the page's own object has"
NOBODYS = {
    "approvals.AbsenceForm.substitute": "a person; who stands in decides in their own companies alone",
    "approvals.AskForm.files": "evidence is kept as it is and never read",
    "approvals.AskForm.settlement_discount": REFERENCE,
    "approvals.AskForm.terms": REFERENCE,
    "approvals.AttachForm.files": "evidence is kept as it is and never read",
    "approvals.EventForm.files": "evidence is kept as it is and never read",
    "approvals.ReleaseForm.saw": "figures that the page showed, compared with those of the hold",
    "approvals.SelectionForm.credit_group": REFERENCE,
    "approvals.SelectionForm.region": REFERENCE,
    "approvals.SelectionForm.risk_class": REFERENCE,
    "approvals.SelectionForm.salesperson": "a person; it narrows what the reader sees",
    "approvals.SelectionForm.segment": REFERENCE,
    "approvals.SelectionForm.shared": "it narrows what the reader sees",
    "approvals.views.journals:decision": "a button",
    "approvals.views.journals:line": PAGES_OWN,
    "approvals.views.mass:decision": "a button",
    "approvals.views.mass:saw-*": "figures that the page showed, compared with those of the hold",
    "creditrisk.decisions.TryOutForm.policy": "policies are of all companies",
    "creditrisk.figures.OfCompany.company": "only the period of what is sent is used, by the try-out without a row",
    "creditrisk.insight.views:row": "policies are of all companies",
    "creditrisk.notices.DecideForm.ids": "the administrator's, who sees the notices of all",
    "creditrisk.notices.MineForm.*": "kinds of alert",
    "creditrisk.preferences.views:language": "a language",
    "creditrisk.quality.MergeForm.stays": PAGES_OWN,
    "creditrisk.quality.TermsForm.terms": REFERENCE,
    "creditrisk.reports.views:mail": "a button",
    "creditrisk.takeover.ColumnsForm.*": PAGES_OWN,
    "creditrisk.takeover.ColumnsForm.*_written": PAGES_OWN,
    "creditrisk.takeover.ColumnsForm.confirms": "a yes",
    "creditrisk.takeover.ColumnsForm.keep_as": "a new name",
    "creditrisk.takeover.ColumnsForm.oldest_first": "a yes",
    "documents.FollowForm.how": "a choice that its page makes: all, a share, by line",
    "documents.FollowForm.quantity_*": PAGES_OWN,
    "documents.HeaderForm.settlement_discount": REFERENCE,
    "documents.HeaderForm.terms": REFERENCE,
    "documents.HeaderForm.type": REFERENCE,
    "documents.LineForm.line": PAGES_OWN,
    "documents.views.entry:lines-TOTAL_FORMS": "how many lines",
    "ledger.ItemForm.terms": REFERENCE,
    "ledger.RatesForm.file": "rates are of all companies",
    "ledger.bank.AccountForm.account": "the number of an account, typed",
    "ledger.views.effects:*": "what was typed, drawn again",
    "ledger.views.items:*": "what was typed, drawn again",
}  # fmt: skip


def named() -> set[str]:
    """Return what a body may name; a word is one where it is no more than a text or a number."""
    texts = (CharField, IntegerField)
    words = {one for one, f in bodies.fields().items() if one.rpartition(".")[2] in WORDS and type(f) in texts}
    return ({*bodies.fields()} - words) | bodies.made() | bodies.read()


def test_whatever_a_body_names_has_a_line() -> None:
    tables = [SHOWN, ELSEWHERE, NOBODYS]

    assert named() - {key for table in tables for key in table} == set(), "say in tests/test_bodies.py what shows it"
    assert {key for table in tables for key in table} - named() == set(), "nothing names this any more"
    assert sum(map(len, tables)) == len({key for table in tables for key in table})


def test_every_line_is_there_and_is_somebodys() -> None:
    used = {line for lines in SHOWN.values() for line in lines}

    assert used == set(LINES)
    for shown in ELSEWHERE.values():
        path, _colons, name = shown.partition("::")
        assert f"def {name}(" in (BASE / path).read_text(), shown


def test_no_body_is_read_past_the_forms() -> None:
    assert bodies.raw() == []


def test_every_form_is_seen_being_filled() -> None:
    """A form that is filled in a way that is not looked for would have fields that nobody knows of."""
    filled = bodies.filled_by("POST") | bodies.filled_by("GET")
    forms = bodies.forms_of_ours().values()

    unseen = [f for f in forms if f.__name__ not in filled and not any(f in other.__mro__[1:] for other in forms)]

    assert unseen == []
    assert len(list(forms)) > 60

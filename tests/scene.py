"""One of everything that a page can be opened with."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.test import Client
from django.utils import timezone

from approvals import attachments, booking, gate, journals, limit_requests, runs, substituting, tryout
from approvals.models import Hold
from creditrisk.audit.models import Change, SealedRow
from creditrisk.clock import business_day
from creditrisk.decisions.models import Decision
from creditrisk.lists import saved
from creditrisk.monitoring import recomputing
from creditrisk.policy import compile as policies
from creditrisk.quality.models import Finding
from creditrisk.reports import making
from creditrisk.reports.models import Report
from creditrisk.takeover import carrying
from customers.models import SharedLimit
from documents.drafts import NewDocument
from documents.intake import receiving
from ledger.bank.models import CollectingAccount, DrawnOn, Entry, Statement
from ledger.models import Effect
from tests.cast import PEOPLE, Cast, assemble
from tests.doors import DOORS_OF_PAGES
from tests.pages import as_user


@dataclass
class Scene:
    """A document, an item, an effect, a hold and a decision to open pages with; `sessions` are the people's, by name."""

    cast: Cast
    arguments: dict[str, list[Any]]
    sessions: dict[str, str]

    def client(self, person: str, **options: Any) -> Client:
        """Return a browser of somebody who came in before: coming in anew for each page was a sixth of the time."""
        client = Client(**options)
        client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[person]
        return client


def build() -> Scene:
    """Bring the cast on stage, and one of everything that a page can be opened with."""
    cast = assemble()
    now = timezone.now()
    today = business_day(now)
    held = cast.order(cast.bianchi, "1500", now=now)
    gate.submit(held, "confirm", by=cast.sara, now=now)
    ordered = cast.confirmed(cast.rossi, "300", now=now)
    delivered = gate.submit(NewDocument(kind="DELIVERY", sources=(ordered,)), "deliver", by=cast.sara, now=now).document
    invoice = gate.submit(
        NewDocument(kind="INVOICE", customer=cast.rossi, amount=Decimal(200)), "invoice", by=cast.sara, now=now
    ).document
    item = cast.item(cast.rossi, "400", due=today, now=now)
    effect = booking.issue_effect(
        customer=cast.rossi, amount=Decimal(100), due=today, items=[item], number="E1", by=cast.carla, now=now
    )
    asked = limit_requests.ask(
        cast.rossi, limit_requests.Asked(amount=Decimal(20000), reason="growing"), by=cast.sara, now=now
    )
    evidence = attachments.add(asked, [attachments.checked("a.txt", b"sound")], by=cast.sara, now=now)
    absence = substituting.stand_in(
        substitute=cast.dario.user, valid_from=today, valid_to=today, by=cast.carla, now=now
    )
    journal = journals.prepare("review", company=cast.company, by=cast.carla, now=now)
    run = runs.start([Hold.objects.get().pk], scope="one", by=cast.carla.user, now=now)
    sent = booking.issue_effect(
        customer=cast.rossi, amount=Decimal(50), due=today, items=[item], by=cast.carla, now=now
    )
    presentation = booking.present([sent], by=cast.carla, now=now)
    hold, decision = Hold.objects.get(), Decision.objects.order_by("pk").last()
    tried = tryout.start(policies.draft(), label="Rows", since=today, until=today, by=cast.ada, now=now)
    view = saved.keep(cast.sara.user, "orders", name="Mine", query="state=CONFIRMED", role="", first=False, now=now)
    changed = Change.objects.latest("pk")
    line = SealedRow.objects.create(
        position=1,
        table_name="audit_change",
        row=changed.pk,
        digest=b"",
        link=b"",
        at=now,
        kind="MASTER",
        company=cast.company,
    )
    arguments = {
        "trail_line": [line.pk],
        "figure": ["dso"],
        "recomputed": [recomputing.start(by=cast.dario.user, now=now)[0].pk],
        **{name: [view.pk] for name in ("list_view_first", "list_view_drop")},
        "customer": ["ROSSI"],
        "customer_check": ["ROSSI"],
        "shared_limit": [_shared(cast)],
        "customer_note": ["ROSSI"],
        "customer_limit": ["ROSSI"],
        "customer_limit_explained": ["ROSSI"],
        "customer_exposure": ["ROSSI"],
        "decision": [decision.pk],
        "policy_version": [1],
        "policy_restore": [1],
        "decision_behind": [decision.pk, 0, "open_orders"],
        "tryout": [tried.pk],
        "return_new": [delivered.pk],
        "credit_note_new": [invoice.pk],
        "document_amend": [held.pk],
        **{name: [held.pk] for name in DOORS_OF_PAGES if name == "document" or name.startswith("document_")},
        "document_reverse": [invoice.pk],
        **{name: [item.pk] for name in DOORS_OF_PAGES if name == "item" or name.startswith("item_")},
        "item_new": [],
        "customer_account": ["ROSSI"],
        "terms_discounts_of": ["ROSSI"],
        **{name: [effect.pk] for name in ("effect", "effect_collect", "effect_unpaid", "effect_replace")},
        **{name: [presentation.pk] for name in DOORS_OF_PAGES if name.split("_")[0] == "presentation"},
        **{name: [hold.pk] for name in DOORS_OF_PAGES if name == "hold" or name.startswith("hold_")},
        "hold_force": [ordered.pk],
        "absence_end": [absence.pk],
        **{name: ["ROSSI"] for name in ("stops", "stop_place", "suspend")},
        "stop_end": ["VERDI", cast.verdi.blocks.get().pk],
        "limit_ask": ["ROSSI"],
        **{
            name: [asked.pk] for name in DOORS_OF_PAGES if name.startswith("limit_request") and name != "limit_requests"
        },
        **{name: [journal.pk] for name in DOORS_OF_PAGES if name.split("_")[0] == "journal" and name != "journal_new"},
        "attachment": [evidence.files.get().pk],
        **{name: [run.pk] for name in ("evaluation", "evaluation_again")},
    }
    sessions = {
        person: as_user(getattr(cast, person).user).cookies[settings.SESSION_COOKIE_NAME].value for person in PEOPLE
    }
    return Scene(cast, arguments | _fed(cast, effect) | _reported(cast), sessions)


def _shared(cast: Cast) -> str:
    """A limit that two share, one of whom is stopped."""
    shared = SharedLimit.objects.create(code="GROUP", currency="EUR")
    shared.members.set([cast.rossi, cast.verdi])
    now = timezone.now()
    booking.grant_limit(shared=shared, amount=Decimal(9000), valid_from=business_day(now), by=cast.dario, now=now)
    return shared.code


def _reported(cast: Cast) -> dict[str, list[Any]]:
    """A report, an edition of it, and its delivery."""
    now = timezone.now()
    report = Report.objects.create(
        name="Weekly",
        company=cast.company,
        weekday=1,
        addresses="a@example.com",
        starts_at=now,
        made_by=cast.dario.user,
        made_at=now,
    )
    edition = making.make(report, by=cast.dario, now=now, mailed=True)
    return {
        **{name: [report.pk] for name in ("report", "report_edit", "report_preview", "report_make")},
        "report_edition": [edition.pk],
        "report_file": [edition.pk, "xlsx"],
        "report_again": [edition.deliveries.get().pk],
    }


def _fed(cast: Cast, effect: Effect) -> dict[str, list[Any]]:
    """An upload, a message, a bank entry, a list with all that the bank needs, a finding."""
    now = timezone.now()
    rows = b"customer,reference,amount,date,due\nROSSI,X1,5.00,2026-01-10,2026-02-10\nNOBODY,X2,5.00,2026-01-10,2026-02-10\n"
    upload = carrying.keep(
        rows, "x.csv", what="ITEMS", encoding="utf-8", company=None, currency="", by=cast.dario, now=now
    )
    carrying.name_columns(upload, columns=upload.columns, written={}, keep_as="", by=cast.dario, now=now)
    carrying.work(upload.pk, now=now)
    message = receiving.receive(b"<a/>", "a.xml", company=cast.company, by=cast.dario, now=now)[0]
    statement = Statement.objects.create(
        company=cast.company, name="s.xml", number="S1", account="IT60", currency="EUR", loaded_at=now
    )
    entry = Entry.objects.create(
        statement=statement, key="k", position=1, day=business_day(now), currency="EUR", amount=5
    )
    CollectingAccount.objects.create(
        company=cast.company, bank="B", sia="A1234", abi="05696", cab="11000", account="1", name="Main", tax_code="1"
    )
    DrawnOn.objects.create(
        customer=effect.customer, abi="08393", cab="54850", tax_code="1", address="Via", postcode="25034", town="T",
        province="BS",
    )  # fmt: skip
    listed = booking.present([effect], by=cast.carla, now=now)
    finding = Finding.objects.create(what="TERMS", key="1", sentence="odd", customer=cast.neri, found_at=now)
    return {
        **{name: [upload.pk] for name in DOORS_OF_PAGES if name == "import" or name.startswith("import_")},
        **{name: [message.pk] for name in DOORS_OF_PAGES if name == "message" or name.startswith("message_")},
        **{name: [entry.pk] for name in ("bank_entry", "bank_leave")},
        **{name: [listed.pk] for name in ("bank_list", "bank_flow")},
        "bank_drawn_on": ["ROSSI"],
        **{name: [finding.pk] for name in ("quality_aside", "quality_terms")},
        "quality_merge": ["ROSSI", "NERI"],
    }

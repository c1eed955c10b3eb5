"""What waits for a decision, and who is stopped, as tables."""

from typing import Any

import django_tables2
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from approvals.alert_kinds import Severity
from approvals.models import Alert, EvaluationRun, LimitJournal, LimitRequest
from approvals.queries import HoldRow
from approvals.stop_queries import StopRow
from creditrisk.roles import name_of
from creditrisk.tables import (
    AgoColumn,
    AmountColumn,
    BaseTable,
    DayColumn,
    DocumentColumn,
    LongColumn,
    NumberColumn,
    PercentColumn,
    PersonColumn,
    TextColumn,
)
from creditrisk.templatetags import credit


class PlainColumn(TextColumn):
    """Few words that are not broken over lines."""

    cell = "nowrap"


class StandingColumn(TextColumn):
    """A badge that says how something stands."""

    cell = "state"


class WhyColumn(TextColumn):
    """Why: more words than fit one line."""

    cell = "text why"


class RequestTable(BaseTable):
    """Limits and terms that are asked for."""

    live = True
    caption = _("Limit requests")
    hint = _("Nothing waits for a decision here.")
    minor = ("valid_to", "requested_by")
    spare = ("code", "segment", "assigned_to", "reason")

    number = DocumentColumn(
        empty_values=(),
        order_by="pk",
        verbose_name=_("Request"),
        linkify=("limit_request", {"pk": django_tables2.A("pk")}),
    )
    customer = LongColumn(
        accessor="customer__name", verbose_name=_("Customer"),
        linkify=("customer", {"code": django_tables2.A("customer__code")}),
    )  # fmt: skip
    asked = PlainColumn(empty_values=(), order_by="amount", verbose_name=_("Asked for"))
    valid_to = DayColumn(verbose_name=_("Until"))
    state = StandingColumn(verbose_name=_("State"))
    requested_by = PersonColumn("requested_by", verbose_name=_("Asked by"))
    requested_at = AgoColumn(verbose_name=_("Since"))
    code = TextColumn(accessor="customer__code", verbose_name=_("Customer's code"))
    segment = TextColumn(accessor="customer__segment__code", verbose_name=_("Segment"))
    assigned_to = PersonColumn("assigned_to", verbose_name=_("Delegated to"))
    reason = LongColumn(verbose_name=_("Reason"))

    class Meta(BaseTable.Meta):
        model = LimitRequest
        fields = (
            "number", "customer", "asked", "valid_to", "state", "requested_by", "requested_at", "code", "segment", "assigned_to",
            "reason",
        )  # fmt: skip
        empty_text = _("No request fits.")

    def render_number(self, record: LimitRequest) -> str:
        return str(record)

    def render_asked(self, record: LimitRequest) -> SafeString:
        return render_to_string("limits/_asked.html", {"asked": record})

    def render_state(self, record: LimitRequest) -> SafeString:
        badge = render_to_string("limits/_state.html", {"asked": record})
        if not record.assigned_to:
            return badge
        return format_html('{} <span class="muted">{}</span>', badge, name_of(record.assigned_to))


class JournalTable(BaseTable):
    """Journals of limits."""

    live = True
    caption = _("Journals")
    hint = _("A journal changes many limits in one go.")
    minor = ("company", "undecided", "prepared_by")

    number = DocumentColumn(
        empty_values=(), order_by="pk", verbose_name=_("Journal"), linkify=("journal", {"pk": django_tables2.A("pk")})
    )
    text = LongColumn(verbose_name=_("What it is for"))
    company = PlainColumn(accessor="company__code", verbose_name=_("Company"))
    line_count = NumberColumn(verbose_name=_("Lines"))
    undecided = NumberColumn(verbose_name=_("Undecided"))
    state = StandingColumn(verbose_name=_("State"))
    prepared_by = PersonColumn("prepared_by", verbose_name=_("Prepared by"))
    prepared_at = AgoColumn(verbose_name=_("Since"))

    class Meta(BaseTable.Meta):
        model = LimitJournal
        fields = ("number", "text", "company", "line_count", "undecided", "state", "prepared_by", "prepared_at")
        empty_text = _("No journal fits.")

    def render_number(self, record: LimitJournal) -> str:
        return str(record)

    def render_state(self, record: LimitJournal) -> SafeString:
        return render_to_string("journals/_state.html", {"journal": record})


class StoppedTable(BaseTable):
    """Customers that are stopped, and by what."""

    live = True
    caption = _("Stopped customers")
    hint = _("A stop or a suspension begins on the customer’s page.")
    minor = ("since", "until")

    code = DocumentColumn(
        accessor="customer__code",
        verbose_name=_("Customer"),
        linkify=("stops", {"code": django_tables2.A("customer__code")}),
    )
    name = LongColumn(accessor="customer__name", verbose_name=_("Name"))
    what = StandingColumn(verbose_name=_("What"))
    since = DayColumn(verbose_name=_("Since"), orderable=False)
    until = DayColumn(verbose_name=_("Until"), orderable=False)
    why = WhyColumn(verbose_name=_("Why, and by whom"), empty_values=())
    documents = NumberColumn(verbose_name=_("Open documents"))

    class Meta(BaseTable.Meta):
        empty_text = _("Nobody is stopped.")
        row_attrs = {"class": lambda record: "is-closed" if record.to_come else "is-held"}

    def render_what(self, record: StopRow) -> SafeString:
        if record.what == "suspended":
            return credit.state_badge("suspended")
        if record.to_come:
            return format_html('<span class="badge badge--quiet">{}</span>', _("stop to come"))
        stopped = [
            word for stops, word in ((record.orders, _("orders")), (record.deliveries, _("deliveries"))) if stops
        ]
        words = _("account status") if record.what == "status" else ", ".join(str(word) for word in stopped)
        return format_html('<span class="badge badge--held">{}{}</span>', credit.icon("ban"), words)

    def render_why(self, record: StopRow) -> SafeString:
        return format_html('{} <span class="muted">{}</span>', record.why or credit.NONE, record.by)

    def render_documents(self, record: StopRow) -> Any:
        if not record.documents:
            return credit.NONE
        sums = format_html_join(" ", '<span class="muted">{}</span>', ((credit.money(t, c),) for c, t in record.sums))
        return format_html("{} {}", record.documents, sums)


class RunTable(BaseTable):
    """Evaluations that somebody asked for."""

    live = True
    caption = _("Evaluations")
    hint = _(
        "Holds are looked at by themselves when money comes, a limit or a rule changes, or a day passes. “Evaluate all” on the desk does it at once."
    )
    minor = ("asked_by", "n_released", "n_failed")

    scope = DocumentColumn(verbose_name=_("What"), linkify=("evaluation", {"pk": django_tables2.A("pk")}))
    asked_at = AgoColumn(verbose_name=_("When"))
    asked_by = PersonColumn("asked_by", verbose_name=_("Who"))
    n_total = NumberColumn(verbose_name=_("Holds"))
    n_ready = NumberColumn(verbose_name=_("Ready"))
    n_released = NumberColumn(verbose_name=_("Released"))
    n_held = NumberColumn(verbose_name=_("Still held"))
    n_failed = NumberColumn(verbose_name=_("Failed"))
    state = StandingColumn(accessor="finished_at", empty_values=(), verbose_name=_("State"))

    class Meta(BaseTable.Meta):
        model = EvaluationRun
        fields = (
            "scope", "asked_at", "asked_by", "n_total", "n_ready", "n_released", "n_held", "n_failed", "state",
        )  # fmt: skip
        empty_text = _("Nobody asked for an evaluation yet.")

    def render_state(self, record: EvaluationRun) -> SafeString:
        if record.finished_at:
            return format_html('<span class="badge badge--quiet">{}</span>', _("finished"))
        return format_html('<span class="badge badge--info">{}</span>', _("running"))


class JournalLineTable(BaseTable):
    """The lines of a journal, for their file."""

    number = DocumentColumn(accessor="line__number", verbose_name=_("Line"))
    code = TextColumn(accessor="line__customer__code", verbose_name=_("Customer"))
    name = TextColumn(accessor="line__customer__name", verbose_name=_("Name"))
    currency = TextColumn(accessor="line__customer__currency", verbose_name=_("Currency"))
    before = AmountColumn(currency="line__customer__currency", verbose_name=_("Limit before"))
    amount = AmountColumn(currency="line__customer__currency", verbose_name=_("New limit"))
    difference = AmountColumn(currency="line__customer__currency", verbose_name=_("Difference"))
    exposure = AmountColumn(currency="line__customer__currency", verbose_name=_("Exposure"))
    used = PercentColumn(verbose_name=_("Used"))
    state = TextColumn(accessor="request__get_state_display", verbose_name=_("State"))
    waits_for = TextColumn(verbose_name=_("Waits for"))
    error = TextColumn(accessor="line__error", verbose_name=_("What is wrong"))


class HoldTable(BaseTable):
    """What waits on the release desk, for its file: the page draws it as the desk needs it."""

    document = DocumentColumn(verbose_name=_("Document"))
    customer_code = TextColumn(verbose_name=_("Customer"))
    customer = TextColumn(verbose_name=_("Name"))
    company = TextColumn(verbose_name=_("Company"))
    amount = AmountColumn(verbose_name=_("Amount"), currency="currency")
    currency = TextColumn(verbose_name=_("Currency"))
    excess = AmountColumn(verbose_name=_("Over by"), currency="account_currency")
    account_currency = TextColumn(verbose_name=_("Currency of the limit"))
    labels = TextColumn(verbose_name=_("Reasons"))
    waits_for = TextColumn(verbose_name=_("Waits for"))
    ship_date = DayColumn(verbose_name=_("Ships"))
    opened_at = AgoColumn(verbose_name=_("Held since"))
    salesperson = TextColumn(verbose_name=_("Sales"))

    def render_labels(self, record: HoldRow) -> str:
        return "; ".join(str(credit.reason_label(code)) for code in record.reasons) or str(_("ready"))


class SaysColumn(TextColumn):
    """What an alert says, which may take several lines."""

    cell = "text says"

    def plainly(self, record: Alert) -> str:
        return record.sentence


class GraveColumn(TextColumn):
    """How grave an alert is, as a sign; in a file as its words."""

    cell = "grave"

    def render(self, record: Alert) -> SafeString:
        severity = record.kind.severity if record.kind else Severity.INFO
        if severity == Severity.INFO:
            return SafeString("")
        look, sign = ("is-held", "warning") if severity == Severity.DANGER else ("is-warned", "info")
        return format_html(
            '<span class="{}" title="{}">{}<span class="sr">{}</span></span>',
            look,
            severity.label,
            credit.icon(sign),
            severity.label,
        )

    def plainly(self, record: Alert) -> str:
        return str((record.kind.severity if record.kind else Severity.INFO).label)


class AlertTable(BaseTable):
    """Alerts, the newest first; what came since the reader's last look is marked, a document of other companies is not linked."""

    live = True
    caption = _("Alerts")
    minor = ("customer",)
    spare = ("kind", "code", "document", "day")

    grave = GraveColumn(empty_values=(), orderable=False, verbose_name=_("How grave"))
    raised_at = AgoColumn(order_by="pk", verbose_name=_("When"))
    says = SaysColumn(accessor="sentence", orderable=False, verbose_name=_("What"))
    kind = TextColumn(accessor="kind__title", orderable=False, verbose_name=_("Kind"))
    customer = LongColumn(
        accessor="customer__name",
        verbose_name=_("Customer"),
        linkify=lambda record: reverse("customer", args=[record.customer.code]) if record.customer else None,
    )
    code = TextColumn(accessor="customer__code", verbose_name=_("Customer's code"))
    document = TextColumn(accessor="document__number", verbose_name=_("Document"))
    day = DayColumn(verbose_name=_("Business day"))

    class Meta(BaseTable.Meta):
        model = Alert
        fields = ("grave", "raised_at", "says", "customer", "kind", "code", "document", "day")
        empty_text = _("No alert yet.")
        hint = ""

    def __init__(self, *args: Any, seen: int, companies: list[int] | None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.seen, self.companies = seen, companies

    def render_says(self, value: str, record: Alert) -> SafeString:
        new = format_html('<span class="badge badge--info">{}</span> ', _("new")) if record.pk > self.seen else ""
        document, customer = record.document, record.customer
        if document is not None and (self.companies is None or document.company_id in self.companies):
            return format_html('{}<a href="{}">{}</a>', new, reverse("document", args=[document.pk]), value)
        if customer is not None:
            return format_html('{}<a href="{}">{}</a>', new, reverse("customer", args=[customer.code]), value)
        if record.shared is not None:
            return format_html('{}<a href="{}">{}</a>', new, reverse("shared_limit", args=[record.shared.code]), value)
        return format_html("{}{}", new, value)

    def render_document(self, value: str, record: Alert) -> str:
        theirs = self.companies is not None and record.document.company_id not in self.companies
        return credit.NONE if theirs else value

"""People with their companies and authority are kept here; holds, releases and alerts are only looked at."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.utils.translation import gettext_lazy as _

from approvals.models import (
    Alert,
    ApprovalLevel,
    Authority,
    EvaluationRequest,
    Hold,
    HoldClosing,
    HoldEvent,
    HoldReview,
    JournalEvent,
    JournalLine,
    LimitJournal,
    LimitRequest,
    Release,
    ReleaseReason,
    RequestEvent,
    Substitution,
    SuspensionChange,
)
from creditrisk.backoffice import ReadOnly, ReadOnlyRows, Reference, ReferenceRows, Sturdy
from creditrisk.roles import ROLE_NAMES
from customers.models import CompanyAccess


@admin.register(Authority)
class AuthorityAdmin(Reference):
    """Up to which amount somebody releases. A user's own line comes before the role's."""

    list_display = ("__str__", "user", "group", "release_up_to", "excess_up_to")
    filter_horizontal = ("risk_classes",)
    list_select_related = ("user", "group")
    autocomplete_fields = ("user",)


@admin.register(ReleaseReason)
class ReleaseReasonAdmin(Reference):
    """What people choose from when they release, by company."""

    list_display = ("company", "code", "name", "needs_note", "active")
    list_filter = ("company", "active")
    list_select_related = ("company",)


@admin.register(SuspensionChange)
class SuspensionChangeAdmin(ReadOnly):
    list_display = ("customer", "suspended", "reason", "made_by", "made_at")
    list_filter = ("suspended",)
    list_select_related = ("customer", "made_by")
    search_fields = ("customer__code", "customer__name", "reason")


@admin.register(Substitution)
class SubstitutionAdmin(ReadOnly):
    list_display = ("absent", "substitute", "valid_from", "valid_to", "note", "made_at")
    list_select_related = ("absent", "substitute")


class CompanyRows(ReferenceRows):
    model = CompanyAccess
    verbose_name_plural = _("companies (none: works in all of them)")


class AuthorityRow(ReferenceRows):
    model = Authority
    fields = ("release_up_to", "excess_up_to", "risk_classes")
    max_num = 1
    verbose_name_plural = _("authority of this person (none: as the role)")


admin.site.unregister([User, Group])


@admin.register(Group)
class RoleAdmin(Sturdy, GroupAdmin):
    """The roles, which are the product's."""


@admin.register(User)
class PersonAdmin(Sturdy, UserAdmin):  # type: ignore[type-arg]
    """A person: the groups are the roles."""

    list_display = ("username", "first_name", "last_name", "roles", "is_active", "last_login")
    list_filter = ("groups", "is_active", "is_staff")
    inlines = (CompanyRows, AuthorityRow)

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        return ", ".join(str(ROLE_NAMES.get(group.name, group.name)) for group in user.groups.all())


class Reviews(ReadOnlyRows):
    model = HoldReview


class HoldEvents(ReadOnlyRows):
    model = HoldEvent
    fields = ("step", "note", "to", "made_by", "made_at")


class Closing(ReadOnlyRows):
    model = HoldClosing


class Released(ReadOnlyRows):
    model = Release
    fields = ("scope", "cap", "currency", "until", "reason", "note", "released_by", "released_at")


@admin.register(Hold)
class HoldAdmin(ReadOnly):
    list_display = ("document", "step", "customer", "amount", "currency", "opened_at", "open")
    list_filter = ("open", "step", "checkpoint", "currency")
    list_select_related = ("document", "customer")
    search_fields = ("document__number", "customer__code", "customer__name")
    inlines = (Reviews, HoldEvents, Closing, Released)


@admin.register(Release)
class ReleaseAdmin(ReadOnly):
    list_display = ("document", "step", "scope", "cap", "currency", "until", "reason", "released_by", "released_at")
    list_filter = ("scope", "step", "released_by")
    list_select_related = ("document", "released_by")
    search_fields = ("document__number", "reason", "note")


@admin.register(Alert)
class AlertAdmin(ReadOnly):
    list_display = ("raised_at", "code", "customer", "shared", "sentence")
    list_filter = ("code",)
    list_select_related = ("customer", "shared")
    fields = ("raised_at", "day", "code", "customer", "shared", "document", "sentence")
    search_fields = ("code", "customer__code", "customer__name", "shared__code", "document__number")

    @admin.display(description=_("what it says"))
    def sentence(self, alert: Alert) -> str:
        return alert.sentence


@admin.register(EvaluationRequest)
class EvaluationRequestAdmin(ReadOnly):
    """What waits for the worker, and what went wrong."""

    list_display = ("customer", "cause", "requested_at", "done_at", "attempts", "error")
    list_filter = ("cause", ("done_at", admin.EmptyFieldListFilter))
    list_select_related = ("customer",)


@admin.register(ApprovalLevel)
class ApprovalLevelAdmin(Reference):
    """Who approves limits, up to how much."""

    list_display = ("position", "group", "amount_up_to", "increase_up_to", "with_former")
    list_select_related = ("group",)


class Events(ReadOnlyRows):
    model = RequestEvent
    fields = ("step", "level", "note", "to", "made_by", "made_at")


@admin.register(LimitRequest)
class LimitRequestAdmin(ReadOnly):
    list_display = (
        "__str__",
        "customer",
        "state",
        "state_wanted",
        "amount",
        "currency",
        "requested_by",
        "requested_at",
    )
    list_filter = ("state", "kind", "currency")
    list_select_related = ("customer", "requested_by")
    search_fields = ("customer__code", "customer__name", "reason")
    inlines = (Events,)


class JournalLines(ReadOnlyRows):
    model = JournalLine
    fields = ("number", "customer", "kind", "amount", "currency", "valid_from", "valid_to", "request", "error")


class JournalEvents(ReadOnlyRows):
    model = JournalEvent
    fields = ("step", "lines", "note", "made_by", "made_at")


@admin.register(LimitJournal)
class LimitJournalAdmin(ReadOnly):
    list_display = ("__str__", "text", "company", "state", "prepared_by", "prepared_at")
    list_filter = ("state", "company")
    list_select_related = ("company", "prepared_by")
    search_fields = ("text", "lines__customer__code")
    inlines = (JournalLines, JournalEvents)

"""Master data: companies, customers, terms, groups. Limits and stops are looked at; they are granted on their pages."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from approvals import causes, crossings
from approvals.concerning import Concerning
from creditrisk.backoffice import ReadOnly, Reference, ReferenceRows
from creditrisk.money import HUNDRED
from customers import queries
from customers.models import (
    AccountStatus,
    Company,
    CreditAccount,
    CreditGroup,
    Customer,
    CustomerBlock,
    Limit,
    PaymentTerms,
    Region,
    RiskClass,
    Security,
    Segment,
    SettlementDiscount,
    SharedLimit,
    SubLimit,
    TermsInstalment,
)


@admin.register(Company)
class CompanyAdmin(Reference):
    list_display = ("code", "name", "currency")
    search_fields = ("code", "name")


class InstalmentFormSet(forms.BaseInlineFormSet):
    """The instalments of terms: together the whole invoice."""

    def clean(self) -> None:
        super().clean()
        kept = [f.cleaned_data for f in self.forms if getattr(f, "cleaned_data", None) and not f.cleaned_data["DELETE"]]
        percents = [row["percent"] for row in kept if row.get("percent") is not None]
        if percents and not any(self.errors) and sum(percents) != HUNDRED:
            raise forms.ValidationError(
                _("The instalments come to %(sum)s %% of the invoice: they must come to 100 %%.")
                % {"sum": f"{sum(percents).normalize():f}"}
            )


class InstalmentRows(ReferenceRows):
    model = TermsInstalment
    formset = InstalmentFormSet


class TermsForm(forms.ModelForm):
    """Terms; an early-payment discount has its percent and its days, or is none."""

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        percent, days = typed.get("discount_percent"), typed.get("discount_days")
        if days is not None and not percent and "discount_percent" not in self.errors:
            self.add_error("discount_percent", _("Say how much is taken off within these days."))
        if percent and days is None and "discount_days" not in self.errors:
            self.add_error("discount_days", _("Say within how many days it is granted."))
        if percent and not 0 < percent < HUNDRED:
            self.add_error("discount_percent", _("It lies between 0 and 100."))
        return typed


@admin.register(PaymentTerms)
class PaymentTermsAdmin(Concerning):
    list_display = ("code", "name", "days", "end_of_month", "days_after_month_end", "prepaid", "rank")
    list_filter = ("prepaid", "end_of_month")
    search_fields = ("code", "name")
    ordering = ("code",)
    inlines = (InstalmentRows,)
    form = TermsForm

    def concerned(self, obj: Any) -> set[int]:
        theirs = Q(terms=obj.pk) | Q(region__terms=obj.pk) | Q(segment__terms=obj.pk)
        return causes.held(theirs) | causes.documents(Q(document__terms=obj.pk))


@admin.register(SettlementDiscount)
class SettlementDiscountAdmin(Concerning):
    list_display = ("code", "percent", "days", "rank")

    def concerned(self, obj: Any) -> set[int]:
        theirs = causes.held(Q(settlement_discount=obj.pk))
        return theirs | causes.documents(Q(document__settlement_discount=obj.pk))


@admin.register(AccountStatus)
class AccountStatusAdmin(Concerning):
    list_display = ("code", "stops")

    def concerned(self, obj: Any) -> set[int]:
        return causes.held(Q(account_status=obj.pk))


@admin.register(CreditGroup)
class CreditGroupAdmin(Concerning):
    list_display = ("code", "name")
    search_fields = ("code", "name")

    def concerned(self, obj: Any) -> set[int]:
        return causes.held(Q(credit_account__credit_group=obj.pk))


@admin.register(RiskClass)
class RiskClassAdmin(Concerning):
    list_display = ("code", "score_from", "score_to", "review_months")

    def concerned(self, obj: Any) -> set[int]:
        return causes.held(Q(credit_account__risk_class=obj.pk))


@admin.register(Region)
class RegionAdmin(Concerning):
    list_display = ("code", "name", "terms", "invoicing")
    search_fields = ("code", "name")

    def concerned(self, obj: Any) -> set[int]:
        return causes.held(Q(region=obj.pk))


@admin.register(Segment)
class SegmentAdmin(Concerning):
    list_display = ("code", "name", "state", "amount", "currency", "control", "terms", "invoicing")

    def concerned(self, obj: Any) -> set[int]:
        return causes.held(Q(segment=obj.pk))


class Suspension:
    """Whether credit is suspended is looked at here; it is set and lifted on the page of stops, with a reason."""

    def stops(self, account: CreditAccount) -> SafeString:
        label = _("yes: %s") % account.suspended_reason if account.suspended else _("no")
        address = reverse("stops", args=[account.customer.code])
        return format_html('{} · <a href="{}">{}</a>', label, address, _("Stops and suspension"))

    stops.short_description = _("suspended")  # type: ignore[attr-defined]


class AccountRow(Suspension, ReferenceRows):
    model = CreditAccount
    exclude = ("suspended", "suspended_reason")
    readonly_fields = ("stops",)
    template = "admin/edit_inline/stacked.html"
    verbose_name_plural = "credit account"
    max_num = 1
    can_delete = False


class CustomerForm(forms.ModelForm):
    """A customer; nobody stands above oneself, be it over others."""

    def clean_parent(self) -> Customer | None:
        head: Customer | None = self.cleaned_data["parent"]
        if head is not None and self.instance.pk and queries.makes_a_ring(self.instance, head):
            raise forms.ValidationError(_("%(head)s stands below this customer already.") % {"head": head})
        return head


@admin.register(Customer)
class CustomerAdmin(Concerning):
    """A customer with its credit account. Deleting one is for the database: whoever has documents stays."""

    list_display = ("code", "name", "company", "currency", "country", "segment", "terms", "parent")
    list_filter = ("company", "segment", "country", "account_status")
    list_select_related = ("company", "segment", "terms", "parent")
    search_fields = ("code", "name")
    ordering = ("code",)
    autocomplete_fields = ("parent", "bill_to", "salesperson", "terms")
    inlines = (AccountRow,)
    form = CustomerForm

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        CreditAccount.objects.get_or_create(customer=form.instance)

    def concerned(self, obj: Any) -> set[int]:
        return causes.held(Q(pk=obj.pk) | Q(children=obj.pk))


class SubLimitRows(ReferenceRows):
    model = SubLimit


@admin.register(CreditAccount)
class CreditAccountAdmin(Suspension, Concerning):
    """What credit control does with a customer. The limit itself is granted on the customer's page."""

    list_display = ("customer", "control", "credit_group", "risk_class", "suspended", "excluded", "next_review")
    list_filter = ("control", "credit_group", "risk_class", "suspended", "excluded")
    list_select_related = ("customer", "credit_group", "risk_class")
    search_fields = ("customer__code", "customer__name")
    exclude = ("suspended", "suspended_reason")
    readonly_fields = ("customer", "stops")
    inlines = (SubLimitRows,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def concerned(self, obj: Any) -> set[int]:
        return causes.held(Q(pk=obj.pk))


@admin.register(SharedLimit)
class SharedLimitAdmin(Concerning):
    list_display = ("code", "name", "currency", "mandatory", "count_member_overdue")
    search_fields = ("code", "name")
    autocomplete_fields = ("members",)

    def concerned(self, obj: Any) -> set[int]:
        return causes.held(Q(shared_limits=obj.pk))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        joining = form.cleaned_data.get("members", ())
        request.before = crossings.before_joining(obj.pk, joining, now=timezone.now())  # type: ignore[attr-defined]  # noqa: TID251 - a front door
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        crossings.tell_of_members(form.instance.pk, before=request.before, now=timezone.now())  # type: ignore[attr-defined]  # noqa: TID251 - a front door


@admin.register(Security)
class SecurityAdmin(Concerning):
    list_display = ("customer", "kind", "amount", "currency", "percent", "valid_from", "valid_to")
    list_filter = ("kind", "currency")
    list_select_related = ("customer",)
    autocomplete_fields = ("customer",)
    search_fields = ("customer__code", "customer__name")

    def concerned(self, obj: Any) -> set[int]:
        return causes.held(Q(securities=obj.pk))


@admin.register(Limit)
class LimitAdmin(ReadOnly):
    """Every grant there ever was: a newer one supersedes an older one, nothing is edited."""

    list_display = ("customer", "shared", "kind", "state", "amount", "currency", "valid_from", "valid_to", "granted_at")
    list_filter = ("kind", "state", "currency")
    list_select_related = ("customer", "shared")
    search_fields = ("customer__code", "customer__name", "shared__code", "reason")
    date_hierarchy = "valid_from"


@admin.register(CustomerBlock)
class CustomerBlockAdmin(ReadOnly):
    list_display = ("customer", "orders", "deliveries", "valid_from", "valid_to", "note", "placed_by", "end")
    list_select_related = ("customer", "placed_by", "end")
    search_fields = ("customer__code", "customer__name", "note")

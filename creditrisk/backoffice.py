"""What all pages of the administration share: reference tables are edited there, everything else is only looked at."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.db import DataError, transaction
from django.db.models import Field, QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from creditrisk.roles import companies_of, may, roles_of

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    StackedInline = admin.StackedInline[Any, Any]
else:
    ModelAdmin, TabularInline, StackedInline = admin.ModelAdmin, admin.TabularInline, admin.StackedInline


def administers(request: HttpRequest) -> bool:
    """Return whether the person may edit what administrators edit."""
    user: Any = request.user
    return bool(user.is_superuser or may(user, "edit_policy"))


def looks(request: HttpRequest) -> bool:
    """Return whether the person may look at what administrators look at: auditors may, unless bound to some companies.

    All companies lie open here. Who is bound reads what is theirs on the pages; administrators say who is bound.
    """
    return administers(request) or ("auditor" in roles_of(request.user) and companies_of(request.user) is None)


def usable(key: Field, typed: Iterable[Any]) -> list[Any]:
    """Return what of `typed` a row's key could be at all: no word where keys are numbers, no NUL anywhere."""
    kept = []
    for one in typed:
        try:
            key.to_python(one)
        except ValidationError:
            continue
        if "\0" not in str(one):
            kept.append(one)
    return kept


class UsableKeys:
    """A search field whose page can be drawn again whatever was typed: what names no row is drawn as nothing.

    The form's own field refuses it, with a sentence.
    """

    def optgroups(self, name: str, value: Any, attr: dict[str, Any] | None = None) -> Any:
        aimed_at = self.field.remote_field  # type: ignore[attr-defined]
        key = aimed_at.model._meta.get_field(getattr(aimed_at, "field_name", aimed_at.model._meta.pk.name))
        typed = [one for one in value if one not in (None, "")]
        return super().optgroups(name, usable(key, typed), attr)  # type: ignore[misc]


class SearchOne(UsableKeys, AutocompleteSelect):
    """One row, found by a search."""


class SearchSeveral(UsableKeys, AutocompleteSelectMultiple):
    """Several rows, found by a search."""


if TYPE_CHECKING:
    BaseModelAdmin = admin.options.BaseModelAdmin[Any]
else:
    BaseModelAdmin = object


class SearchFields(BaseModelAdmin):
    """Search fields as they are in every page here."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", SearchOne(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", SearchSeveral(db_field, self.admin_site))
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class Sturdy(SearchFields, ModelAdmin):
    """A page that no address and no body breaks. What an address names and is not there is a 404, as on every other page."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        found = None if "\0" in object_id else super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        if any("\0" in value for _name, values in request.GET.lists() for value in values):
            raise IncorrectLookupParameters
        try:
            with transaction.atomic():
                return super().get_changelist_instance(request)
        except (DataError, OverflowError) as error:  # a filter by something that no column, or no calendar, could hold
            raise IncorrectLookupParameters from error

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet, bool]:
        if "\0" in search_term:
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        ticked = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if len(kept := usable(self.opts.pk, ticked)) < len(ticked):
            request.POST = request.POST.copy()  # type: ignore[assignment]
            request.POST.setlist(ACTION_CHECKBOX_NAME, kept)  # type: ignore[misc]
        return super().changelist_view(request, extra_context)


class Reference(Sturdy):
    """A table that administrators edit. Rows in use cannot be deleted: the database refuses."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return looks(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return looks(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return administers(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return administers(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return administers(request)


class ReadOnly(Reference):
    """A table that only the product writes."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReferenceRows(SearchFields, TabularInline):
    """Rows that belong to a reference table."""

    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return looks(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return administers(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return administers(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return administers(request)


class ReadOnlyRows(SearchFields, TabularInline):
    """Rows that only the product writes, shown with what they belong to."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return looks(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

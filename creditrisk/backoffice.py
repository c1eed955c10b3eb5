"""What all pages of the administration share: reference tables are edited there, everything else is only looked at."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from creditrisk.roles import may, roles_of

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
    """Return whether the person may look at what administrators look at: auditors may."""
    return administers(request) or "auditor" in roles_of(request.user)


class Reference(ModelAdmin):
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


class ReferenceRows(TabularInline):
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


class ReadOnlyRows(TabularInline):
    """Rows that only the product writes, shown with what they belong to."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return looks(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

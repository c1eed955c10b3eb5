"""The street directory: one include per app."""

from allauth.account.decorators import secure_admin_login
from allauth.account.views import LoginView
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from creditrisk.demo import people

admin.site.site_header = admin.site.site_title = _("Credit control")
admin.site.index_title = _("Administration")
# One door, with its second factor and its counting of failures.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def nowhere(request: HttpRequest, **named: str) -> HttpResponse:
    """The administration would lead to a row's own page: no row here has one."""
    raise Http404


handler500 = "creditrisk.running.views.broken"
urlpatterns = [
    path("", include("creditrisk.monitoring.urls")),
    path("", include("creditrisk.decisions.urls")),
    path("", include("creditrisk.policy.urls")),
    path("", include("customers.urls")),
    path("", include("documents.urls")),
    path("", include("ledger.urls")),
    path("", include("approvals.urls")),
    path("", include("ledger.bank.urls")),
    path("", include("documents.intake.urls")),
    path("", include("creditrisk.takeover.urls")),
    path("", include("creditrisk.quality.urls")),
    path("", include("creditrisk.audit.urls")),
    path("", include("creditrisk.figures.urls")),
    path("", include("creditrisk.notices.urls")),
    path("", include("creditrisk.preferences.urls")),
    path("", include("creditrisk.insight.urls")),
    path("", include("creditrisk.reports.urls")),
    path("", include("creditrisk.lists.urls")),
    path("", include("creditrisk.contacts.urls")),
    path("", include("creditrisk.signin.urls")),
    path("", include("creditrisk.running.urls")),
    path("login/", LoginView.as_view(extra_context={"demo_logins": people.logins}), name="account_login"),
    path("admin/r/", include(([path("<path:named>", nowhere)], "rows"))),
    path("admin/", admin.site.urls),
]

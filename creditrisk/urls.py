"""The street directory: one include per app."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from creditrisk.demo import people

LOGIN = {"redirect_authenticated_user": True, "extra_context": {"demo_logins": people.logins}}

admin.site.site_header = admin.site.site_title = _("Credit control")
admin.site.index_title = _("Administration")

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
    path("", include("creditrisk.preferences.urls")),
    path("", include("creditrisk.insight.urls")),
    path("", include("creditrisk.reports.urls")),
    path("login/", auth.LoginView.as_view(**LOGIN), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
]

"""The street directory: one include per app."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

urlpatterns = [
    path("", include("creditrisk.monitoring.urls")),
    path("", include("creditrisk.decisions.urls")),
    path("", include("customers.urls")),
    path("", include("documents.urls")),
    path("", include("ledger.urls")),
    path("", include("approvals.urls")),
    path("login/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
]

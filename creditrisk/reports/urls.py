"""Reports by schedule: the list, one report, its editions and where they went."""

from django.urls import path

from creditrisk.reports import views

urlpatterns = [
    path("reports/", views.reports, name="reports"),
    path("reports/new/", views.new, name="report_new"),
    path("reports/<int:pk>/", views.report, name="report"),
    path("reports/<int:pk>/edit/", views.edit, name="report_edit"),
    path("reports/<int:pk>/preview/", views.preview, name="report_preview"),
    path("reports/<int:pk>/make/", views.make, name="report_make"),
    path("reports/editions/<int:pk>/", views.edition, name="report_edition"),
    path("reports/editions/<int:pk>/<str:kind>/", views.file, name="report_file"),
    path("reports/deliveries/<int:pk>/again/", views.again, name="report_again"),
]

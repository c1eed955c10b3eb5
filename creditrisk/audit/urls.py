"""The audit trail, and what became of what approvers let through."""

from django.urls import path

from creditrisk.audit import views

urlpatterns = [
    path("trail/", views.trail, name="trail"),
    path("trail/verify/", views.verify, name="trail_verify"),
    path("overrides/", views.overrides, name="overrides"),
    path("trail/<int:position>/", views.line, name="trail_line"),
]

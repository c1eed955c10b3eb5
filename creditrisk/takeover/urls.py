"""Imports."""

from django.urls import path

from creditrisk.takeover import views

urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/<int:pk>/", views.upload, name="import"),
    path("imports/<int:pk>/columns/", views.columns, name="import_columns"),
    path("imports/<int:pk>/carry/", views.carry, name="import_carry"),
    path("imports/<int:pk>/refused.csv", views.rejected, name="import_refused"),
]

"""Data quality."""

from django.urls import path

from creditrisk.quality import views

urlpatterns = [
    path("quality/", views.quality, name="quality"),
    path("quality/look/", views.look, name="quality_look"),
    path("quality/<int:pk>/aside/", views.aside, name="quality_aside"),
    path("quality/<int:pk>/terms/", views.terms, name="quality_terms"),
    path("quality/merge/<str:code>/<str:other>/", views.merge, name="quality_merge"),
]

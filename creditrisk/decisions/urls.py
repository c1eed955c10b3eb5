"""Decisions, and policies tried on them."""

from django.urls import path

from creditrisk.decisions import views

urlpatterns = [
    path("decisions/", views.decisions, name="decisions"),
    path("decisions/<int:pk>/", views.decision, name="decision"),
    path("decisions/<int:pk>/<int:standing>/<slug:figure>/", views.behind, name="decision_behind"),
    path("tryouts/", views.tryouts, name="tryouts"),
    path("tryouts/new/", views.tryout_new, name="tryout_new"),
    path("tryouts/<int:pk>/", views.tryout, name="tryout"),
]

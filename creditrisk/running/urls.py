"""Whether everything runs: for programs, and for the administrator."""

from django.urls import path

from creditrisk.running import views

urlpatterns = [
    path("health/", views.health, name="health"),
    path("ready/", views.ready, name="ready"),
    path("running/", views.running, name="running"),
]

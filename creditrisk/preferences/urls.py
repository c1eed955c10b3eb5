"""Where the language is chosen."""

from django.urls import path

from creditrisk.preferences import views

urlpatterns = [
    path("language/", views.language, name="language"),
]

"""The figures of a day, and the course of one."""

from django.urls import path

from creditrisk.figures import views

urlpatterns = [
    path("figures/", views.sheet, name="figures"),
    path("figures/<str:code>/", views.course, name="figure"),
]

"""Three questions to the company's own history, and a policy tried without a row."""

from django.urls import path

from creditrisk.insight import views

urlpatterns = [
    path("insight/", views.limits, name="insight"),
    path("insight/terms/", views.terms, name="insight_terms"),
    path("insight/alarms/", views.alarms, name="insight_alarms"),
    path("insight/alarms/try/", views.try_without, name="insight_try"),
]

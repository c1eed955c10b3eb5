"""The policy and the rule book."""

from django.urls import path

from creditrisk.policy import views

urlpatterns = [
    path("policy/", views.policy, name="policy"),
    path("policy/activate/", views.activate, name="policy_activate"),
    path("policy/discard/", views.discard, name="policy_discard"),
    path("policy/versions/", views.versions, name="policy_versions"),
    path("policy/versions/<int:number>/", views.version, name="policy_version"),
    path("policy/versions/<int:number>/restore/", views.restore, name="policy_restore"),
    path("policy/compare/", views.compare, name="policy_compare"),
    path("policy/health/", views.health_check, name="policy_health"),
    path("rules/", views.rules, name="rules"),
]

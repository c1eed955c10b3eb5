"""How alerts reach people and programs."""

from django.urls import path

from creditrisk.notices import views

urlpatterns = [
    path("alerts/mine/", views.mine, name="alerts_mine"),
    path("notices/", views.notices, name="notices"),
    path("notices/decide/", views.decide, name="notices_decide"),
]

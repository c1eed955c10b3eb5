"""The views that people keep of lists."""

from django.urls import path

from creditrisk.lists import views

urlpatterns = [
    path("views/", views.views, name="list_views"),
    path("views/<int:pk>/first/", views.first, name="list_view_first"),
    path("views/<int:pk>/drop/", views.drop, name="list_view_drop"),
]

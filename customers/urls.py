"""Customers."""

from django.urls import path

from customers import views

urlpatterns = [
    path("customers/", views.customers, name="customers"),
    path("customers/suggest/", views.suggest, name="customer_suggest"),
    path("shared-limits/<path:code>/", views.shared_limit, name="shared_limit"),
    path("customers/<str:code>/", views.customer, name="customer"),
    path("customers/<str:code>/check/", views.check, name="customer_check"),
    path("customers/<str:code>/limit/", views.grant_limit, name="customer_limit"),
    path("customers/<str:code>/limit/explained/", views.explain_limit, name="customer_limit_explained"),
    path("customers/<str:code>/exposure/", views.exposure, name="customer_exposure"),
]

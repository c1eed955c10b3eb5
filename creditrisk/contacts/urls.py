"""Contacts: all of them, and writing one."""

from django.urls import path

from creditrisk.contacts import views

urlpatterns = [
    path("contacts/", views.contacts, name="contacts"),
    path("customers/<str:code>/note/", views.write, name="customer_note"),
]

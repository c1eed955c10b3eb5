"""Messages."""

from django.urls import path

from documents.intake import views

urlpatterns = [
    path("messages/", views.inbox, name="messages"),
    path("messages/<int:pk>/", views.message, name="message"),
    path("messages/<int:pk>/again/", views.again, name="message_again"),
    path("messages/<int:pk>/customer/", views.assign, name="message_assign"),
    path("messages/<int:pk>/drop/", views.drop, name="message_drop"),
]

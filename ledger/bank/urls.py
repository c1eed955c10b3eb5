"""Bank statements and RiBa lists."""

from django.urls import path

from ledger.bank import views

urlpatterns = [
    path("bank/", views.bank, name="bank"),
    path("bank/book/", views.book_sure, name="bank_book_sure"),
    path("bank/match/", views.match, name="bank_match"),
    path("bank/<int:pk>/", views.entry, name="bank_entry"),
    path("bank/<int:pk>/leave/", views.leave, name="bank_leave"),
    path("bank/lists/", views.lists, name="bank_lists"),
    path("bank/lists/<int:pk>/", views.one_list, name="bank_list"),
    path("bank/lists/<int:pk>/riba.txt", views.flow, name="bank_flow"),
    path("bank/lists/answer/", views.answer, name="bank_answer"),
    path("bank/debtors/<str:code>/", views.drawn_on, name="bank_drawn_on"),
]

"""Orders, deliveries and invoices."""

from django.urls import path

from documents.views import entry, following, invoicing, pages, steps, terms

urlpatterns = [
    path("orders/", pages.orders, name="orders"),
    path("orders/new/", entry.new_order, name="order_new"),
    path("deliveries/", pages.deliveries, name="deliveries"),
    path("deliveries/new/", entry.new_delivery, name="delivery_new"),
    path("deliveries/from/", following.delivery_from, name="delivery_from"),
    path("invoices/", pages.invoices, name="invoices"),
    path("invoices/new/", entry.new_invoice, name="invoice_new"),
    path("invoices/collective/", invoicing.collect, name="invoices_collective"),
    path("invoices/from/", following.invoice_from, name="invoice_from"),
    path("terms/", terms.kept, name="terms_kept"),
    path("terms/discounts/", terms.discounts_kept, name="terms_discounts"),
    path("terms/discounts/<str:code>/", terms.discounts_of, name="terms_discounts_of"),
    path("documents/<int:pk>/", pages.document, name="document"),
    path("documents/<int:pk>/paper/", pages.document_paper, name="document_paper"),
    path("documents/<int:pk>/amend/", entry.amend, name="document_amend"),
    path("documents/<int:pk>/return/", following.take_back, name="return_new"),
    path("documents/<int:pk>/credit/", following.credit, name="credit_note_new"),
    path("documents/<int:pk>/confirm/", steps.confirm, name="document_confirm"),
    path("documents/<int:pk>/pick/", steps.pick, name="document_pick"),
    path("documents/<int:pk>/deliver/", steps.deliver, name="document_deliver"),
    path("documents/<int:pk>/issue/", steps.issue, name="document_issue"),
    path("documents/<int:pk>/book/", steps.book_return, name="document_return"),
    path("documents/<int:pk>/post/", steps.post, name="document_post"),
    path("documents/<int:pk>/reverse/", steps.reverse, name="document_reverse"),
    path("documents/<int:pk>/cancel/", steps.cancel, name="document_cancel"),
    path("documents/<int:pk>/close/", steps.close, name="document_close"),
]

"""Documents are looked at here and changed through the gate alone; their types are reference data."""

from django.contrib import admin
from django.db.models import Q

from approvals import causes
from approvals.concerning import Concerning
from creditrisk.backoffice import ReadOnly, ReadOnlyRows
from documents.models import DeliveryNote, DocumentType, Invoice, Line, NumberRange, SalesOrder


@admin.register(DocumentType)
class DocumentTypeAdmin(Concerning):
    list_display = ("code", "name", "of", "counts", "never_blocked", "sign")
    list_filter = ("of", "counts")

    def concerned(self, obj: DocumentType) -> set[int]:
        return causes.documents(Q(document__type=obj.pk))


@admin.register(NumberRange)
class NumberRangeAdmin(ReadOnly):
    list_display = ("company", "kind", "year", "last")
    list_filter = ("company", "kind", "year")
    list_select_related = ("company",)


class LineRows(ReadOnlyRows):
    model = Line
    fields = (
        "position",
        "text",
        "quantity",
        "price",
        "discount_percent",
        "tax_percent",
        "amount",
        "settled",
        "drafted",
    )


@admin.register(SalesOrder, DeliveryNote, Invoice)
class DocumentAdmin(ReadOnly):
    list_display = ("number", "kind", "state", "customer", "total", "currency", "document_date", "company")
    list_filter = ("state", "company", "currency")
    list_select_related = ("customer", "company")
    search_fields = ("number", "customer__code", "customer__name")
    exclude = ("orders",)
    inlines = (LineRows,)

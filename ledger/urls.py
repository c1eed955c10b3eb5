"""Open items, payments and effects."""

from django.urls import path

from ledger.views import effects, items, rates

urlpatterns = [
    path("items/", items.items, name="items"),
    path("items/<int:pk>/", items.item, name="item"),
    path("items/<int:pk>/allocate/", items.allocate, name="item_allocate"),
    path("items/<int:pk>/undo/", items.undo, name="item_undo"),
    path("items/<int:pk>/dispute/", items.dispute, name="item_dispute"),
    path("payments/new/", items.pay, name="payment_new"),
    path("effects/", effects.effects, name="effects"),
    path("effects/new/", effects.new, name="effect_new"),
    path("effects/present/", effects.present, name="effects_present"),
    path("effects/<int:pk>/", effects.effect, name="effect"),
    path("effects/<int:pk>/collect/", effects.collect, name="effect_collect"),
    path("effects/<int:pk>/unpaid/", effects.unpaid, name="effect_unpaid"),
    path("rates/", rates.rates, name="rates"),
]

"""Open items, payments, effects and what is owed as of a day."""

from django.urls import path

from ledger.views import accounts, corrections, delays, effects, entry, items, lists, presenting, rates

urlpatterns = [
    path("delays/", delays.delays, name="delays"),
    path("delays/keep/", delays.keep, name="delays_keep"),
    path("items/", items.items, name="items"),
    path("items/new/", entry.new, name="item_new"),
    path("items/<int:pk>/", items.item, name="item"),
    path("items/<int:pk>/allocate/", items.allocate, name="item_allocate"),
    path("items/<int:pk>/undo/", items.undo, name="item_undo"),
    path("items/<int:pk>/dispute/", items.dispute, name="item_dispute"),
    path("items/<int:pk>/write-off/", corrections.write_off, name="item_write_off"),
    path("items/<int:pk>/discount/", corrections.discount, name="item_discount"),
    path("items/<int:pk>/reverse/", corrections.reverse, name="item_reverse"),
    path("items/<int:pk>/mark/", corrections.mark, name="item_mark"),
    path("items/ageing/", accounts.aged, name="ageing"),
    path("customers/<str:code>/account/", accounts.account, name="customer_account"),
    path("payments/new/", items.pay, name="payment_new"),
    path("effects/", effects.effects, name="effects"),
    path("effects/new/", effects.new, name="effect_new"),
    path("effects/issue/", lists.issue, name="effects_issue"),
    path("effects/portfolio/", lists.portfolio, name="effects_portfolio"),
    path("effects/present/", presenting.present, name="effects_present"),
    path("effects/<int:pk>/", effects.effect, name="effect"),
    path("effects/<int:pk>/collect/", effects.collect, name="effect_collect"),
    path("effects/<int:pk>/unpaid/", effects.unpaid, name="effect_unpaid"),
    path("rates/", rates.rates, name="rates"),
    path("effects/<int:pk>/replace/", effects.replace, name="effect_replace"),
    path("effects/lists/", lists.presentations, name="presentations"),
    path("effects/lists/<int:pk>/", lists.presentation, name="presentation"),
    path("effects/lists/<int:pk>/credited/", lists.credited, name="presentation_credited"),
    path("effects/lists/<int:pk>/outcome/", lists.outcome, name="presentation_outcome"),
]

"""The start page, the portfolio and the search."""

from django.urls import path

from creditrisk.monitoring import views

urlpatterns = [
    path("", views.start, name="start"),
    path("portfolio/", views.portfolio, name="portfolio"),
    path("portfolio/as-of/", views.exposure, name="exposure"),
    path("portfolio/recompute/", views.recompute, name="recompute"),
    path("portfolio/recompute/<int:pk>/", views.recomputed, name="recomputed"),
    path("utilisation/", views.used, name="utilisation"),
    path("search/", views.search, name="search"),
]

"""The release desk and the alerts."""

from django.urls import path

from approvals import views

urlpatterns = [
    path("desk/", views.desk, name="desk"),
    path("desk/<int:pk>/", views.hold, name="hold"),
    path("desk/<int:pk>/release/", views.release, name="hold_release"),
    path("desk/<int:pk>/reject/", views.reject, name="hold_reject"),
    path("documents/<int:pk>/hold/", views.force, name="hold_force"),
    path("alerts/", views.alerts, name="alerts"),
    path("alerts/seen/", views.alerts_seen, name="alerts_seen"),
]

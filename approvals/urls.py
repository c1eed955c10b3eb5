"""The release desk and the alerts."""

from django.urls import path

from approvals.views import absences, desk, evaluations, files, handling, journals, limits, mass, stops

urlpatterns = [
    path("desk/", desk.desk, name="desk"),
    path("desk/<int:pk>/", desk.hold, name="hold"),
    path("desk/<int:pk>/release/", desk.release, name="hold_release"),
    path("desk/<int:pk>/reject/", desk.reject, name="hold_reject"),
    path("desk/<int:pk>/comment/", handling.comment, name="hold_comment"),
    path("desk/<int:pk>/take/", handling.take, name="hold_take"),
    path("desk/<int:pk>/delegate/", handling.delegate, name="hold_delegate"),
    path("desk/<int:pk>/send-back/", handling.send_back, name="hold_send_back"),
    path("desk/<int:pk>/ask/", handling.ask_release, name="hold_ask_release"),
    path("desk/<int:pk>/withdraw/", handling.withdraw, name="hold_withdraw"),
    path("desk/pulse/", desk.pulse, name="desk_pulse"),
    path("desk/decide/", mass.decide, name="holds_decide"),
    path("desk/absences/", absences.absences, name="absences"),
    path("desk/absences/<int:pk>/end/", absences.end, name="absence_end"),
    path("desk/evaluate/", evaluations.start, name="evaluate"),
    path("desk/evaluations/", evaluations.every, name="evaluations"),
    path("desk/evaluations/retry/", evaluations.retry, name="evaluations_retry"),
    path("desk/evaluations/<int:pk>/", evaluations.one, name="evaluation"),
    path("desk/evaluations/<int:pk>/again/", evaluations.again, name="evaluation_again"),
    path("documents/<int:pk>/hold/", desk.force, name="hold_force"),
    path("limits/requests/", limits.requests, name="limit_requests"),
    path("customers/<str:code>/ask/", limits.ask, name="limit_ask"),
    path("limits/requests/<int:pk>/", limits.one, name="limit_request"),
    path("limits/requests/<int:pk>/change/", limits.change, name="limit_request_change"),
    path("limits/requests/<int:pk>/approve/", limits.approve, name="limit_request_approve"),
    path("limits/requests/<int:pk>/reject/", limits.reject, name="limit_request_reject"),
    path("limits/requests/<int:pk>/send-back/", limits.send_back, name="limit_request_send_back"),
    path("limits/requests/<int:pk>/delegate/", limits.delegate, name="limit_request_delegate"),
    path("limits/requests/<int:pk>/withdraw/", limits.withdraw, name="limit_request_withdraw"),
    path("limits/requests/<int:pk>/attach/", files.attach, name="limit_request_attach"),
    path("files/<int:pk>/", files.download, name="attachment"),
    path("limits/journals/", journals.every, name="journals"),
    path("limits/journals/new/", journals.new, name="journal_new"),
    path("limits/journals/<int:pk>/", journals.one, name="journal"),
    *(
        path(f"limits/journals/<int:pk>/add/{way}/", journals.fill, {"way": way}, name=f"journal_add_{way}")
        for way in journals.WAYS
    ),
    path("limits/journals/<int:pk>/lines/", journals.lines, name="journal_lines"),
    path("limits/journals/<int:pk>/send/", journals.send, name="journal_send"),
    path("limits/journals/<int:pk>/decide/", journals.decide, name="journal_decide"),
    path("limits/journals/<int:pk>/post/", journals.post, name="journal_post"),
    path("limits/journals/<int:pk>/withdraw/", journals.withdraw, name="journal_withdraw"),
    path("stops/", stops.stopped, name="stopped"),
    path("stops/flags/", stops.take_in, name="stopped_flags"),
    path("customers/<str:code>/stops/", stops.stops, name="stops"),
    path("customers/<str:code>/stops/place/", stops.place, name="stop_place"),
    path("customers/<str:code>/stops/<int:pk>/end/", stops.end, name="stop_end"),
    path("customers/<str:code>/suspend/", stops.suspend, name="suspend"),
    path("alerts/", desk.alerts, name="alerts"),
    path("alerts/seen/", desk.alerts_seen, name="alerts_seen"),
]

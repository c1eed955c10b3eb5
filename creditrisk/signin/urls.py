"""The pages of signing in, by password, with a second factor, from a directory. Nobody signs up, or changes an address."""

from allauth.account import views as account
from allauth.socialaccount import views as directory
from django.urls import include, path, re_path

from creditrisk.signin import views

urlpatterns = [
    path("logout/", account.logout, name="account_logout"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/password/reset/", views.forgotten, name="account_reset_password"),
    path("account/password/reset/sent/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^account/password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "account/password/reset/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("account/second-factor/", include("allauth.mfa.urls")),
    path("account/directory/cancelled/", directory.login_cancelled, name="socialaccount_login_cancelled"),
    path("account/directory/error/", directory.login_error, name="socialaccount_login_error"),
    path("account/<slug:provider_id>/login/", views.login, name="openid_connect_login"),
    path("account/<slug:provider_id>/login/callback/", views.callback, name="openid_connect_callback"),
]

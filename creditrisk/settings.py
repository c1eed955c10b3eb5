"""The settings, one file. What the environment may say is read by `creditrisk.environment`."""

import sys
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from creditrisk.environment import database, directories, mail, networks, number, redis, text, yes
from tools import embedded

BASE_DIR = Path(__file__).resolve().parent.parent

# What the product writes lies here, its servers and its key among it where the environment brings none.
VAR_DIR = Path(text("VAR_DIR", str(BASE_DIR / "var"))).resolve()
DATABASE_URL, DATABASE_OWNER_URL, REDIS_URL = text("DATABASE_URL"), text("DATABASE_OWNER_URL"), text("REDIS_URL")
DEBUG, BEHIND_TLS, DEMO_LOGINS = yes("DEBUG"), yes("BEHIND_TLS"), yes("DEMO_LOGINS")
if not (SECRET_KEY := text("SECRET_KEY")):
    if DATABASE_URL and not DEBUG:
        raise ImproperlyConfigured("SECRET_KEY is not set: a database of your own wants 50 random letters of your own.")
    SECRET_KEY = embedded.secret_key(VAR_DIR)
if not (DATABASE_URL and REDIS_URL):
    found = embedded.urls(VAR_DIR)
    REDIS_URL = REDIS_URL or found["REDIS_URL"]
    if not DATABASE_URL:
        DATABASE_URL, DATABASE_OWNER_URL = found["DATABASE_URL"], found["DATABASE_OWNER_URL"]

# Two roles. The owner has the tables and migrates; the application may not alter or delete what is append-only. With
# one address for both, everything that is not the owner's work takes the application's role.
DATABASE_APP_ROLE = "creditrisk_app"
DATABASE_OWNER_COMMANDS = {"ensure_roles", "flush", "migrate", "backup", "restore"}
if sys.argv[1:2] and sys.argv[1] in DATABASE_OWNER_COMMANDS:
    DATABASES = {"default": database(DATABASE_OWNER_URL or DATABASE_URL)}
else:
    DATABASES = {"default": database(DATABASE_URL, role="" if DATABASE_OWNER_URL else DATABASE_APP_ROLE)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_BROKER_URL, cache_url = redis(REDIS_URL)
# What must not be lost stands in the database; what passes by may be lost with the broker.
CACHES: dict[str, Any] = {"default": {"BACKEND": "creditrisk.signin.remembering.Remembering"}}
CACHES["passing"] = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": cache_url}
CACHES["passing"]["OPTIONS"] = {"socket_connect_timeout": 2, "socket_timeout": 2}
CELERY_TASK_IGNORE_RESULT = True  # What a task has to say, it says in rows.
# A message is done with when its work begins: what died with its worker the schedule asks for again, and none kills twice.
CELERY_TASK_ACKS_LATE = False
# What a worker cannot begin at once stays on the queue for others.
CELERY_WORKER_PREFETCH_MULTIPLIER, CELERY_WORKER_DISABLE_PREFETCH = 1, True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat")

# Without a mail server mail stays in files; nothing leaves.
MAILERS = {"default": mail(text("EMAIL_URL", f"file:{VAR_DIR / 'mail'}"))}
DEFAULT_FROM_EMAIL = SERVER_EMAIL = text("EMAIL_FROM", "Credit control <credit@localhost>")
SITE_URL = text("SITE_URL").rstrip("/")  # What links in mails begin with; without it they have none.
WEBHOOK_NETWORKS = networks(text("WEBHOOK_NETWORKS"))

INSTALLED_APPS = [
    *("creditrisk", *(f"creditrisk.{app}" for app in ("exposure", "policy", "decisions", "monitoring"))),
    *("customers", "ledger", "ledger.bank", "documents", "documents.intake", "approvals"),
    *("creditrisk.takeover", "creditrisk.quality", "creditrisk.audit", "creditrisk.figures", "creditrisk.reports"),
    *("creditrisk.lists", "creditrisk.contacts", "creditrisk.running"),
    *("creditrisk.preferences", "creditrisk.notices", "allauth", "allauth.account", "allauth.mfa"),
    *("allauth.socialaccount", "allauth.socialaccount.providers.openid_connect", "creditrisk.signin"),
    *(f"django.contrib.{app}" for app in ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")),
    *("django.contrib.postgres", "django.contrib.humanize", "django_htmx", "django_tables2", "django_filters"),
]
MIDDLEWARE = [
    "creditrisk.running.views.probed",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "creditrisk.preferences.spoken.speaking",
    "creditrisk.running.bodies.bounded",
    "creditrisk.audit.attribution.attributed",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF, WSGI_APPLICATION = "creditrisk.urls", "creditrisk.wsgi.application"
CONTEXT = [f"django.{name}" for name in ("template.context_processors.request", "contrib.auth.context_processors.auth")]
CONTEXT += ["django.contrib.messages.context_processors.messages", "creditrisk.context.around"]
ENGINE, OPTIONS = "django.template.backends.django.DjangoTemplates", {"context_processors": CONTEXT}
TEMPLATES = [{"BACKEND": ENGINE, "DIRS": [BASE_DIR / "templates"], "APP_DIRS": True, "OPTIONS": OPTIONS}]
DJANGO_TABLES2_TEMPLATE = "tables/table.html"

# Signing in. Failed tries are counted by address and by name, in the database; a session ends with the browser or the day.
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "account_login", "/", "account_login"
SESSION_ENGINE, SESSION_COOKIE_AGE = "creditrisk.signin.sessions", number("SESSION_HOURS", 12) * 3600
ACCOUNT_ADAPTER, SOCIALACCOUNT_ADAPTER = (f"creditrisk.signin.adapters.{name}" for name in ("Accounts", "Directory"))
ACCOUNT_LOGIN_METHODS, ACCOUNT_SIGNUP_FIELDS = {"username"}, ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION, ACCOUNT_SESSION_REMEMBER, ACCOUNT_LOGOUT_ON_GET = "none", False, False
# Who is being looked at counts as failed until the password fits, and an office comes in behind one address.
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "50/5m/ip,5/5m/key", "reset_password": "10/h/ip,3/h/key"}
MFA_SUPPORTED_TYPES, MFA_TOTP_ISSUER, MFA_TOTP_TOLERANCE = ["totp", "recovery_codes"], "creditrisk", 1
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {"authenticate": "creditrisk.signin.forms.Code", "reauthenticate": "creditrisk.signin.forms.CodeAgain"}
ALLAUTH_TRUSTED_PROXY_COUNT = int(BEHIND_TLS)
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": directories(), "OAUTH_PKCE_ENABLED": True}}
RULES_OF_PASSWORDS = ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{rule}Validator", "OPTIONS": options}
    for rule, options in zip(RULES_OF_PASSWORDS, ({}, {"min_length": 12}, {}, {}), strict=True)
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]

if (TIME_ZONE := text("TIME_ZONE", "UTC")) not in available_timezones():
    raise ImproperlyConfigured(f"TIME_ZONE is {TIME_ZONE!r}: no such zone; Europe/Rome would be one.")
LANGUAGES = [("en", "English"), ("it", "Italiano")]
if (LANGUAGE_CODE := text("LANGUAGE_CODE", "en")) not in dict(LANGUAGES):
    raise ImproperlyConfigured(f"LANGUAGE_CODE is {LANGUAGE_CODE!r}: say one of {', '.join(dict(LANGUAGES))}.")
LOCALE_PATHS = [BASE_DIR / "locale"]
CONSOLE = {"console": {"class": "logging.StreamHandler"}}
LOGGING = {"version": 1, "disable_existing_loggers": False, "handlers": CONSOLE, "root": {"handlers": ["console"]}}

# A rule's rows are edited together: a few hundred of them, with a dozen fields each.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

# With STATIC_ROOT files are collected there under names that change with their content; without, served as they lie.
STATIC_URL, STATICFILES_DIRS, STATIC_ROOT = "/static/", [BASE_DIR / "static"], text("STATIC_ROOT") or None
WHITENOISE_USE_FINDERS = not STATIC_ROOT
MANIFEST = "whitenoise.storage.CompressedManifestStaticFilesStorage"
PLAIN = "django.contrib.staticfiles.storage.StaticFilesStorage"
FILES = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
STORAGES = {"default": FILES, "staticfiles": {"BACKEND": MANIFEST if STATIC_ROOT else PLAIN}}

ALLOWED_HOSTS = text("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [f"https://{'*' * host.startswith('.')}{host}" for host in ALLOWED_HOSTS if BEHIND_TLS]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = BEHIND_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SECURE_HSTS_SECONDS, SECURE_HSTS_INCLUDE_SUBDOMAINS = 365 * 24 * 3600 if BEHIND_TLS else 0, BEHIND_TLS
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # Whether browsers know the name beforehand is for whoever owns the domain.
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    **{directive: [CSP.SELF] for directive in ("default-src", "script-src", "style-src", "form-action", "base-uri")},
    **{directive: [CSP.NONE] for directive in ("object-src", "frame-ancestors")},
    "img-src": [CSP.SELF, "data:"],
}

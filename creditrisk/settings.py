"""The settings, one file. What the environment may say is read on top; a bad value stops the start with a sentence."""

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import available_timezones

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from tools import embedded

BASE_DIR = Path(__file__).resolve().parent.parent


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def yes(name: str) -> bool:
    if (value := text(name, "0")) not in {"0", "1"}:
        raise ImproperlyConfigured(f"{name} is {value!r}: say 1 for yes or 0 for no.")
    return value == "1"


def number(name: str, default: int) -> int:
    if not (value := text(name, str(default))).isdecimal() or int(value) < 1:
        raise ImproperlyConfigured(f"{name} is {value!r}: say a whole number from 1.")
    return int(value)


def database(url: str, *, role: str = "") -> dict[str, Any]:
    parts, extra = urlsplit(url), dict(parse_qsl(urlsplit(url).query))
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL names a database as postgresql://user:password@host:port/name.")
    where = {"HOST": extra.pop("host", parts.hostname or ""), "PORT": extra.pop("port", str(parts.port or ""))}
    who = {"USER": unquote(parts.username or ""), "PASSWORD": unquote(parts.password or "")}
    # What the server's list of connections, and the audit trail, call a process that acts for nobody.
    extra.setdefault("application_name", " ".join(["creditrisk", *Path(sys.argv[0]).parts[-2:], *sys.argv[1:2]])[:60])
    # The role is taken by the server at connecting; Django's assume_role waits for ever inside a pool.
    options = {**extra, "pool": {"min_size": 1, "max_size": number("DATABASE_POOL", 8), "timeout": 10}}
    options |= {"options": f"{extra.get('options', '')} -c role={role}".strip()} if role else {}
    name = unquote(parts.path.strip("/"))
    return {"ENGINE": "django.db.backends.postgresql", "NAME": name, **where, **who, "OPTIONS": options}


def redis(url: str) -> tuple[str, str]:
    """The broker's address as Celery writes it, and the cache's: the database after it, which is emptied at will."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        broker, cache = f"redis+socket://{parts.path}?virtual_host=", f"unix://{parts.path}?db="
        place = dict(parse_qsl(parts.query)).get("db", "0")
    else:
        broker = cache = f"{parts.scheme}://{parts.netloc}/"
        place = parts.path.strip("/") or "0"
    if parts.scheme not in {"redis", "rediss", "unix"} or not place.isdecimal():
        raise ImproperlyConfigured("REDIS_URL names a numbered database as redis://user:password@host:port/0.")
    return broker + place, cache + str(int(place) + 1)


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
DATABASE_OWNER_COMMANDS = {"ensure_roles", "flush", "migrate"}
if sys.argv[1:2] and sys.argv[1] in DATABASE_OWNER_COMMANDS:
    DATABASES = {"default": database(DATABASE_OWNER_URL or DATABASE_URL)}
else:
    DATABASES = {"default": database(DATABASE_URL, role="" if DATABASE_OWNER_URL else DATABASE_APP_ROLE)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_BROKER_URL, cache_url = redis(REDIS_URL)
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": cache_url}}
CELERY_TASK_IGNORE_RESULT = True  # What a task has to say, it says in rows.
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat")

INSTALLED_APPS = [
    *("creditrisk", *(f"creditrisk.{app}" for app in ("exposure", "policy", "decisions", "monitoring"))),
    *("customers", "ledger", "ledger.bank", "documents", "documents.intake", "approvals"),
    *("creditrisk.takeover", "creditrisk.quality", "creditrisk.audit", "creditrisk.figures"),
    *(f"django.contrib.{app}" for app in ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")),
    *("django.contrib.postgres", "django.contrib.humanize", "django_htmx", "django_tables2", "django_filters"),
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "creditrisk.audit.attribution.attributed",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF, WSGI_APPLICATION = "creditrisk.urls", "creditrisk.wsgi.application"
CONTEXT = [f"django.{name}" for name in ("template.context_processors.request", "contrib.auth.context_processors.auth")]
CONTEXT += ["django.contrib.messages.context_processors.messages", "creditrisk.context.around"]
ENGINE, OPTIONS = "django.template.backends.django.DjangoTemplates", {"context_processors": CONTEXT}
TEMPLATES = [{"BACKEND": ENGINE, "DIRS": [BASE_DIR / "templates"], "APP_DIRS": True, "OPTIONS": OPTIONS}]
DJANGO_TABLES2_TEMPLATE = "tables/table.html"
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "login", "/", "login"
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
if (TIME_ZONE := text("TIME_ZONE", "UTC")) not in available_timezones():
    raise ImproperlyConfigured(f"TIME_ZONE is {TIME_ZONE!r}: no such zone; Europe/Rome would be one.")
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
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if BEHIND_TLS else 0
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    **{directive: [CSP.SELF] for directive in ("default-src", "script-src", "style-src", "form-action", "base-uri")},
    **{directive: [CSP.NONE] for directive in ("object-src", "frame-ancestors")},
    "img-src": [CSP.SELF, "data:"],
}

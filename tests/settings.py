"""The settings under test: the product's own, on servers that give up durability, in a place that no other run uses.

A process (a run, or one of its parallel workers) takes the first free slot and keeps it while it lives: a database and
two Redis databases of its own. Servers that do not run are started; `make test` brings its own and stops them again.
"""

import fcntl
import os
from pathlib import Path

from redis import Redis

from tools import embedded

HOME = Path(os.environ.get("TEST_VAR") or Path(__file__).resolve().parent.parent / "var" / "test")
SLOTS = 32


def take_slot() -> int:
    """This will return a number that no other living process has."""
    (HOME / "slots").mkdir(parents=True, exist_ok=True)
    for number in range(SLOTS):
        lock = os.open(HOME / "slots" / str(number), os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # Held until the process ends.
        except BlockingIOError:
            os.close(lock)
            continue
        return number
    raise SystemExit(f"{SLOTS} test processes run already.")


SLOT = take_slot()
found = embedded.urls(HOME, fast=True)
# As the owner, who makes the test database; conftest.py takes the application's role once it is made.
os.environ["DATABASE_URL"] = found["DATABASE_OWNER_URL"]
os.environ["REDIS_URL"] = found["REDIS_URL"].replace("db=0", f"db={2 * SLOT}")
os.environ["SECRET_KEY"] = "for tests only"
for name in ("DATABASE_OWNER_URL", "DEBUG", "BEHIND_TLS", "ALLOWED_HOSTS", "TIME_ZONE", "LANGUAGE_CODE", "STATIC_ROOT", "VAR_DIR",
             "EMAIL_URL", "EMAIL_FROM", "SITE_URL", "WEBHOOK_NETWORKS"):  # fmt: skip
    os.environ.pop(name, None)

from creditrisk import environment  # noqa: E402
from creditrisk.settings import *  # noqa: E402, F403
from creditrisk.settings import DATABASES, REDIS_URL  # noqa: E402

DATABASES["default"]["TEST"] = {"NAME": f"test_{SLOT}"}
DATABASES["default"]["OPTIONS"]["options"] = environment.PLANS
DATABASES["default"]["OPTIONS"]["pool"] = False  # A change of role wants new connections at once.
WHITENOISE_AUTOREFRESH = True  # Else every client that a test makes reads through all static files.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # Quick; nothing here is a secret.

for offset in (0, 1):
    with Redis.from_url(REDIS_URL.replace(f"db={2 * SLOT}", f"db={2 * SLOT + offset}")) as leftovers:
        leftovers.flushdb()

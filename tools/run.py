"""The commands behind the Makefile, run inside .venv: COMMANDS at the end names them."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tools import browser, embedded

BASE = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("VAR_DIR") or BASE / "var")
PY = sys.executable
PATIENCE = 20  # Seconds that a part has to end when asked.
WHOLE = 1000  # So many races are a whole `make chaos`.


def setup() -> int:
    """Installing is done before this runs; say what comes next."""
    print("Ready. `make demo` starts the product, `.venv/bin/python manage.py` any command of it.")
    return 0


def demo() -> int:
    """This will start the product with its demo company and stay until Ctrl-C, SIGTERM or a part's end."""
    began = time.monotonic()
    port = _port()
    asked_to_stop: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _frame: asked_to_stop.append(got))
    servers, parts = None, {}
    ensure_roles = [["ensure_roles"]] if os.environ.get("DATABASE_URL") else []
    os.environ.setdefault("SECRET_KEY", embedded.secret_key(VAR))
    os.environ.setdefault("DEMO_LOGINS", "1")
    os.environ.setdefault("SITE_URL", f"http://127.0.0.1:{port}")
    try:
        if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
            servers = embedded.Servers(VAR).up()
        for words in (*ensure_roles, ["migrate", "-v", "0"], ["demo"]):
            command = _start([PY, "manage.py", *words])
            parts = {words[0]: command}
            while command.poll() is None and not asked_to_stop:
                time.sleep(0.02)
            if command.returncode or asked_to_stop:
                return 0 if asked_to_stop else 1
        parts = _start_parts(port)
        address = f"http://127.0.0.1:{port}/"
        while not asked_to_stop and not _ended(parts) and not _is_ready(address):
            time.sleep(0.05)
        if not asked_to_stop and not _ended(parts):
            print(f"\n{address} is ready after {time.monotonic() - began:.1f} s. Ctrl-C stops it.", flush=True)
        while not asked_to_stop and not _ended(parts):
            time.sleep(0.1)
        if not asked_to_stop:
            print("Ended by itself: " + ", ".join(_ended(parts)), file=sys.stderr)
            return 1
        return 0
    finally:
        _stop(parts)
        if servers:
            servers.down()
        print("Stopped.", flush=True)


def test(*words: str) -> int:
    """This will run the tests on servers of their own, started here and stopped again; `--keep` keeps the table of all."""
    # All of them: two processes, each with a database of its own. What is asked for by name runs as it is asked for.
    every = ("-n", "2", "--dist", "worksteal")
    if words == ("--keep",):
        return _tested((*every, "-p", "tests.whole"), KEEP_TABLE="make test ARGS=--keep")
    return _tested(words or every)


def chaos(times: str = "1000") -> int:
    """This will race, kill and starve the product, so many times or, at a thousand, for a minute each, and print how it ended.

    Ten times as many alerts are sent while workers are killed, and every form and address is fed nonsense for a while.
    From a thousand times on the table is kept beside those of the benchmarks.
    """
    if not times.isdecimal() or int(times) < 1:
        raise SystemExit(f"{times!r} times: say how often, as in: make chaos ARGS=100")
    bad = ["approvals/test_clock.py", "creditrisk/running", "test_nonsense.py", "test_hostile_addresses.py"]
    many = {"RACES": times, "NONSENSE": str(max(int(times) // 250, 1)), "HOSTILE": str(max(int(times) // 100, 3))}
    if int(times) >= WHOLE:
        many["KEEP_TABLE"] = "make chaos"
    words = ("-q", "-p", "tests.chaos", *(f"tests/{place}" for place in ("races", *bad)))
    return _tested(words, RACE_SECONDS=str(max(5.0, int(times) * 0.06)), **many)


def _tested(words: tuple[str, ...], **told: str) -> int:
    if not (chromium := browser.find() or browser.install()):
        if os.environ.get("CI") == "true":
            raise SystemExit("No Chromium could be had, and in CI the browser tests must run.")
        print("\n*** NO BROWSER: THE BROWSER TESTS ARE SKIPPED ***\n", file=sys.stderr, flush=True)
    _remove_what_the_killed_left()
    home = BASE / "var" / f"tests-{os.getpid()}"  # Of its own: it may end while somebody runs a single test.
    environment = {**os.environ, "TEST_VAR": str(home), "CHROMIUM": chromium or "", **told}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    process = None
    try:
        embedded.Servers(home, fast=True).up()
        process = subprocess.Popen([PY, "-m", "pytest", *words], cwd=BASE, env=environment)
        return process.wait()
    except KeyboardInterrupt:  # Pytest heard it too and says what it has got.
        return process.wait(PATIENCE) if process else 130
    finally:
        if process and process.poll() is None:
            process.terminate()
            process.wait(PATIENCE)
        _remove(home)


def check() -> int:
    """This will run what looks at the code itself."""
    return subprocess.call([PY, "-m", "pytest", "-q", "-m", "house"], cwd=BASE)


def audit(*files: str) -> int:
    """This will ask whether something is known against the packages that are locked."""
    from tools import audit as asking  # A library that only the tests and this have.

    return asking.audit(*files)


def bench(*words: str) -> int:
    """This will take all benchmarks, or the one that is named, each on durable servers of its own that begin empty.

    All but the portfolio of a million customers, which takes a quarter of an hour by itself.
    """
    every = [["gate"], ["clients"], ["policy"], ["tryout"], ["rebuild"], ["pages"], ["load"]]
    every += [["portfolio", "--customers", customers] for customers in ("10000", "100000")]
    return max([_measured("bench", *asked) for asked in ([words] if words else [[*one, "--keep"] for one in every])])


def _measured(*words: str) -> int:
    home = BASE / "var" / f"bench-{os.getpid()}"
    environment = {**os.environ, "VAR_DIR": str(home), "PYTHONPATH": str(BASE)}
    environment.setdefault("SECRET_KEY", embedded.secret_key(home))
    try:
        embedded.Servers(home).up()
        migrate = subprocess.call([PY, "manage.py", "migrate", "-v", "0"], cwd=BASE, env=environment)
        return migrate or subprocess.call([PY, "manage.py", *words], cwd=BASE, env=environment)
    finally:
        _remove(home)


def backup(*words: str) -> int:
    """This will write the whole database to one file: FILE, or a new one below the folder of the data."""
    return subprocess.call([PY, "manage.py", "backup", *words], cwd=BASE)


def restore(*words: str) -> int:
    """This will make the database what FILE says, all of it or nothing; `ARGS=--replace` where it is not empty."""
    if not words:
        raise SystemExit("Say which, as in: make restore FILE=var/backups/creditrisk-20260302-120000.dump")
    commands = [["restore", *words], ["migrate", "-v", "0"], ["audit_trail", "verify"], ["exposure", "audit"]]
    return next(filter(None, (subprocess.call([PY, "manage.py", *each], cwd=BASE) for each in commands)), 0)


def pictures() -> int:
    """This will draw the pictures of the README anew, from the demo company that runs at PORT."""
    from tools import pictures as drawing  # A browser's driver, which only tests and this have.

    return drawing.draw(f"http://127.0.0.1:{os.environ.get('PORT') or '8000'}/")


def messages() -> int:
    """This will take the product's sentences into the catalogues of translations, and compile these."""
    from tools import messages as catalogues  # A library that only the tests and this have.

    return catalogues.update()


def lock() -> int:
    """This will resolve the requirements again and write the lock files, with hashes and without any host's name."""
    if not (uv := shutil.which("uv")):
        raise SystemExit("Locking wants uv.")
    options = ["--universal", "--python-version", "3.12", "--generate-hashes", "--no-header", "--quiet"]
    for name in ("requirements", "requirements-dev"):
        if code := subprocess.call([uv, "pip", "compile", *options, f"{name}.in", "-o", f"{name}.lock"], cwd=BASE):
            return code
    return 0


def down() -> int:
    """This will stop the embedded servers that a management command or a single test left running."""
    for home in (VAR, BASE / "var" / "test"):
        embedded.Servers(home, fast=home.name == "test").down()
    return 0


def clean() -> int:
    """This will stop the servers and remove what commands made: data, logs, browsers, the environment."""
    down()
    _remove_what_the_killed_left()
    _remove(BASE / "var" / "test")
    _remove(VAR)
    for cache in (".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache", ".hypothesis", "var", ".venv"):
        shutil.rmtree(BASE / cache, ignore_errors=True)
    return 0


def _port() -> str:
    port = os.environ.get("PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise SystemExit(f"PORT is {port!r}: say a number from 1 to 65535.")
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("127.0.0.1", int(port)))
        except PermissionError:
            raise SystemExit(
                f"Port {port} is not for this user. Choose one above 1023, as in: PORT=8001 make demo"
            ) from None
        except OSError:
            raise SystemExit(
                f"Port {port} is in use. Choose another, as in: PORT={int(port) % 65535 + 1} make demo"
            ) from None
    return port


def _start(command: list[str], *, says: int | None = None) -> subprocess.Popen[bytes]:
    """In a session of its own: Ctrl-C comes here alone, and the parts are stopped in their order."""
    return subprocess.Popen(command, cwd=BASE, stdout=says, start_new_session=True, preexec_fn=_die_with_parent)


def web(port: str) -> list[str]:
    """Return the command that serves the pages: a process for each processor, up to four."""
    workers = str(min(os.cpu_count() or 1, 4))
    words = [
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        port,
        "--workers",
        workers,
        "--blocking-threads",
        "8",
    ]
    return [PY, "-m", "granian", *words, "--no-ws", "--log-level", "error", "creditrisk.wsgi:application"]


def commands(port: str) -> dict[str, list[str]]:
    """Return how the product's processes are started."""
    celery = [PY, "-W", "ignore", "-m", "celery", "-A", "creditrisk"]  # It warns of root; here root is at home.
    return {
        "web": web(port),
        "worker": [*celery, "worker", "-l", "warning", "-c", "2", "-n", f"worker{port}@%h"],
        "beat": [*celery, "beat", "-l", "warning", "--pidfile="],
    }


def _start_parts(port: str) -> dict[str, subprocess.Popen[bytes]]:
    banners = {"worker": subprocess.DEVNULL, "beat": subprocess.DEVNULL}  # What goes wrong is told in the other stream.
    return {name: _start(command, says=banners.get(name)) for name, command in commands(port).items()}


def _ended(parts: dict[str, subprocess.Popen[bytes]]) -> list[str]:
    return [f"{name} (exit {part.returncode})" for name, part in parts.items() if part.poll() is not None]


def _stop(parts: dict[str, subprocess.Popen[bytes]]) -> None:
    for part in reversed(parts.values()):
        if part.poll() is None:
            part.terminate()
    for part in parts.values():
        try:
            part.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            part.kill()


def _die_with_parent() -> None:
    """Leave no orphans when this process is killed outright; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _is_ready(address: str) -> bool:
    with contextlib.suppress(OSError):  # An answer of 503 is one of them.
        urllib.request.urlopen(f"{address}ready/", timeout=5).close()
        return True
    return False


def _remove_what_the_killed_left() -> None:
    for home in [*(BASE / "var").glob("tests-*"), *(BASE / "var").glob("bench-*")]:
        try:
            os.kill(int(home.name.rpartition("-")[2]), 0)
        except (ValueError, ProcessLookupError):
            _remove(home)
        except PermissionError:
            continue


def _remove(home: Path) -> None:
    servers = embedded.Servers(home, fast=True)
    with contextlib.suppress(embedded.Broken):
        servers.down()
    for folder in {home, servers.run, servers.data.parent}:
        shutil.rmtree(folder, ignore_errors=True)


COMMANDS: dict[str, Callable[..., int]] = {
    function.__name__: function
    for function in (
        setup,
        demo,
        test,
        chaos,
        check,
        audit,
        bench,
        backup,
        restore,
        pictures,
        messages,
        lock,
        down,
        clean,
    )
}

if __name__ == "__main__":
    name, words = (sys.argv[1:2] or ["setup"])[0], sys.argv[2:]
    if name not in COMMANDS:
        raise SystemExit(f"There is no command {name}; there are {', '.join(COMMANDS)}.")
    sys.exit(COMMANDS[name](*words))

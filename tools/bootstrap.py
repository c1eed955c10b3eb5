"""Install what is locked into .venv, once, then run tools.run there. Runs on a bare Python, outside the venv."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent
VENV = BASE / ".venv"
PYTHON = VENV / "bin" / "python"
NEEDS_TESTS = {"test", "chaos", "check", "bench", "messages", "pictures"}


def main() -> None:
    """This will leave a .venv that matches the lock file of the given command, and become that command."""
    command = sys.argv[1] if len(sys.argv) > 1 else "setup"
    dev = command in NEEDS_TESTS or os.environ.get("DEV") == "1"
    with open(BASE / "tools" / "bootstrap.py") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Two commands at once: the second waits and finds all installed.
        install(BASE / ("requirements-dev.lock" if dev else "requirements.lock"))
    os.chdir(BASE)
    os.execv(PYTHON, [str(PYTHON), "-m", "tools.run", *sys.argv[1:]])


def install(lockfile: Path) -> None:
    """This will do nothing if the venv was filled from these very lines before."""
    stamp = stamp_of(lockfile)
    everything = stamp_of(BASE / "requirements-dev.lock")  # Holds what the product needs, too.
    if (stamp.exists() or everything.exists()) and works():
        return
    uv = shutil.which("uv")
    if not works():
        shutil.rmtree(VENV, ignore_errors=True)
        say(f"Making .venv with Python {sys.version.split()[0]}")
        make = [uv, "venv", "-q", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]
        if subprocess.call([*make, str(VENV)], stdout=sys.stderr):
            raise SystemExit("This Python cannot make a venv. On Debian: apt install python3-venv. Or install uv.")
    say(f"Installing what {lockfile.name} names")
    pip = (
        [uv, "pip", "install", "-q", "--python", str(PYTHON)]
        if uv
        else [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--only-binary", ":all:"]
    )
    if subprocess.call([*pip, "--require-hashes", "-r", str(lockfile)], stdout=sys.stderr, cwd=BASE):
        raise SystemExit(f"The packages that {lockfile.name} names could not be installed; the lines above say why.")
    stamp.touch()


def stamp_of(lockfile: Path) -> Path:
    """The file that says: these lines are installed."""
    return VENV / f"{lockfile.stem}-{hashlib.sha256(lockfile.read_bytes()).hexdigest()[:12]}"


def works() -> bool:
    """Whether the venv is there and its Python still runs: it may have been upgraded away."""
    check = "import sys; sys.exit(not (3, 12) <= sys.version_info[:2] <= (3, 14))"
    return PYTHON.exists() and subprocess.call([PYTHON, "-c", check], stderr=subprocess.DEVNULL) == 0


def say(line: str) -> None:
    """Progress goes where it does not mix with what a command prints."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

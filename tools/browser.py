"""The browser for the tests: a Chromium that is there, else one that can be had."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent
DOWNLOADS = BASE / "var" / "browsers"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PLACES = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)


def find() -> str | None:
    """This will return the path of a Chromium that starts, or None."""
    candidates = [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES), *map(str, PLACES)]
    candidates += sorted(map(str, DOWNLOADS.glob("chromium-*/chrome-*/chrome")), reverse=True)
    candidates += sorted(map(str, DOWNLOADS.glob("chromium-*/chrome-*/*.app/Contents/MacOS/*")), reverse=True)
    return next((path for path in candidates if path and _starts(path)), None)


def install() -> str | None:
    """This will install one: Debian's package as root, else Playwright's download below the checkout."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("No Chromium here: installing Debian's package.", file=sys.stderr, flush=True)
        quiet = {"DEBIAN_FRONTEND": "noninteractive", **os.environ}
        packages = ["chromium", "fonts-dejavu-core"]
        for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "-y", "--no-install-recommends", "install"]):
            command += packages if command[-1] == "install" else []
            subprocess.call(command, env=quiet, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        if path := find():
            return path
    print("No Chromium here: asking Playwright for one.", file=sys.stderr, flush=True)
    environment = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(DOWNLOADS)}
    command = [sys.executable, "-m", "playwright", "install", "--no-shell", "chromium"]
    subprocess.call(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=900)
    return find()


def _starts(path: str) -> bool:
    """A browser whose libraries are missing is no browser."""
    try:
        return subprocess.call([path, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False

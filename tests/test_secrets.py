"""Secrets come from the environment: none stands in the repository, in its settings or in what is packed into an image."""

import re
import subprocess
from pathlib import Path

import pytest

BASE = Path(__file__).resolve().parent.parent
SECRETS = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    "a token": r"\b(?:ghp_|gho_|github_pat_|glpat-|xox[abp]-|sk_live_|rk_live_|AKIA[0-9A-Z]{12}|AIza[0-9A-Za-z_-]{30})",
    "a signed token": r"\beyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{10,}",
    "a key of webhooks": r"whsec_[A-Za-z0-9+/]{20,}",
    "a password in an address": r"\b[a-z+]+://[^/\s:@{}$\"']+:(?!(?:secret|password|pw)@)[^/\s:@{}$\"'<>]{3,}@",
    "a secret that is set": (
        r"(?i)(?:secret_key|password|passwd|api_key|token|client_secret)[\"']?\s*[:=]\s*[\"'](?![\"'])[^\"'\s{}<>$]{16,}[\"']"
    ),
    "a default of compose": r"\$\{[A-Z_]*(?:PASSWORD|SECRET|KEY|TOKEN)[A-Z_]*:-[^}]+\}",
}
# Where the tests type passwords, and where the catalogues translate the word.
EXCEPT = ("tests/", "locale/", ".lock")


def files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=BASE, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("No repository: what is packed without its history is not looked through.")
    return [BASE / name for name in listed.stdout.split("\0") if name and (BASE / name).is_file()]


def readable(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""


def test_no_secret_stands_in_the_repository() -> None:
    found = []

    for path in files():
        name = str(path.relative_to(BASE))
        if any(part in name for part in EXCEPT) and not name.startswith("tests/settings"):
            continue
        text = readable(path)
        found += [(name, what, hit.group()[:60]) for what, like in SECRETS.items() for hit in re.finditer(like, text)]

    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        'SECRET_KEY = "django-insecure-0123456789abcdef"', "DATABASE_URL=postgresql://app:hunter22@db/credit",
        "-----BEGIN RSA PRIVATE KEY-----", "${OWNER_PASSWORD:-owner}", 'client_secret: "Zm9vYmFyYmF6cXV4MTIz"',
    ],
)  # fmt: skip
def test_what_is_looked_for_would_be_found(line: str) -> None:
    assert any(re.search(like, line) for like in SECRETS.values())


def test_nothing_that_holds_secrets_is_kept_or_packed() -> None:
    kept = [str(path.relative_to(BASE)) for path in files()]
    packed = (BASE / ".dockerignore").read_text().split()

    assert [
        name
        for name in kept
        if Path(name).name == ".env" or name.startswith("var/") or name.endswith((".pem", ".key", ".p12"))
    ] == []
    assert {"var", ".env"} <= {name.strip("/") for name in packed} or "*" in packed

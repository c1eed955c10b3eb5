"""What is known against the locked packages is told; where nobody can be asked, that is told, and is no clean answer."""

from typing import Any

import pytest

from tools import audit, run

REPORT = {
    "dependencies": [
        {"name": "django", "version": "6.1.3", "vulns": []},
        {"name": "old", "version": "1.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1", "2.0"]}]},
        {"name": "older", "version": "0.1", "vulns": [{"id": "GHSA-x", "fix_versions": []}]},
    ]
}


def test_what_is_known_is_told_with_the_version_that_mends_it() -> None:
    assert [str(one) for one in audit.advisories(REPORT)] == [
        "old 1.0: PYSEC-2026-1, mended in 1.1, 2.0",
        "older 0.1: GHSA-x, mended in no version yet",
    ]


def test_where_nobody_can_be_asked_it_says_so(monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("XDG_CACHE_HOME", "/nonexistent")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    code = run.COMMANDS["audit"]("requirements.lock")

    assert code == audit.UNCHECKED
    assert "requirements.lock could not be checked: " in capfd.readouterr().err

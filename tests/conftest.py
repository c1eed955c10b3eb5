"""What every test may ask for: the database under the application's role, a browser, a real worker, an axe."""

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from django.utils import translation
from playwright.sync_api import ConsoleMessage, Page

from creditrisk.environment import PLANS
from tests import locking, stage
from tests.cast import Cast
from tests.scene import Scene
from tools import browser

# Playwright's synchronous calls leave a running event loop in the thread.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# What migrations fill stays when a test with real transactions empties the other tables.
KEPT = {"auth_group", "auth_group_permissions", "auth_permission", "django_content_type", "policy_rule"}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The owner makes the database and empties its tables; everything else runs as the application."""
    options = settings.DATABASES["default"]["OPTIONS"]

    def become(role: str) -> None:
        options["options"] = f"{PLANS} -c role={role}"
        connection.close()

    patch = pytest.MonkeyPatch()
    with django_db_blocker.unblock():
        become(settings.DATABASE_APP_ROLE)
        stage.open_at(connection.settings_dict["NAME"], django_db_blocker)
    locking.watch(patch)
    patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
    patch.setattr(DatabaseOperations, "execute_sql_flush", execute_as_owner)
    yield
    patch.undo()
    with django_db_blocker.unblock():
        stage.close()
        become("none")


# Minutes each: begun at once, so that the others fill the time of the process that has none of them.
LONG = ("tests/races/", "tests/browser/", "tests/creditrisk/test_demo", "tests/test_setup", "tests/test_nonsense")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests come first: at the end one process would wait for the other."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is loaded by now stays, so nobody looks through it for what can go; and looking seldom saves a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before its fixtures are made, a test gets the database it is to play on."""
    stage.choose(item)


def sql_flush(operations: Any, style: Any, tables: list[str], **options: Any) -> list[str]:
    """Instead of Django's: empty all tables but those that migrations filled."""
    names = ", ".join(operations.quote_name(table) for table in tables if table not in KEPT)
    return [f"TRUNCATE {names}{' RESTART IDENTITY' if options.get('reset_sequences') else ''}"]


def execute_as_owner(operations: Any, sql_list: list[str]) -> None:
    """Instead of Django's: for this one transaction the session is the owner's again, who may empty tables.

    A worker that was woken by the test may still be reading some of them in another order: then once more.
    """
    for left in reversed(range(5)):
        try:
            with transaction.atomic(), operations.connection.cursor() as cursor:
                cursor.execute("SET LOCAL ROLE NONE")
                for sql in sql_list:
                    cursor.execute(sql)
        except OperationalError as error:
            if not left or "deadlock" not in str(error):
                raise
        else:
            return


@pytest.fixture(autouse=True)
def locked_in_turn(request: pytest.FixtureRequest) -> Iterator[None]:
    """No transaction of the test locked accounts out of turn."""
    locking.out_of_turn.clear()
    yield
    alone = request.node.get_closest_marker("one_transaction")
    assert alone or not locking.out_of_turn, "\n".join(locking.out_of_turn)


@pytest.fixture(autouse=True)
def spoken_to_in_english() -> Iterator[None]:
    """The language of the last request of a test is not that of the next test."""
    yield
    translation.deactivate()


@pytest.fixture
def cast(db: None) -> Cast:
    """The people and customers on stage, under the product's default policy."""
    found: Cast = stage.enter("cast")
    return found


@pytest.fixture
def scene(db: None) -> Scene:
    """The cast, and one of everything that a page can be opened with."""
    found: Scene = stage.enter("scene")
    return found


@pytest.fixture(scope="session")
def environment(django_db_setup: None) -> dict[str, str]:
    """The environment in which another process works on this run's database and broker."""
    before, after = os.environ["DATABASE_URL"].split("/creditrisk?")
    url = f"{before}/{connection.settings_dict['NAME']}?{after}"
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "creditrisk.settings", "DATABASE_URL": url}


@pytest.fixture(scope="session")
def celery_worker(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A real worker process; ask for it in tests that commit (`django_db(transaction=True)`)."""
    command = [sys.executable, "-m", "celery", "-A", "creditrisk", "worker", "-l", "info", "-c", "1"]
    # What tests before this one woke nobody for is nobody's work any more: thousands of times, after as many races.
    command += ["--purge", "--without-gossip", "--without-mingle", "-n", f"test{os.getpid()}@%h"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    said = []
    for line in process.stderr:
        said.append(line)
        if "ready." in line:
            break
    else:
        pytest.fail("the worker did not start:\n" + "".join(said))
    threading.Thread(target=process.stderr.read, daemon=True).start()
    yield process
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """How the browser is started; without one the test is skipped here and fails in CI."""
    if not (path := browser.find()):
        reason = "No Chromium: run `make test`, which looks for one, or set CHROMIUM to its path."
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    switches = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update"]
    switches += ["--disable-background-networking", "--disable-sync"]
    return {"executable_path": path, "headless": True, "args": switches}


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page that must not complain: no error on the console, no violation of the content security policy."""
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        ours = "Failed to load resource" not in message.text or "/static/" in message.location.get("url", "")
        if message.type in {"error", "warning"} and ours:
            complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """A function that lists what axe finds wrong with a page for people who cannot see or point well."""
    import axe_playwright_python

    script = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()

    def violations(page: Page) -> list[str]:
        page.evaluate(script + ";0")
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        return [f"{v['id']}: {v['help']}: {n['html'][:200]}" for v in found for n in v["nodes"]]

    return violations

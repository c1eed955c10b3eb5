"""A broker of a test's own and real workers on it, each in processes that a signal can end."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from kombu import Connection
from redis import Redis

from creditrisk.celery import app
from creditrisk.environment import redis
from tools import embedded


class Broker:
    """A Valkey of the test's own, which keeps nothing over a restart."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="broker"))
        self.socket = self.home / "valkey.sock"
        self.url = f"unix://{self.socket}?db=0"
        self.process: subprocess.Popen[bytes] | None = None

    def up(self) -> None:
        arguments = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--dir", str(self.home)]
        self.process = subprocess.Popen([embedded._valkey_binary(), *arguments], stdout=subprocess.DEVNULL)
        for _time in range(200):
            with suppress(Exception), Redis.from_url(self.url) as client:
                client.ping()
                return
            time.sleep(0.05)
        pytest.fail("the broker did not start")

    def down(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(20)

    def ask(self, task: str = "creditrisk.notices.tasks.send") -> None:
        """Ask for a run; where the broker does not answer, the schedule would ask again a little later."""
        url = redis(self.url)[0]
        with suppress(Exception), Connection(url, connect_timeout=2) as connection:
            app.send_task(task, connection=connection, retry=False, ignore_result=True)


class Worker:
    """A real worker in a process of its own, which a signal cannot be explained to."""

    def __init__(self, environment: dict[str, str], *pool: str) -> None:
        command = [sys.executable, "-m", "celery", "-A", "creditrisk", "worker", "-l", "info"]
        command += [*(pool or ("-P", "solo")), "--without-gossip", "--without-mingle", "--without-heartbeat"]
        command += ["-n", f"killed{random.random()}@%h"]
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stderr is not None
        said = []
        for line in self.process.stderr:
            said.append(line)
            if "ready." in line:
                break
        else:
            pytest.fail("the worker did not start:\n" + "".join(said[-20:]))
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

"""Fixtures: web server, worker and beat as processes of their own, on the database of the test that asks for them.

They start once and live as long as the test process. Between the tests that use them, worker and beat are frozen
(SIGSTOP) outside any transaction: the flush after a test never waits for them, and no other test's rows change.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest
from django.conf import settings
from django.db import connection

from config.celery import app as celery
from config.embedded import BASE_DIR
from config.processes import spawn
from config.supervisor import beat_command, web_command, worker_command

STARTED = {"web": "Listening at", "worker": " ready.", "beat": "beat: Starting..."}
APPLICATION = "gatehouse-live"  # what PostgreSQL calls their sessions
START_SECONDS = 60
Found = TypeVar("Found")


def eventually(look: Callable[[], Found], *, seconds: float = 20) -> Found:
    """Return the first true answer of `look`, asked again and again; fail the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            pytest.fail(f"{look} still answered {found!r} after {seconds} s")
        time.sleep(0.05)
    return found


class Stack:
    """The processes; `url` is the web server's address."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        base, _, _ = os.environ["DATABASE_URL"].partition("?")[0].rpartition("/")
        self.environment = {
            **os.environ,
            "DATABASE_URL": f"{base}/{connection.settings_dict['NAME']}",
            "PGAPPNAME": APPLICATION,
            "LOG_LEVEL": "INFO",
            "OUTBOUND_NETWORKS": "127.0.0.0/8",
            "SWEEP_SECONDS": "2",
            "DRIFT_SECONDS": "2",
        }

    def log(self, name: str) -> Path:
        """The output of a process since it was last started."""
        return self.logs / f"{name}.log"

    def start(self, *names: str) -> None:
        """Start those that don't run ("web", "worker", "beat"), and return when all of them are at work."""
        commands = {"web": lambda: web_command(self.listener), "worker": worker_command, "beat": beat_command}
        for name in names:
            if name not in self.processes:
                with self.log(name).open("wb") as output:
                    self.processes[name] = spawn(
                        commands[name](),
                        output=output,
                        env=self.environment,
                        cwd=BASE_DIR,
                        keep=[self.listener.fileno()] if name == "web" else [],
                        last_signal=signal.SIGKILL,  # a frozen process would not hear another
                    )
        for name in names:
            eventually(lambda name=name: self._is_up(name), seconds=START_SECONDS)

    def _is_up(self, name: str) -> bool:
        if self.processes[name].poll() is not None:
            pytest.fail(f"{name} did not start:\n{self.log(name).read_text()[-3000:]}")
        return STARTED[name] in self.log(name).read_text(errors="replace")

    def kill(self, *names: str) -> None:
        """End processes with kill -9, as a crash would."""
        for name in names:
            process = self.processes.pop(name)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def freeze(self) -> None:
        """Stop worker and beat in time, at a moment when no transaction is open."""
        eventually(self._frozen_idle, seconds=30)

    def _frozen_idle(self) -> bool:
        self._signal(signal.SIGSTOP)
        if not any(self._open_transactions() for _ in range(2)):
            return True
        self._signal(signal.SIGCONT)
        return False

    def _open_transactions(self) -> int:
        time.sleep(0.01)  # what was sent just before the freeze reaches the server
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = %s AND xact_start IS NOT NULL",
                [APPLICATION],
            )
            return cursor.fetchone()[0]

    def thaw(self) -> None:
        """Let worker and beat go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for name in {"worker", "beat"} & self.processes.keys():
            self.processes[name].send_signal(number)


@pytest.fixture(scope="session")
def stack(django_db_setup, django_db_blocker) -> Iterator[Stack]:
    """The processes of this test process, none started yet; use `worker` or `live_stack`."""
    logs = Path(settings.VAR) / "log"
    logs.mkdir(exist_ok=True)
    stack = Stack(logs)
    yield stack
    stack.kill(*stack.processes)  # before the database is dropped
    stack.listener.close()
    with django_db_blocker.unblock(), connection.cursor() as cursor:  # a session may outlive who asked for something
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = %s",
            [APPLICATION],
        )


@pytest.fixture
def worker(transactional_db, stack) -> Iterator[Stack]:
    """A real worker and beat on the test's database; they see what is committed. `kill("worker")` crashes it."""
    celery.control.purge()  # messages of other tests
    stack.thaw()
    stack.start("worker", "beat")
    yield stack
    stack.freeze()


@pytest.fixture
def live_stack(worker) -> Stack:
    """All of it: a real web server at `.url`, worker and beat."""
    worker.start("web")
    return worker


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need the processes. One process of a run starts them, and runs these tests first; where there
    is only one it runs them last: until then nothing has to be started."""
    needy = [item for item in items if "stack" in getattr(item, "fixturenames", ())]
    for item in needy:
        item.add_marker("live")
        item.add_marker(pytest.mark.xdist_group("live"))
    items.sort(key=set(needy).__contains__)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Show what the processes wrote last beside a failure."""
    report = yield
    stack = getattr(item, "funcargs", {}).get("stack")
    if report.failed and stack is not None:
        for name in stack.processes:
            report.sections.append((f"log of {name}", stack.log(name).read_text(errors="replace")[-3000:]))
    return report

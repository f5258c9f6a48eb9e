"""A whole installation whose parts a test kills: database, broker folder, web server, worker and beats of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from config.embedded import BASE_DIR, DATABASE, Cluster
from config.embedded import stop as stop_database
from config.processes import spawn
from config.supervisor import beat_command, web_command, worker_command

WORDS = {
    "broker": "Ready to accept",
    "web": "Listening at",
    "worker": " ready.",
    "beat": "beat: Starting...",
    "second beat": "beat: Starting...",
}
NOT_OURS = ("DATABASE_URL", "CELERY_BROKER_URL", "REDIS_URL", "LOG_LEVEL")
Process = subprocess.Popen[bytes]


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


class Installation:
    """Its parts are started and killed by name; `url` and `key` are for its API, `demo` is what the seeding printed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cluster = folder, Cluster(folder / "postgres")
        self.database = self.cluster.start()
        self.processes: dict[str, Process] = {}
        self.broker_port = free_port() if shutil.which("redis-server") else None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        self.environment = kept | {
            "DATABASE_URL": self.cluster.url(),
            "GATEHOUSE_VAR": str(folder),
            "SWEEP_SECONDS": "1",
            "DRIFT_SECONDS": "1",
            "API_RATE": "1000000",
            "OUTBOUND_NETWORKS": "127.0.0.0/8",
        }
        if self.broker_port:
            self.environment["CELERY_BROKER_URL"] = f"redis://127.0.0.1:{self.broker_port}/0"
            self.start("broker")
        self.manage("migrate", "-v0")
        self.demo = json.loads(self.manage("seed_demo", "--json", "--trails=20"))
        self.key: str = self.demo["api_key"]

    def manage(self, *words: str) -> str:
        """What a management command prints."""
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=BASE_DIR, env=self.environment, check=True, capture_output=True, text=True)
        return done.stdout

    def start(self, *names: str) -> None:
        """Start those that don't run, and return when all of them are at work."""
        commands = {"web": lambda: web_command(self.listener), "worker": worker_command, "broker": self.broker_command}
        for name in names:
            if name not in self.processes:
                with self.log(name).open("wb") as output:
                    self.processes[name] = spawn(
                        commands.get(name, beat_command)(),
                        output=output,
                        env=self.environment,
                        cwd=BASE_DIR,
                        keep=[self.listener.fileno()] if name == "web" else [],
                        last_signal=signal.SIGKILL,
                    )
        for name in names:
            self.until(lambda name=name: WORDS[name] in self.log(name).read_text(errors="replace"), f"{name} is up")

    def broker_command(self) -> list[str]:
        """A Redis of our own that keeps nothing, so that what was queued is lost with it."""
        return [
            "redis-server",
            "--port",
            str(self.broker_port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]

    def log(self, name: str) -> Path:
        """The output of a process since it was last started."""
        return self.folder / f"{name}.log"

    def kill(self, *names: str) -> None:
        """End processes with kill -9."""
        for name in names:
            process = self.processes.pop(name)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def kill_database(self) -> None:
        """End the database's first process with kill -9, as the kernel does when memory is short."""
        self.database.kill()
        self.database.wait(10)

    def start_database(self) -> None:
        """Start it again as it is."""
        self.database = self.cluster.start()

    def client(self) -> httpx2.Client:
        """A client with the key."""
        return httpx2.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=30)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database says."""
        with self.cluster.connect(DATABASE) as connection:
            return connection.execute(query, values).fetchall()

    def one(self, query: str, *values: Any) -> Any:
        """The only value of the only row."""
        return self.rows(query, *values)[0][0]

    def until(self, look: Callable[[], Any], what: str, seconds: float = 90) -> Any:
        """The first true answer of `look`; fails the test after `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            with suppress(psycopg.OperationalError):
                if found := look():
                    return found
            if time.monotonic() > deadline:
                pytest.fail(f"Not in {seconds} s: {what}")
            time.sleep(0.1)

    def settle(self) -> None:
        """Wait until nothing is left to be told, judged or sent."""
        open_work = """
            SELECT (SELECT count(*) FROM catalog_outboxentry WHERE done_at IS NULL)
                 + (SELECT count(*) FROM releases_releasejob WHERE next_attempt_at IS NOT NULL)
                 + (SELECT count(*) FROM integrations_delivery WHERE state = 'pending')
        """
        self.until(lambda: self.one(open_work) == 0, "all work is done", 180)

    def end(self) -> None:
        """Stop and delete everything."""
        self.kill(*self.processes)
        self.listener.close()
        stop_database(self.database)
        self.cluster.remove()


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One for all tests: each leaves it whole."""
    installation = Installation(tmp_path_factory.mktemp("installation"))
    yield installation
    installation.end()


@pytest.fixture
def house(installed: Installation) -> Iterator[Installation]:
    """The installation with its parts at work."""
    installed.start("web", "worker", "beat")
    yield installed
    if "second beat" in installed.processes:
        installed.kill("second beat")
    died = [name for name, process in installed.processes.items() if process.poll() is not None]
    installed.kill(*died)
    assert not died, f"{died} ended without being killed"

"""One machine's processes: database, worker, beat and web, kept running until told to stop."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.embedded import BASE_DIR, EmbeddedError
from config.processes import spawn, stop

LONGEST_PAUSE = 30.0  # seconds between two starts of a service that keeps dying
STEADY_SECONDS = 60.0  # a service that lived this long starts anew at once
LOG_BYTES = 20 * 1024 * 1024

Process = subprocess.Popen[bytes]


def web_command(listener: socket.socket) -> list[str]:
    """Return the web server on a socket that listens already; one process, so what it keeps in memory is one too."""
    options = ["--worker-class=gthread", "--workers=1", "--threads=8", "--no-control-socket", "--graceful-timeout=4"]
    return [sys.executable, "-m", "gunicorn", f"--bind=fd://{listener.fileno()}", *options, "config.wsgi:application"]


def worker_command() -> list[str]:
    """Return a Celery worker without the chatter between workers, which the filesystem broker would keep as files."""
    options = ["--pool=threads", "--concurrency=4", "--without-gossip", "--without-mingle", "--loglevel=INFO"]
    return [sys.executable, "-m", "celery", "--app=config", "worker", *options]


def beat_command() -> list[str]:
    """Return the timetable's process without a pid file, which would outlive a kill -9."""
    return [sys.executable, "-m", "celery", "--app=config", "beat", "--pidfile=", "--loglevel=INFO"]


@dataclass
class Service:
    """A child process: how to start it, how to stop it where SIGTERM is not enough, and how it fared."""

    name: str
    start: Callable[[], Process]
    stop: Callable[[Process], object] | None = None  # for what must outlive the others
    process: Process | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    pause: float = 0.0


def child(name: str, command: Sequence[str], log: Path, mark: str, keep: Sequence[int] = ()) -> Service:
    """Return a service that runs `command` in the checkout and appends its output to `log`."""

    def start() -> Process:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            return spawn(command, output=output, cwd=BASE_DIR, mark=mark, keep=keep)

    return Service(name, start)


class Supervisor:
    """Starts services in order, restarts one that dies, stops them at the end.

    One that keeps dying is started again after 1, 2, 4 … 30 seconds. `say` takes a line for whoever watches.
    """

    def __init__(self, say: Callable[[str], object]) -> None:
        self.say = say
        self.services: list[Service] = []

    def add(self, service: Service) -> None:
        """Start `service` and keep it running; what its first start raises is the caller's."""
        service.started_at = time.monotonic()
        service.process = service.start()
        self.services.append(service)

    def tend(self) -> None:
        """Look after every service once. Call it a few times a second."""
        for service in self.services:
            if service.process is None:
                self._restart_when_due(service)
            elif (code := service.process.poll()) is not None:
                service.process = None
                self._plan_restart(service, f"exit code {code}" if code >= 0 else f"signal {-code}")

    def _plan_restart(self, service: Service, cause: str) -> None:
        lived = time.monotonic() - service.started_at
        service.pause = 1.0 if lived > STEADY_SECONDS else min(2 * service.pause or 1.0, LONGEST_PAUSE)
        service.due_at = time.monotonic() + service.pause
        self.say(f"{service.name} ended ({cause}); starting it again in {service.pause:.0f} s")

    def _restart_when_due(self, service: Service) -> None:
        if time.monotonic() < service.due_at:
            return
        service.started_at = time.monotonic()
        try:
            service.process = service.start()
        except (EmbeddedError, OSError) as failure:
            self._plan_restart(service, str(failure))

    def stop(self) -> None:
        """Stop every service: side by side, then those with a `stop` of their own, the last started first."""
        running = [service for service in reversed(self.services) if service.process is not None]
        stop(*(service.process for service in running if service.process and service.stop is None))
        for service in running:
            if service.process and service.stop:
                service.stop(service.process)
            service.process = None


def trim(log: Path) -> None:
    """Keep a log that its writer holds open from growing for ever: past 20 MB, move its content to `NAME.log.1`."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.with_suffix(".log.1").write_bytes(log.read_bytes())
        with log.open("r+b") as open_log:
            open_log.truncate(0)

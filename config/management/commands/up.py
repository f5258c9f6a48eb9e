"""`manage.py up`: all of Gatehouse on one machine, from an empty folder to a running portal."""

import errno
import fcntl
import http.client
import json
import os
import signal
import socket
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command, get_commands
from django.db import connection

from config import embedded
from config.processes import end, marked
from config.static import collect_if_changed
from config.supervisor import Service, Supervisor, beat_command, child, trim, web_command, worker_command

READY_SECONDS = 90
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
USAGE = 2  # exit code where the caller can put it right: a taken port, a second start


class Command(BaseCommand):
    """Start everything, wait until it is ready, say where and how to sign in, and keep it running until Ctrl-C."""

    help = "Run Gatehouse on this machine: database (unless DATABASE_URL names one), worker, beat and web."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--host", default=os.environ.get("HOST") or "127.0.0.1", help="address to listen on ($HOST)"
        )
        parser.add_argument("--port", default=os.environ.get("PORT") or "8000", help="port to listen on ($PORT)")
        parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")

    def handle(self, *args: Any, **options: Any) -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.default_int_handler)  # also where a shell started us with Ctrl-C ignored
        try:
            with ExitStack() as cleanup:
                self._run(cleanup, options)
        except KeyboardInterrupt:
            self._say("Stopped.")
        except embedded.EmbeddedError as error:
            raise CommandError(str(error)) from None

    def _run(self, cleanup: ExitStack, options: dict[str, Any]) -> None:
        var = embedded.var_folder()
        logs = var / "log"
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        cleanup.enter_context(the_only_one(var / "up.lock"))
        end(marked(str(var)), patience=3)  # what a killed run left behind
        listener = cleanup.enter_context(listening(options["host"], options["port"]))
        supervisor = Supervisor(self._say)
        cleanup.callback(self._stop, supervisor)
        demo = self._prepare(supervisor, var, with_demo=not options["no_demo"])
        self._say("Starting web, worker and beat …")
        for name, command in {"web": web_command(listener), "worker": worker_command(), "beat": beat_command()}.items():
            keep = [listener.fileno()] if name == "web" else []
            supervisor.add(child(name, command, logs / f"{name}.log", str(var), keep))
        url = f"http://{authority(options['host'], listener.getsockname()[1])}"
        self._wait_until_ready(supervisor, url, logs)
        self._say(greeting(url, demo, logs, tls=settings.SECURE_SSL_REDIRECT))
        self._watch(supervisor, logs)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _prepare(self, supervisor: Supervisor, var: Path, *, with_demo: bool) -> dict[str, Any] | None:
        """Bring up the database, its tables, the static files and the demo; return the demo's logins and keys."""
        cluster = embedded.Cluster(var / "postgres")
        if os.environ.get("DATABASE_URL") == cluster.url():
            self._say("Starting PostgreSQL …")
            supervisor.add(Service("database", cluster.start, embedded.stop))
        try:
            self._say("Applying migrations …")
            call_command("migrate", interactive=False, verbosity=0)
            collect_if_changed()
            return self._demo(var / "demo.json") if with_demo else None
        finally:  # the supervisor itself needs no connection, and its pool's threads would delay the end
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]  # only PostgreSQL has it

    def _demo(self, path: Path) -> dict[str, Any] | None:
        database = sha256(os.environ.get("DATABASE_URL", "").encode()).hexdigest()[:16]
        if "seed_demo" in get_commands() and not apps.get_model("catalog", "Organization")._base_manager.exists():
            self._say("Seeding a demo organization …")
            printed = StringIO()
            call_command("seed_demo", json=True, stdout=printed)
            path.unlink(missing_ok=True)
            path.touch(mode=0o600)
            path.write_text(json.dumps({**json.loads(printed.getvalue()), "database": database}, indent=2))
        if path.exists():
            demo = json.loads(path.read_text())
            if demo.get("database") == database:
                return demo
        return None

    def _wait_until_ready(self, supervisor: Supervisor, url: str, logs: Path) -> None:
        deadline = time.monotonic() + READY_SECONDS
        answer = "nothing"
        while time.monotonic() < deadline:
            supervisor.tend()
            with suppress(OSError, http.client.HTTPException):
                web = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
                web.request("GET", "/-/readyz")
                answer = str(web.getresponse().status)
                web.close()
            if answer == "200":
                return
            time.sleep(0.1)
        raise CommandError(f"{url}/-/readyz answered {answer} for {READY_SECONDS} s; see {logs / 'web.log'}")

    def _watch(self, supervisor: Supervisor, logs: Path) -> None:
        while True:
            for log in logs.glob("*.log"):
                trim(log)
            for _ in range(150):
                supervisor.tend()
                time.sleep(0.2)

    def _stop(self, supervisor: Supervisor) -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # an impatient second Ctrl-C must not cut the database's clean stop
        self._say("Stopping …")
        supervisor.stop()


@contextmanager
def the_only_one(path: Path) -> Iterator[None]:
    """Hold the lock that says "running from this folder"; the kernel frees it however the holder ends."""
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise CommandError(
                f"Gatehouse already runs from this folder (process {holder})", returncode=USAGE
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def listening(host: str, port: str) -> socket.socket:
    """Return a socket that listens on `host` and `port`: taken now, so a taken port is known before anything starts."""
    if not port.isdecimal() or int(port) > 65535:
        raise CommandError(f"PORT must be a number from 0 to 65535, not {port!r}", returncode=USAGE)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family, backlog=1024)
    except OSError as error:
        why = (
            "is taken: stop what listens there"
            if error.errno == errno.EADDRINUSE
            else f"can't be used ({error.strerror})"
        )
        hint = f"or choose another port, for example PORT={int(port) + 1} make run"
        raise CommandError(f"Port {port} on {host} {why}, {hint}", returncode=USAGE) from None


def authority(host: str, port: int) -> str:
    """Return host:port as a browser on this machine spells it."""
    shown = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (compared, not bound)
    return f"[{shown}]:{port}" if ":" in shown else f"{shown}:{port}"


def greeting(url: str, demo: dict[str, Any] | None, logs: Path, *, tls: bool = False) -> str:
    """Return what a newcomer needs to see: where the portal is, who may sign in, three calls to try.

    With `tls` the address is not for a browser: whoever asks there without TLS is sent to https.
    """
    lines = ["", f"Gatehouse is ready: {url}", ""]
    if tls:
        lines = [
            "",
            f"Gatehouse is ready behind {url}: a proxy that ends TLS and sets X-Forwarded-Proto goes before it.",
            "Without one, on one machine, start it with GATEHOUSE_EMBEDDED=1.",
            "",
        ]
    if demo is not None:
        width = max(len(user["email"]) for user in demo["users"])
        lines += ["  Sign in as"]
        lines += [f"    {user['email']:{width}}  {user['password']}  ({user['role']})" for user in demo["users"]]
        lines += [
            "",
            f"  API key  {demo['api_key']}",
            "",
        ]
    if demo is not None and not tls:
        lines += ["  Try", *(f"    {line}" for line in curl_lines(url, demo)), ""]
    return "\n".join([*lines, f"  Logs: {logs}    Stop: Ctrl-C", ""])


def curl_lines(url: str, demo: dict[str, Any]) -> list[str]:
    """Return three calls that work as they stand: record a build, ask the gate, list releases."""
    say = f"curl -sS -H 'Authorization: Bearer {demo['api_key']}'"
    post = f"{say} -H 'Content-Type: application/json' -d"
    build = {
        "flowId": demo["flow_id"],
        "gitCommitSha": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
        "gitBranch": "main",
        "gitAuthor": "Ada",
        "gitAuthorEmail": "ada@example.com",
    }
    compact = partial(json.dumps, separators=(",", ":"))
    question = {"artifactSha256": demo.get("digest") or f"sha256:{'0' * 64}", "environmentId": demo["environment_id"]}
    return [
        f"{post} '{compact(build)}' {url}/api/v1/trails",
        f"{post} '{compact(question)}' {url}/api/v1/gate/evaluate",
        f"{say} {url}/v1/applications/{demo['sqedule']['application_id']}/releases",
    ]

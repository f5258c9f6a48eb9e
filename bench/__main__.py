"""`make bench`: takes all figures on a database of its own and ends by itself."""

import http.client
import os
import shutil
import signal
import socket
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import django
import environ
import psutil
import psycopg
from psycopg import sql

from config.embedded import BASE_DIR, Cluster, prepare, stop
from config.processes import spawn
from config.processes import stop as end
from config.supervisor import beat_command, web_command, worker_command

NAME = f"gatehouse_bench_{os.getpid()}"
START_SECONDS = 60


def main() -> int:
    """0 when every figure holds."""
    parser = ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="part of the full run, which has a million trails")
    parser.add_argument("--out", type=Path, default=BASE_DIR / "var" / "bench.json")
    said = parser.parse_args()
    if not 0 < said.scale <= 1:
        parser.error("--scale is a part: over 0, at most 1")
    folder = BASE_DIR / "var" / "bench"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ |= {"GATEHOUSE_VAR": str(folder), "GATEHOUSE_EMBEDDED": "1", "LOG_LEVEL": "WARNING"}
    os.environ |= {"API_RATE": "100000000", "DJANGO_SETTINGS_MODULE": "config.settings", "ALLOWED_HOSTS": "*"}
    with database(folder):
        figures = run(said.scale, folder)
    from bench.report import write  # noqa: PLC0415  needs settings

    write(said.out, said.scale, figures)
    print(f"Written to {said.out}.")  # noqa: T201
    return int(any(each.holds is False for each in figures))


@contextmanager
def database(folder: Path) -> Iterator[None]:
    """Have DATABASE_URL name a new database on the server it names, without one on an embedded server, for a while."""
    cluster = None if os.environ.get("DATABASE_URL") else Cluster(folder / "postgres")
    process = cluster.start() if cluster else None
    try:
        if cluster:
            os.environ["DATABASE_URL"] = cluster.url()
        url = os.environ["DATABASE_URL"]
        base, _, options = url.partition("?")
        with _server(url) as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
        os.environ["DATABASE_URL"] = f"{base.rpartition('/')[0]}/{NAME}{'?' if options else ''}{options}"
        try:
            yield
        finally:
            with _server(url) as server:
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(NAME)))
    finally:
        if process:
            stop(process)


def _server(url: str) -> psycopg.Connection:
    """A connection to the database that the caller named."""
    said = environ.Env.db_url_config(url)
    words = {"host": said["HOST"], "port": said["PORT"], "user": said["USER"], "password": said["PASSWORD"]}
    return psycopg.connect(dbname=said["NAME"], autocommit=True, **{key: word for key, word in words.items() if word})


def run(size: float, folder: Path) -> list:
    """Fill the database, start the processes, take the figures."""
    prepare()
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415  settings read DATABASE_URL
    from django.db import connection  # noqa: PLC0415

    from bench.report import measure  # noqa: PLC0415
    from bench.subject import Subject  # noqa: PLC0415
    from config.garbage import settle  # noqa: PLC0415
    from config.scale.world import World  # noqa: PLC0415
    from config.static import collect_if_changed  # noqa: PLC0415

    call_command("migrate", interactive=False, verbosity=0)
    collect_if_changed()
    settle()
    try:
        with processes(folder) as (url, ids):
            world = World(lambda what, done, total: _say(f"{what} {done:,} of {total:,}"))
            return measure(Subject(size, url, ids, world), print)
    finally:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
        shutil.rmtree(folder / "queue", ignore_errors=True)


@contextmanager
def processes(folder: Path) -> Iterator[tuple[str, dict[str, int]]]:
    """Web server (a worker for each core), worker and beat; the address of the first, and the ids of all by name."""
    listener = socket.create_server(("127.0.0.1", 0))
    web = [f"--workers={os.cpu_count() or 1}" if each == "--workers=1" else each for each in web_command(listener)]
    commands = {"web": web, "worker": worker_command(), "beat": beat_command()}
    started = {}
    try:
        for name, command in commands.items():
            with (folder / f"{name}.log").open("wb") as log:
                keep = [listener.fileno()] if name == "web" else []
                started[name] = spawn(command, output=log, cwd=BASE_DIR, keep=keep)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        _wait(url)
        ids = {name: process.pid for name, process in started.items() if name != "web"}
        for pid in ids.values():  # until their memory is measured: bare SQL has nobody who works beside it either
            psutil.Process(pid).suspend()
        for number, child in enumerate(psutil.Process(started["web"].pid).children(), start=1):
            ids[f"web {number}"] = child.pid
        yield url, ids
    finally:
        for process in started.values():
            process.send_signal(signal.SIGCONT)
            end(process)
        listener.close()


def _wait(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError, http.client.HTTPException):
            web = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
            web.request("GET", "/-/readyz")
            if web.getresponse().status == 200:
                return
        time.sleep(0.2)
    raise TimeoutError(f"{url} was not ready in {START_SECONDS} s.")


def _say(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text:50}\r")


if __name__ == "__main__":
    sys.exit(main())

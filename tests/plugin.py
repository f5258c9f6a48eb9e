"""Loaded before Django (`-p tests.plugin`): gives a run its own database server, and each of its processes a queue.

`DATABASE_URL`, `CELERY_BROKER_URL` and `REDIS_URL` of the caller are used instead where they are set.
"""

import contextlib
import importlib
import os
import re
import shutil
from pathlib import Path

import psutil
import pytest
from _pytest import runner

from config.embedded import BASE_DIR, Cluster, stop
from config.garbage import settle
from config.stack import roomy

RUN = "GATEHOUSE_TEST_RUN"
WORKER = "PYTEST_XDIST_WORKER"
RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OWN = pytest.StashKey[bool]()  # the run has a server of its own
LASTING = BASE_DIR / "var" / "test"  # static files and screenshots outlive the run


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config):
    """Set the environment before pytest-django reads the settings, and begin the schema of processes that will be."""
    if WORKER not in os.environ:
        start_run(early_config)
    join_run(Path(os.environ[RUN]), os.environ.get(WORKER, "alone"))
    if WORKER not in os.environ and getattr(early_config.known_args_namespace, "numprocesses", None):
        from tests import template  # noqa: PLC0415 (it reads the environment)

        early_config.add_cleanup(template.start(f"gatehouse_test_{os.getpid()}").communicate)
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Collect the static files once, before the processes of the run share them."""
    if WORKER not in os.environ:
        from config.static import collect_if_changed  # noqa: PLC0415 (it needs the settings, which this module prepares)

        collect_if_changed()
        config.option.reuse_db |= OWN in config.stash  # nobody drops what goes with its server


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Have each process of a whole run import tests of its own first: what it compiles, the others read."""
    if session.config.args_source is not pytest.Config.ArgsSource.TESTPATHS or WORKER not in os.environ:
        return
    files = sorted((BASE_DIR / "tests").rglob("test_*.py"))
    number, processes = int(os.environ[WORKER].removeprefix("gw")), int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    for path in files[number::processes]:
        with contextlib.suppress(Exception):  # what is wrong with a file, its collection says
            importlib.import_module(".".join(path.relative_to(BASE_DIR).with_suffix("").parts))


@pytest.hookimpl(tryfirst=True)
@roomy
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run a test as pytest does, with room for its calls."""
    return runner.pytest_runtest_protocol(item, nextitem)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over the modules and tests that stay: looking at them took a quarter of a run."""
    settle(100_000)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a case with a random id alike in every process of a run, as pytest-xdist needs it."""
    if isinstance(val, str) and RANDOM_ID.search(val):
        return RANDOM_ID.sub("random-id", val)
    return None


def start_run(config: pytest.Config) -> None:
    """Make this run's folder and, unless the caller names one, its database server; both go when the run ends."""
    clear_dead_runs()
    folder = LASTING / f"run-{os.getpid()}"
    folder.mkdir(parents=True)
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ[RUN] = str(folder)
    if not os.environ.get("DATABASE_URL"):
        cluster = Cluster(folder / "postgres", durable=False)
        process = cluster.start()
        config.stash[OWN] = True
        config.add_cleanup(cluster.remove)
        config.add_cleanup(lambda: stop(process))
        os.environ["DATABASE_URL"] = cluster.url()


def clear_dead_runs() -> None:
    """Clear what killed runs left behind, their database servers included."""
    for folder in LASTING.glob("run-*"):
        if not psutil.pid_exists(int(folder.name.removeprefix("run-"))):
            cluster = Cluster(folder / "postgres", durable=False)
            cluster.stop_leftover()
            cluster.remove()
            shutil.rmtree(folder, ignore_errors=True)


def join_run(run: Path, name: str) -> None:
    """Give this process its own folder and Redis databases; the settings of whoever runs the suite don't reach it."""
    var = run / name
    var.mkdir(exist_ok=True)
    (LASTING / "static").mkdir(parents=True, exist_ok=True)
    if not (var / "static").exists():
        (var / "static").symlink_to(LASTING / "static")
    os.environ.update(
        GATEHOUSE_VAR=str(var),
        GATEHOUSE_EMBEDDED="1",
        SECRET_KEY="tests-only-" + "0" * 50,
        ALLOWED_HOSTS="localhost,127.0.0.1,testserver",
        DEBUG="0",
        PGOPTIONS="-c join_collapse_limit=1",  # tables of few rows: to try orders of joins takes longer than to join
        LOG_LEVEL="WARNING",  # two lines a request, rendered and captured, are a tenth of it
        DJANGO_ALLOW_ASYNC_UNSAFE="1",  # Playwright's loop runs in the test's thread, beside the ORM
    )
    number = int(name.removeprefix("gw")) if name.startswith("gw") else 0
    for variable, offset in {"CELERY_BROKER_URL": 0, "REDIS_URL": 1}.items():
        if os.environ.get(variable, "").startswith("redis"):
            os.environ[variable] = f"{redis_server(os.environ[variable])}/{2 * number + offset}"


def redis_server(url: str) -> str:
    """Return `url` without the number of its database."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.split('/')[0]}"

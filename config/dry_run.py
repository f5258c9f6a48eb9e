"""Dry runs: the real operation inside a transaction that is rolled back, so that nothing of it stays.

What a rollback can't take back (files, mail, calls to others) asks `is_dry_run()` first. Messages of `config.jobs` and
everything else that waits for the commit is never sent.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction
from django.http import HttpRequest

HEADERS = ("X-Dry-Run", "X-Factstore-Dry-Run")
_running: ContextVar[bool] = ContextVar("dry_run", default=False)


def asks_for_dry_run(request: HttpRequest) -> bool:
    """Whether a header or `?dryRun=` says "true", in any letter case."""
    said = [request.headers.get(name, "") for name in HEADERS] + [request.GET.get("dryRun", "")]
    return any(word.strip().lower() == "true" for word in said)


@contextmanager
def dry_run() -> Iterator[None]:
    """Do what is inside and take it back."""
    token = _running.set(True)
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        _running.reset(token)


def is_dry_run() -> bool:
    """Whether what is done now is taken back."""
    return _running.get()

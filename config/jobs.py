"""Wake a worker for a row that is already written. Row and sweep guarantee the work, the message makes it quick."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)
REST = 5.0  # seconds in which nothing is sent to a broker that was not there: a packet filter lets each try wait
_rests_until = 0.0
_held: ContextVar[bool] = ContextVar("held", default=False)


@contextmanager
def held() -> Iterator[None]:
    """Send no messages inside: for bulk work that does its jobs itself, or leaves them to the sweeps."""
    token = _held.set(True)
    try:
        yield
    finally:
        _held.reset(token)


def enqueue(name: str, *ids: int) -> None:
    """Send the task `name` with row ids after the current transaction commits.

    A broker that can't be reached is logged and never fails the caller, and rests for a while: the sweep finds the row.
    """
    if not _held.get():
        transaction.on_commit(partial(_send, name, ids))


def _send(name: str, ids: tuple[int, ...]) -> None:
    global _rests_until  # one broker, one memory of it in a process
    if time.monotonic() < _rests_until:
        return
    try:
        current_app.send_task(name, args=ids, retry=False)
    except (OperationalError, OSError) as unreachable:
        _rests_until = time.monotonic() + REST
        log.warning("broker_unreachable", task=name, ids=ids, error=str(unreachable))

"""Whether our own parts work, asked of them now."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.utils import timezone

from catalog.models import OutboxEntry

LATE = timedelta(minutes=5)  # a due event that no worker took for so long: none is working


@dataclass(frozen=True)
class Report:
    """What one part said: fine (True), not (False), or nothing that tells (None)."""

    canonical: str
    category: str
    ok: bool | None
    message: str


def database() -> Report:
    """The database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return Report("database", "storage", False, "The database does not answer.")
    return Report("database", "storage", True, "The database answers.")


def shared_cache() -> Report:
    """The cache gives back what was put in."""
    from redis.exceptions import RedisError  # noqa: PLC0415  few processes ask, and each would take longer to start

    key = f"probe:{uuid4()}"
    try:
        cache.set(key, "here", timeout=10)
        kept = cache.get(key) == "here"
        cache.delete(key)
    except (RedisError, OSError):
        kept = False
    said = "The cache keeps what it is given." if kept else "The cache does not keep what it is given."
    return Report("cache", "storage", kept, said)


def workers() -> Report:
    """Somebody takes the jobs that are due."""
    try:
        late = OutboxEntry.due(timezone.now() - LATE).count()
    except DatabaseError:
        return Report("workers", "queue", None, "The database does not answer, so nobody knows.")
    if late:
        return Report("workers", "queue", False, f"{late} jobs are due for over five minutes.")
    return Report("workers", "queue", True, "No job waits for long.")


PROBES = {"database": database, "cache": shared_cache, "workers": workers}

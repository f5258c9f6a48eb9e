"""What happened: the append-only history, and the mutable list of what still has to be told."""

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.fields.json import KeyTransform
from django.utils import timezone

from catalog.models.base import Keyed, TenantQuerySet

LEASE = timedelta(seconds=10)  # how long the first attempt to tell an event may take
PAUSE = timedelta(seconds=2)  # before a refused event is told again
SLOWEST = timedelta(hours=1)


def growing(first: timedelta, times: int) -> timedelta:
    """`first`, doubled `times` over, at most an hour."""
    return min(SLOWEST, first * 2 ** min(times, 12))


class EventQuerySet(TenantQuerySet):
    def about(self, uid: uuid.UUID) -> Self:
        """The events that concern the thing with this uid, newest first."""
        return self.filter(related__contains=[uid])

    def with_digest(self, digest: str) -> Self:
        """The events that concern what has this digest, as their data says, newest first."""
        return self.filter(data__has_key="digest", data__digest=digest)


class Event(Keyed):
    """One thing that happened to one subject. Never changed, never deleted: row triggers refuse both.

    Organization, actor and subject are plain values without foreign keys, so nothing cascades into history.
    `related` holds the uid of the subject and of everything else whose timeline shows the event.
    """

    entity = "event"
    resource = (("event", "uid"),)

    organization_id = models.BigIntegerField()
    kind = models.CharField(max_length=64)
    subject_type = models.CharField(max_length=64)
    subject_uid = models.UUIDField()
    subject_label = models.CharField(max_length=512)
    related = ArrayField(models.UUIDField(), default=list)
    actor_kind = models.CharField(max_length=16)
    actor_label = models.CharField(max_length=255)
    actor_uid = models.UUIDField(null=True)
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True, default="")
    region = models.CharField(max_length=64, blank=True, default="", help_text="Where the caller works; '' for here.")
    data = models.JSONField(default=dict)
    occurred_at = models.DateTimeField(auto_now_add=True, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-occurred_at", "-pk"]
        indexes = [
            models.Index(fields=["organization_id", "-occurred_at", "-id"], name="event_list"),
            models.Index(fields=["organization_id", "kind", "-occurred_at", "-id"], name="event_kind"),
            models.Index(fields=["organization_id", "actor_label", "-occurred_at", "-id"], name="event_actor"),
            models.Index(
                "organization_id",
                KeyTransform("digest", "data"),
                models.F("occurred_at").desc(),
                name="event_digest",
                condition=models.Q(data__has_key="digest"),
            ),
            GinIndex(fields=["related"], name="event_related"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_label}"


class OutboxEntry(models.Model):
    """That an event has subscribers still to be told. Done when every subscriber took it."""

    event = models.OneToOneField(Event, models.PROTECT, related_name="outbox")
    next_attempt_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "outbox entries"
        indexes = [models.Index(fields=["next_attempt_at", "id"], condition=models.Q(done_at=None), name="outbox_due")]

    def __str__(self) -> str:
        return f"{self.event} ({'told' if self.done_at else 'to tell'})"

    @classmethod
    def due(cls, at: datetime) -> "models.QuerySet[OutboxEntry]":
        """Entries to tell at `at`, oldest first."""
        return cls.objects.filter(done_at=None, next_attempt_at__lte=at).order_by("pk")

    @classmethod
    def claim(cls, pk: int, at: datetime) -> "OutboxEntry | None":
        """Take a due entry for one attempt; None when it is not due or somebody else took it.

        The claim holds for LEASE, twice as long with each attempt: what kills its worker does not come first again.
        """
        entry = cls.due(at).select_related("event").filter(pk=pk).first()
        if entry is None:
            return None
        until = at + growing(LEASE, entry.attempts)
        still_so = cls.due(at).filter(pk=pk, attempts=entry.attempts)
        if not still_so.update(attempts=entry.attempts + 1, next_attempt_at=until):
            return None
        entry.attempts, entry.next_attempt_at = entry.attempts + 1, until
        return entry

    def finish(self, at: datetime) -> None:
        """Every subscriber took the event."""
        self.done_at = at
        self.save(update_fields=["done_at"])

    def try_later(self, at: datetime, error: str) -> None:
        """Not every subscriber took it: tell all again after 2, 4, 8 … seconds, at most an hour."""
        self.last_error = error
        self.next_attempt_at = at + growing(PAUSE, self.attempts - 1)
        self.save(update_fields=["last_error", "next_attempt_at"])

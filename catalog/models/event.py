"""What happened: the append-only history, and the mutable list of what still has to be told."""

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import OuterRef, Subquery
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Coalesce
from django.utils import timezone

from catalog.models.base import Keyed, TenantQuerySet

LEASE = timedelta(seconds=10)  # how long the first attempt to tell an event may take
PAUSE = timedelta(seconds=2)  # before a refused event is told again
SLOWEST = timedelta(hours=1)
HOLDING = 3  # attempts; what could not be told in so many holds up the later events of its subject no longer


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
    """That an event has subscribers still to be told. Done when every subscriber took it.

    Events of one subject are told in the order of their ids: later ones wait for an entry that `holds` their subject.
    """

    event = models.OneToOneField(Event, models.PROTECT, related_name="outbox")
    next_attempt_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")
    holds = models.UUIDField(
        null=True, help_text="The subject whose later events wait for this one; empty after three failed attempts."
    )

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "outbox entries"
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], condition=models.Q(done_at=None), name="outbox_due"),
            models.Index(fields=["holds", "event"], condition=models.Q(done_at=None), name="outbox_holds"),
        ]

    def __str__(self) -> str:
        return f"{self.event} ({'told' if self.done_at else 'to tell'})"

    @classmethod
    def due(cls, at: datetime) -> "models.QuerySet[OutboxEntry]":
        """Entries whose time has come at `at`, what waits longest first."""
        return cls.objects.filter(done_at=None, next_attempt_at__lte=at).order_by("next_attempt_at", "pk")

    @classmethod
    def next_up(cls, at: datetime) -> "models.QuerySet[OutboxEntry]":
        """Due entries that no older one of their subject holds back."""
        holding = cls.objects.filter(done_at=None, holds=OuterRef("event__subject_uid")).order_by("event_id")
        oldest = Coalesce(Subquery(holding.values("event_id")[:1]), "event_id")  # one look into an index
        return cls.due(at).filter(event_id__lte=oldest)

    @classmethod
    def claim(cls, pk: int, at: datetime) -> "OutboxEntry | None":
        """Take a due entry for one attempt; None when it is not due or somebody else took it.

        The claim holds for LEASE, twice as long with each attempt: what kills its worker does not come first again.
        """
        entry = cls.next_up(at).select_related("event").filter(pk=pk).first()
        if entry is None:
            return None
        # What was not held back then never is again; the rest must still be so.
        still_so = cls.objects.filter(pk=pk, done_at=None, next_attempt_at__lte=at, attempts=entry.attempts)
        entry.holds = entry.holds if entry.attempts < HOLDING else None
        entry.next_attempt_at = at + growing(LEASE, entry.attempts)
        entry.attempts += 1
        values = {"attempts": entry.attempts, "next_attempt_at": entry.next_attempt_at, "holds": entry.holds}
        return entry if still_so.update(**values) else None

    def finish(self, at: datetime) -> None:
        """Every subscriber took the event. Who is first to say so is right, also when its claim ran out meanwhile."""
        OutboxEntry.objects.filter(pk=self.pk, done_at=None).update(done_at=at)
        self.done_at = at

    def try_later(self, at: datetime, error: str) -> None:
        """Not every subscriber took it: tell all again after 2, 4, 8 … seconds, at most an hour."""
        self.last_error = error
        self.next_attempt_at = at + growing(PAUSE, self.attempts - 1)
        self.holds = self.holds if self.attempts < HOLDING else None
        ours = OutboxEntry.objects.filter(pk=self.pk, done_at=None, attempts=self.attempts)
        ours.update(last_error=error, next_attempt_at=self.next_attempt_at, holds=self.holds)

    def next_pk(self) -> int | None:
        """The entry that waited for this one; None when there is none, or when it has to wait on."""
        if self.done_at is None and self.holds:
            return None
        waiting = OutboxEntry.objects.filter(holds=self.event.subject_uid, event__gt=self.event_id, done_at=None)
        return waiting.order_by("event_id").values_list("pk", flat=True).first()

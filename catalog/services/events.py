"""Recording what happened, and telling whoever subscribed."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from catalog.actors import Actor
from catalog.models import Event, OutboxEntry
from catalog.services import search
from config.jobs import enqueue

Subscriber = Callable[[Event], None]
SUBSCRIBERS: list[Subscriber] = []


def subscribe(subscriber: Subscriber) -> None:
    """Have `subscriber` told every event, at least once, in a worker and in a transaction of its own.

    Telling it twice must have no further effect. Called by apps when they start.
    """
    SUBSCRIBERS.append(subscriber)


def record_event(
    kind: str,
    *,
    subject: models.Model,
    actor: Actor,
    data: dict[str, Any] | None = None,
    related: Iterable[models.Model | uuid.UUID | None] = (),
    label: str | None = None,
) -> Event:
    """Write that `kind` (`<noun>.<past participle>`) happened to `subject`, queue it for the subscribers, and have
    search find the subject as it is now.

    Call it inside the transaction of the change. `related` names what else's timeline shows it (None is skipped);
    `data` is any JSON-able detail, never a secret.
    """
    event = event_of(kind, subject=subject, actor=actor, data=data, related=related, label=label)
    event.save(force_insert=True)
    entry = OutboxEntry.to_tell(event)
    entry.save(force_insert=True)
    search.follow(kind, subject)
    enqueue("catalog.tell", entry.pk)
    return event


def record_events(events: Sequence[Event]) -> None:
    """Write many events made by `event_of` in two statements; one message wakes the sweep that tells them."""
    if not events:
        return
    Event.objects.bulk_create(events)
    OutboxEntry.objects.bulk_create([OutboxEntry.to_tell(event) for event in events])
    enqueue("catalog.drain_outbox")


def event_of(
    kind: str,
    *,
    subject: models.Model,
    actor: Actor,
    data: dict[str, Any] | None = None,
    related: Iterable[models.Model | uuid.UUID | None] = (),
    label: str | None = None,
) -> Event:
    """The event `record_event` would write, not written yet."""
    uids = [subject.uid] + [getattr(each, "uid", each) for each in related if each is not None]  # type: ignore[attr-defined]
    return Event(
        organization_id=getattr(subject, "organization_id", None) or subject.pk,
        kind=kind,
        subject_type=subject._meta.model_name or "",
        subject_uid=subject.uid,  # type: ignore[attr-defined]
        subject_label=(label or str(subject))[:512],
        related=list(dict.fromkeys(uids)),
        actor_kind=actor.kind,
        actor_label=actor.label,
        actor_uid=_actor_uid(actor),
        address=actor.address,
        request_id=actor.request_id,
        region=actor.region,
        data=plain(data or {}),
    )


def plain(data: dict[str, Any]) -> dict[str, Any]:
    """`data` with dates, UUIDs and decimals as strings, as a JSON column stores them."""
    encoder = DjangoJSONEncoder()

    def convert(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(key): convert(item) for key, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [convert(item) for item in value]
        if value is None or isinstance(value, (str, int, float, bool)):
            return value
        return encoder.default(value)

    return convert(data)


def _actor_uid(actor: Actor) -> uuid.UUID | None:
    who = actor.user or actor.service_account or actor.token
    return who.uid if who else None

"""Recording what happened, and telling whoever subscribed."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models

from catalog.actors import Actor
from catalog.models import Event
from catalog.services import search
from config.jobs import enqueue

Subscriber = Callable[[Event], None]
SUBSCRIBERS: list[Subscriber] = []
MINDED: dict[Subscriber, frozenset[str]] = {}  # of those that don't mind every kind
COLUMNS = [field for field in Event._meta.concrete_fields if not field.primary_key]
WRITE = """
WITH written AS (INSERT INTO catalog_event ({columns}) VALUES {rows} RETURNING id, occurred_at, subject_uid){also}
INSERT INTO catalog_outboxentry (event_id, next_attempt_at, holds, attempts, last_error)
SELECT id, occurred_at, subject_uid, 0, '' FROM written ORDER BY id RETURNING event_id, id
"""


def subscribe(subscriber: Subscriber, *kinds: str) -> None:
    """Have `subscriber` told every event (of `kinds`, when given), at least once, in a worker and in a transaction of
    its own.

    Telling it twice must have no further effect. Called by apps when they start.
    """
    SUBSCRIBERS.append(subscriber)
    if kinds:
        MINDED[subscriber] = frozenset(kinds)


def subscribers_of(kind: str) -> list[Subscriber]:
    """Who is told of events of `kind`."""
    return [each for each in SUBSCRIBERS if each not in MINDED or kind in MINDED[each]]


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
    document = search.follow(kind, subject)
    (entry_id,) = _write([event], [document] if document else [])
    enqueue("catalog.tell", entry_id)
    return event


def record_events(events: Sequence[Event]) -> None:
    """Write many events made by `event_of` in one statement; one message wakes the sweep that tells them."""
    if not events:
        return
    _write(events)
    enqueue("catalog.drain_outbox")


def _write(events: Sequence[Event], documents: Sequence[search.Document] = ()) -> list[int]:
    """Write events with their outbox entries, whose ids are returned, and search documents: every change does this, so
    it is one statement that nothing has to build."""
    values = [field.get_db_prep_save(field.pre_save(event, True), connection) for event in events for field in COLUMNS]
    row = f"({', '.join('%s' for _ in COLUMNS)})"
    columns = ", ".join(field.column for field in COLUMNS)
    also = f", kept AS ({search.KEEP})" if documents else ""
    statement = WRITE.format(columns=columns, rows=", ".join([row] * len(events)), also=also)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, *search.columns(documents)])
        entries = sorted(cursor.fetchall())
    for event, (event_id, _) in zip(events, entries, strict=True):
        event.pk, event._state.adding, event._state.db = event_id, False, connection.alias
    return [entry_id for _, entry_id in entries]


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

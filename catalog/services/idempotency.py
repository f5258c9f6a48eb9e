"""Doing a request once, however often it is sent (draft-ietf-httpapi-idempotency-key-header)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from catalog.actors import Actor
from catalog.models import IdempotentAnswer
from config.crypto import Undecipherable, decrypt, encrypt
from config.errors import Conflict, RuleViolation

KEPT = timedelta(hours=24)
WAIT_MILLISECONDS = 10_000  # how long a repetition waits for the request it repeats
CLAIM = """
    INSERT INTO catalog_idempotentanswer
        (organization_id, caller, key, fingerprint, status, headers, content, created_at, expires_at)
    VALUES (%(organization)s, %(caller)s, %(key)s, %(fingerprint)s, 0, '{}', '', %(at)s, %(until)s)
    ON CONFLICT ON CONSTRAINT idempotent_once DO UPDATE SET
        fingerprint = EXCLUDED.fingerprint, status = 0, headers = '{}', content = '',
        created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at
    WHERE catalog_idempotentanswer.expires_at <= EXCLUDED.created_at
    RETURNING id
"""


@dataclass(frozen=True)
class Answer:
    """What was answered: the status, the body as it was sent, and the headers that belong to it."""

    status: int
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)


def claim_key(*, actor: Actor, key: str, fingerprint: str, at: datetime) -> IdempotentAnswer | Answer:
    """The row to write the answer into, ours until the caller's transaction ends, or the answer that was given.

    Whoever sends the same key meanwhile waits here: when that transaction commits they get its answer, when it is
    rolled back they are the first. Raises Conflict when it takes longer than ten seconds, RuleViolation when the key
    came with another request.
    """
    caller = _caller(actor)
    values: dict[str, Any] = {
        "organization": actor.organization_id,
        "caller": caller,
        "key": key,
        "fingerprint": fingerprint,
        "at": at,
        "until": at + KEPT,
    }
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [str(WAIT_MILLISECONDS)])
            cursor.execute(CLAIM, values)
            claimed = cursor.fetchone()
            cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Conflict(f"A request with the Idempotency-Key {key} is in progress; send it again later.") from error
        raise
    if claimed:
        return IdempotentAnswer.objects.get(pk=claimed[0])
    row = IdempotentAnswer.objects.get(organization=actor.organization_id, caller=caller, key=key)
    if row.fingerprint != fingerprint:
        raise RuleViolation(f"The Idempotency-Key {key} was used for another request.")
    try:
        return Answer(row.status, decrypt(bytes(row.content), _context(row)), row.headers)
    except Undecipherable as error:
        raise Conflict(
            f"The request with the Idempotency-Key {key} is done; its answer can't be read any more."
        ) from error


def keep_answer(row: IdempotentAnswer, answer: Answer) -> None:
    """Write the answer into the row that was claimed."""
    row.status, row.headers, row.content = answer.status, answer.headers, encrypt(answer.content, _context(row))
    row.save(update_fields=["status", "headers", "content"])


def forget_answers(*, at: datetime) -> int:
    """Delete the answers that are older than a day at `at`; returns how many."""
    return IdempotentAnswer.objects.filter(expires_at__lte=at).delete()[0]


def _caller(actor: Actor) -> str:
    who = actor.user or actor.service_account or actor.token
    return f"{actor.kind}:{who.uid if who else ''}"


def _context(row: IdempotentAnswer) -> str:
    return f"idempotency:{row.organization_id}:{row.caller}:{row.key}"

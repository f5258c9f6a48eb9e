"""Sending what is on its way: one attempt at a time for each receiver, tried again over hours, every attempt kept.

A delivery is claimed, sent outside any transaction, and marked. Whoever dies in between leaves a claim that runs out:
the delivery is then sent once more, with the same id. A receiver that can't be reached rests, and so do the others that
wait for it: it takes no worker's time meanwhile.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog.actors import Actor, require, system_actor
from catalog.models import Event
from catalog.models.base import uuid7
from catalog.services.events import record_event
from config.errors import Conflict
from config.jobs import enqueue
from config.outbound import Answer, Blocked, OutboundError
from integrations.models import Delivery, NotificationRule, Webhook
from integrations.services.channels import NoChannel, send

GONE = 410
SECONDS, MINUTES, HOURS = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours"))
PAUSES = (  # before each further attempt: three days in all
    5 * SECONDS,
    5 * MINUTES,
    30 * MINUTES,
    *(hours * HOURS for hours in (2, 5, 10, 14, 20, 24)),
)
RULE_PAUSES = (2 * SECONDS, 4 * SECONDS)
LONGEST_PAUSE = 24 * HOURS  # however much later a receiver asks us to come back
REST = 30 * SECONDS  # at most, of a receiver that can't be reached
BUDGET = 45.0  # seconds one job goes on with what waits for its receiver
MOST_RECEIVERS = 200  # that one sweep wakes workers for
PATIENCE = timedelta(days=5)  # with a receiver that takes nothing, as Standard Webhooks advises
KEPT = timedelta(days=30)
EXCERPT = 2000  # letters of an answer
State = Delivery.State


def send_out(event: Event, rows: Sequence[Delivery]) -> None:
    """Put what tells `event` on its way, to each receiver once however often this is called."""
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    told = Q(webhook__in=[each.webhook_id for each in rows]) | Q(rule__in=[each.rule_id for each in rows])
    waiting = Delivery.objects.filter(told, event_uid=event.uid, state=State.PENDING)
    for delivery_id in waiting.values_list("pk", flat=True):
        enqueue("integrations.deliver", delivery_id)


def send_test(*, kind: str, body: str, **receiver: Webhook | NotificationRule) -> Delivery:
    """Put one message that is no event's on its way, also to a receiver (`webhook` or `rule`) that is switched off."""
    (to,) = receiver.values()
    delivery = Delivery.objects.create(
        organization_id=to.organization_id,
        event_uid=uuid7(),
        kind=kind,
        body=body,
        is_test=True,
        next_attempt_at=timezone.now(),
        **receiver,
    )
    enqueue("integrations.deliver", delivery.pk)
    return delivery


def deliver(delivery_id: int) -> None:
    """Send one delivery and, as long as that goes well, what else waits for the same receiver."""
    until = time.monotonic() + BUDGET
    next_id: int | None = delivery_id
    while next_id is not None and time.monotonic() < until:
        delivery = Delivery.claim(next_id, at=timezone.now())
        if delivery is None or not attempt(delivery):
            return
        waiting = Delivery.objects.due(timezone.now()).to_receiver_of(delivery)
        next_id = waiting.values_list("pk", flat=True).first()


def wake() -> int:
    """Send a worker to each receiver that something is due for; returns to how many."""
    due = Delivery.objects.due(timezone.now()).order_by("webhook_id", "rule_id", "pk").distinct("webhook_id", "rule_id")
    ids = list(due.values_list("pk", flat=True)[:MOST_RECEIVERS])
    for delivery_id in ids:
        enqueue("integrations.deliver", delivery_id)
    return len(ids)


def forget(at: datetime) -> int:
    """Delete what was finished more than 30 days before `at`; returns how many."""
    return Delivery.objects.filter(finished_at__lt=at - KEPT).delete()[0]


def attempt(delivery: Delivery) -> bool:
    """Send a claimed delivery once and write how it went; whether the receiver took it."""
    if not (delivery.is_test or delivery.receiver.is_active):
        finish(delivery, State.SKIPPED, {}, error="It is switched off.")
        return True
    began = timezone.now()
    try:
        answer = send(delivery, at=began)
    except OutboundError as error:
        unanswered(delivery, began, error)
        return False
    answered(delivery, began, answer)
    return answer is None or answer.is_success


def unanswered(delivery: Delivery, began: datetime, error: OutboundError) -> None:
    """Nobody answered: later again, and what else waits for this receiver not before it has rested till then."""
    tried = {"at": began.isoformat(), "error": str(error)}
    if isinstance(error, NoChannel):
        finish(delivery, State.SKIPPED, {}, error=str(error))
        return
    if isinstance(error, Blocked):
        finish(delivery, State.FAILED, tried, error=str(error))
        return
    pause = try_later(delivery, tried, str(error))
    receiver = delivery.receiver
    type(receiver).objects.filter(pk=receiver.pk).update(rests_until=timezone.now() + min(pause or REST, REST))


def answered(delivery: Delivery, began: datetime, answer: Answer | None) -> None:
    """It went out where nobody answers, or an answer came: done, later again, or (410) never again."""
    if answer is None:
        finish(delivery, State.SENT, {"at": began.isoformat()})
        return
    tried = {
        "at": began.isoformat(),
        "seconds": round(answer.seconds, 3),
        "status": answer.status,
        "answer": answer.text[:EXCERPT],
        "is_cut": answer.is_cut or len(answer.text) > EXCERPT,
    }
    if answer.is_success:
        finish(delivery, State.SENT, tried)
    elif answer.status == GONE:
        if delivery.webhook and not delivery.is_test:
            _switch_off(delivery.webhook, "The receiver answered 410: it is gone for good.")
        finish(delivery, State.FAILED, tried, error="The receiver says that it is gone for good (410).")
    else:
        at = timezone.now()
        try_later(delivery, tried, f"The receiver answered {answer.status}.", after=_asked_pause(answer, at))


def try_later(delivery: Delivery, tried: dict[str, Any], error: str, after: timedelta = timedelta()) -> timedelta:
    """Try again after the next pause, at least `after`; failed, and no pause, when there is none left.

    A test is not repeated.
    """
    pauses: Sequence[timedelta] = () if delivery.is_test else PAUSES if delivery.webhook_id else RULE_PAUSES
    if delivery.attempts > len(pauses):
        finish(delivery, State.FAILED, tried, error=error)
        return timedelta()
    now = timezone.now()
    pause = max(pauses[delivery.attempts - 1], min(after, LONGEST_PAUSE))
    delivery.finish_attempt(now, tried, next_attempt_at=now + pause, error=error)
    _watch(delivery, State.PENDING, now)
    return pause


def finish(delivery: Delivery, state: str, tried: dict[str, Any], error: str = "") -> None:
    """It is over, one way or the other. What nobody was told does not stand, and nobody tried what was skipped."""
    now = timezone.now()
    values: dict[str, Any] = {"state": state, "finished_at": now, "next_attempt_at": None, "error": error}
    if state != State.SENT:
        values["is_standing"] = False
    if state == State.SKIPPED:
        values["attempts"] = 0
    delivery.finish_attempt(now, tried, **values)
    _watch(delivery, state, now)


@transaction.atomic
def redeliver(*, actor: Actor, delivery: Delivery) -> Delivery:
    """Send a finished delivery once more, with the same id, and with all pauses before it.

    Raises Forbidden without the right to update its webhook or rule, Conflict while it is on its way.
    """
    require(actor, f"organization:{delivery.receiver.entity}:update", delivery.receiver)
    now = timezone.now()
    again = Delivery.objects.filter(pk=delivery.pk).exclude(state=State.PENDING)
    if not again.update(state=State.PENDING, attempts=0, next_attempt_at=now, finished_at=None, error=""):
        raise Conflict("This delivery is on its way.")
    enqueue("integrations.deliver", delivery.pk)
    delivery.refresh_from_db()
    return delivery


def _asked_pause(answer: Answer, at: datetime) -> timedelta:
    """How long the receiver asks us to stay away (`Retry-After`: seconds, or a date); nothing when it does not."""
    said = answer.headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit():
        return timedelta(seconds=min(int(said[:9]), LONGEST_PAUSE.total_seconds()))
    try:
        then = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return timedelta()
    return max(timedelta(), then - at) if then.tzinfo else timedelta()


def _watch(delivery: Delivery, state: str, at: datetime) -> None:
    """Switch off a webhook whose receiver has taken nothing for PATIENCE, when one more delivery to it is given up."""
    webhook = delivery.webhook
    if webhook is None or delivery.is_test or state == State.SKIPPED:
        return
    if state == State.SENT:
        if webhook.failing_since:
            Webhook.objects.filter(pk=webhook.pk).update(failing_since=None)
    elif webhook.failing_since is None:
        Webhook.objects.filter(pk=webhook.pk).update(failing_since=at)
    elif state == State.FAILED and at - webhook.failing_since >= PATIENCE:
        _switch_off(webhook, f"The receiver has taken nothing for {PATIENCE.days} days.")


@transaction.atomic
def _switch_off(webhook: Webhook, because: str) -> None:
    is_on = Webhook.objects.filter(pk=webhook.pk, is_active=True)
    if is_on.update(is_active=False, switched_off_because=because, updated_at=timezone.now()):
        actor = system_actor(webhook.organization)
        record_event("webhook.switched_off", subject=webhook, actor=actor, data={"reason": because})

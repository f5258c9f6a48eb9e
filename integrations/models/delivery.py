"""Messages on their way to receivers, and what came of them."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q

from catalog.models import TenantModel, TenantQuerySet
from integrations.models.rule import NotificationRule
from integrations.models.webhook import Webhook

LEASE = timedelta(seconds=30)  # twice as long as one attempt can take
TRIES_KEPT = 30


def _awake(receiver: str, at: datetime) -> Q:
    return Q(**{f"{receiver}__rests_until__isnull": True}) | Q(**{f"{receiver}__rests_until__lte": at})


class DeliveryQuerySet(TenantQuerySet):
    def due(self, at: datetime) -> Self:
        """What is to be sent at `at`, oldest first; nothing to a receiver that rests or is just being sent to."""
        same = Q(webhook=OuterRef("webhook")) | Q(rule=OuterRef("rule"))
        in_hand = Delivery.objects.filter(same, claimed_until__gt=at)
        waiting = self.filter(state=Delivery.State.PENDING, next_attempt_at__lte=at)
        return waiting.filter(_awake("webhook", at), _awake("rule", at)).exclude(Exists(in_hand)).order_by("pk")

    def to_receiver_of(self, delivery: "Delivery") -> Self:
        """Those that go where this one goes."""
        return self.filter(webhook=delivery.webhook_id, rule=delivery.rule_id)


class Delivery(TenantModel):
    """One message to one receiver, a webhook or the channel of a rule. It is sent at least once, with the same id each
    time; an event has one for each receiver. `tries` says how each attempt went, oldest first.

    What a rule says of something that lasts (a gate that stays closed) has a `violation`, and stands until that ends:
    `scope` is what it is about, and while it stands the same is not said again.
    """

    entity = "outgoing_delivery"
    resource = (("outgoing_delivery", "uid"),)

    class State(models.TextChoices):
        PENDING = "pending"
        SENT = "sent"
        FAILED = "failed"
        SKIPPED = "skipped"

    webhook = models.ForeignKey(Webhook, models.CASCADE, null=True, blank=True, related_name="deliveries")
    rule = models.ForeignKey(NotificationRule, models.CASCADE, null=True, blank=True, related_name="deliveries")
    event_uid = models.UUIDField(help_text="The event it tells; of a test its own.")
    kind = models.CharField(max_length=64)
    body = models.TextField(help_text="JSON, as it is sent.")
    is_test = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, default="")
    scope = models.CharField(max_length=64, blank=True, default="", editable=False)
    violation = models.CharField(max_length=64, blank=True, default="", editable=False)
    is_standing = models.BooleanField(default=False, editable=False)
    tries = models.JSONField(default=list, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["webhook", "event_uid"], name="outgoing_once_to_webhook"),
            models.UniqueConstraint(fields=["rule", "event_uid"], name="outgoing_once_by_rule"),
            models.UniqueConstraint(
                fields=["rule", "violation"], condition=Q(is_standing=True), name="outgoing_standing_once"
            ),
            models.CheckConstraint(
                condition=Q(webhook__isnull=True) ^ Q(rule__isnull=True), name="outgoing_has_one_receiver"
            ),
            models.CheckConstraint(
                condition=~Q(state="pending") | Q(next_attempt_at__isnull=False), name="outgoing_pending_has_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], condition=Q(state="pending"), name="outgoing_due"),
            models.Index(fields=["webhook", "rule", "id"], condition=Q(state="pending"), name="outgoing_waiting"),
            models.Index(fields=["webhook", "-id"], name="outgoing_of_webhook"),
            models.Index(fields=["rule", "-id"], name="outgoing_of_rule"),
            models.Index(fields=["claimed_until"], condition=Q(claimed_until__isnull=False), name="outgoing_in_hand"),
            models.Index(fields=["scope"], condition=Q(is_standing=True), name="outgoing_standing"),
            models.Index(fields=["finished_at"], condition=Q(finished_at__isnull=False), name="outgoing_old"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.webhook or self.rule}"

    @property
    def receiver(self) -> "Webhook | NotificationRule":
        """Where it goes."""
        assert self.webhook or self.rule  # noqa: S101  a constraint holds it
        return self.webhook or self.rule  # type: ignore[return-value]

    @classmethod
    def claim(cls, pk: int, at: datetime) -> "Delivery | None":
        """Take a due delivery for one attempt; None when it is not due, done, or somebody else sends to the receiver.

        A claim older than its lease is free again.
        """
        to = cls.objects.filter(pk=pk).values("webhook_id", "rule_id").first()
        if to is None:
            return None
        model: Any = Webhook if to["webhook_id"] else NotificationRule
        until = at + LEASE
        with transaction.atomic():  # of two workers that look at once, the second sees the claim of the first
            model.objects.select_for_update(no_key=True).filter(pk=to["webhook_id"] or to["rule_id"]).first()
            free = cls.objects.due(at).filter(pk=pk)
            if not free.update(attempts=F("attempts") + 1, claimed_until=until, next_attempt_at=until):
                return None
        return cls.objects.select_related("webhook__organization", "rule__organization", "organization").get(pk=pk)

    def finish_attempt(self, at: datetime, tried: dict[str, Any], **values: Any) -> bool:
        """Write how the attempt went; False when the lease ran out and somebody else has the delivery by now."""
        self.tries = [*self.tries, *([tried] if tried else [])][-TRIES_KEPT:]
        ours = Delivery.objects.filter(pk=self.pk, attempts=self.attempts, state=self.State.PENDING)
        return bool(ours.update(tries=self.tries, claimed_until=None, updated_at=at, **values))

"""Notification rules: made, changed, tried out; and what they say of an event.

What lasts is said once: a gate that stays closed for the same reasons, an attestation that fails once more. It is said
again when it ended in between, when its reasons are others, or when nobody could be told the first time.
"""

import json
from collections.abc import Iterable
from copy import copy
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.actors import Actor, require
from catalog.models import Event
from catalog.prepared import prepared
from catalog.services.changes import write_changes
from catalog.services.events import record_event
from compliance.models import Attestation, Flow
from integrations.models import Delivery, NotificationRule
from integrations.services.deliveries import send_out, send_test
from integrations.services.news import TRIGGERS, News, decision_of
from integrations.services.rule_config import Config, check_config, known_config, seal, unmasked

CHECKS = ("attestation.recorded", "evidence.attached")
FIELDS = ("name", "trigger", "channel", "least_severity", "flow", "environment", "is_active")


@transaction.atomic
def create_notification_rule(
    *, actor: Actor, name: str, trigger: str, channel: str, config: Config | None = None, **values: Any
) -> NotificationRule:
    """Have `channel` told of `trigger`. `values` are flow, environment, least_severity, is_active.

    `config` is what the channel needs: `webhookUrl` (Slack, webhook), `secret` (webhook), `to` (e-mail; in the app the
    members to tell instead of all). Raises Forbidden without `organization:notification_rule:create`, ValidationError.
    Records `notification_rule.created`.
    """
    require(actor, "organization:notification_rule:create")
    rule = NotificationRule(
        organization=actor.organization, name=name, trigger=trigger, channel=channel, created_by=actor.label, **values
    )
    _check(rule, config or {})
    rule.sealed_config = seal(rule, config or {})
    rule.save()
    record_event("notification_rule.created", subject=rule, actor=actor, data={"trigger": trigger, "channel": channel})
    return rule


@transaction.atomic
def update_notification_rule(
    *, actor: Actor, rule: NotificationRule, config: Config | None = None, **changes: Any
) -> NotificationRule:
    """Change what is given. Where `config` has what was shown instead of a secret, the stored one stays.

    Raises Forbidden without `organization:notification_rule:update`, ValidationError, BadInput. Records
    `notification_rule.updated`, which tells that settings changed and not which.
    """
    require(actor, "organization:notification_rule:update", rule)
    locked = NotificationRule.objects.for_list().select_for_update(of=("self",)).get(pk=rule.pk)
    known = known_config(locked)
    wanted = known if config is None else unmasked(locked, config)
    trial = copy(locked)
    for name, value in changes.items():
        setattr(trial, name, value)
    _check(trial, None if wanted == known and trial.channel == locked.channel else wanted)
    changed = write_changes(locked, changes, FIELDS)
    if wanted != known:
        locked.sealed_config = seal(locked, wanted)
        locked.save(update_fields=["sealed_config", "updated_at"])
        changed.setdefault("after", {})["config"] = "changed"
    if changed:
        record_event("notification_rule.updated", subject=locked, actor=actor, data=changed)
    return locked


@transaction.atomic
def delete_notification_rule(*, actor: Actor, rule: NotificationRule) -> None:
    """Delete a rule with what it sent. Raises Forbidden without `organization:notification_rule:delete`.
    Records `notification_rule.deleted`."""
    require(actor, "organization:notification_rule:delete", rule)
    record_event("notification_rule.deleted", subject=rule, actor=actor, data={"trigger": rule.trigger})
    NotificationRule.objects.filter(pk=rule.pk).delete()


@transaction.atomic
def try_notification_rule(*, actor: Actor, rule: NotificationRule) -> Delivery:
    """Send one message marked as a test by this rule and no other, also when it is switched off. One attempt.

    Raises Forbidden without `organization:notification_rule:update`.
    """
    require(actor, "organization:notification_rule:update", rule)
    news = News(
        title=f"Test of {rule.name}"[:255],
        message=f"{actor.label} tries the rule {rule.name}. Nothing happened.",
        severity=rule.least_severity,
        subject_type="notification_rule",
        subject_uid=rule.uid,
        url="",
    )
    return send_test(kind=rule.trigger, body=said(rule, news, {"test": True}), rule=rule)


def tell_rules(event: Event) -> None:
    """Subscriber of events: one delivery for each rule that minds what happened and did not say so yet.

    Told it twice, it adds nothing.
    """
    _end(event)
    if event.kind not in TRIGGERS or (event.kind in CHECKS and not _failed(event)):
        return
    trigger, write = TRIGGERS[event.kind]
    rules = list(_rules(event, trigger))
    news = write(event) if rules else None
    if news is None:
        return
    scope = scope_of(event)
    violation = _digest(scope, news.title, news.message) if scope else ""
    rows, now = [], timezone.now()
    for rule in (each for each in rules if each.minds(news.severity)):
        if scope:  # other reasons: what was said before is over
            _standing(scope).filter(rule=rule).exclude(violation=violation).update(is_standing=False)
        rows.append(
            Delivery(
                organization_id=event.organization_id,
                rule=rule,
                event_uid=event.uid,
                kind=trigger,
                body=said(rule, news, event.data),
                scope=scope,
                violation=violation,
                is_standing=bool(scope),
                next_attempt_at=now,
            )
        )
    send_out(event, rows)  # without those whose like still stands


def said(rule: NotificationRule, news: News, extra: dict[str, Any]) -> str:
    """What a rule says, for each channel to take from (contract 21)."""
    body = {
        "triggerEvent": rule.trigger.upper(),
        "title": news.title,
        "message": news.message,
        "severity": news.severity.upper(),
        "entityType": news.subject_type or None,
        "entityId": news.subject_uid,
        "filterFlowId": rule.flow.uid if rule.flow else None,
        "extraPayload": extra,
        "path": news.url,
    }
    return json.dumps(body, cls=DjangoJSONEncoder)


def scope_of(event: Event) -> str:
    """What an event is about that lasts, as a digest: a gate (environment and digest), a check of a trail; else ''."""
    if event.kind.startswith("gate."):
        decision = decision_of(event)
        if decision is None:
            return ""
        return _digest("gate", event.organization_id, decision.environment_id, decision.digest)
    if event.kind in CHECKS:
        attestation = Attestation.objects.filter(uid=event.subject_uid).first()
        if attestation is None:
            return ""
        return _digest("check", attestation.trail_id, attestation.type, attestation.name, attestation.digest)
    return ""


def _check(rule: NotificationRule, config: Config | None) -> None:
    """Raise ValidationError for all that is wrong with a rule, and with the settings of its channel when given."""
    faults: dict[str, Any] = {}
    try:
        rule.full_clean()
    except ValidationError as refused:
        faults = refused.error_dict
    try:
        if config is not None:
            check_config(rule, config)
    except ValidationError as refused:
        faults |= refused.error_dict
    if faults:
        raise ValidationError(faults)


def _end(event: Event) -> None:
    """A gate that opened, a check that passed: should it fail again, it is news again."""
    passed = event.data.get("status") == Attestation.Status.PASSED
    ends = event.kind == "gate.allowed" or (event.kind in CHECKS and passed)
    if ends and _any_standing(organization=event.organization_id):
        _standing(scope_of(event)).update(is_standing=False)


def _failed(event: Event) -> bool:
    return event.data.get("status") == Attestation.Status.FAILED


def _standing(scope: str) -> Any:
    return Delivery.objects.filter(scope=scope, is_standing=True)


def _rules(event: Event, trigger: str) -> Iterable[NotificationRule]:
    """The active rules of `trigger` whose flow and environment, if any, are among what the event is about."""
    rules = _triggered(organization=event.organization_id, trigger=str(trigger))
    flows: set[int] = set()
    if any(each.flow_id for each in rules):
        about = Q(uid__in=event.related) | Q(trails__uid__in=event.related)
        flows = set(Flow.objects.filter(about, organization=event.organization_id).values_list("pk", flat=True))
    for rule in rules:
        at_home = rule.environment is None or rule.environment.uid in event.related
        if at_home and (rule.flow_id is None or rule.flow_id in flows):
            yield rule


@prepared
def _any_standing(*, organization: int) -> QuerySet[Delivery, Any]:
    return Delivery.objects.filter(organization=organization, is_standing=True).order_by().values_list("pk")[:1]


@prepared
def _triggered(*, organization: int, trigger: str) -> QuerySet[NotificationRule]:
    rules = NotificationRule.objects.filter(organization=organization, trigger=trigger, is_active=True)
    return rules.select_related("flow", "environment")


def _digest(*parts: object) -> str:
    return sha256(repr(parts).encode()).hexdigest()

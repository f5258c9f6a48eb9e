"""Webhooks: made, changed, tried out; and telling them events, once each."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.actors import Actor, require
from catalog.models import Event, Organization
from catalog.prepared import prepared, those
from catalog.services.changes import write_changes
from catalog.services.events import record_event
from integrations.models import Delivery, Webhook
from integrations.models.webhook import masked
from integrations.services.deliveries import send_out, send_test
from integrations.services.signing import new_secret, sealed, told, written

OLD_SECRET_LIVES = timedelta(hours=24)
TEST = "webhook.test"


@transaction.atomic
def create_webhook(
    *, actor: Actor, name: str, url: str, kinds: Sequence[str] = ("*",), is_active: bool = True
) -> tuple[Webhook, str]:
    """Have events posted to `url`; returns the webhook and its secret, which is shown only this once.

    `kinds` are globs of event kinds. Raises Forbidden without `organization:webhook:create`, ValidationError for a
    taken name or an address we don't call. Records `webhook.created`.
    """
    require(actor, "organization:webhook:create")
    secret = new_secret()
    webhook = Webhook(
        organization=actor.organization,
        name=name,
        url=url,
        kinds=list(kinds),
        is_active=is_active,
        created_by=actor.label,
    )
    webhook.sealed_secret = sealed(webhook, secret)
    webhook.put()
    record_event(
        "webhook.created", subject=webhook, actor=actor, data={"url": webhook.masked_url, "kinds": webhook.kinds}
    )
    return webhook, secret


@transaction.atomic
def update_webhook(*, actor: Actor, webhook: Webhook, **changes: Any) -> Webhook:
    """Change name, url, kinds or is_active. The secret goes with the webhook, wherever it points.

    Raises Forbidden without `organization:webhook:update`, ValidationError, BadInput. Records `webhook.updated`.
    """
    require(actor, "organization:webhook:update", webhook)
    locked = those(Webhook.objects.select_for_update).get(pk=webhook.pk)
    if changes.get("is_active"):
        locked.switched_off_because, locked.failing_since = "", None
    changed = write_changes(locked, changes, ("name", "url", "kinds", "is_active"))
    if changed:
        for when in changed.values():
            if "url" in when:  # paths and queries of such addresses are often secrets
                when["url"] = masked(when["url"])
        record_event("webhook.updated", subject=locked, actor=actor, data=changed)
    return locked


@transaction.atomic
def delete_webhook(*, actor: Actor, webhook: Webhook) -> None:
    """Delete a webhook with its deliveries. Raises Forbidden without `organization:webhook:delete`.
    Records `webhook.deleted`."""
    require(actor, "organization:webhook:delete", webhook)
    record_event("webhook.deleted", subject=webhook, actor=actor, data={"url": webhook.masked_url})
    Webhook.objects.filter(pk=webhook.pk).delete()


@transaction.atomic
def rotate_secret(*, actor: Actor, webhook: Webhook) -> tuple[Webhook, str]:
    """Give a webhook a new secret, which is returned only this once; the old one signs beside it for 24 hours.

    Raises Forbidden without `organization:webhook:update`. Records `webhook.rotated`.
    """
    require(actor, "organization:webhook:update", webhook)
    locked, secret = those(Webhook.objects.select_for_update).get(pk=webhook.pk), new_secret()
    locked.sealed_old_secret, locked.sealed_secret = locked.sealed_secret, sealed(locked, secret)
    locked.old_secret_until = timezone.now() + OLD_SECRET_LIVES
    locked.save(update_fields=["sealed_secret", "sealed_old_secret", "old_secret_until", "updated_at"])
    record_event("webhook.rotated", subject=locked, actor=actor, data={"old_until": locked.old_secret_until})
    return locked, secret


@transaction.atomic
def try_webhook(*, actor: Actor, webhook: Webhook) -> Delivery:
    """Post one message of kind `webhook.test` to this webhook and no other, also when it is switched off. One attempt.

    Raises Forbidden without `organization:webhook:update`.
    """
    require(actor, "organization:webhook:update", webhook)
    said = {"organization": actor.organization.slug, "webhook": webhook.name, "asked_by": actor.label}
    return send_test(kind=TEST, body=written(TEST, timezone.now(), said), webhook=webhook)


def tell_webhooks(event: Event) -> None:
    """Subscriber of events: one delivery for each webhook of the event's organization that hears its kind.

    Told it twice, it adds nothing.
    """
    hearing = [each for each in _listening(organization=event.organization_id) if each.hears(event.kind)]
    if not hearing:
        return
    organization = Organization.objects.only("slug").get(pk=event.organization_id)
    body, now = told(event, organization.slug), timezone.now()
    rows = [
        Delivery(
            organization_id=event.organization_id,
            webhook=webhook,
            event_uid=event.uid,
            kind=event.kind,
            body=body,
            next_attempt_at=now,
        )
        for webhook in hearing
    ]
    send_out(event, rows)


@prepared
def _listening(*, organization: int) -> QuerySet[Webhook]:
    return Webhook.objects.filter(organization=organization, is_active=True)

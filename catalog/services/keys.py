"""Issuing, finding and revoking credentials. A token is returned once, by the call that makes it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import jwt
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.actors import MACHINE_REACH, MACHINE_RULES, Actor, key_actor, require, said_rules, token_actor
from catalog.models import ApiKey, Component, Membership, Organization, ServiceAccount, User, WebhookToken
from catalog.prepared import prepared, those
from catalog.rights import Rule
from catalog.services.changes import write_changes
from catalog.services.events import record_event
from catalog.services.grants import require_key
from catalog.services.roles import as_json, checked
from config.crypto import derived_key, new_key, new_token, same_digest, token_digest
from config.errors import Conflict, FieldError, Unauthenticated

S = TypeVar("S", ApiKey, WebhookToken)
KEYS = ApiKey.objects.select_related("user", "service_account__organization", "service_account__role").annotate(
    machine_rules=MACHINE_RULES, machine_reach=MACHINE_REACH
)
GRACE = timedelta(hours=24)  # how long a rotated token's predecessor still opens
NOBODY = "0" * 64  # compared when a token is unknown, so that it costs what a known one costs
USED_EVERY = timedelta(minutes=1)  # last use is written at most this often


@transaction.atomic
def issue_api_key(
    *,
    actor: Actor,
    label: str,
    user: User | None = None,
    service_account: ServiceAccount | None = None,
    ttl_days: int | None = None,
    rules: Iterable[Rule] = (),
    organization: Organization | None = None,
    canonical: str = "",
    description: str = "",
) -> tuple[ApiKey, str]:
    """Make a key for a user or a service account and return it with its plain text; `rules` narrow what it may do.

    It opens `organization`, without one the actor's. One with a `canonical` has the form of a signed token, for clients
    that read what it says about itself. Raises Forbidden without `organization:api_key:create` there, but for one's own
    keys, and for a key that could do more than the actor: whoever may issue keys would else hold the rights of
    everybody. Conflict for a canonical that is taken, ValidationError for a person who is no member of the
    organization. Records `api_key.created`.
    """
    organization = organization or actor.organization
    if user is None or user != actor.user:
        require(actor, "organization:api_key:create", organization)
    if user and not Membership.objects.filter(user=user, organization=organization).exists():
        raise ValidationError({"user": f"{user.email} is no member of {organization}."})
    kept = checked(rules)
    if owner := user or service_account:
        kept = require_key(actor, owner, organization, kept)
    token = _signed(organization, canonical) if canonical else new_key("fsp_" if user else "fss_")
    key = ApiKey(
        organization=organization,
        user=user,
        service_account=service_account,
        label=label,
        prefix=token[:12],
        digest=token_digest(token),
        last_four=token[-4:],
        last_seven=token[-7:],
        canonical=canonical,
        description=description,
        created_by=actor.label,
        ttl_days=ttl_days,
        expires_at=timezone.now() + timedelta(days=ttl_days) if ttl_days else None,
        rules=as_json(kept),
    )
    try:
        key.put()
    except ValidationError:
        others = ApiKey.objects.filter(organization=organization, canonical=canonical, revoked_at=None)
        if canonical and others.exists():
            message = f"An API key of the canonical {canonical} exists."
            raise Conflict(message, fields=[FieldError("canonical", message)]) from None
        raise
    data = {"label": label, "expires_at": key.expires_at, "rules": [str(rule) for rule in kept]}
    record_event("api_key.created", subject=key, actor=actor, data=data)
    return key, token


def _signed(organization: Organization, canonical: str) -> str:
    """A key as a signed token. What is in it is for its holder to read: what it opens is looked up by its digest."""
    said = {"organization": {"id": organization.pk, "canonical": organization.slug}, "api_key": canonical}
    claims = {"iss": "gatehouse", "aud": "api key", "jti": new_token(), "cycloid": said}
    return jwt.encode(claims, derived_key("token:api key"), algorithm="HS256")


@transaction.atomic
def update_api_key(*, actor: Actor, key: ApiKey, user: User | None = None, **changes: Any) -> ApiKey:
    """Change what a key is called (`label`, `description`), or make it another person's (`user`).

    Raises Forbidden without `organization:api_key:update`, but for one's own keys, and for a person who may more than
    the actor; ValidationError for one who is no member. Records `api_key.updated`, when something changed.
    """
    if key.user is None or key.user != actor.user or actor.limits is not None:  # a narrowed key is not the whole person
        require(actor, "organization:api_key:update", key)
    locked = those(ApiKey.objects.select_for_update).get(pk=key.pk)
    if user is not None and user.pk != locked.user_id:
        if not Membership.objects.filter(user=user, organization=locked.organization_id).exists():
            raise ValidationError({"user": f"{user.email} is no member."})
        kept = require_key(actor, user, locked.organization, list(said_rules(locked.rules)))
        changes |= {"user": user, "service_account": None, "rules": as_json(kept)}
    changed = write_changes(locked, changes, ("label", "description", "user", "service_account", "rules"))
    if changed:
        record_event("api_key.updated", subject=locked, actor=actor, data=changed)
    return locked


@transaction.atomic
def rotate_api_key(*, actor: Actor, key: ApiKey, grace: timedelta = GRACE) -> tuple[ApiKey, str]:
    """Make a successor of the same owner, label, days to live and rules; the predecessor dies after `grace`.

    Raises Forbidden without `organization:api_key:create` and `:revoke`, but for one's own keys, and Conflict for a key
    that opens nothing any more. Records `api_key.created` and `api_key.revoked`.
    """
    locked = those(ApiKey.objects.select_for_update).get(pk=key.pk)
    if not locked.is_in_force() or locked.revoked_at is not None:
        raise Conflict(f"{locked} is at its end; issue another key.")
    successor = issue_api_key(
        actor=actor,
        label=locked.label,
        user=locked.user,
        service_account=locked.service_account,
        ttl_days=locked.ttl_days,
        rules=said_rules(locked.rules),
        organization=locked.organization,
    )
    revoke(actor=actor, secret=locked, at=timezone.now() + grace)
    return successor


@transaction.atomic
def issue_webhook_token(
    *, actor: Actor, label: str, component: Component | None = None, expires_at: datetime | None = None
) -> tuple[WebhookToken, str]:
    """Make a Phaset webhook token, bound to one component or not, and return it with its plain text.

    Raises Forbidden without `organization:webhook_token:create`. Records `webhook_token.created`.
    """
    require(actor, "organization:webhook_token:create", component)
    text = new_token()
    token = WebhookToken(
        organization=component.organization if component else actor.organization,
        component=component,
        label=label,
        digest=token_digest(text),
        last_four=text[-4:],
        created_by=actor.label,
        expires_at=expires_at,
    )
    token.put()
    record_event("webhook_token.created", subject=token, actor=actor, related=[component], data={"label": label})
    return token, text


@transaction.atomic
def rotate_webhook_token(*, actor: Actor, token: WebhookToken, grace: timedelta = GRACE) -> tuple[WebhookToken, str]:
    """Make a successor of the same label, record and expiry; the predecessor dies after `grace`.

    Raises Forbidden without `organization:webhook_token:create` and `:revoke`, Conflict for a token that has ended.
    Records `webhook_token.created` and `webhook_token.revoked`.
    """
    if not token.is_in_force():
        raise Conflict("This token has ended: issue a new one.")
    successor = issue_webhook_token(
        actor=actor, label=token.label, component=token.component, expires_at=token.expires_at
    )
    revoke(actor=actor, secret=token, at=timezone.now() + grace)
    return successor


@transaction.atomic
def revoke(*, actor: Actor, secret: S, at: datetime | None = None) -> S:
    """End a credential now, or at `at` (the end of a rotation's grace period); an end once set only comes nearer.

    Raises Forbidden without the entity's `revoke` right, but for one's own keys. Records `<entity>.revoked`, when
    something changed.
    """
    own = isinstance(secret, ApiKey) and secret.user is not None and secret.user == actor.user
    if not own or actor.limits is not None:  # a narrowed key is not the whole person
        require(actor, f"organization:{secret.entity}:revoke", secret)
    at = at or timezone.now()
    locked: S = those(type(secret)._default_manager.select_for_update).get(pk=secret.pk)
    if locked.revoked_at is None or at < locked.revoked_at:
        locked.revoked_at = at
        locked.save(update_fields=["revoked_at", "updated_at"])
        record_event(f"{secret.entity}.revoked", subject=locked, actor=actor, data={"at": at})
    return locked


def key_in_force(token: str) -> ApiKey:
    """The API key that `token` is, with its owner and what that may, in one query.

    Raises Unauthenticated for an unknown, expired or revoked key alike.
    """
    digest = token_digest(token)
    key = _keys.first(digest=digest)
    known = same_digest(key.digest if key else NOBODY, digest)
    if key is None or not known or not key.is_in_force():
        raise Unauthenticated("The credential is not valid.")
    return key


@prepared
def _keys(*, digest: str) -> QuerySet[ApiKey]:
    return KEYS.filter(digest=digest).order_by()


def authenticate_key(token: str, **context: object) -> Actor:
    """The actor an API key speaks for. Raises Unauthenticated for an unknown, expired or revoked key alike."""
    key = key_in_force(token)
    actor = key_actor(key, **context)
    if actor is None:
        raise Unauthenticated("The credential is not valid.")
    note_use(key)
    return actor


def authenticate_webhook(text: str, public_id: str, **context: object) -> Actor:
    """The actor of a Phaset token in the organization of that ORG_ID. Raises Unauthenticated for any fault alike."""
    digest = token_digest(text)
    token = _tokens.first(digest=digest)
    known = same_digest(token.digest if token else NOBODY, digest)
    if token is None or not known or not token.is_in_force() or token.organization.public_id != public_id:
        raise Unauthenticated("The credential is not valid.")
    note_use(token)
    return token_actor(token, **context)


@prepared
def _tokens(*, digest: str) -> QuerySet[WebhookToken]:
    return WebhookToken.objects.filter(digest=digest).select_related("organization", "component").order_by()


def note_use(secret: ApiKey | WebhookToken) -> None:
    """Remember that a credential was used, at most once a minute, without waiting for anybody else who does."""
    now = timezone.now()
    if secret.last_used_at and now - secret.last_used_at < USED_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USED_EVERY)
    type(secret).objects.filter(stale, pk=secret.pk).update(last_used_at=now)

"""Credentials: issued once, found by digest, ended for good."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from model_bakery import baker

from catalog.actors import system_actor
from catalog.models import ApiKey, Component, Event, Membership, WebhookToken
from catalog.services.keys import (
    authenticate_key,
    authenticate_webhook,
    issue_api_key,
    issue_webhook_token,
    revoke,
    rotate_webhook_token,
)
from config.crypto import new_token, same_digest, token_digest
from config.errors import Forbidden, Unauthenticated
from tests.people import make_actor, make_machine, make_user


def test_a_key_is_shown_once_and_only_its_digest_is_stored(admin):
    machine, _ = make_machine(admin.organization)
    key, text = issue_api_key(actor=admin, label="CI", service_account=machine.service_account, ttl_days=30)

    assert re.fullmatch(r"fss_[0-9a-f]{64}", text)
    assert (key.prefix, key.last_four, key.digest) == (text[:12], text[-4:], token_digest(text))
    assert key.created_by == "admin@acme.example"
    assert abs(key.expires_at - timezone.now() - timedelta(days=30)) < timedelta(seconds=5)
    stored = [str(value) for row in (*ApiKey.objects.values(), *Event.objects.values()) for value in row.values()]
    assert not any(text in value for value in stored)
    event = Event.objects.filter(kind="api_key.created").first()
    assert (event.subject_uid, event.actor_label, event.data["label"]) == (key.uid, "admin@acme.example", "CI")


def test_a_key_opens_for_its_owner(admin):
    _, text = issue_api_key(actor=admin, label="laptop", user=admin.user)

    actor = authenticate_key(text, address="192.0.2.7", request_id="r1")

    assert text.startswith("fsp_")
    assert (actor.user, actor.organization, actor.role) == (admin.user, admin.organization, "admin")
    assert (actor.address, actor.request_id) == ("192.0.2.7", "r1")


@pytest.mark.parametrize("how", ["unknown", "empty", "expired", "revoked", "left", "inactive"])
def test_a_key_that_opens_nothing_is_refused_in_the_same_words(admin, how):
    key, text = issue_api_key(actor=admin, label="laptop", user=admin.user)
    if how == "expired":
        ApiKey.objects.update(expires_at=timezone.now())
    elif how == "revoked":
        revoke(actor=admin, secret=key)
    elif how == "left":
        Membership.objects.all().delete()
    elif how == "inactive":
        type(admin.user).objects.update(is_active=False)

    with pytest.raises(Unauthenticated, match=r"^The credential is not valid\.$"):
        authenticate_key({"unknown": new_token("fsp_"), "empty": ""}.get(how, text))


def test_ones_own_key_needs_no_right_and_anothers_does(acme):
    viewer = make_actor(acme, "viewer")
    machine, _ = make_machine(acme)
    key, _ = issue_api_key(actor=viewer, label="mine", user=viewer.user)
    revoke(actor=viewer, secret=key)

    with pytest.raises(Forbidden, match="organization:api_key:create"):
        issue_api_key(actor=viewer, label="theirs", service_account=machine.service_account)
    with pytest.raises(Forbidden, match="organization:api_key:create"):
        issue_api_key(actor=viewer, label="theirs", user=make_user(acme, "owner"))
    with pytest.raises(Forbidden, match="organization:api_key:revoke"):
        revoke(actor=viewer, secret=ApiKey.objects.get(service_account=machine.service_account))
    with pytest.raises(Forbidden, match="organization:webhook_token:create"):
        issue_webhook_token(actor=viewer, label="no")


def test_a_key_has_one_owner_who_is_a_member(admin, globex):
    stranger = make_user(globex, "viewer")
    machine, _ = make_machine(admin.organization)
    theirs, _ = make_machine(globex, "ci", "theirs")
    for owners in (
        {},
        {"user": admin.user, "service_account": machine.service_account},
        {"user": stranger},
        {"service_account": theirs.service_account},
    ):
        with pytest.raises(ValidationError):
            issue_api_key(actor=admin, label="x", **owners)
    with pytest.raises(IntegrityError, match="api_key_one_owner"), transaction.atomic():
        baker.make(ApiKey, organization=admin.organization)
    with pytest.raises(IntegrityError, match="api_key_digest"), transaction.atomic():
        ApiKey.objects.filter(pk__in=[baker.make(ApiKey, user=admin.user).pk for _ in "ab"]).update(digest="same")


def test_an_end_once_set_only_comes_nearer(admin):
    token, _ = issue_webhook_token(actor=admin, label="CI")
    later = timezone.now() + timedelta(hours=1)

    assert revoke(actor=admin, secret=token, at=later).revoked_at == later
    assert revoke(actor=admin, secret=token, at=later + timedelta(hours=1)).revoked_at == later
    assert revoke(actor=admin, secret=token).revoked_at <= timezone.now()
    assert Event.objects.filter(kind="webhook_token.revoked").count() == 2


def test_a_token_is_in_force_until_it_expires_or_is_revoked():
    now = timezone.now()
    times = {None: True, now - timedelta(seconds=1): False, now: False, now + timedelta(seconds=1): True}
    for expires, unexpired in times.items():
        for revoked, unrevoked in times.items():
            token = WebhookToken(expires_at=expires, revoked_at=revoked)

            assert token.is_in_force(now) is (unexpired and unrevoked)


def test_a_webhook_token_opens_in_its_own_organization(acme, globex):
    token, text = issue_webhook_token(
        actor=system_actor(acme), label="CI", component=baker.make(Component, organization=acme)
    )

    assert re.fullmatch(r"[\w-]{43}", text)
    assert authenticate_webhook(text, "acme0001").token == token
    for public_id in ("globex01", "nobody", ""):
        with pytest.raises(Unauthenticated):
            authenticate_webhook(text, public_id)


def test_a_webhook_token_is_bound_within_its_organization(acme, globex):
    theirs = baker.make(Component, organization=globex)

    with pytest.raises(Forbidden, match="organization:webhook_token:create"):
        issue_webhook_token(actor=system_actor(acme), label="x", component=theirs)


def test_rotation_makes_a_successor_and_lets_the_old_one_run_out(acme, time_machine):
    system = system_actor(acme)
    old, old_text = issue_webhook_token(actor=system, label="CI")
    new, new_text = rotate_webhook_token(actor=system, token=old, grace=timedelta(minutes=5))

    assert authenticate_webhook(old_text, "acme0001").token == old
    assert authenticate_webhook(new_text, "acme0001").token == new
    time_machine.move_to(timezone.now() + timedelta(minutes=5))
    with pytest.raises(Unauthenticated):
        authenticate_webhook(old_text, "acme0001")


def test_last_use_is_written_at_most_once_a_minute(acme, time_machine, django_assert_num_queries):
    token, text = issue_webhook_token(actor=system_actor(acme), label="CI")
    time_machine.move_to("2026-01-01T10:00:00Z", tick=False)
    with django_assert_num_queries(2):
        authenticate_webhook(text, "acme0001")
    time_machine.move_to("2026-01-01T10:00:59Z", tick=False)
    with django_assert_num_queries(1):
        authenticate_webhook(text, "acme0001")
    token.refresh_from_db()
    assert token.last_used_at.isoformat() == "2026-01-01T10:00:00+00:00"
    time_machine.move_to("2026-01-01T10:01:00Z", tick=False)
    authenticate_webhook(text, "acme0001")
    assert WebhookToken.objects.filter(last_used_at="2026-01-01T10:01:00Z").count() == 1


def test_digests_are_keyed_and_compared_whole(settings):
    digest = token_digest("token")
    settings.TOKEN_PEPPER = "another"

    assert len(digest) == 64
    assert token_digest("token") != digest
    assert same_digest(digest, digest)
    assert not same_digest(digest, digest[:-1] + "x")

"""Webhooks: who hears what, signatures, attempts over hours, receivers that misbehave."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import standardwebhooks
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.models import Event
from config import outbound
from config.errors import Conflict, Forbidden
from integrations.models import Delivery, Notification, Webhook
from integrations.models.delivery import LEASE
from integrations.services import deliveries, signing
from integrations.services.deliveries import PATIENCE, PAUSES, deliver, forget, redeliver, wake
from integrations.services.notifications import tell
from integrations.services.webhooks import (
    create_webhook,
    delete_webhook,
    rotate_secret,
    tell_webhooks,
    try_webhook,
    update_webhook,
)
from tests.integrations.sending import a_delivery, a_webhook, happened, pass_time, sent, switched_off, verified
from tests.live import eventually
from tests.people import make_actor

State = Delivery.State


def test_an_event_arrives_signed_and_in_words_that_stay(admin, receiver):
    webhook, secret = a_webhook(admin, receiver)
    event = happened(admin)

    delivery = sent(Delivery.objects.get())

    (got,) = receiver.got
    assert verified(secret, got) == {
        "type": "team.created",
        "timestamp": event.occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": {
            "id": str(event.uid),
            "organization": "acme",
            "subject": {"type": "team", "id": str(event.subject_uid), "label": "Payments"},
            "actor": {"kind": "user", "label": admin.label},
            "details": {"members": []},
        },
    }
    assert got.headers["webhook-id"] == str(delivery.uid)
    assert (delivery.state, delivery.attempts, delivery.next_attempt_at) == (State.SENT, 1, None)
    assert (delivery.webhook, delivery.event_uid, delivery.body.encode()) == (webhook, event.uid, got.body)
    assert [(each["status"], each["answer"]) for each in delivery.tries] == [(204, "")]
    got.body += b" "
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        verified(secret, got)


@pytest.mark.parametrize(
    ("kinds", "hears"),
    [
        (["*"], True),
        (["team.created"], True),
        (["gate.*", "team.*"], True),
        (["*.created"], True),
        (["team.updated"], False),
        (["gate.*"], False),
        (["team"], False),
    ],
)
def test_a_webhook_hears_what_its_globs_name(kinds, hears):
    assert Webhook(kinds=kinds).hears("team.created") is hears


def test_each_webhook_of_the_organization_is_told_once_and_no_other(admin, stranger, receiver):
    for number in range(3):
        a_webhook(admin, receiver, name=f"w{number}")
    a_webhook(admin, receiver, kinds=("gate.*",), name="deaf")
    off, _ = a_webhook(admin, receiver, name="off")
    update_webhook(actor=admin, webhook=off, is_active=False)
    a_webhook(stranger, receiver)

    event = happened(admin)
    tell_webhooks(event)

    names = Delivery.objects.values_list("webhook__name", flat=True)
    assert sorted(names) == ["w0", "w1", "w2"]


def test_a_receiver_that_fails_is_asked_again_over_hours_with_the_same_id(admin, receiver):
    receiver.status, receiver.body = 500, b"broken"
    delivery, pauses = a_delivery(admin, receiver), []

    while sent(delivery).state == State.PENDING:
        pauses.append(delivery.next_attempt_at - timezone.now())
        deliver(delivery.pk)  # too early: nothing happens
        pass_time(hours=24, minutes=1)

    assert [round(each.total_seconds()) for each in pauses] == [each.total_seconds() for each in PAUSES]
    assert sum(PAUSES, timedelta()) > timedelta(days=3)
    assert (delivery.state, delivery.error) == (State.FAILED, "The receiver answered 500.")
    assert len(receiver.got) == len(delivery.tries) == delivery.attempts == len(PAUSES) + 1
    assert {each.headers["webhook-id"] for each in receiver.got} == {str(delivery.uid)}
    assert delivery.tries[0]["answer"] == "broken"


def test_a_receiver_says_when_to_come_back(admin, receiver):
    receiver.status, receiver.headers = 503, {"Retry-After": "3600"}
    delivery = sent(a_delivery(admin, receiver))

    assert timedelta(minutes=59) < delivery.next_attempt_at - timezone.now() <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        (format_datetime(datetime(2026, 1, 1, 12, 2, tzinfo=UTC), usegmt=True), 120),
        ("999999999999999", 86400),
        ("-5", 0),
        ("soon", 0),
        ("", 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("\u0663", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(said, seconds):
    answer = outbound.Answer(503, outbound.httpx2.Headers([(b"Retry-After", said.encode())]), b"", False, 0)

    found = deliveries._asked_pause(answer, datetime(2026, 1, 1, 12, tzinfo=UTC))
    assert found.total_seconds() == seconds


def test_gone_switches_the_webhook_off_and_nothing_more_is_sent(admin, receiver):
    webhook, _ = a_webhook(admin, receiver)
    happened(admin, "one")
    happened(admin, "two")
    receiver.status = 410
    first, second = Delivery.objects.order_by("pk")

    assert sent(first).state == State.FAILED
    assert switched_off(webhook)
    assert "410" in webhook.switched_off_because
    assert sent(second).state == State.SKIPPED
    assert len(receiver.got) == 1
    assert Event.objects.get(kind="webhook.switched_off").subject_uid == webhook.uid
    update_webhook(actor=admin, webhook=webhook, is_active=True)
    assert not switched_off(webhook)
    assert webhook.switched_off_because == ""


def test_a_receiver_that_takes_nothing_for_five_days_is_switched_off_and_its_owners_know(admin, receiver):
    webhook, _ = a_webhook(admin, receiver)
    receiver.status = 500
    happened(admin, "one")
    begun = Delivery.objects.get()
    while sent(begun).state == State.PENDING:
        pass_time(hours=24, minutes=1)
    assert not switched_off(webhook)  # so far it is only some days

    Webhook.objects.update(failing_since=timezone.now() - PATIENCE)
    happened(admin, "two")
    last = Delivery.objects.get(state=State.PENDING)
    assert sent(last).state == State.PENDING
    assert not switched_off(webhook)
    while sent(last).state == State.PENDING:
        pass_time(hours=24, minutes=1)

    assert switched_off(webhook)
    assert webhook.switched_off_because == "The receiver has taken nothing for 5 days."
    tell(Event.objects.get(kind="webhook.switched_off"))
    told = Notification.objects.get(user=admin.user)
    assert (told.title, told.subject_uid) == ("Webhook switched off: CI", webhook.uid)
    assert told.message.startswith("The receiver has taken nothing for 5 days.")
    assert update_webhook(actor=admin, webhook=webhook, is_active=True).failing_since is None


def test_whoever_takes_something_now_and_then_stays_on(admin, receiver):
    webhook, _ = a_webhook(admin, receiver)
    receiver.status = 500
    happened(admin, "one")
    delivery = Delivery.objects.get()
    sent(delivery)
    webhook.refresh_from_db()
    assert webhook.failing_since is not None

    receiver.status = 204
    Webhook.objects.update(failing_since=timezone.now() - PATIENCE)
    pass_time(hours=1)
    sent(delivery)
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.failing_since) == (True, None)


def test_an_address_inside_fails_at_once(admin, receiver, settings):
    delivery = a_delivery(admin, receiver)
    settings.OUTBOUND_NETWORKS = []

    assert sent(delivery).state == State.FAILED
    assert "https" in delivery.error
    assert receiver.got == []


def test_a_slow_receiver_rests_and_takes_no_more_of_a_workers_time(admin, receiver, monkeypatch):
    a_webhook(admin, receiver)
    for number in range(3):
        happened(admin, f"team {number}")
    receiver.act = receiver.drip
    monkeypatch.setattr(signing, "post", lambda url, **sent: outbound.post(url, seconds=0.1, **sent))

    first = sent(Delivery.objects.earliest("pk"))

    eventually(lambda: receiver.got)  # its thread may have had no turn before the time was over
    assert (first.state, first.error, len(receiver.got)) == (State.PENDING, "The answer took too long.", 1)
    assert wake() == 0
    assert not Delivery.objects.exclude(pk=first.pk).exclude(attempts=0).exists()
    rest = Webhook.objects.get().rests_until - timezone.now()
    assert timedelta(seconds=4) < rest <= timedelta(seconds=5)  # as long as the pause before the next attempt
    pass_time(seconds=6)
    assert wake() == 1
    sent(first)
    rest = Webhook.objects.get().rests_until - timezone.now()
    assert timedelta(seconds=29) < rest <= timedelta(seconds=30)


def test_of_a_huge_answer_the_log_keeps_the_beginning(admin, receiver):
    receiver.act = receiver.flood

    delivery = sent(a_delivery(admin, receiver))

    assert delivery.state == State.SENT
    assert (delivery.tries[0]["answer"], delivery.tries[0]["is_cut"]) == ("a" * deliveries.EXCERPT, True)


def test_one_job_sends_all_that_waits_for_its_receiver_in_order(admin, receiver):
    a_webhook(admin, receiver)
    uids = [str(happened(admin, f"team {number}").subject_uid) for number in range(3)]

    deliver(Delivery.objects.earliest("pk").pk)

    assert [each for each in uids if each in receiver.got[uids.index(each)].body.decode()] == uids


def test_a_worker_that_dies_after_sending_sends_again_with_the_same_id(admin, receiver, monkeypatch):
    delivery = a_delivery(admin, receiver)
    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "answered", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            deliver(delivery.pk)
    assert sent(delivery).state == State.PENDING  # the claim holds
    pass_time(seconds=LEASE.total_seconds() + 1)

    assert sent(delivery).state == State.SENT
    assert [each.headers["webhook-id"] for each in receiver.got] == [str(delivery.uid)] * 2


def test_a_worker_that_comes_too_late_changes_nothing(admin, receiver):
    delivery = a_delivery(admin, receiver)
    late = Delivery.claim(delivery.pk, at=timezone.now())
    pass_time(seconds=LEASE.total_seconds() + 1)
    assert sent(delivery).state == State.SENT

    assert late is not None
    assert late.finish_attempt(timezone.now(), {}, state=State.FAILED) is False
    assert sent(delivery).state == State.SENT


def test_while_something_is_sent_to_a_receiver_nothing_else_is(admin, receiver):
    a_webhook(admin, receiver)
    a_webhook(admin, receiver, name="other")
    happened(admin, "one")
    happened(admin, "two")
    first = Delivery.objects.earliest("pk")
    now = timezone.now()

    assert Delivery.claim(first.pk, at=now)
    assert Delivery.claim(first.pk, at=now) is None
    assert Delivery.objects.due(now).filter(webhook=first.webhook).count() == 0
    assert Delivery.objects.due(now).exclude(webhook=first.webhook).count() == 2
    assert wake() == 1
    assert Delivery.objects.due(now + LEASE + LEASE).count() == 4


def test_somebody_sends_a_finished_delivery_again(admin, receiver, api_as, acme):
    delivery = a_delivery(admin, receiver)
    with pytest.raises(Conflict):
        redeliver(actor=admin, delivery=delivery)
    sent(delivery)
    with pytest.raises(Forbidden):
        redeliver(actor=make_actor(acme, "viewer"), delivery=delivery)

    assert redeliver(actor=admin, delivery=delivery).state == State.PENDING
    assert sent(delivery).state == State.SENT
    assert [each.headers["webhook-id"] for each in receiver.got] == [str(delivery.uid)] * 2
    assert len(delivery.tries) == 2


def test_after_a_rotation_both_secrets_sign_for_a_day(admin, receiver):
    webhook, old = a_webhook(admin, receiver)
    _, new = rotate_secret(actor=admin, webhook=webhook)
    happened(admin, "one")
    sent(Delivery.objects.get())

    assert verified(old, receiver.got[0]) == verified(new, receiver.got[0])
    Webhook.objects.update(old_secret_until=timezone.now())
    happened(admin, "two")
    sent(Delivery.objects.latest("pk"))
    assert verified(new, receiver.got[1])
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        verified(old, receiver.got[1])


def test_a_test_goes_to_this_webhook_alone_also_when_it_is_off_and_once(admin, receiver):
    webhook, secret = a_webhook(admin, receiver)
    a_webhook(admin, receiver, name="other", kinds=("*",))
    update_webhook(actor=admin, webhook=webhook, is_active=False)
    receiver.status = 500

    delivery = sent(try_webhook(actor=admin, webhook=webhook))

    assert (delivery.state, delivery.is_test, len(receiver.got)) == (State.FAILED, True, 1)
    said = verified(secret, receiver.got[0])
    assert (said["type"], said["data"]["webhook"]) == ("webhook.test", "CI")
    receiver.status = 410
    sent(try_webhook(actor=admin, webhook=webhook))
    assert not Event.objects.filter(kind="webhook.switched_off").exists()


def test_old_deliveries_are_forgotten_and_open_ones_never(admin, receiver):
    done = sent(a_delivery(admin, receiver))
    happened(admin, "two")
    now = timezone.now()

    assert forget(now + timedelta(days=29)) == 0
    assert forget(now + timedelta(days=31)) == 1
    assert not Delivery.objects.filter(pk=done.pk).exists()
    assert Delivery.objects.get().state == State.PENDING


def test_a_secret_is_encrypted_and_in_no_event(admin, receiver):
    webhook, secret = create_webhook(actor=admin, name="CI", url=f"{receiver.url}/T0/very-secret")
    _, second = rotate_secret(actor=admin, webhook=webhook)
    update_webhook(actor=admin, webhook=webhook, url=f"{receiver.url}/other-secret")
    delete_webhook(actor=admin, webhook=webhook)

    kept = " ".join(f"{each.kind} {each.data}" for each in Event.objects.all())
    assert not [each for each in (secret, second, "secret", "whsec") if each in kept]
    assert secret.encode() not in bytes(webhook.sealed_secret)
    assert {each.kind for each in Event.objects.filter(subject_uid=webhook.uid)} == {
        "webhook.created",
        "webhook.rotated",
        "webhook.updated",
        "webhook.deleted",
    }


def test_a_secret_that_can_not_be_read_any_more_fails_in_words(admin, receiver, settings):
    delivery = a_delivery(admin, receiver)
    settings.SECRET_KEY = "another"

    assert sent(delivery).error == "The secret can't be read any more: rotate it."


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"url": "http://93.184.216.34/"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": ""}, "url"),
        ({"kinds": []}, "kinds"),
        ({"kinds": ["gate blocked"]}, "kinds"),
        ({"kinds": ["*"] * 51}, "kinds"),
        ({"name": ""}, "name"),
        ({"name": "taken"}, "name"),
    ],
)
def test_what_is_wrong_is_refused_when_it_is_made_and_when_it_is_changed(admin, wrong, field):
    good = {"name": "CI", "url": "https://hook.example/"}
    create_webhook(actor=admin, name="taken", url=good["url"])
    webhook, _ = create_webhook(actor=admin, name="mine", url=good["url"])

    for change in (
        lambda: create_webhook(actor=admin, **(good | wrong)),
        lambda: update_webhook(actor=admin, webhook=webhook, **wrong),
    ):
        with pytest.raises(ValidationError) as refused:
            change()
        assert set(refused.value.message_dict) == {field}
    assert Webhook.objects.count() == 2


def test_only_who_may_makes_changes_and_tries_out(acme, admin, receiver):
    webhook, _ = a_webhook(admin, receiver)
    maintainer = make_actor(acme, "maintainer")

    for act in (
        lambda: create_webhook(actor=maintainer, name="x", url="https://hook.example/"),
        lambda: update_webhook(actor=maintainer, webhook=webhook, name="x"),
        lambda: rotate_secret(actor=maintainer, webhook=webhook),
        lambda: try_webhook(actor=maintainer, webhook=webhook),
        lambda: delete_webhook(actor=maintainer, webhook=webhook),
    ):
        with pytest.raises(Forbidden):
            act()
    assert Delivery.objects.count() == 0


def test_the_database_holds_one_delivery_for_an_event_and_a_webhook(admin, receiver):
    delivery = a_delivery(admin, receiver)
    twin = Delivery(
        organization=delivery.organization,
        webhook=delivery.webhook,
        event_uid=delivery.event_uid,
        kind="x",
        next_attempt_at=timezone.now(),
    )

    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.update(next_attempt_at=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Webhook.objects.update(kinds=[])

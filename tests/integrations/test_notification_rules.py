"""Notification rules: what they fire on, how often, through which channel, and what is kept of it."""

import hashlib
import hmac
import json

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.models import Event, OutboxEntry
from catalog.models.base import uuid7
from compliance.services.attestations import attach_evidence
from compliance.services.drift import approve_baseline
from config.errors import Forbidden
from integrations.models import Delivery, Notification, NotificationRule
from integrations.services.deliveries import redeliver
from integrations.services.notification_rules import (
    create_notification_rule,
    delete_notification_rule,
    tell_rules,
    try_notification_rule,
    update_notification_rule,
)
from integrations.services.rule_config import config_of, masked_config
from releases.services.approvals import decide, request_trail_approval
from releases.services.gate import evaluate
from tests.compliance.running import a_snapshot, running
from tests.integrations.news import drain, readers
from tests.integrations.sending import pass_time, sent
from tests.people import make_actor, make_user
from tests.releases.proofs import DIGEST, OTHER_DIGEST, a_flow, a_policy, a_trail, an_environment, attest, person

State = Delivery.State


def a_rule(actor, trigger="gate_blocked", channel="in_app", **values) -> NotificationRule:
    return create_notification_rule(actor=actor, name="Trouble", trigger=trigger, channel=channel, **values)


def said() -> list[dict]:
    """What rules said until now, oldest first, on its way or not; nobody else is told of the events."""
    for event in Event.objects.filter(outbox__done_at=None).order_by("pk"):
        tell_rules(event)
    OutboxEntry.objects.update(done_at=timezone.now())
    return [json.loads(each.body) for each in Delivery.objects.order_by("pk")]


@pytest.fixture
def gate(admin):
    """A gate, closed until somebody attests `junit`: the environment, the trail, and asking it once."""
    flow, environment = a_flow(admin, required_types=["junit"]), an_environment(admin)
    trail = a_trail(admin, flow)
    a_policy(admin, flow, environment=environment, required_types=["junit"])

    def ask(digest: str = DIGEST):
        return evaluate(actor=admin, digest=digest, environment=environment)

    return environment, trail, ask


# What fires


def test_a_closed_gate_fires(admin, gate):
    rule, (environment, _, ask) = a_rule(admin), gate
    assert not ask().allowed

    (told,) = said()

    assert told["triggerEvent"] == "GATE_BLOCKED"
    assert told["title"] == "Gate closed: sha256:a1a1a1a1a1a1 to production"
    assert "junit" in told["message"]
    assert (told["severity"], told["entityType"], told["entityId"]) == (
        "CRITICAL",
        "environment",
        str(environment.uid),
    )
    assert (told["filterFlowId"], told["extraPayload"]["digest"]) == (None, DIGEST)
    assert Delivery.objects.get().rule == rule


def test_an_attestation_that_failed_and_what_it_does_to_its_trail_fire(admin):
    for trigger in ("attestation_failed", "trail_non_compliant"):
        a_rule(admin, trigger)
    trail = a_trail(admin, a_flow(admin))
    attest(admin, trail, "junit")
    assert said() == []
    failed = attest(admin, trail, "junit", "failed")

    first, second = sorted(said(), key=lambda each: each["triggerEvent"])

    assert (first["triggerEvent"], first["severity"]) == ("ATTESTATION_FAILED", "WARNING")
    assert (first["entityType"], first["entityId"]) == ("attestation", str(failed.uid))
    assert first["path"].endswith(f"#a-{failed.uid}")
    assert (second["triggerEvent"], second["severity"]) == ("TRAIL_NON_COMPLIANT", "CRITICAL")
    assert (second["entityType"], second["entityId"]) == ("trail", str(trail.uid))


def test_evidence_that_turns_an_attestation_fires(admin):
    a_rule(admin, "attestation_failed")
    attestation = attest(admin, a_trail(admin, a_flow(admin)), "junit", "pending")
    for name in ("a.xml", "b.xml"):  # the second says nothing new
        attach_evidence(
            actor=admin,
            attestation=attestation,
            file_name=name,
            content_type="application/xml",
            content=b'<testsuite tests="1" failures="1"><testcase name="x"><failure/></testcase></testsuite>',
        )

    assert [each["entityId"] for each in said()] == [str(attestation.uid)]


def test_drift_fires_by_the_policy_of_the_environment(admin):
    a_rule(admin, "drift_detected")
    environment = an_environment(admin, drift_policy="block")
    approve_baseline(
        actor=admin, environment=environment, snapshot=a_snapshot(admin, environment, running("a")), approved_by="Ada"
    )
    for tag in ("b", "b", "c"):
        a_snapshot(admin, environment, running("a"), running(tag))

    assert [(each["severity"], each["entityId"]) for each in said()] == [("CRITICAL", str(environment.uid))] * 2


def test_an_approval_fires_when_it_is_asked_for_and_when_it_is_refused(acme, admin):
    for trigger in ("approval_required", "approval_rejected"):
        a_rule(admin, trigger)
    asker = person(acme, "maintainer")
    request = request_trail_approval(actor=asker, trail=a_trail(admin, a_flow(admin)))
    decide(actor=admin, request=request, verdict="rejected", comments="no")

    asked, refused = sorted(said(), key=lambda each: each["title"])

    assert (asked["triggerEvent"], asked["severity"]) == ("APPROVAL_REQUIRED", "INFO")
    assert (refused["triggerEvent"], refused["severity"]) == ("APPROVAL_REJECTED", "WARNING")
    assert {each["entityId"] for each in (asked, refused)} == {str(request.uid)}


def test_a_rule_minds_one_flow_one_environment_and_what_is_bad_enough(admin, stranger, gate):
    environment, trail, ask = gate
    minding = [
        a_rule(admin, flow=trail.flow),
        a_rule(admin, environment=environment, flow=trail.flow),
        a_rule(admin, least_severity="critical"),
    ]
    a_rule(admin, flow=a_flow(admin, "other"))
    a_rule(admin, environment=an_environment(admin, "staging"))
    a_rule(admin, is_active=False)
    a_rule(admin, "drift_detected")
    a_rule(stranger)
    ask()
    said()

    assert set(Delivery.objects.values_list("rule", flat=True)) == {each.pk for each in minding}
    a_rule(admin, "approval_required", least_severity="warning")
    request_trail_approval(actor=admin, trail=trail)
    said()
    assert Delivery.objects.count() == len(minding)


# How often


def test_the_same_closed_gate_asked_ten_times_is_one_message(admin, gate):
    a_rule(admin)
    for _ in range(10):
        gate[2]()

    assert len(said()) == 1
    assert Event.objects.filter(kind="gate.blocked").count() == 10


def test_it_is_said_again_when_it_ended_in_between_or_the_reasons_are_others(admin, gate):
    a_rule(admin)
    _, trail, ask = gate
    ask()
    assert len(said()) == 1
    attest(admin, trail, "junit")
    assert ask().allowed
    assert len(said()) == 1
    attest(admin, trail, "junit", "failed")
    ask()
    ask()
    assert len(said()) == 2
    attest(admin, trail, "scan", "failed")
    ask(OTHER_DIGEST)
    assert len(said()) == 3  # another digest is another matter


def test_a_check_that_fails_again_and_again_is_one_message_until_it_passed(admin):
    a_rule(admin, "attestation_failed")
    trail = a_trail(admin, a_flow(admin))
    for _ in range(10):
        attest(admin, trail, "junit", "failed")
    assert len(said()) == 1
    attest(admin, trail, "scan", "failed")
    assert len(said()) == 2
    attest(admin, trail, "junit")
    said()
    attest(admin, trail, "junit", "failed")
    assert len(said()) == 3


def test_what_nobody_could_be_told_is_said_again(admin, gate):
    rule = a_rule(admin, channel="email", config={"to": ["ada@acme.example"]})
    gate[2]()
    said()
    update_notification_rule(actor=admin, rule=rule, is_active=False)
    assert sent(Delivery.objects.get()).state == State.SKIPPED
    update_notification_rule(actor=admin, rule=rule, is_active=True)
    gate[2]()

    assert len(said()) == 2


def test_told_an_event_twice_a_rule_says_it_once(admin, gate):
    a_rule(admin, "trail_non_compliant")
    attest(admin, gate[1], "junit", "failed")
    event = Event.objects.get(kind="trail.non_compliant")
    for _ in range(2):
        tell_rules(event)

    assert Delivery.objects.count() == 1


def test_what_is_gone_fires_nothing(admin):
    for trigger in NotificationRule.Trigger.values:
        a_rule(admin, trigger)
    for kind in ("attestation.recorded", "evidence.attached", "gate.blocked", "gate.allowed", "drift.found"):
        data = {"status": "failed"}
        tell_rules(Event(kind=kind, organization_id=admin.organization_id, subject_uid=uuid7(), data=data))

    assert not Delivery.objects.exists()


@pytest.mark.parametrize("rules", [1, 20])
def test_telling_costs_the_same_for_any_number_of_rules_that_mind_nothing(
    admin, gate, rules, django_assert_max_num_queries
):
    for _ in range(rules):
        a_rule(admin, flow=a_flow(admin, f"flow {uuid7()}"))
    gate[2]()

    with django_assert_max_num_queries(6):
        tell_rules(Event.objects.get(kind="gate.blocked"))


# Channels


def test_a_webhook_is_posted_what_the_contract_says_and_signed(admin, gate, receiver):
    config = {"webhookUrl": f"{receiver.url}/in", "secret": "s3cret"}
    a_rule(admin, channel="webhook", config=config, flow=gate[1].flow)
    gate[2]()
    said()

    delivery = sent(Delivery.objects.get())

    (got,) = receiver.got
    told = json.loads(got.body)
    assert list(told) == [
        "triggerEvent",
        "title",
        "message",
        "severity",
        "entityType",
        "entityId",
        "filterFlowId",
        "extraPayload",
    ]
    assert told["filterFlowId"] == str(gate[1].flow.uid)
    signature = hmac.new(b"s3cret", got.body, hashlib.sha256).hexdigest()
    assert got.headers["X-Factstore-Signature-256"] == f"sha256={signature}"
    assert got.headers["X-Delivery-Id"] == str(delivery.uid)
    assert (got.path, delivery.state, delivery.tries[0]["status"]) == ("/in", State.SENT, 204)


def test_slack_is_posted_one_text(admin, gate, receiver, settings):
    settings.PUBLIC_URL = "https://gatehouse.example/"
    a_rule(admin, channel="slack", config={"webhookUrl": receiver.url})
    gate[2]()
    said()
    Delivery.objects.update(body=Delivery.objects.get().body.replace("Gate closed", "<!channel> & closed"))

    assert sent(Delivery.objects.get()).state == State.SENT
    told = json.loads(receiver.got[0].body)
    assert list(told) == ["text"]
    assert told["text"].startswith("*&lt;!channel&gt; &amp; closed: sha256:a1a1a1a1a1a1 to production* (critical)\n")
    assert f"\nhttps://gatehouse.example/environments/{gate[0].uid}" in told["text"]


def test_a_mail_goes_to_whom_the_rule_names(admin, gate, settings):
    settings.PUBLIC_URL = "https://gatehouse.example"
    a_rule(admin, channel="email", config={"to": ["ada@acme.example", "team@acme.example"]})
    gate[2]()
    said()

    assert sent(Delivery.objects.get()).state == State.SENT
    (letter,) = mail.outbox
    assert letter.to == ["ada@acme.example", "team@acme.example"]
    assert letter.subject == "[critical] Gate closed: sha256:a1a1a1a1a1a1 to production"
    assert f"https://gatehouse.example/environments/{gate[0].uid}" in letter.body


def test_without_a_mail_server_a_mail_is_skipped(admin, gate, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    a_rule(admin, channel="email", config={"to": ["ada@acme.example"]})
    gate[2]()
    said()

    delivery = sent(Delivery.objects.get())
    assert (delivery.state, delivery.attempts, delivery.error) == (
        State.SKIPPED,
        0,
        "No mail server is configured.",
    )


def test_a_mail_server_that_refuses_is_asked_three_times(admin, gate, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    a_rule(admin, channel="email", config={"to": ["ada@acme.example"]})
    gate[2]()
    said()
    delivery = Delivery.objects.get()
    while sent(delivery).state == State.PENDING:
        pass_time(minutes=5)

    assert (delivery.state, delivery.attempts, len(delivery.tries)) == (State.FAILED, 3, 3)
    assert delivery.error.startswith("The mail server: ")
    assert redeliver(actor=admin, delivery=delivery).state == State.PENDING


def test_in_the_app_members_are_told_and_nobody_twice(acme, admin, gate):
    make_user(acme, "viewer")
    a_rule(admin)
    gate[2]()
    drain()  # the gate's news have reached the admin already
    before = readers(list(Notification.objects.all()))

    sent(Delivery.objects.get())

    rows = list(Notification.objects.order_by("pk"))
    assert before == {"", "admin@acme.example"}
    assert sorted(row.user.email if row.user else "" for row in rows) == [
        "",
        "admin@acme.example",
        "viewer@acme.example",
    ]
    assert {(row.title, row.severity, row.subject_uid) for row in rows} == {
        ("Gate closed: sha256:a1a1a1a1a1a1 to production", "critical", gate[0].uid)
    }


def test_in_the_app_a_rule_may_name_who_is_told(acme, admin):
    make_user(acme, "viewer")
    a_rule(admin, "trail_non_compliant", config={"to": ["Viewer@acme.example"]})
    attest(admin, a_trail(admin, a_flow(admin)), "junit", "failed")
    drain()
    sent(Delivery.objects.get())

    assert readers(list(Notification.objects.all())) == {"viewer@acme.example"}


# Trying out, changing


def test_a_test_goes_by_this_rule_alone_also_when_it_is_off(admin, receiver):
    config = {"webhookUrl": receiver.url}
    rule = a_rule(admin, channel="webhook", config=config, is_active=False)
    a_rule(admin, channel="webhook", config=config)
    receiver.status = 500

    delivery = sent(try_notification_rule(actor=admin, rule=rule))

    assert (delivery.state, delivery.attempts, delivery.is_test, len(receiver.got)) == (State.FAILED, 1, True, 1)
    told = json.loads(receiver.got[0].body)
    assert (told["title"], told["extraPayload"]) == ("Test of Trouble", {"test": True})
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize("channel", NotificationRule.Channel.values)
def test_a_test_of_each_channel_arrives(acme, admin, receiver, channel):
    config = {"webhookUrl": receiver.url} if channel in ("slack", "webhook") else {"to": [admin.user.email]}
    rule = a_rule(admin, channel=channel, config=config)

    assert sent(try_notification_rule(actor=admin, rule=rule)).state == State.SENT
    assert len(receiver.got) + len(mail.outbox) + Notification.objects.count() == 1


@pytest.mark.parametrize(
    ("channel", "config", "fault"),
    [
        ("slack", {}, "webhookUrl is missing"),
        ("slack", {"webhookUrl": " "}, "webhookUrl is missing"),
        ("webhook", {"webhookUrl": 7}, "webhookUrl is missing"),
        ("webhook", {"webhookUrl": "https://10.0.0.1/"}, "no public address"),
        ("webhook", {"webhookUrl": "https://hook.example/", "secret": 7}, "secret must be"),
        ("email", {}, "to is missing"),
        ("email", {"to": "ada@acme.example"}, "must be a list"),
        ("email", {"to": ["ada"]}, "ada is no e-mail address"),
        ("email", {"to": ["a@b.example"] * 21}, "at most 20"),
        ("in_app", {"to": ["ada@acme.example"]}, "is no member"),
        ("in_app", {"note": "a" * 10_000}, "at most 10,000"),
    ],
)
def test_settings_a_channel_can_not_work_with_are_refused(admin, channel, config, fault):
    rule = a_rule(admin)
    for act in (
        lambda: a_rule(admin, channel=channel, config=config),
        lambda: update_notification_rule(actor=admin, rule=rule, channel=channel, config=config),
    ):
        with pytest.raises(ValidationError) as refused:
            act()
        assert fault in str(refused.value.message_dict["config"])
    assert NotificationRule.objects.get().channel == "in_app"


def test_everything_wrong_is_said_at_once(admin, globex, stranger):
    flow = a_flow(stranger)
    with pytest.raises(ValidationError) as refused:
        create_notification_rule(actor=admin, name="", trigger="x", channel="slack", flow=flow)

    assert set(refused.value.message_dict) == {"name", "trigger", "flow", "config"}


def test_settings_are_encrypted_masked_and_kept_when_the_mask_comes_back(admin, settings):
    config = {"webhookUrl": "https://hooks.example/T0/secret", "secret": "s3cret", "note": "x"}
    rule = a_rule(admin, channel="webhook", config=config)
    shown = masked_config(rule)

    assert shown == {"webhookUrl": "https://hooks.example/…", "secret": "********", "note": "x"}
    assert b"secret" not in bytes(rule.sealed_config)
    rule = update_notification_rule(actor=admin, rule=rule, config=shown | {"note": "y"})
    assert config_of(rule) == config | {"note": "y"}
    rule = update_notification_rule(actor=admin, rule=rule, config={"webhookUrl": "https://other.example/"})
    assert config_of(rule) == {"webhookUrl": "https://other.example/"}
    assert "secret" not in str([each.data for each in Event.objects.filter(subject_uid=rule.uid)])
    settings.SECRET_KEY = "another"
    assert masked_config(rule) == {}
    assert "can't be read" in sent(try_notification_rule(actor=admin, rule=rule)).error


def test_only_who_may_makes_and_tries_rules(acme, admin):
    viewer, rule = make_actor(acme, "viewer"), a_rule(admin)
    for act in (
        lambda: a_rule(viewer),
        lambda: update_notification_rule(actor=viewer, rule=rule, name="x"),
        lambda: try_notification_rule(actor=viewer, rule=rule),
        lambda: delete_notification_rule(actor=viewer, rule=rule),
    ):
        with pytest.raises(Forbidden):
            act()
    assert a_rule(make_actor(acme, "maintainer")).created_by == "maintainer@acme.example"


def test_the_database_holds_what_is_said_once(admin, gate):
    a_rule(admin)
    gate[2]()
    said()
    standing = Delivery.objects.get()
    twin = Delivery.objects.get()
    twin.pk, twin.uid, twin.event_uid = None, uuid7(), uuid7()

    with pytest.raises(IntegrityError, match="outgoing_standing_once"), transaction.atomic():
        twin.save()
    twin.is_standing, twin.event_uid = False, standing.event_uid
    with pytest.raises(IntegrityError, match="outgoing_once_by_rule"), transaction.atomic():
        twin.save()
    twin.rule, twin.event_uid = None, uuid7()
    with pytest.raises(IntegrityError, match="outgoing_has_one_receiver"), transaction.atomic():
        twin.save()
    assert Delivery.objects.due(timezone.now()).count() == 1

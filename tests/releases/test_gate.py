"""The gate: each requirement in each of its states, the verdict over all, and the same answer from the same inputs."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from catalog.models import Environment, Event
from catalog.rights import Rule
from catalog.services.organizations import update_organization
from compliance.models import DriftReport, Flow, Snapshot
from compliance.services.flows import update_flow
from config.errors import Forbidden
from releases.models import Decision, GateDecision
from releases.services.approvals import decide, request_trail_approval
from releases.services.engine import work_on
from releases.services.gate import evaluate, judge, replay
from releases.services.gate_document import reasons
from releases.services.releases import cancel_release
from releases.services.windows import next_opening
from tests.people import make_machine
from tests.releases.proofs import (
    ANY_ONE,
    DIGEST,
    NEVER_OPEN,
    OTHER_DIGEST,
    a_component,
    a_flow,
    a_policy,
    a_release,
    a_trail,
    an_application,
    an_environment,
    asked,
    attest,
    person,
)

pytestmark = pytest.mark.django_db
APPROVED, REJECTED = Decision.Verdict.APPROVED, Decision.Verdict.REJECTED


@pytest.fixture
def production(admin):
    return an_environment(admin)


@pytest.fixture
def flow(admin):
    a_component(admin)
    return a_flow(admin)


def states(judgement):
    return {each["key"]: each["state"] for each in judgement.requirements}


def detail(judgement, key):
    return next(each["detail"] for each in judgement.requirements if each["key"] == key)


def requirement(judgement, key):
    return next(each for each in judgement.requirements if each["key"] == key)


# ---- which policies


def test_a_digest_nobody_knows_passes_where_no_policy_applies_and_says_so(admin):
    judgement = judge(actor=admin, digest="sha256:abc123")

    assert judgement.allowed
    assert judgement.document["verdict"] == "open"
    assert states(judgement) == {"policy": "not_required"}
    assert judgement.requirements[0]["title"] == "No policy applies here"
    assert reasons(judgement.document) == []


def test_an_organization_may_deny_where_no_policy_applies(admin, acme):
    update_organization(actor=admin, organization=acme, gate_default_allows=False)
    admin.organization.refresh_from_db()

    judgement = judge(actor=admin, digest=DIGEST)

    assert not judgement.allowed
    assert states(judgement) == {"policy": "failing"}
    assert "deployment-policies" in judgement.requirements[0]["request"]


def test_a_digest_nobody_knows_is_blocked_by_any_policy(admin, flow, production):
    a_policy(admin, flow, environment=production, required_types=["junit"])

    judgement = judge(actor=admin, digest="sha256:abc123", environment=production)

    assert judgement.document["verdict"] == "blocked"
    assert states(judgement) == {"artifact": "missing", "type:junit": "missing"}
    artifact = requirement(judgement, "artifact")
    assert "/artifacts" in artifact["request"]
    assert "sha256:abc123" in artifact["request"]
    assert any("junit" in reason for reason in reasons(judgement.document))


def test_the_policies_of_another_environment_never_count(admin, flow, production):
    a_policy(admin, flow, environment=production, required_types=["junit"])
    staging = an_environment(admin, "staging")
    a_trail(admin, flow)

    assert judge(actor=admin, digest=DIGEST, environment=staging).allowed
    assert not judge(actor=admin, digest=DIGEST, environment=production).allowed


def test_a_policy_of_any_environment_counts_everywhere(admin, flow, production):
    a_policy(admin, flow, required_types=["junit"])
    a_trail(admin, flow)

    assert not judge(actor=admin, digest=DIGEST, environment=production).allowed
    assert not judge(actor=admin, digest=DIGEST).allowed


def test_a_policy_that_is_not_active_is_left_out(admin, flow):
    a_policy(admin, flow, required_types=["junit"], is_active=False)
    a_trail(admin, flow)

    assert judge(actor=admin, digest=DIGEST).allowed


def test_a_policy_asks_nothing_of_the_artifacts_of_another_flow(admin, flow):
    a_policy(admin, a_flow(admin, "other"), required_types=["junit"])
    a_trail(admin, flow)

    assert judge(actor=admin, digest=DIGEST).allowed


def test_naming_a_flow_brings_its_policies_in(admin, flow):
    other = a_flow(admin, "other")
    a_policy(admin, other, required_types=["junit"])
    attest(admin, a_trail(admin, flow), "junit")

    judgement = judge(actor=admin, digest=DIGEST, flow=other)

    assert states(judgement) == {"artifact": "missing", "type:junit": "missing"}


def test_reporting_a_digest_to_a_laxer_flow_as_well_gains_nothing(admin, flow):
    lax = a_flow(admin, "lax")
    a_policy(admin, flow, "strict", required_types=["junit"])
    a_policy(admin, lax, "lax")
    a_trail(admin, flow)
    a_trail(admin, lax)

    judgement = judge(actor=admin, digest=DIGEST)

    assert not judgement.allowed
    assert len(judgement.document["policies"]) == 2
    assert len({each["key"] for each in judgement.requirements}) == len(judgement.requirements)
    assert any("junit (checkout)" in reason for reason in reasons(judgement.document))


# ---- facts


def test_a_missing_type_is_named_with_the_request_that_supplies_it_and_who_may(admin, acme, flow, production):
    person(acme, "maintainer", name="Tomasz Wrona")
    a_policy(admin, flow, environment=production, required_types=["junit"])
    trail = a_trail(admin, flow)

    judgement = judge(actor=admin, digest=DIGEST, environment=production, base_url="https://gatehouse.example")

    found = requirement(judgement, "type:junit")
    assert found["state"] == "missing"
    assert f"https://gatehouse.example/api/v1/trails/{trail.uid}/attestations" in found["request"]
    assert {"label": "Tomasz Wrona", "kind": "user"} in found["who"]
    assert "prod-baseline" in found["detail"]
    assert judgement.document["headline"] == "One of two requirements is open."
    assert judgement.document["component"]["name"] == "checkout"
    assert judgement.document["trail"]["uid"] == str(trail.uid)


def test_a_passed_attestation_opens_the_gate_and_a_later_failed_one_shuts_it(admin, flow):
    a_policy(admin, flow, required_types=["junit"])
    trail = a_trail(admin, flow)
    attest(admin, trail, "junit")
    opened = judge(actor=admin, digest=DIGEST)

    attest(admin, trail, "junit", "failed")
    shut = judge(actor=admin, digest=DIGEST)

    assert (opened.document["verdict"], shut.document["verdict"]) == ("open", "blocked")
    assert opened.document["headline"] == "All two requirements hold."
    assert states(shut)["type:junit"] == "failing"
    assert requirement(opened, "type:junit")["fact"]["url"].startswith(f"/compliance/trails/{trail.uid}")


def test_an_attestation_about_another_artifact_does_not_count(admin, flow):
    a_policy(admin, flow, required_types=["junit"])
    attest(admin, a_trail(admin, flow), "junit", digest=OTHER_DIGEST)

    assert not judge(actor=admin, digest=DIGEST).allowed


def test_one_trail_must_satisfy_everything_and_an_old_bad_one_blocks_nothing(admin, flow):
    a_policy(admin, flow, required_types=["junit", "snyk"])
    bad, half, good = (a_trail(admin, flow, commit=f"c0ffee{number}") for number in range(3))
    attest(admin, bad, "junit", "failed")
    attest(admin, half, "junit")
    blocked = judge(actor=admin, digest=DIGEST)
    attest(admin, good, "junit")
    attest(admin, good, "snyk")
    attest(admin, a_trail(admin, flow, commit="c0ffee9"), "snyk", "failed")

    opened = judge(actor=admin, digest=DIGEST)

    assert blocked.document["trail"]["uid"] == str(half.uid)  # the one with least open
    assert opened.allowed
    assert opened.document["trail"]["uid"] == str(good.uid)


def test_what_nothing_records_yet_is_named_and_denied(admin, flow):
    a_policy(admin, flow, enforce_provenance=True, require_signature=True, block_on_failed_scan=True)
    a_trail(admin, flow)

    judgement = judge(actor=admin, digest=DIGEST)

    assert states(judgement) == {
        "artifact": "satisfied",
        "provenance": "missing",
        "signature": "missing",
        "scan": "not_required",
    }
    assert not judgement.allowed


# ---- approval


@pytest.fixture
def approving(admin, flow, production):
    """A trail that lacks nothing but an approval."""
    a_policy(admin, flow, environment=production, enforce_approvals=True)
    return a_trail(admin, flow)


def ask(admin, production, **values):
    return judge(actor=admin, digest=DIGEST, environment=production, **values)


def test_an_approval_nobody_asked_for_is_missing_with_the_line_that_asks(admin, approving, production):
    judgement = ask(admin, production)

    found = requirement(judgement, "approval")
    assert (judgement.document["verdict"], found["state"]) == ("blocked", "missing")
    assert f"/api/v1/trails/{approving.uid}/approvals" in found["request"]


def test_a_component_with_an_application_asks_by_a_release(admin, approving, production):
    an_application(admin, "checkout")

    line = requirement(ask(admin, production), "approval")["request"]

    assert "/v1/applications/checkout/releases" in line
    assert json.loads(line.split("-d '")[1].rstrip("'")) == {
        "metadata": {"digest": DIGEST, "environment": "production"}
    }


def test_an_open_request_names_who_may_approve_and_how_many_did(admin, acme, approving, production):
    one, _ = person(acme, name="Ines Caldeira", email="ines@acme.example"), person(acme, name="Maeve Donnelly")
    update_flow(actor=admin, flow=approving.flow, requires_approval=True)
    request = request_trail_approval(
        actor=admin, trail=approving, required_approvers=["ines@acme.example", "change-manager@acme.example"]
    )
    decide(actor=one, request=request, verdict=APPROVED)

    judgement = ask(admin, production)

    found = requirement(judgement, "approval")
    assert (judgement.document["verdict"], found["state"]) == ("waiting", "awaiting")
    assert found["detail"].startswith(
        "1 of 2 given (Ines Caldeira). Asked by admin@acme.example. Whoever asked may not"
    )
    assert {"label": "Maeve Donnelly", "kind": "user"} in found["who"]
    assert not [who for who in found["who"] if who["label"] in ("Ines Caldeira", "Admin Acme")]
    assert judgement.document["headline"] == "An approval is all that is missing."


def test_an_approved_trail_opens_the_gate(admin, acme, approving, production):
    manager = person(acme, name="Maeve Donnelly")
    decide(actor=manager, request=request_trail_approval(actor=admin, trail=approving), verdict=APPROVED)

    judgement = ask(admin, production)

    assert judgement.allowed
    assert detail(judgement, "approval").startswith("Approved by Maeve Donnelly.")


def test_an_approval_counts_before_a_worker_has_written_so(admin, acme, approving, production):
    rules = (ANY_ONE, ANY_ONE)
    release = a_release(admin, an_application(admin, "checkout", rules=rules), digest=DIGEST, environment="production")
    manager = person(acme)
    decide(actor=manager, request=asked(release), verdict=APPROVED)
    halfway = ask(admin, production)
    work_on(release.pk)
    decide(actor=manager, request=asked(release), verdict=APPROVED)

    done = ask(admin, production)

    release.refresh_from_db()
    assert release.state == "pending"
    assert (states(halfway)["approval"], states(done)["approval"]) == ("awaiting", "satisfied")
    assert done.allowed


def test_a_rejection_counts_before_a_worker_has_written_so(admin, acme, approving, production):
    release = a_release(
        admin, an_application(admin, "checkout", rules=(ANY_ONE,)), digest=DIGEST, environment="production"
    )
    decide(actor=person(acme), request=asked(release), verdict=REJECTED, comments="no")

    assert states(ask(admin, production))["approval"] == "failing"


@pytest.mark.parametrize(("verdict", "state"), [(APPROVED, "satisfied"), (REJECTED, "failing")])
def test_a_release_that_people_decided_counts_for_its_digest(admin, acme, approving, production, verdict, state):
    application = an_application(admin, "checkout", rules=(ANY_ONE,))
    release = a_release(admin, application, digest=DIGEST, environment="production")
    waiting = ask(admin, production)
    decide(actor=person(acme), request=asked(release), verdict=verdict, comments="seen it")
    work_on(release.pk)

    judgement = ask(admin, production)

    assert states(waiting)["approval"] == "awaiting"
    assert states(judgement)["approval"] == state
    assert requirement(judgement, "approval")["fact"] == {
        "label": f"Release {release.number}",
        "url": f"/releases/{release.number}",
    }


def test_a_release_of_another_environment_approves_nothing_here(admin, acme, approving, production):
    an_environment(admin, "staging")
    application = an_application(admin, "checkout", rules=(ANY_ONE,))
    release = a_release(admin, application, digest=DIGEST, environment="staging")
    decide(actor=person(acme), request=asked(release), verdict=APPROVED)
    work_on(release.pk)

    assert states(ask(admin, production))["approval"] == "missing"


def test_a_release_of_another_digest_of_the_same_trail_approves_nothing(admin, approving, production):
    a_release(admin, an_application(admin), trailId=str(approving.uid), digest=OTHER_DIGEST, environment="production")

    assert states(ask(admin, production))["approval"] == "missing"


def test_the_newest_answer_counts(admin, acme, approving, production):
    manager = person(acme)
    decide(actor=manager, request=request_trail_approval(actor=admin, trail=approving), verdict=APPROVED)
    decide(actor=manager, request=request_trail_approval(actor=admin, trail=approving), verdict=REJECTED, comments="no")

    judgement = ask(admin, production)

    assert states(judgement)["approval"] == "failing"
    assert "“no”" in detail(judgement, "approval")


def test_an_approval_that_expired_is_missing_again(admin, approving, production):
    request_trail_approval(actor=admin, trail=approving, deadline=timezone.now() - timedelta(minutes=1))

    judgement = ask(admin, production)

    assert states(judgement)["approval"] == "missing"
    assert "expired" in detail(judgement, "approval")


def test_a_cancelled_release_is_no_answer(admin, approving, production):
    release = a_release(admin, an_application(admin, "checkout", rules=(ANY_ONE,)), digest=DIGEST)
    cancel_release(actor=admin, release=release)

    assert states(ask(admin, production))["approval"] == "missing"


def test_the_roles_the_flow_names_must_have_approved(admin, acme, flow, production):
    a_policy(admin, flow)
    update_flow(actor=admin, flow=flow, requires_approval=True, required_approver_roles=["OWNER"])
    a_trail(admin, flow)
    release = a_release(admin, an_application(admin, "checkout", rules=(ANY_ONE,)), digest=DIGEST)
    decide(actor=person(acme, "change-manager"), request=asked(release), verdict=APPROVED)
    work_on(release.pk)

    judgement = ask(admin, production)

    assert states(judgement)["approval"] == "missing"
    assert "nobody with the role OWNER" in detail(judgement, "approval")


def test_a_flow_that_wants_an_approval_gets_one_without_the_policy_asking(admin, flow):
    update_flow(actor=admin, flow=flow, requires_approval=True)
    a_policy(admin, flow)
    a_trail(admin, flow)

    assert states(judge(actor=admin, digest=DIGEST))["approval"] == "missing"


def test_a_joined_release_says_how_it_was_joined(admin, acme, approving, production):
    a_release(admin, an_application(admin, "checkout"), commit="7c1e94d0aa", environment="production")

    found = requirement(ask(admin, production), "approval")

    assert "joined by its trail" in found["derived"]


def test_a_release_that_its_rules_alone_let_through_is_no_approval(admin, acme, approving, production):
    release = a_release(admin, an_application(admin, "checkout"), digest=DIGEST, environment="production")

    found = requirement(ask(admin, production), "approval")

    assert release.state == "approved"
    assert (found["state"], found["detail"].split(";")[1].split(".")[0]) == ("missing", " no person was asked")
    assert release.trail.approval_status == ""


# ---- release and environment


def test_a_release_out_of_its_window_opens_later(admin, flow, production):
    tomorrow = (timezone.now() + timedelta(days=1)).strftime("%a")
    application = an_application(admin, "checkout", rules=({"type": "schedule", "days_of_week": tomorrow},))
    release = a_release(admin, application, digest=DIGEST, environment="production")

    judgement = ask(admin, production, release=release)

    window = next(each for each in judgement.requirements if each["key"].startswith("window"))
    assert (release.state, judgement.document["verdict"], window["state"]) == ("rejected", "window", "later")
    opens = datetime.fromisoformat(window["opens_at"])
    assert opens.strftime("%a %H:%M") == f"{tomorrow} 00:00"
    assert judgement.document["headline"].startswith("All else holds; the window opens")
    assert "/v1/applications/checkout/releases" in window["request"]

    then = ask(admin, production, release=release, at=opens + timedelta(hours=1))

    assert next(each for each in then.requirements if each["key"].startswith("window"))["state"] == "missing"


def test_a_schedule_nothing_matches_never_opens(admin, flow, production):
    release = a_release(
        admin, an_application(admin, "checkout", rules=(NEVER_OPEN,)), digest=DIGEST, environment="production"
    )

    judgement = ask(admin, production, release=release)

    assert judgement.document["verdict"] == "blocked"


def test_a_permissive_schedule_stands_in_nobodys_way(admin, flow, production):
    application = an_application(admin, "checkout", rules=(NEVER_OPEN,), mode="permissive")
    a_release(admin, application, digest=DIGEST, environment="production")

    assert ask(admin, production).allowed


def test_a_pending_release_holds_the_gate_also_without_a_policy(admin, acme, flow, production):
    release = a_release(admin, an_application(admin, "checkout", rules=(ANY_ONE,)), digest=DIGEST)
    waiting = ask(admin, production)

    decide(actor=person(acme), request=asked(release), verdict=APPROVED)
    work_on(release.pk)

    assert (waiting.document["verdict"], ask(admin, production).document["verdict"]) == ("waiting", "open")


def test_a_release_without_a_digest_is_judged_by_its_rules_and_its_components_policies(admin, acme, flow):
    a_policy(admin, a_flow(admin, "other"), "others", required_types=["junit"])
    release = a_release(admin, an_application(admin, "checkout", rules=(ANY_ONE,)))

    by_rules = judge(actor=admin, digest="", release=release)
    a_policy(admin, flow, required_types=["junit"])
    by_policy = judge(actor=admin, digest="", release=release)

    assert states(by_rules) == {"policy": "not_required", "approval": "awaiting"}
    assert states(by_policy)["artifact"] == "missing"
    assert "metadata" in requirement(by_policy, "artifact")["request"]


@pytest.mark.parametrize(
    ("policy", "state", "expected"),
    [
        ("block", "drifted", "failing"),
        ("block", "in_sync", "satisfied"),
        ("block", "unknown", "not_required"),
        ("warn", "drifted", None),
        ("ignore", "drifted", None),
    ],
)
def test_drift_blocks_where_the_environment_says_so(admin, policy, state, expected):
    environment = an_environment(admin, drift_policy=policy)
    snapshot = Snapshot.objects.create(
        organization=environment.organization, environment=environment, index=1, recorded_by="k8s"
    )
    Environment.objects.filter(pk=environment.pk).update(drift_state=state)
    environment.refresh_from_db()
    entry = {"artifactName": "webhook-relay", "artifactTag": "9", "sha256From": None, "sha256To": DIGEST}
    DriftReport.objects.create(
        organization=environment.organization,
        environment=environment,
        snapshot=snapshot,
        has_drift=True,
        drift_policy=policy,
        added=[entry],
    )

    judgement = ask(admin, environment)

    assert states(judgement).get("drift") == expected
    assert judgement.allowed == (expected != "failing")
    if expected == "failing":
        assert "webhook-relay:9" in detail(judgement, "drift")


@pytest.mark.parametrize(
    ("parts", "at", "opens"),
    [
        (
            {"begin_time": "9:00", "end_time": "16:00", "days_of_week": "1 2 3 4"},
            "2026-11-20T15:42",
            "2026-11-23T09:00",
        ),
        ({"begin_time": "9:00", "end_time": "16:00"}, "2026-11-20T08:00", "2026-11-20T09:00"),
        ({"begin_time": "9:00", "end_time": "16:00"}, "2026-11-20T10:00", "2026-11-20T10:00"),
        ({"days_of_month": "29", "months_of_year": "feb"}, "2026-11-20T10:00", "2028-02-29T00:00"),
        ({"days_of_month": "30", "months_of_year": "feb"}, "2026-11-20T10:00", None),
        ({"begin_time": "22:00", "end_time": "6:00"}, "2026-11-20T10:00", None),
        ({"begin_time": "9:00", "end_time": "10:00", "time_zone": "UTC"}, "2026-11-20T10:30", "2026-11-20T10:30"),
        ({"begin_time": "9:00", "end_time": "10:00", "time_zone": "UTC"}, "2026-11-20T09:30", "2026-11-20T10:00"),
    ],
)
def test_the_next_opening_of_a_window(parts, at, opens):
    zone = ZoneInfo("Europe/Berlin")

    opening = next_opening(parts, datetime.fromisoformat(at).replace(tzinfo=zone), zone)

    assert (opening.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if opening else None) == opens


# ---- errors, determinism, keeping


def test_what_cannot_be_judged_is_denied_with_its_reason(admin, acme):
    acme.time_zone = "Mars/Olympus"
    acme.save()
    admin.organization.refresh_from_db()
    release = a_release(admin, an_application(admin, "checkout", rules=(NEVER_OPEN,)), digest=DIGEST)

    decision = evaluate(actor=admin, digest=DIGEST, release=release)

    assert (decision.verdict, decision.allowed) == ("error", False)
    assert "Mars/Olympus" in reasons(decision.document)[0]
    assert Event.objects.filter(kind="gate.blocked").count() == 1


def test_the_same_moment_gives_the_same_document(admin, acme, approving, production):
    request_trail_approval(actor=admin, trail=approving)
    at = timezone.now()

    first, second = (ask(admin, production, at=at) for _ in range(2))

    assert first.document == second.document
    assert first.inputs == second.inputs


def test_a_decision_is_replayed_from_its_inputs_without_the_rows(
    admin, acme, flow, production, django_assert_num_queries
):
    a_policy(admin, flow, required_types=["junit", "snyk"], enforce_approvals=True, enforce_provenance=True)
    trail = a_trail(admin, flow)
    attest(admin, trail, "junit", name="unit tests")
    attest(admin, trail, "snyk", "failed")
    tomorrow = (timezone.now() + timedelta(days=1)).strftime("%a")
    rules = ({"type": "schedule", "days_of_week": tomorrow}, ANY_ONE)
    a_release(admin, an_application(admin, "checkout", rules=rules), digest=DIGEST, environment="production")
    request_trail_approval(actor=admin, trail=trail)
    stored = evaluate(actor=admin, digest=DIGEST, environment=production)
    Flow.objects.update(name="renamed")
    attest(admin, trail, "snyk")

    decision = GateDecision.objects.get(pk=stored.pk)
    with django_assert_num_queries(0):
        again = replay(decision)

    assert json.dumps(again, sort_keys=True) == json.dumps(decision.document, sort_keys=True)
    assert len(again["requirements"]) == 6


def test_an_earlier_moment_sees_what_was_known_then(admin, acme, flow, production):
    a_policy(admin, flow, required_types=["junit"], enforce_approvals=True)
    trail = a_trail(admin, flow)
    request = request_trail_approval(actor=admin, trail=trail)
    before = timezone.now()
    attest(admin, trail, "junit")
    decide(actor=person(acme), request=request, verdict=APPROVED)

    then, now = ask(admin, production, at=before), ask(admin, production)

    assert states(then) == {"artifact": "satisfied", "type:junit": "missing", "approval": "awaiting"}
    assert now.allowed


def test_an_evaluation_is_kept_with_all_it_was_made_from(admin, acme, flow, production):
    policy = a_policy(admin, flow, environment=production, required_types=["junit"])
    trail = a_trail(admin, flow)

    decision = evaluate(actor=admin, digest=DIGEST, environment=production, requested_by="ci")

    decision.refresh_from_db()
    assert (decision.verdict, decision.allowed, decision.policies_evaluated) == ("blocked", False, 1)
    assert (decision.policy, decision.environment, decision.component) == (policy, production, trail.component)
    assert decision.requested_by == "ci"
    assert decision.judged_at.astimezone(UTC).isoformat()[:19] == decision.document["judged_at"][:19]
    event = Event.objects.get(kind="gate.blocked")
    assert event.related == [decision.uid, trail.component.uid, production.uid, trail.uid]
    assert event.data["verdict"] == "blocked"
    assert "junit" in event.data["reasons"][0]

    attest(admin, trail, "junit")
    evaluate(actor=admin, digest=DIGEST, environment=production)

    assert Event.objects.filter(kind="gate.allowed").count() == 1


def test_asking_needs_the_right_to_evaluate_and_reading_the_right_to_read(acme, admin, stranger, production):
    viewer = person(acme, "viewer")

    assert judge(actor=viewer, digest=DIGEST, environment=production).allowed
    with pytest.raises(Forbidden, match="gate:evaluate"):
        evaluate(actor=viewer, digest=DIGEST, environment=production)
    with pytest.raises(Forbidden):
        evaluate(actor=stranger, digest=DIGEST, environment=production)

    assert not GateDecision.objects.exists()
    assert evaluate(actor=make_machine(acme, "ci")[0], digest=DIGEST, environment=production).allowed


def test_a_narrow_right_to_read_hides_no_policy(admin, acme, flow, production):
    """Somebody who may read only one component still gets the whole answer about another."""
    a_policy(admin, flow, required_types=["junit"])
    narrow = replace(
        person(acme, "viewer"),
        rules=(Rule("organization:**:read", ("organization:acme:component:other",)), Rule("organization:gate:read")),
    )

    assert not judge(actor=narrow, digest=DIGEST, environment=production).allowed


@pytest.mark.parametrize("trails", [1, 20])
def test_a_judgement_costs_eight_queries_however_many_facts(admin, acme, flow, trails, django_assert_max_num_queries):
    environment = an_environment(admin, drift_policy="block")
    Environment.objects.filter(pk=environment.pk).update(drift_state="drifted")
    environment.refresh_from_db()
    a_policy(admin, flow, required_types=["junit", "snyk"], enforce_approvals=True)
    application = an_application(admin, "checkout", rules=(ANY_ONE, NEVER_OPEN))
    for number in range(trails):
        trail = a_trail(admin, flow, commit=f"c0ffee{number}")
        attest(admin, trail, "junit")
        attest(admin, trail, "snyk", "failed")
        request_trail_approval(actor=admin, trail=trail)
        a_release(admin, application, digest=DIGEST)

    with django_assert_max_num_queries(8):
        judgement = ask(admin, environment)

    assert judgement.document["verdict"] == "blocked"

"""Assert: is what is known about a digest enough for a flow?"""

import pytest

from catalog.models import Event
from compliance.models import Flow
from compliance.services.assertions import assert_compliance
from compliance.services.trails import note_approval
from config.errors import Forbidden
from tests.compliance.proving import DIGEST, OTHER_DIGEST, a_flow, a_trail, an_artifact, attest
from tests.people import make_actor

TEMPLATE = """
trail:
  attestations: [{name: review}]
  artifacts:
    - {name: checkout, attestations: [{name: scan, type: snyk}]}
"""


def judged(actor, flow, digest=DIGEST):
    return assert_compliance(actor=actor, digest=digest, flow=flow)


def built(actor, flow, *attestations, digest=DIGEST, **values):
    """A trail of `flow` with an artifact and these attestations, each (type, status) or a mapping."""
    trail = a_trail(actor, flow, **values)
    an_artifact(actor, trail, digest)
    for each in attestations:
        values = each if isinstance(each, dict) else dict(zip(("type", "status"), each, strict=True))
        attest(actor, trail, **values)
    return trail


# ---- by type


def test_all_types_passed_is_compliant(admin):
    flow = a_flow(admin, required_types=["junit", "snyk"])
    trail = built(admin, flow, ("junit", "passed"), ("snyk", "passed"))

    answer = judged(admin, flow)

    assert answer.compliant
    assert (answer.missing_types, answer.missing_names, answer.failed_types) == ((), (), ())
    assert answer.facts.trail == trail


@pytest.mark.parametrize(
    ("attestations", "missing", "failed"),
    [
        ([("junit", "passed")], ("snyk",), ()),
        ([], ("junit", "snyk"), ()),
        ([("junit", "passed"), ("snyk", "pending")], ("snyk",), ()),
        ([("junit", "passed"), ("snyk", "failed")], ("snyk",), ("snyk",)),
        ([("junit", "passed"), ("Snyk", "passed")], ("snyk",), ()),
        ([("junit", "passed"), ("snyk", "passed"), ("snyk", "failed")], ("snyk",), ("snyk",)),
    ],
)
def test_a_type_without_a_passed_latest_attestation_is_missing(admin, attestations, missing, failed):
    flow = a_flow(admin, required_types=["junit", "snyk"])
    built(admin, flow, *attestations)

    answer = judged(admin, flow)

    assert not answer.compliant
    assert (answer.missing_types, answer.failed_types) == (missing, failed)


def test_a_failed_attestation_under_another_name_holds_a_required_type_back(admin):
    flow = a_flow(admin, required_types=["junit"])
    built(
        admin,
        flow,
        {"type": "junit", "status": "failed", "name": "integration"},
        {"type": "junit", "status": "passed", "name": "unit"},
    )

    answer = judged(admin, flow)

    assert not answer.compliant
    assert (answer.missing_types, answer.failed_types) == ((), ("junit",))


def test_a_failure_nobody_asked_for_is_told_and_does_not_decide(admin):
    flow = a_flow(admin, required_types=["junit"])
    built(admin, flow, ("junit", "passed"), ("lint", "failed"))

    answer = judged(admin, flow)

    assert answer.compliant
    assert answer.failed_types == ("lint",)


def test_a_flow_that_asks_for_nothing_is_content_with_a_known_artifact_only(admin):
    flow = a_flow(admin)
    assert not judged(admin, flow).compliant

    built(admin, flow)

    assert judged(admin, flow).compliant


def test_an_unknown_digest_lacks_everything_and_is_named(admin):
    flow = a_flow(admin, required_types=["junit"])
    built(admin, flow, ("junit", "passed"), digest=OTHER_DIGEST)

    answer = judged(admin, flow, "sha256:abc123")

    assert not answer.compliant
    assert answer.missing_types == ("junit",)
    assert "sha256:abc123" in answer.details


# ---- which facts count


def test_facts_of_another_flow_or_tenant_do_not_count(admin, stranger):
    flow, theirs = a_flow(admin, required_types=["junit"]), a_flow(stranger, required_types=["junit"])
    built(admin, a_flow(admin, "other"), ("junit", "passed"))
    built(stranger, theirs, ("junit", "passed"))

    assert judged(admin, flow).missing_types == ("junit",)


def test_an_attestation_about_another_artifact_does_not_count(admin):
    flow = a_flow(admin, required_types=["junit"])
    trail = built(admin, flow, {"type": "junit", "status": "passed", "digest": OTHER_DIGEST})
    assert not judged(admin, flow).compliant

    attest(admin, trail, "junit", "passed", digest=DIGEST)
    attest(admin, trail, "junit", "failed", digest=OTHER_DIGEST)

    assert judged(admin, flow).compliant


def test_of_several_trails_one_that_meets_all_suffices_and_else_the_best_is_reported(admin):
    flow = a_flow(admin, required_types=["junit", "snyk"])
    built(admin, flow)
    best = built(admin, flow, ("junit", "passed"))
    built(admin, flow)
    assert judged(admin, flow).facts.trail == best

    complete = built(admin, flow, ("junit", "passed"), ("snyk", "passed"))
    built(admin, flow, ("junit", "passed"))

    answer = judged(admin, flow)
    assert answer.compliant
    assert answer.facts.trail == complete


# ---- approval


def test_an_approval_is_always_asked_for_and_by_every_role(admin):
    flow = a_flow(admin, requires_approval=True, required_approver_roles=["owner"])
    trail = built(admin, flow)

    outstanding = judged(admin, flow)
    assert not outstanding.compliant
    assert (outstanding.missing_types, outstanding.missing_names) == ((), ())
    assert "Approval" in outstanding.details

    note_approval(actor=admin, trail=trail, status="approved", roles=["change-manager"])
    assert "owner" in judged(admin, flow).details

    note_approval(actor=admin, trail=trail, status="approved", roles=["owner"])
    assert judged(admin, flow).compliant

    note_approval(actor=admin, trail=trail, status="expired", roles=[])
    assert not judged(admin, flow).compliant


def test_a_later_trail_that_is_approved_wins_over_one_that_is_not(admin):
    flow = a_flow(admin, requires_approval=True)
    approved = built(admin, flow)
    built(admin, flow)
    note_approval(actor=admin, trail=approved, status="approved", roles=[])

    assert judged(admin, flow).facts.trail == approved


# ---- by template


def test_a_template_asks_for_names_and_types_no_longer_count(admin):
    flow = a_flow(admin, required_types=["junit"], template_yaml=TEMPLATE)
    trail = built(admin, flow, {"type": "snyk", "status": "passed", "name": "scan"})

    answer = judged(admin, flow)
    assert (answer.missing_names, answer.missing_types) == (("review",), ())

    attest(admin, trail, "anything", "passed", name="review")
    assert judged(admin, flow).compliant


def test_a_template_s_type_must_be_the_attestation_s(admin):
    flow = a_flow(admin, template_yaml=TEMPLATE)
    built(
        admin,
        flow,
        {"type": "trivy", "status": "passed", "name": "scan"},
        {"type": "x", "status": "passed", "name": "review"},
    )

    assert judged(admin, flow).missing_names == ("scan",)


def test_failed_names_are_told(admin):
    flow = a_flow(admin, template_yaml=TEMPLATE)
    built(
        admin,
        flow,
        {"type": "snyk", "status": "passed", "name": "scan"},
        {"type": "x", "status": "failed", "name": "review"},
        {"type": "x", "status": "failed", "name": "lint"},
    )

    answer = judged(admin, flow)

    assert (answer.missing_names, answer.failed_names, answer.failed_types) == (("review",), ("lint", "review"), ())


def test_a_trail_s_template_overrides_the_flow_s(admin):
    flow = a_flow(admin, template_yaml=TEMPLATE)
    own = "trail: {attestations: [{name: only}]}"
    built(admin, flow, {"type": "x", "status": "passed", "name": "only"}, template_yaml=own)

    assert judged(admin, flow).compliant


def test_an_entry_with_a_condition_is_asked_for(admin):
    flow = a_flow(admin, template_yaml='trail: {attestations: [{name: scan, if: "flow.name == \\"other\\""}]}')
    built(admin, flow)

    assert judged(admin, flow).missing_names == ("scan",)


def test_a_stored_template_that_cannot_be_read_denies_and_says_so(admin):
    flow = a_flow(admin)
    built(admin, flow, ("junit", "passed"))
    Flow.objects.filter(pk=flow.pk).update(template_yaml="a: 1\na: 2")
    flow.refresh_from_db()

    answer = judged(admin, flow)

    assert not answer.compliant
    assert "twice" in answer.details


# ---- the record


def test_each_answer_is_an_event_with_the_digest(admin):
    flow = a_flow(admin, required_types=["junit"])
    trail = built(admin, flow)
    judged(admin, flow)
    attest(admin, trail)
    judged(admin, flow)
    judged(admin, flow, OTHER_DIGEST)

    events = Event.objects.filter(kind__startswith="assert.").order_by("pk")
    assert [(each.kind, each.data["digest"], each.data["trail"], each.data["missing"]) for each in events] == [
        ("assert.failed", DIGEST, str(trail.uid), ["junit"]),
        ("assert.passed", DIGEST, str(trail.uid), []),
        ("assert.failed", OTHER_DIGEST, None, ["junit"]),
    ]
    assert trail.uid in events[0].related


def test_only_who_may_asks(acme, admin):
    with pytest.raises(Forbidden, match="gate:evaluate"):
        judged(make_actor(acme, "viewer"), a_flow(admin))
    assert not Event.objects.filter(kind__startswith="assert.").exists()


# ---- the wire


def test_the_answer_speaks_to_every_client(admin, api):
    flow = a_flow(admin, required_types=["junit", "snyk"])
    trail = built(admin, flow, ("junit", "passed"), ("snyk", "failed"))

    answer = api.post_json("/api/v1/assert", {"sha256Digest": DIGEST, "flowId": str(flow.uid)})

    said = answer.json()
    assert answer.status_code == 200
    assert said.pop("checkedAt").endswith("Z")
    assert said.pop("details") == said.pop("message")
    assert [(each["type"], each["status"], each["name"]) for each in said.pop("attestations")] == [
        ("snyk", "FAILED", None),
        ("junit", "PASSED", None),
    ]
    assert said == {
        "sha256Digest": DIGEST,
        "flowId": str(flow.uid),
        "flowName": "checkout",
        "status": "NON_COMPLIANT",
        "compliant": False,
        "missingAttestationTypes": ["snyk"],
        "failedAttestationTypes": ["snyk"],
        "missingAttestationNames": [],
        "failedAttestationNames": [],
        "missingAttestations": ["snyk"],
        "failedAttestations": ["snyk"],
        "trailId": str(trail.uid),
        "artifactId": str(trail.artifacts.get().uid),
    }


def test_any_digest_may_be_asked_about(admin, api):
    flow = a_flow(admin)

    for digest in ("sha256:abc123", "deadbeef", "latest"):
        answer = api.post_json("/api/v1/assert", {"sha256Digest": digest, "flowId": str(flow.uid)})
        assert (answer.status_code, answer.json()["status"]) == (200, "NON_COMPLIANT")
        assert digest in answer.json()["details"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"sha256Digest": None}, 400),
        ({"sha256Digest": ""}, 400),
        ({"sha256Digest": 5}, 400),
        ({"sha256Digest": "x" * 256}, 400),
        ({"flowId": None}, 400),
        ({"flowId": ""}, 400),
        ({"flowId": "x"}, 400),
        ({"flowId": "00000000-0000-7000-8000-000000000000"}, 404),
    ],
)
def test_bad_input_records_nothing(admin, api, change, status):
    said = {"sha256Digest": DIGEST, "flowId": str(a_flow(admin).uid)} | change

    assert api.post_json("/api/v1/assert", said).status_code == status
    assert not Event.objects.filter(kind__startswith="assert.").exists()


def test_strangers_viewers_and_nobody(admin, api_as):
    said = {"sha256Digest": DIGEST, "flowId": str(a_flow(admin).uid)}

    for role, status in {"viewer": 403, "stranger": 404, "": 401, "ci": 200}.items():
        assert api_as(role).post_json("/api/v1/assert", said).status_code == status


@pytest.mark.parametrize("rows", [1, 20])
def test_an_answer_costs_the_same_for_any_number_of_trails(admin, api, rows, django_assert_max_num_queries):
    flow = a_flow(admin, required_types=["junit"])
    for _ in range(rows):
        built(admin, flow)
    api.get("/api/v1/flows")  # the use of a key is written once a minute

    with django_assert_max_num_queries(12):
        api.post_json("/api/v1/assert", {"sha256Digest": DIGEST, "flowId": str(flow.uid)})

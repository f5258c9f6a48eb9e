"""What is known, what is asked, what holds: the functions that pages, assert, status and gate share."""

import shlex
from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.actors import Actor
from catalog.rights import Rule
from catalog.services.components import create_component
from compliance.models import Attestation
from compliance.requirements import Requirement, curl, requirement_key
from compliance.services import facts
from compliance.services.facts import TrailFacts, facts_about, facts_of_trails
from compliance.services.needs import Need, needs_of, requirement_for_type, requirements_of
from compliance.services.trails import note_approval
from tests.compliance.proving import DIGEST, OTHER_DIGEST, a_flow, a_trail, an_artifact, attest
from tests.people import make_user


def test_facts_come_newest_trail_first_with_the_latest_of_each_kind(admin):
    flow = a_flow(admin)
    old, new = (a_trail(admin, flow) for _ in range(2))
    for trail in (new, old):
        an_artifact(admin, trail)
    attest(admin, old, "junit", "failed")
    attest(admin, old, "junit", "passed")
    attest(admin, old, "junit", "failed", name="slow")
    attest(admin, old, "snyk", "failed", digest=OTHER_DIGEST)
    bound = attest(admin, old, "snyk", "passed", digest=DIGEST)

    found = facts_about(admin, DIGEST.upper().replace("SHA256", "sha256"))

    assert [each.trail for each in found] == [new, old]
    facts = found[1]
    assert (facts.flow, facts.artifact.digest) == (flow, DIGEST)
    assert facts.attestations[0] == bound
    assert [(each.type, each.name, each.status) for each in facts.attestations] == [
        ("snyk", None, "passed"),
        ("junit", "slow", "failed"),
        ("junit", None, "passed"),
    ]
    assert (facts.passed_types, facts.failed_types) == ({"junit", "snyk"}, {"junit"})
    assert facts.failed_names == {"slow"}


def test_facts_can_be_asked_for_a_moment(admin):
    trail = a_trail(admin, a_flow(admin))
    an_artifact(admin, trail)
    first, second = (attest(admin, trail, "junit", status) for status in ("passed", "failed"))
    noon = timezone.now()
    trail.artifacts.update(created_at=noon)
    for minutes, each in ((1, first), (2, second)):
        Attestation.objects.filter(pk=each.pk).update(created_at=noon + timedelta(minutes=minutes))

    def known(minutes: float) -> list[str]:
        return [
            one.status
            for each in facts_about(admin, DIGEST, at=noon + timedelta(minutes=minutes))
            for one in each.attestations
        ]

    assert facts_about(admin, DIGEST, at=noon - timedelta(seconds=1)) == []
    assert [known(minutes) for minutes in (0, 1, 2)] == [[], ["passed"], ["failed"]]


def test_facts_are_those_the_actor_may_read(admin, stranger):
    component = create_component(actor=admin, name="Checkout")
    mine, other = a_flow(admin, component=component), a_flow(admin, "other")
    for flow in (mine, other):
        an_artifact(admin, a_trail(admin, flow))
    narrow = Actor(
        kind="user",
        label="narrow",
        organization=admin.organization,
        reach=admin.reach,
        rules=(Rule("organization:**", ("organization:acme:component:checkout",)),),
    )

    assert facts_about(stranger, DIGEST) == []
    assert [each.flow for each in facts_about(narrow, DIGEST)] == [mine]
    assert [each.flow for each in facts_about(admin, DIGEST, flow=other)] == [other]


@pytest.mark.parametrize("rows", [1, 20])
def test_facts_cost_two_queries_for_any_number_of_trails(admin, rows, django_assert_num_queries):
    flow = a_flow(admin, required_types=["junit"], component=create_component(actor=admin, name="Checkout"))
    for _ in range(rows):
        trail = a_trail(admin, flow)
        an_artifact(admin, trail)
        attest(admin, trail)

    with django_assert_num_queries(2):
        found = facts_about(admin, DIGEST)
        judged = [requirements_of(each, needs_of(each), ask=False) for each in found]

    assert [[one.state for one in each] for each in judged] == [["satisfied"]] * rows


def test_reports_to_one_flow_do_not_crowd_out_another(admin, monkeypatch):
    monkeypatch.setattr(facts, "MAX_REPORTS", 2)
    strict, lax = a_flow(admin), a_flow(admin, name="lax")
    an_artifact(admin, a_trail(admin, strict))
    trail = a_trail(admin, lax)
    for _ in range(3):
        an_artifact(admin, trail)

    assert [each.flow for each in facts_about(admin, DIGEST)] == [lax, lax, strict]


def test_facts_of_trails_are_one_per_artifact_or_one_of_the_trail(admin):
    flow = a_flow(admin)
    bare, built = a_trail(admin, flow), a_trail(admin, flow)
    an_artifact(admin, built)
    an_artifact(admin, built, OTHER_DIGEST, "worker")
    attest(admin, built, "junit", digest=DIGEST)
    attest(admin, built, "review")

    facts = facts_of_trails([bare, built])

    assert [each.artifact for each in facts[bare.pk]] == [None]
    assert [(each.artifact.name, sorted(each.passed_types)) for each in facts[built.pk]] == [
        ("checkout", ["junit", "review"]),
        ("worker", ["review"]),
    ]


def test_needs_are_types_names_and_an_approval(admin):
    by_type = a_flow(admin, required_types=["a", "b", "a"], requires_approval=True)
    template = "requiredAttestations: [a]\ntrail: {attestations: [{name: n, type: t}, {type: c}, {name: n, type: t}]}"
    by_name = a_flow(admin, "named", required_types=["x"], template_yaml=template)

    assert needs_of(TrailFacts(flow=by_type)) == [Need("type", "a"), Need("type", "b"), Need("approval")]
    assert needs_of(TrailFacts(flow=by_name)) == [Need("type", "a"), Need("name", "n", "t"), Need("type", "c")]


@pytest.mark.parametrize(("kind", "status"), [("junit", "PENDING"), ("pentest", "PASSED")])
def test_what_failed_is_not_asked_for_as_passed_where_its_report_is_read(admin, kind, status):
    trail = a_trail(admin, a_flow(admin, required_types=[kind]))
    attest(admin, trail, kind, "failed")

    (requirement,) = requirements_of(facts_of_trails([trail])[trail.pk][0], [Need("type", kind)])

    assert requirement.state == "failing"
    assert f'"status": "{status}"' in requirement.request


def test_an_open_requirement_carries_the_request_and_who_may_send_it(acme, admin):
    make_user(acme, "ci", "robot@acme.example", "Robot")
    flow = a_flow(admin, required_types=["load-test"])
    trail = a_trail(admin, flow)

    (requirement,) = requirements_of(
        facts_of_trails([trail])[trail.pk][0], [Need("type", "load-test")], base_url="https://gate.example"
    )

    assert requirement.as_dict() == {
        "key": "type:load-test",
        "title": "load-test",
        "state": "missing",
        "detail": "No attestation of type load-test on trail 7c1e94d0aa.",
        "fact": None,
        "request": f"curl -X POST https://gate.example/api/v1/trails/{trail.uid}/attestations \\\n"
        '  -H "Authorization: Bearer $TOKEN" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        """  -d '{"type": "load-test", "status": "PASSED", "orgSlug": "acme"}'""",
        "who": [{"label": "CI", "kind": "role"}, {"label": "Robot", "kind": "user"}],
        "opens_at": None,
        "derived": None,
    }
    assert requirement_for_type(TrailFacts(flow=flow), "load-test").request.startswith(
        'curl -X POST "$GATEHOUSE/api/v1/trails/$TRAIL/attestations"'
    )


@pytest.mark.parametrize("known", [None, {}, {"name": "Scan"}, {"name": "Scan", "digest": "sha256:abc"}])
def test_the_request_of_a_requirement_supplies_it(admin, api, known):
    trail = a_trail(admin, a_flow(admin, required_types=["it's"]))
    an_artifact(admin, trail, "sha256:abc")
    if known is not None:
        attest(admin, trail, "it's", "failed", **known)
    line = requirement_for_type(facts_of_trails([trail])[trail.pk][0], "it's").request
    body = shlex.split(line)[-1]

    api.post(f"/api/v1/trails/{trail.uid}/attestations", body, content_type="application/json")

    assert requirement_for_type(facts_of_trails([trail])[trail.pk][0], "it's").state == "satisfied"


def test_an_attestation_that_waits_for_its_evidence_asks_for_the_file(admin):
    trail = a_trail(admin, a_flow(admin))
    waiting = attest(admin, trail, "junit", "pending")

    line = requirement_for_type(facts_of_trails([trail])[trail.pk][0], "junit").request

    assert f"/attestations/{waiting.uid}/evidence" in line
    assert "-F file=@report.xml" in line


def test_states_and_facts_of_requirements(admin):
    trail = a_trail(admin, a_flow(admin, requires_approval=True))
    passed = attest(admin, trail, "a", "passed")
    attest(admin, trail, "b", "pending")
    failed = attest(admin, trail, "c", "failed")
    facts = facts_of_trails([trail])[trail.pk][0]

    found = requirements_of(facts, [Need("type", each) for each in "abc"] + [Need("approval")])

    assert [each.state for each in found] == ["satisfied", "missing", "failing", "awaiting"]
    assert found[0].fact == {"label": "a", "url": f"/compliance/trails/{trail.uid}#a-{passed.uid}"}
    assert found[2].fact["url"].endswith(str(failed.uid))
    assert [bool(each.request) for each in found] == [False, True, True, True]
    assert not any(each.who for each in requirements_of(facts, [Need("type", "b"), Need("approval")], ask=False))


@pytest.mark.parametrize(
    ("status", "roles", "state"),
    [
        ("", [], "awaiting"),
        ("pending_approval", [], "awaiting"),
        ("approved", [], "awaiting"),
        ("approved", ["Change Manager"], "satisfied"),
        ("rejected", ["change-manager"], "failing"),
        ("expired", [], "failing"),
        ("void", [], "failing"),
    ],
)
def test_an_approval_is_a_requirement(admin, status, roles, state):
    flow = a_flow(admin, requires_approval=True, required_approver_roles=["CHANGE_MANAGER"])
    trail = a_trail(admin, flow)
    note_approval(actor=admin, trail=trail, status=status, roles=roles)
    trail.refresh_from_db()

    (requirement,) = requirements_of(TrailFacts(flow=flow, trail=trail), [Need("approval")])

    assert requirement.state == state
    assert requirement.who == (() if state == "satisfied" else ({"label": "CHANGE_MANAGER", "kind": "role"},))


def test_a_derived_join_is_said(admin):
    create_component(actor=admin, name="Checkout", repository="https://git.example/acme/checkout")
    trail = a_trail(admin, a_flow(admin, "other"), build_url="https://git.example/acme/checkout/runs/1")

    requirement = requirement_for_type(facts_of_trails([trail])[trail.pk][0], "junit", ask=False)

    assert "Checkout" in requirement.derived


def test_keys_are_fit_for_an_element_and_lines_for_a_shell():
    assert requirement_key("type", "a b/ü") == "type:a%20b%2F%C3%BC"
    assert requirement_key("approval") == "approval"
    assert curl("GET", "/x y", base_url="https://a.example") == (
        "curl -X GET 'https://a.example/x y' \\\n  -H \"Authorization: Bearer $TOKEN\""
    )
    assert Requirement(key="k", title="t", state="waived", detail="").holds

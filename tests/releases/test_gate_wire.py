"""OpenFactstore about deployment policies and the gate: bodies against stored rows, every refusal in its words."""

import uuid

import pytest

from catalog.models import Event
from releases.models import DeploymentPolicy, GateDecision
from releases.services.gate import evaluate
from tests.releases.proofs import DIGEST, a_component, a_flow, a_policy, a_trail, an_environment, attest

POLICIES = "/api/v1/deployment-policies"
EVALUATE, RESULTS = "/api/v1/gate/evaluate", "/api/v1/gate/results"
NOBODY = str(uuid.uuid4())


@pytest.fixture
def flow(admin):
    a_component(admin)
    return a_flow(admin)


@pytest.fixture
def production(admin):
    return an_environment(admin)


def iso(moment) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def said(policy: DeploymentPolicy) -> dict:
    """A stored policy as the wire says it."""
    stored = DeploymentPolicy.objects.get(pk=policy.pk)
    return {
        "id": str(stored.uid),
        "name": stored.name,
        "description": stored.description,
        "flowId": str(stored.flow.uid),
        "environmentId": str(stored.environment.uid) if stored.environment else None,
        "enforceProvenance": stored.enforce_provenance,
        "enforceApprovals": stored.enforce_approvals,
        "requireApproval": stored.enforce_approvals,
        "requiredAttestationTypes": stored.required_types,
        "requireSignature": stored.require_signature,
        "blockOnFailedScan": stored.block_on_failed_scan,
        "isActive": stored.is_active,
        "createdAt": iso(stored.created_at),
        "updatedAt": iso(stored.updated_at),
    }


def decided(decision: GateDecision) -> dict:
    """A stored decision about a digest that nobody built here, by one policy at most, as the wire says it."""
    requirements, policies = decision.document["requirements"], decision.document["policies"]
    still = [each for each in requirements if not decision.allowed and each["state"] != "satisfied"]
    why = [f"{each['title']}: {each['detail']}" for each in still]
    return {
        "id": str(decision.uid),
        "decision": "ALLOWED" if decision.allowed else "BLOCKED",
        "allowed": decision.allowed,
        "verdict": decision.verdict,
        "artifactSha256": decision.digest,
        "environmentId": str(decision.environment.uid),
        "environment": decision.environment.name,
        "requestedBy": decision.requested_by,
        "evaluatedAt": iso(decision.judged_at),
        "blockReasons": why,
        "reasons": why,
        "reason": "; ".join(why) or decision.document["headline"],
        "policiesEvaluated": decision.policies_evaluated,
        "policyId": policies[0]["uid"] if policies else None,
        "policyName": policies[0]["name"] if policies else None,
        "signatureVerified": None,
        "componentId": None,
        "trailId": None,
        "headline": decision.document["headline"],
        "requirements": requirements,
    }


# ---- policies


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        ({}, {"required_types": [], "enforce_approvals": False, "is_active": True, "environment": None}),
        ({"environmentId": "", "requiredAttestationTypes": None, "enforceApprovals": None}, {"required_types": []}),
        ({"requireApproval": True}, {"enforce_approvals": True}),
        ({"requireApproval": True, "enforceApprovals": False}, {"enforce_approvals": False}),
        ({"requiredAttestationTypes": ["junit", "snyk, all"]}, {"required_types": ["junit", "snyk, all"]}),
        (
            {"enforceProvenance": True, "requireSignature": True, "blockOnFailedScan": True, "description": "d"},
            {"enforce_provenance": True, "require_signature": True, "block_on_failed_scan": True, "description": "d"},
        ),
    ],
)
def test_a_policy_is_made(api, flow, body, stored):
    response = api.post_json(POLICIES, {"name": "prod", "flowId": str(flow.uid)} | body)

    made = DeploymentPolicy.objects.get()
    assert response.status_code == 200
    assert response.json() == said(made)
    assert {name: getattr(made, name) for name in stored} == stored
    assert Event.objects.filter(kind="policy.created").count() == 1


def test_a_policy_of_one_environment(api, flow, production):
    body = {"name": "prod", "flowId": str(flow.uid), "environmentId": str(production.uid)}

    assert api.post_json(POLICIES, body).json()["environmentId"] == str(production.uid)


BAD_POLICIES = [
    ({"name": None}, "name"),
    ({"name": " "}, "name"),
    ({"name": 7}, "name"),
    ({"name": "x" * 256}, "name"),
    ({"flowId": None}, "flowId"),
    ({"flowId": ""}, "flowId"),
    ({"flowId": "checkout"}, "flowId"),
    ({"environmentId": "production"}, "environmentId"),
    ({"description": []}, "description"),
    ({"description": "x" * 2049}, "description"),
    ({"enforceProvenance": "yes"}, "enforceProvenance"),
    ({"enforceApprovals": 1}, "enforceApprovals"),
    ({"requiredAttestationTypes": "junit"}, "requiredAttestationTypes"),
    ({"requiredAttestationTypes": [""]}, "requiredAttestationTypes"),
    ({"requiredAttestationTypes": ["x" * 256]}, "requiredAttestationTypes"),
    ({"isActive": "true"}, "isActive"),
]


@pytest.mark.parametrize(("body", "field"), BAD_POLICIES)
def test_a_bad_policy_changes_nothing(api, flow, body, field):
    response = api.post_json(POLICIES, {"name": "prod", "flowId": str(flow.uid)} | body)

    assert response.status_code == 400
    assert field in response.json()["message"]
    assert not DeploymentPolicy.objects.exists()


@pytest.mark.parametrize("field", ["flowId", "environmentId"])
def test_a_policy_names_known_things_only(api, admin, stranger, flow, field):
    theirs = a_flow(stranger) if field == "flowId" else an_environment(stranger)
    for uid in (NOBODY, str(theirs.uid)):
        response = api.post_json(POLICIES, {"name": "prod", "flowId": str(flow.uid)} | {field: uid})

        assert response.status_code == 404
        assert uid in response.json()["message"]
    assert not DeploymentPolicy.objects.filter(organization=admin.organization).exists()


def test_a_policy_is_read_changed_and_deleted(api, admin, flow, production):
    policy = a_policy(admin, flow, environment=production, required_types=["junit"])
    address = f"{POLICIES}/{policy.uid}"

    assert api.get(address).json() == said(policy)
    assert api.get(POLICIES).json() == [said(policy)]
    changed = api.put_json(address, {"isActive": False, "name": None, "requiredAttestationTypes": [], "flowId": NOBODY})
    assert changed.status_code == 200
    assert changed.json() == said(policy)
    assert (changed.json()["isActive"], changed.json()["name"]) == (False, "prod-baseline")
    assert changed.json()["requiredAttestationTypes"] == []
    assert changed.json()["flowId"] == str(flow.uid)
    gone = api.delete(address)
    assert (gone.status_code, gone.content) == (204, b"")
    assert api.get(address).status_code == 404
    assert not DeploymentPolicy.objects.exists()


@pytest.mark.parametrize(("body", "field"), [case for case in BAD_POLICIES if case[0].get("name", "") is not None][:2])
def test_a_bad_change_changes_nothing(api, admin, flow, body, field):
    policy = a_policy(admin, flow)

    response = api.put_json(f"{POLICIES}/{policy.uid}", body)

    assert response.status_code == 400
    assert said(policy)["name"] == "prod-baseline"


@pytest.mark.parametrize(("role", "status"), [("", 401), ("viewer", 403), ("ci", 403), ("stranger", 404)])
def test_policies_are_written_by_those_who_may(api_as, admin, flow, role, status):
    policy = a_policy(admin, flow)
    caller = api_as(role)

    for response in (
        caller.post_json(POLICIES, {"name": "mine", "flowId": str(flow.uid)}),
        caller.put_json(f"{POLICIES}/{policy.uid}", {"isActive": False}),
        caller.delete(f"{POLICIES}/{policy.uid}"),
    ):
        assert response.status_code == status
    assert DeploymentPolicy.objects.get().is_active
    if role == "stranger":
        assert caller.get(POLICIES).json() == []
        assert caller.get(f"{POLICIES}/{policy.uid}").status_code == 404


@pytest.mark.parametrize(("id_", "status"), [(NOBODY, 404), ("7", 400)])
def test_an_unknown_policy(api, db, id_, status):
    address = f"{POLICIES}/{id_}"

    assert {api.get(address).status_code, api.put_json(address).status_code, api.delete(address).status_code} == {
        status
    }


# ---- the gate


def test_a_digest_nobody_knows_passes_without_a_policy(api, acme):
    response = api.post_json(EVALUATE, {"artifactSha256": "sha256:abc123"})

    body = response.json()
    assert response.status_code == 200
    assert (body["decision"], body["allowed"], body["policiesEvaluated"]) == ("ALLOWED", True, 0)
    assert (body["blockReasons"], body["reasons"]) == ([], [])
    assert (body["policyId"], body["policyName"], body["environment"], body["environmentId"]) == (None,) * 4
    assert body["signatureVerified"] is None
    assert body["requestedBy"] == "admin-machine"
    assert body["requirements"][0]["title"] == "No policy applies here"
    assert "dryRun" not in body


def test_a_blocked_digest_is_explained_in_every_dialect(api, admin, flow, production):
    policy = a_policy(admin, flow, environment=production, required_types=["junit"], require_signature=True)
    trail = a_trail(admin, flow)

    response = api.post_json(
        EVALUATE, {"artifactSha256": DIGEST, "environmentId": str(production.uid), "requestedBy": "deploy-bot"}
    )

    body, stored = response.json(), GateDecision.objects.get()
    assert response.status_code == 200
    assert body["id"] == str(stored.uid)
    assert (body["decision"], body["allowed"], body["verdict"]) == ("BLOCKED", False, "blocked")
    assert (body["environmentId"], body["environment"]) == (str(production.uid), "production")
    assert (body["policyId"], body["policyName"], body["policiesEvaluated"]) == (str(policy.uid), "prod-baseline", 1)
    assert body["blockReasons"] == body["reasons"] == body["reason"].split("; ")
    assert any("junit" in reason and "prod-baseline" in reason for reason in body["blockReasons"])
    assert body["signatureVerified"] is False
    assert body["evaluatedAt"] == iso(stored.judged_at)
    assert (body["requestedBy"], body["trailId"]) == ("deploy-bot", str(trail.uid))
    assert body["requirements"] == stored.document["requirements"]
    line = next(each["request"] for each in body["requirements"] if each["key"] == "type:junit")
    assert f"http://testserver/api/v1/trails/{trail.uid}/attestations" in line


def test_the_gate_opens_when_the_fact_is_there(api, admin, flow, production):
    a_policy(admin, flow, environment=production, required_types=["junit"])
    attest(admin, a_trail(admin, flow), "junit")

    body = api.post_json(EVALUATE, {"artifactDigest": DIGEST, "targetEnvironment": "PRODUCTION"}).json()

    assert (body["decision"], body["blockReasons"], body["reason"]) == ("ALLOWED", [], "All two requirements hold.")


@pytest.mark.parametrize(
    "names",
    [
        {"environment": ""},
        {"environmentId": "", "flowId": "", "requestedBy": ""},
        {"environmentId": None, "environment": None, "flowId": None},
    ],
)
def test_empty_text_names_nothing(api, admin, flow, production, names):
    a_policy(admin, flow, environment=production, required_types=["junit"])
    a_trail(admin, flow)

    body = api.post_json(EVALUATE, {"artifactSha256": DIGEST} | names).json()

    assert body["environmentId"] is None
    assert body["decision"] == "BLOCKED"


@pytest.mark.parametrize("how", ["id", "name", "id as name", "both"])
def test_an_environment_goes_by_id_or_name(api, admin, production, how):
    staging = an_environment(admin, "staging")
    named = {
        "id": {"environmentId": str(production.uid)},
        "name": {"environment": "Production"},
        "id as name": {"environment": str(production.uid)},
        "both": {"environmentId": str(production.uid), "environment": staging.name},
    }[how]

    body = api.post_json(EVALUATE, {"artifactSha256": DIGEST} | named).json()

    assert body["environmentId"] == str(production.uid)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"environmentId": NOBODY}, 404),
        ({"environment": "nowhere"}, 404),
        ({"flowId": NOBODY}, 404),
        ({"environmentId": "production"}, 400),
        ({"flowId": "checkout"}, 400),
        ({"environment": 7}, 400),
        ({"requestedBy": 7}, 400),
        ({"requestedBy": "x" * 256}, 400),
        ({"artifactSha256": None}, 400),
        ({"artifactSha256": ""}, 400),
        ({"artifactSha256": 7}, 400),
        ({"artifactSha256": "x" * 256}, 400),
        ({"artifactSha256": "a\u0000"}, 400),
    ],
)
def test_a_bad_question_decides_nothing(api, production, body, status):
    response = api.post_json(EVALUATE, {"artifactSha256": DIGEST} | body)

    assert response.status_code == status
    assert response.json()["error"] == {400: "Bad Request", 404: "Not Found"}[status]
    assert not GateDecision.objects.exists()


def test_another_organizations_things_are_unknown(api_as, admin, flow, production):
    caller = api_as("stranger")

    assert caller.post_json(EVALUATE, {"artifactSha256": DIGEST, "environment": "production"}).status_code == 404
    assert (
        caller.post_json(EVALUATE, {"artifactSha256": DIGEST, "environmentId": str(production.uid)}).status_code == 404
    )
    assert caller.post_json(EVALUATE, {"artifactSha256": DIGEST, "flowId": str(flow.uid)}).status_code == 404
    assert not GateDecision.objects.exists()


def test_another_organizations_policies_do_not_count(api_as, admin, flow):
    a_policy(admin, flow, required_types=["junit"])

    body = api_as("stranger").post_json(EVALUATE, {"artifactSha256": DIGEST}).json()

    assert (body["decision"], body["policiesEvaluated"]) == ("ALLOWED", 0)


@pytest.mark.parametrize(("role", "status"), [("", 401), ("viewer", 403), ("ci", 200)])
def test_the_gate_is_asked_by_those_who_may(api_as, production, role, status):
    response = api_as(role).post_json(EVALUATE, {"artifactSha256": DIGEST, "environment": "production"})

    assert response.status_code == status
    assert GateDecision.objects.count() == (status == 200)


# ---- results


def test_results_are_listed_newest_first(api, admin, flow, production):
    a_policy(admin, flow, environment=production, required_types=["junit"])
    staging = an_environment(admin, "staging")
    first = evaluate(actor=admin, digest="sha256:one", environment=production)
    second = evaluate(actor=admin, digest="sha256:two", environment=staging)
    third = evaluate(actor=admin, digest="sha256:three", environment=production)

    def ids(query=""):
        return [each["id"] for each in api.get(f"{RESULTS}{query}").json()]

    assert ids() == [str(each.uid) for each in (third, second, first)]
    assert ids("?limit=1") == [str(third.uid)]
    assert ids("?environment=production&limit=20") == [str(third.uid), str(first.uid)]
    assert ids(f"?environment={staging.uid}") == [str(second.uid)]
    assert ids("?environment=&limit=") == ids()
    assert api.get(RESULTS).json() == [decided(each) for each in GateDecision.objects.order_by("-pk")]
    shown = api.get(RESULTS).json()[0]
    assert (shown["artifactSha256"], shown["policiesEvaluated"]) == ("sha256:three", 1)
    assert shown["blockReasons"]


@pytest.mark.parametrize(
    ("query", "status"), [("?limit=0", 400), ("?limit=x", 400), ("?limit=-1", 400), ("?environment=nowhere", 404)]
)
def test_a_bad_filter_is_refused(api, db, query, status):
    assert api.get(RESULTS + query).status_code == status


def test_results_are_the_organizations_own(api_as, admin, production):
    evaluate(actor=admin, digest=DIGEST, environment=production)

    stranger = api_as("stranger")
    assert stranger.get(RESULTS).json() == []
    assert stranger.get(f"{RESULTS}?environment=production").status_code == 404
    assert api_as("").get(RESULTS).status_code == 401
    assert len(api_as("viewer").get(RESULTS).json()) == 1

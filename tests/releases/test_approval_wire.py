"""OpenFactstore about approvals: every route's body against the stored row, every refusal in its words."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Event
from releases.models import ApprovalRequest, Decision
from releases.services.approvals import request_trail_approval
from tests.people import make_user
from tests.releases.proofs import ANY_ONE, DIGEST, a_flow, a_release, a_trail, an_application, an_environment, asked

API = "/api/v1/approvals"
NOBODY = str(uuid.uuid4())
Status = ApprovalRequest.Status


@pytest.fixture(autouse=True)
def people(acme):
    """Those a machine answers for."""
    for name in ("alice", "bob"):
        make_user(acme, "change-manager", f"{name}@x.example")


@pytest.fixture
def trail(admin):
    return a_trail(admin, a_flow(admin))


@pytest.fixture
def approval(admin, trail):
    return request_trail_approval(actor=admin, trail=trail)


def url(trail) -> str:
    return f"/api/v1/trails/{trail.uid}/approvals"


def iso(moment) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def said(approval: ApprovalRequest) -> dict:
    """A stored request as the wire says it."""
    stored = ApprovalRequest.objects.get(pk=approval.pk)
    trail = stored.trail or stored.release.trail
    return {
        "id": str(stored.uid),
        "trailId": str(trail.uid),
        "flowId": str(trail.flow.uid),
        "status": "EXPIRED" if stored.status == Status.VOID else stored.status.upper(),
        "requiredApprovers": stored.required_approvers,
        "requiredApproverRoles": stored.required_roles,
        "comments": stored.comments,
        "requestedBy": stored.requested_by,
        "requestedAt": iso(stored.created_at),
        "deadline": iso(stored.deadline),
        "resolvedAt": iso(stored.resolved_at),
        "decisions": [
            {
                "id": str(each.uid),
                "approvalId": str(stored.uid),
                "approverIdentity": each.identity,
                "decision": each.verdict.upper(),
                "comments": each.comments,
                "decidedAt": iso(each.created_at),
            }
            for each in stored.decisions.all()
        ],
        "artifactSha256": stored.release.digest if stored.release else None,
        "environmentId": str(stored.environment.uid) if stored.environment else None,
        "applicationId": stored.release.application.key if stored.release else None,
        "releaseId": stored.release.number if stored.release else None,
        "isVoid": stored.status == Status.VOID,
    }


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        ({}, {"required_approvers": [], "comments": None, "deadline": None}),
        ({"trailId": "whatever", "requiredApprovers": None, "comments": None, "deadline": None}, {"comments": None}),
        ({"requiredApprovers": ["a@x.example", "b@x.example"]}, {"required_approvers": ["a@x.example", "b@x.example"]}),
        ({"comments": "soak", "reason": "ours wins"}, {"comments": "soak"}),
        ({"reason": "to ship"}, {"comments": "to ship"}),
        ({"requestedBy": "jonas@acme.example"}, {"requested_by": "jonas@acme.example"}),
        ({"requestedBy": "", "environmentId": ""}, {"requested_by": "admin-machine", "environment": None}),
    ],
)
def test_an_approval_is_asked_for(api, trail, body, stored):
    response = api.post_json(url(trail), body)

    made = ApprovalRequest.objects.get()
    assert response.status_code == 200
    assert response.json() == said(made)
    assert {name: getattr(made, name) for name in stored} == stored
    assert response.json()["status"] == "PENDING_APPROVAL"


def test_an_empty_body_asks_too(api, trail):
    assert api.post(url(trail), content_type="application/json").status_code == 200
    assert ApprovalRequest.objects.count() == 1


def test_a_deadline_and_an_environment_are_kept(api, admin, trail):
    environment = an_environment(admin)

    response = api.post_json(
        url(trail), {"deadline": "2030-01-01T10:00:00+01:00", "environmentId": str(environment.uid)}
    )

    assert response.json()["deadline"] == "2030-01-01T09:00:00Z"
    assert response.json()["environmentId"] == str(environment.uid)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"requiredApprovers": "a@x.example"}, "requiredApprovers"),
        ({"requiredApprovers": [7]}, "requiredApprovers"),
        ({"requiredApprovers": [""]}, "requiredApprovers"),
        ({"requiredApprovers": ["x" * 256]}, "requiredApprovers"),
        ({"comments": 7}, "comments"),
        ({"comments": "x" * 10_001}, "comments"),
        ({"deadline": "tomorrow"}, "deadline"),
        ({"deadline": 7}, "deadline"),
        ({"deadline": "9999-12-31T23:59:59-12:00"}, "deadline"),
        ({"requestedBy": 7}, "requestedBy"),
        ({"requestedBy": "x" * 256}, "requestedBy"),
        ({"environmentId": "production"}, "environmentId"),
    ],
)
def test_a_bad_request_changes_nothing(api, trail, body, field):
    response = api.post_json(url(trail), body)

    assert response.status_code == 400
    assert response.json()["error"] == "Bad Request"
    assert field in response.json()["message"]
    assert not ApprovalRequest.objects.exists()


@pytest.mark.parametrize("body", ["{", "[]", '"x"', '{"a": NaN}'])
def test_what_is_not_a_json_object_is_refused(api, approval, body):
    response = api.post(f"{API}/{approval.uid}/approve", body, content_type="application/json")

    assert response.status_code == 400
    assert not Decision.objects.exists()


@pytest.mark.parametrize("method", ["get", "post_json"])
@pytest.mark.parametrize(("id_", "status"), [(NOBODY, 404), ("7", 400), ("x" * 300, 400)])
def test_an_unknown_trail(api, db, method, id_, status):
    response = getattr(api, method)(f"/api/v1/trails/{id_}/approvals")

    assert response.status_code == status
    assert id_[:100] in response.json()["message"]


def test_another_organizations_environment_is_unknown(api, stranger, trail):
    theirs = an_environment(stranger)

    response = api.post_json(url(trail), {"environmentId": str(theirs.uid)})

    assert response.status_code == 404
    assert not ApprovalRequest.objects.exists()


# ---- answers


@pytest.mark.parametrize(
    ("verb", "body", "identity", "comments"),
    [
        ("approve", {"approverIdentity": "alice@x.example", "comments": "fine"}, "alice@x.example", "fine"),
        ("approve", {"approvedBy": "alice@x.example", "comment": "fine"}, "alice@x.example", "fine"),
        ("approve", {"approverIdentity": "alice@x.example", "approvedBy": "bob@x.example"}, "alice@x.example", None),
        ("approve", {}, "admin-machine", None),
        ("reject", {"rejectedBy": "alice@x.example", "reason": "no"}, "alice@x.example", "no"),
        ("reject", {"approverIdentity": "", "comments": ""}, "admin-machine", ""),
    ],
)
def test_an_answer_is_taken(api, approval, verb, body, identity, comments):
    response = api.post_json(f"{API}/{approval.uid}/{verb}", body)

    approval.refresh_from_db()
    assert response.status_code == 200
    assert response.json() == said(approval)
    assert approval.status == (Status.APPROVED if verb == "approve" else Status.REJECTED)
    decision = Decision.objects.get()
    assert (decision.identity, decision.comments) == (identity, comments)


def test_a_partial_answer_leaves_the_request_open(api, admin, trail):
    approval = request_trail_approval(actor=admin, trail=trail, required_approvers=["alice@x.example", "bob@x.example"])

    first = api.post_json(f"{API}/{approval.uid}/approve", {"approverIdentity": "alice@x.example"}).json()
    second = api.post_json(f"{API}/{approval.uid}/approve", {"approverIdentity": "bob@x.example"}).json()

    assert (first["status"], first["resolvedAt"]) == ("PENDING_APPROVAL", None)
    assert (second["status"], len(second["decisions"])) == ("APPROVED", 2)
    assert Event.objects.filter(kind="approval.granted").count() == 2


@pytest.mark.parametrize("verb", ["approve", "reject"])
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"approverIdentity": 7}, "approverIdentity"),
        ({"approverIdentity": "x" * 256}, "approverIdentity"),
        ({"approverIdentity": "a\u0000"}, ""),
        ({"comments": {}}, "comments"),
        ({"comments": "x" * 10_001}, "comments"),
    ],
)
def test_a_bad_answer_changes_nothing(api, approval, verb, body, field):
    response = api.post_json(f"{API}/{approval.uid}/{verb}", body)

    assert response.status_code == 400
    assert field in response.json()["message"]
    assert not Decision.objects.exists()


def test_an_answer_to_a_settled_request_is_a_conflict(api, approval):
    api.post_json(f"{API}/{approval.uid}/approve", {"approverIdentity": "alice@x.example"})

    response = api.post_json(f"{API}/{approval.uid}/reject", {"approverIdentity": "bob@x.example"})

    assert response.status_code == 409
    assert response.json()["error"] == "Conflict"
    assert "is approved already: Change-Manager Acme, " in response.json()["message"]


def test_a_second_answer_is_a_conflict(api, admin, trail):
    approval = request_trail_approval(actor=admin, trail=trail, required_approvers=["alice@x.example", "bob@x.example"])
    api.post_json(f"{API}/{approval.uid}/approve", {"approverIdentity": "alice@x.example"})

    assert api.post_json(f"{API}/{approval.uid}/approve", {"approverIdentity": "Alice@x.example"}).status_code == 409


def test_somebody_else_than_those_asked_is_forbidden(api, admin, trail):
    approval = request_trail_approval(actor=admin, trail=trail, required_approvers=["alice@x.example"])

    response = api.post_json(f"{API}/{approval.uid}/approve", {"approverIdentity": "mallory"})

    assert response.status_code == 403
    assert response.json()["error"] == "Forbidden"
    assert not Decision.objects.exists()


def test_a_machine_answers_for_members_who_may_decide_only(api, acme, globex, approval, subtests):
    make_user(acme, "maintainer", "may-not@x.example")
    make_user(globex, "admin", "stranger@x.example")
    for name in ("nobody@x.example", "may-not@x.example", "stranger@x.example", "Change-Manager Acme"):
        with subtests.test(name):
            response = api.post_json(f"{API}/{approval.uid}/approve", {"approverIdentity": name})

            assert response.status_code == 403
            assert response.json()["message"] == f"{name} is no member of Acme who may decide this."
    assert not Decision.objects.exists()


def test_whoever_asked_may_not_answer(api, trail):
    approval = api.post_json(url(trail)).json()

    assert api.post_json(f"{API}/{approval['id']}/approve").status_code == 403
    assert api.post_json(f"{API}/{approval['id']}/approve", {"approverIdentity": "alice@x.example"}).status_code == 200


def test_an_overdue_request_is_expired_on_read_and_takes_no_answer(api, admin, trail):
    made = api.post_json(url(trail), {"deadline": iso(timezone.now() - timedelta(seconds=1))}).json()

    assert api.get(f"{API}/{made['id']}").json()["status"] == "EXPIRED"
    assert [each["id"] for each in api.get(f"{API}?status=expired").json()] == [made["id"]]
    assert api.get(f"{API}?status=PENDING-APPROVAL").json() == []
    assert api.post_json(f"{API}/{made['id']}/approve", {"approverIdentity": "alice@x.example"}).status_code == 409
    assert ApprovalRequest.objects.get().status == Status.EXPIRED


# ---- reading


def test_approvals_are_listed_newest_first_and_by_status(api, admin, trail):
    first = request_trail_approval(actor=admin, trail=trail)
    second = request_trail_approval(actor=admin, trail=trail)
    api.post_json(f"{API}/{first.uid}/approve", {"approverIdentity": "alice@x.example"})

    assert api.get(API).json() == [said(second), said(first)]
    assert api.get(url(trail)).json() == [said(second), said(first)]
    assert api.get(f"{API}?status=approved").json() == [said(first)]
    assert api.get(f"{API}?status=PENDING_APPROVAL").json() == [said(second)]
    assert api.get(f"{API}/{first.uid}").json() == said(first)
    assert api.get(f"{API}?status=").json() == [said(second), said(first)]


def test_a_bad_status_is_refused(api, db):
    response = api.get(f"{API}?status=maybe")

    assert response.status_code == 400
    assert "PENDING_APPROVAL" in response.json()["message"]


def test_approvals_of_releases_stand_in_the_same_list(api, admin, trail):
    release = a_release(admin, an_application(admin, rules=(ANY_ONE,)), digest=DIGEST)

    (shown,) = api.get(API).json()

    assert shown == said(asked(release))
    assert (shown["trailId"], shown["releaseId"], shown["applicationId"]) == (
        str(trail.uid),
        release.number,
        "checkout",
    )
    assert shown["artifactSha256"] == DIGEST
    assert api.get(url(trail)).json() == [shown]


def test_a_void_request_reads_as_expired(api, approval):
    ApprovalRequest.objects.update(status=Status.VOID, resolved_at=timezone.now())

    shown = api.get(f"{API}/{approval.uid}").json()

    assert shown == said(approval)
    assert (shown["status"], shown["isVoid"]) == ("EXPIRED", True)
    assert len(api.get(f"{API}?status=EXPIRED").json()) == 1


# ---- who


@pytest.mark.parametrize(("method", "rest"), [("get", ""), ("post_json", "/approve"), ("post_json", "/reject")])
def test_another_organization_knows_nothing_of_it(api_as, approval, method, rest):
    stranger = api_as("stranger")
    response = getattr(stranger, method)(f"{API}/{approval.uid}{rest}")

    assert response.status_code == 404
    assert stranger.get(API).json() == []
    assert not Decision.objects.exists()


@pytest.mark.parametrize("rest", ["/approve", "/reject"])
@pytest.mark.parametrize("role", ["ci", "viewer", "maintainer"])
def test_a_role_without_the_right_is_forbidden(api_as, approval, role, rest):
    response = api_as(role).post_json(f"{API}/{approval.uid}{rest}", {"approverIdentity": "alice@x.example"})

    assert response.status_code == 403
    assert "organization:approval:decide" in response.json()["message"]
    assert not Decision.objects.exists()


def test_a_viewer_may_not_ask(api_as, trail):
    assert api_as("viewer").post_json(url(trail)).status_code == 403
    assert not ApprovalRequest.objects.exists()


def test_without_a_credential_nothing_is_said(api_as, approval, trail):
    nobody = api_as("")

    for response in (
        nobody.get(API),
        nobody.get(url(trail)),
        nobody.get(f"{API}/{approval.uid}"),
        nobody.post_json(url(trail)),
        nobody.post_json(f"{API}/{approval.uid}/approve"),
        nobody.post_json(f"{API}/{approval.uid}/reject"),
    ):
        assert response.status_code == 401
    assert not Decision.objects.exists()


@pytest.mark.parametrize("id_", [NOBODY, "7"])
def test_an_unknown_approval(api, db, id_):
    expected = 404 if id_ == NOBODY else 400

    assert api.get(f"{API}/{id_}").status_code == expected
    assert api.post_json(f"{API}/{id_}/approve").status_code == expected
    assert api.post_json(f"{API}/{id_}/reject").status_code == expected

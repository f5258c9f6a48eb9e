"""Trails: begun by CI, their status kept true by everything that can change it."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from catalog.models import Event
from catalog.services.components import create_component
from compliance.models import Attestation, Flow, Trail
from compliance.services.flows import update_flow
from compliance.services.trails import create_trail, note_approval, refresh_due_flow, refresh_status
from config.errors import Conflict, Forbidden
from tests.compliance.proving import (
    BY,
    DIGEST,
    FAILING,
    OTHER_DIGEST,
    PASSING,
    a_flow,
    a_trail,
    an_artifact,
    attach,
    attest,
    kinds,
    status_of,
)
from tests.people import make_actor

# ---- the service


def test_a_trail_begins_pending_and_says_so(admin):
    flow = a_flow(admin, required_types=["junit"])

    trail = a_trail(admin, flow, build_url="https://ci.example/1")

    assert (trail.status, trail.organization, trail.component) == ("pending", flow.organization, None)
    event = Event.objects.get(kind="trail.created")
    assert (event.subject_uid, event.data["commit"]) == (trail.uid, "7c1e94d0aa")
    assert flow.uid in event.related


def test_a_name_is_taken_once_in_a_flow(admin):
    flow, other = a_flow(admin), a_flow(admin, "billing")
    a_trail(admin, flow, name="build-1")

    a_trail(admin, other, name="build-1")
    with pytest.raises(Conflict, match="build-1"):
        a_trail(admin, flow, name="build-1")


def test_a_trail_template_must_be_readable(admin):
    with pytest.raises(ValidationError, match="twice"):
        a_trail(admin, a_flow(admin), template_yaml="a: 1\na: 2")


def test_only_who_may_begins_trails(acme, admin):
    with pytest.raises(Forbidden, match="organization:trail:create"):
        create_trail(actor=make_actor(acme, "viewer"), flow=a_flow(admin), **BY)


# ---- the status, both ways


def test_the_status_follows_attestations_both_ways(admin):
    trail = a_trail(admin, a_flow(admin, required_types=["junit", "snyk"]))
    an_artifact(admin, trail)

    seen = []
    for type, status in [
        ("junit", "passed"),
        ("snyk", "pending"),
        ("snyk", "failed"),
        ("snyk", "passed"),
        ("other", "failed"),
        ("other", "passed"),
    ]:
        attest(admin, trail, type, status)
        seen.append(status_of(trail))

    assert seen == ["pending", "pending", "non_compliant", "compliant", "non_compliant", "compliant"]
    assert [kind for kind in kinds() if kind.startswith("trail.")] == [
        "trail.created",
        "trail.non_compliant",
        "trail.compliant",
        "trail.non_compliant",
        "trail.compliant",
    ]


def test_a_flow_that_asks_for_nothing_needs_something_that_passed(admin):
    trail = a_trail(admin, a_flow(admin))
    an_artifact(admin, trail)
    assert status_of(trail) == "pending"

    attest(admin, trail, "anything", "passed")

    assert status_of(trail) == "compliant"


def test_every_artifact_must_be_proven(admin):
    trail = a_trail(admin, a_flow(admin, required_types=["junit"]))
    an_artifact(admin, trail)
    attest(admin, trail, digest=DIGEST)
    assert status_of(trail) == "compliant"

    an_artifact(admin, trail, OTHER_DIGEST, "worker")
    assert status_of(trail) == "pending"

    attest(admin, trail, digest=OTHER_DIGEST)
    assert status_of(trail) == "compliant"


def test_names_and_digests_are_judged_apart(admin):
    trail = a_trail(admin, a_flow(admin, required_types=["junit"]))

    attest(admin, trail, "junit", "failed", name="integration")
    attest(admin, trail, "junit", "passed", name="unit")
    assert status_of(trail) == "non_compliant"

    attest(admin, trail, "junit", "passed", name="integration")
    assert status_of(trail) == "compliant"


def test_evidence_turns_the_status(admin):
    trail = a_trail(admin, a_flow(admin, required_types=["junit"]))
    attestation = attest(admin, trail, "junit", "pending")

    seen = []
    for content in (FAILING, PASSING):
        attach(admin, attestation, content)
        seen.append(status_of(trail))

    assert seen == ["non_compliant", "compliant"]


def test_an_approval_counts_only_with_every_role_the_flow_names(admin):
    flow = a_flow(admin, requires_approval=True, required_approver_roles=["CHANGE_MANAGER", "owner"])
    trail = a_trail(admin, flow)

    seen = []
    for status, roles in [
        ("pending_approval", []),
        ("approved", ["change-manager"]),
        ("approved", ["change-manager", "owner"]),
        ("rejected", []),
    ]:
        note_approval(actor=admin, trail=trail, status=status, roles=roles)
        seen.append(status_of(trail))

    assert seen == ["pending", "pending", "compliant", "pending"]


def test_a_change_of_the_flow_changes_its_trails(admin):
    flow = a_flow(admin, required_types=["junit"])
    trail = a_trail(admin, flow)
    attest(admin, trail)
    seen = [status_of(trail)]

    for changes in [
        {"required_types": ["junit", "snyk"]},
        {"required_types": ["junit"]},
        {"template_yaml": "trail: {attestations: [{name: scan}]}"},
        {"template_yaml": ""},
        {"requires_approval": True},
        {"requires_approval": False},
    ]:
        update_flow(actor=admin, flow=flow, **changes)
        seen.append(status_of(trail))

    assert seen == ["compliant", "pending", "compliant", "pending", "compliant", "pending", "compliant"]


def test_the_trails_of_a_large_flow_are_refreshed_by_a_job(admin, monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr("compliance.services.trails.CHUNK", 2)
    flow = a_flow(admin, required_types=["junit"])
    trails = [a_trail(admin, flow) for _ in range(5)]
    for trail in trails:
        attest(admin, trail)

    update_flow(actor=admin, flow=flow, required_types=["snyk"])
    flow.refresh_from_db()
    assert flow.trails_due_at is not None
    assert {status_of(each) for each in trails} == {"compliant"}

    refresh_due_flow(flow.pk, at=timezone.now())

    assert {status_of(each) for each in trails} == {"pending"}
    assert Flow.objects.get(pk=flow.pk).trails_due_at is None
    assert kinds().count("trail.pending") == 5


def test_a_change_while_the_job_runs_leaves_the_flow_due(admin, monkeypatch):
    flow = a_flow(admin)
    now = timezone.now()
    Flow.objects.filter(pk=flow.pk).update(trails_due_at=now)
    a_trail(admin, flow)

    def change(*_, **__):
        Flow.objects.filter(pk=flow.pk).update(trails_due_at=now)

    monkeypatch.setattr("compliance.services.trails.refresh_chunk", change)
    refresh_due_flow(flow.pk, at=now)

    assert Flow.objects.get(pk=flow.pk).trails_due_at == now


@pytest.mark.parametrize("rows", [1, 20])
def test_refreshing_a_flow_costs_the_same_for_any_number_of_trails(admin, rows, django_assert_max_num_queries):
    flow = a_flow(admin, required_types=["junit"])
    for _ in range(rows):
        attest(admin, a_trail(admin, flow))

    with django_assert_max_num_queries(23):
        update_flow(actor=admin, flow=flow, required_types=["snyk"])

    assert Trail.objects.filter(status="pending").count() == rows


def test_refreshing_changes_nothing_that_is_true_already(admin):
    trail = a_trail(admin, a_flow(admin, required_types=["junit"]))
    attest(admin, trail)
    before = kinds()

    assert refresh_status(trail).status == "compliant"
    assert kinds() == before


@pytest.mark.django_db(transaction=True)
def test_parallel_writes_leave_a_true_status(admin):
    trail = a_trail(admin, a_flow(admin, required_types=["a", "b", "c", "d"]))
    start = threading.Barrier(4)

    def write(type: str) -> None:
        try:
            start.wait()
            attest(admin, trail, type)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(type,)) for type in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Attestation.objects.count() == 4
    assert status_of(trail) == "compliant"


@pytest.mark.django_db(transaction=True)
def test_an_attestation_that_waited_for_a_change_of_the_flow_is_judged_by_the_new_flow(admin):
    flow = a_flow(admin, required_types=["junit"])
    trail = a_trail(admin, flow)

    def write() -> None:
        try:
            attest(admin, trail)
        finally:
            connection.close()

    with transaction.atomic():
        update_flow(actor=admin, flow=flow, required_types=["junit", "snyk"])
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(timeout=0.5)
        assert thread.is_alive()
    thread.join()

    assert status_of(trail) == "pending"


# ---- joins


def test_a_trail_is_about_its_flows_component_or_the_repository_of_its_build(admin):
    checkout = create_component(actor=admin, name="Checkout", repository="git@git.example:acme/checkout.git")
    by_flow = a_trail(admin, a_flow(admin, component=checkout))
    by_build = a_trail(admin, a_flow(admin, "other"), build_url="https://git.example/acme/checkout/actions/runs/1")
    by_none = a_trail(admin, a_flow(admin, "third"), build_url="https://git.example/acme/else/actions/runs/1")

    assert (by_flow.component, by_flow.component_by) == (checkout, "flow")
    assert (by_build.component, by_build.component_by) == (checkout, "repository")
    assert (by_none.component, by_none.component_by) == (None, "")


# ---- the wire

BODY = {"gitCommitSha": "abc", "gitBranch": "main", "gitAuthor": "Jonas", "gitAuthorEmail": "jonas@acme.example"}


def stored(trail: Trail) -> dict:
    """A trail as it is stored, in the words of the wire."""
    row = Trail.objects.get(pk=trail.pk)
    return {
        "id": str(row.uid),
        "flowId": str(row.flow.uid),
        "flowName": row.flow.name,
        "gitCommitSha": row.commit,
        "gitBranch": row.branch,
        "gitAuthor": row.author,
        "gitAuthorEmail": row.author_email,
        "pullRequestId": row.pull_request_id,
        "pullRequestNumber": int(row.pull_request_id) if row.pull_request_id else None,
        "pullRequestReviewer": row.pull_request_reviewer,
        "deploymentActor": row.deployment_actor,
        "status": row.status.upper(),
        "orgSlug": row.organization.slug,
        "templateYaml": row.template_yaml,
        "buildUrl": row.build_url,
        "name": row.name,
        "componentId": str(row.component.uid) if row.component else None,
        "createdAt": row.created_at.isoformat().replace("+00:00", "Z"),
        "updatedAt": row.updated_at.isoformat().replace("+00:00", "Z"),
    }


def test_a_trail_over_the_wire_is_the_stored_row(admin, api):
    flow = a_flow(admin)
    said = BODY | {"flowId": str(flow.uid), "pullRequestNumber": 12, "name": "build-1", "orgSlug": "acme"}

    answer = api.post_json("/api/v1/trails", said)

    trail = Trail.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(trail.uid),
        "flowId": str(flow.uid),
        "flowName": "checkout",
        "gitCommitSha": "abc",
        "gitBranch": "main",
        "gitAuthor": "Jonas",
        "gitAuthorEmail": "jonas@acme.example",
        "pullRequestId": "12",
        "pullRequestNumber": 12,
        "pullRequestReviewer": None,
        "deploymentActor": None,
        "status": "PENDING",
        "orgSlug": "acme",
        "templateYaml": None,
        "buildUrl": None,
        "name": "build-1",
        "componentId": None,
        "createdAt": trail.created_at.isoformat().replace("+00:00", "Z"),
        "updatedAt": trail.updated_at.isoformat().replace("+00:00", "Z"),
    }
    assert api.get(f"/api/v1/trails/{trail.uid}").json() == answer.json() == stored(trail)


CI = {
    "github-actions": (
        {
            "GITHUB_SHA": "s1",
            "GITHUB_REF_NAME": "main",
            "GITHUB_SERVER_URL": "https://git.example",
            "GITHUB_REPOSITORY": "acme/checkout",
            "GITHUB_RUN_ID": "7",
            "GITHUB_ACTOR": "dependabot[bot]",
        },
        ("s1", "main", "https://git.example/acme/checkout/actions/runs/7", "dependabot[bot]", None),
        "dependabot-bot@users.noreply",
    ),
    "GITLAB_CI": (
        {
            "CI_COMMIT_SHA": "s2",
            "CI_COMMIT_REF_NAME": "dev",
            "CI_JOB_URL": "https://git.example/-/jobs/1",
            "GITLAB_USER_LOGIN": "ines",
            "GITLAB_USER_EMAIL": "ines@acme.example",
            "CI_MERGE_REQUEST_IID": "9",
        },
        ("s2", "dev", "https://git.example/-/jobs/1", "ines", "9"),
        "ines@acme.example",
    ),
    " circle-ci ": (
        {"CIRCLE_SHA1": "s3", "CIRCLE_BRANCH": "main", "CIRCLE_BUILD_URL": "https://c/1", "CIRCLE_USERNAME": "ines"},
        ("s3", "main", "https://c/1", "ines", None),
        "ines@users.noreply",
    ),
    "azure_devops": (
        {
            "BUILD_SOURCEVERSION": "s4",
            "BUILD_SOURCEBRANCH": "refs/heads/main",
            "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI": "https://dev.example/acme/",
            "SYSTEM_TEAMPROJECT": "shop",
            "BUILD_BUILDID": "5",
            "BUILD_REQUESTEDFOR": "Ines Caldeira",
            "BUILD_REQUESTEDFOREMAIL": "ines@acme.example",
        },
        ("s4", "refs/heads/main", "https://dev.example/acme/shop/_build/results?buildId=5", "Ines Caldeira", None),
        "ines@acme.example",
    ),
}


@pytest.mark.parametrize("system", CI)
@pytest.mark.parametrize("place", ["ciEnvironment", "env", "headers"])
def test_a_ci_system_fills_what_the_body_leaves_out(admin, api, system, place):
    variables, known, email = CI[system]
    body, headers = {"flowId": str(a_flow(admin).uid), "gitCommitSha": None}, {"X-Factstore-CI-Context": system}
    if place == "headers":
        headers |= {f"X-Factstore-CI-{name.replace('_', '-')}": value for name, value in variables.items()}
    else:
        body[place] = variables

    answer = api.post_json("/api/v1/trails", body, headers=headers)

    assert answer.status_code == 201, answer.json()
    trail = Trail.objects.get()
    assert (trail.commit, trail.branch, trail.build_url, trail.author, trail.pull_request_id) == known
    assert trail.author_email == email


def test_the_body_wins_over_the_ci_and_the_ci_s_body_over_its_headers(admin, api):
    body = BODY | {"flowId": str(a_flow(admin).uid), "gitBranch": "", "env": {"GIT_BRANCH": "from-body"}}
    headers = {
        "X-Factstore-CI-Context": "jenkins",
        "X-Factstore-CI-GIT-COMMIT": "from-header",
        "X-Factstore-CI-GIT-BRANCH": "from-header",
        "X-Factstore-CI-BUILD-URL": "https://ci.example/1",
    }

    assert api.post_json("/api/v1/trails", body, headers=headers).status_code == 201

    trail = Trail.objects.get()
    assert (trail.commit, trail.branch, trail.build_url) == ("abc", "from-body", "https://ci.example/1")


def test_an_unknown_ci_fills_nothing(admin, api):
    body = {"flowId": str(a_flow(admin).uid), "gitAuthor": "Ines", "env": {"GITHUB_SHA": "x"}}

    answer = api.post_json("/api/v1/trails", body, headers={"X-Factstore-CI-Context": "travis"})

    assert answer.status_code == 400
    assert {each["field"] for each in answer.json()["errors"]} == {"gitCommitSha", "gitBranch", "gitAuthorEmail"}


BAD = {
    "no flow": ({"flowId": None}, 400, "flowId"),
    "blank flow": ({"flowId": ""}, 400, "flowId"),
    "flow is no uuid": ({"flowId": "abc"}, 400, "flowId"),
    "flow of another type": ({"flowId": 5}, 400, "flowId"),
    "unknown flow": ({"flowId": "00000000-0000-7000-8000-000000000000"}, 404, "No flow"),
    "commit of another type": ({"gitCommitSha": 5}, 400, "gitCommitSha"),
    "blank branch": ({"gitBranch": "  "}, 400, "gitBranch"),
    "no author": ({"gitAuthor": None}, 400, "gitAuthor"),
    "author over the limit": ({"gitAuthor": "x" * 256}, 400, "gitAuthor"),
    "no e-mail": ({"gitAuthorEmail": "jonas"}, 400, "gitAuthorEmail"),
    "e-mail of another type": ({"gitAuthorEmail": ["a@b.example"]}, 400, "gitAuthorEmail"),
    "build url over the limit": ({"buildUrl": "x" * 2049}, 400, "buildUrl"),
    "name over the limit": ({"name": "x" * 256}, 400, "name"),
    "negative pull request": ({"pullRequestNumber": -1}, 400, "pullRequestNumber"),
    "nul": ({"gitBranch": "a\0b"}, 400, "NUL"),
    "bad template": ({"templateYaml": "a: 1\na: 2"}, 400, "templateYaml"),
    "unknown organisation": ({"orgSlug": "nobody"}, 404, "nobody"),
    "another's organisation": ({"orgSlug": "globex"}, 404, "globex"),
    "no object": ([], 400, "object"),
    "null": (None, 400, ""),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_changes_nothing(admin, globex, api, case):
    change, status, words = BAD[case]
    body = BODY | {"flowId": str(a_flow(admin).uid)} | change if isinstance(change, dict) else change
    if body is None:
        body = "null"

    answer = api.post_json("/api/v1/trails", body)

    assert answer.status_code == status, answer.json()
    assert words in answer.json()["message"]
    assert not Trail.objects.exists()


def test_a_name_that_is_taken_is_a_conflict(admin, api):
    body = BODY | {"flowId": str(a_flow(admin).uid), "name": "one"}

    assert [api.post_json("/api/v1/trails", body).status_code for _ in range(2)] == [201, 409]


def test_strangers_viewers_and_nobody(admin, api_as):
    trail = a_trail(admin, a_flow(admin))
    body = BODY | {"flowId": str(trail.flow.uid)}
    one, all_of_flow = f"/api/v1/trails/{trail.uid}", f"/api/v1/flows/{trail.flow.uid}/trails"

    callers = {role: api_as(role) for role in ("viewer", "stranger", "")}
    for role, wanted in {"viewer": (403, 200, 200), "stranger": (404, 404, 404), "": (401, 401, 401)}.items():
        caller = callers[role]
        asked = (caller.post_json("/api/v1/trails", body), caller.get(one), caller.get(all_of_flow))
        assert tuple(each.status_code for each in asked) == wanted
    assert callers["stranger"].get("/api/v1/trails").json() == []
    assert Trail.objects.count() == 1


def test_trails_are_listed_whole_or_by_flow(admin, api):
    one, two = a_trail(admin, a_flow(admin)), a_trail(admin, a_flow(admin, "billing"))

    def listed(query: str) -> list[str]:
        return [each["id"] for each in api.get(f"/api/v1/trails{query}").json()]

    assert api.get("/api/v1/trails").json() == [stored(two), stored(one)]
    assert listed("") == [str(two.uid), str(one.uid)]
    assert listed(f"?flowId={one.flow.uid}") == [str(one.uid)]
    assert listed("?flowId=") == listed("")
    assert listed("?flowId=00000000-0000-7000-8000-000000000000") == []
    assert api.get("/api/v1/trails?flowId=x").status_code == 400


def test_trails_of_a_flow_are_paged_from_zero(admin, api):
    flow = a_flow(admin)
    trails = [a_trail(admin, flow) for _ in range(5)]
    path = f"/api/v1/flows/{flow.uid}/trails"

    page = api.get(f"{path}?page=1&size=2").json()

    assert page["items"] == [stored(trails[2]), stored(trails[1])]
    assert {key: page[key] for key in ("page", "size", "totalItems", "totalPages")} == {
        "page": 1,
        "size": 2,
        "totalItems": 5,
        "totalPages": 3,
    }
    assert api.get(f"{path}?page=9").json()["items"] == []
    for query in ("page=-1", "size=0", "size=x", "page=99999999999999999999"):
        assert api.get(f"{path}?{query}").status_code == 400

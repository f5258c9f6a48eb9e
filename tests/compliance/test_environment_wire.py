"""OpenFactstore about environments: every route's body against the stored row, every refusal in its words."""

import uuid

import pytest
from django.utils.dateparse import parse_datetime

from catalog.models import Environment, Event
from catalog.services.organizations import create_organization
from compliance.models import DriftReport, EnvironmentBaseline, RunningArtifact, Sighting, Snapshot
from releases.models import GateDecision
from tests.compliance.proving import a_flow, a_trail, an_artifact, attest
from tests.compliance.running import API, a_baseline, a_snapshot, an_environment, running, sha

NOBODY = str(uuid.uuid4())
SCOPE = {"include": {"names": ["api"], "patterns": ["web-.*"]}, "exclude": {"names": [], "patterns": [".*-canary"]}}
APP = {"artifactSha256": "sha256:abc123", "artifactName": "app", "artifactTag": "1.0"}


def at(text: str):
    """A time of the wire."""
    assert text.endswith("Z")
    return parse_datetime(text)


def iso(moment) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def url(environment: Environment, *rest: object) -> str:
    return "/".join([API, str(environment.uid), *map(str, rest)])


def said(environment: Environment) -> dict:
    """A stored environment as the wire says it."""
    stored = Environment.objects.get(pk=environment.pk)
    return {
        "id": str(stored.uid),
        "name": stored.name,
        "type": stored.kind.upper(),
        "description": stored.description,
        "orgSlug": stored.organization.slug,
        "driftPolicy": stored.drift_policy.upper(),
        "scope": None,
        "complianceState": "UNKNOWN",
        "createdAt": iso(stored.created_at),
        "updatedAt": iso(stored.updated_at),
    }


def seen(snapshot: Snapshot) -> dict:
    """A stored snapshot as the wire says it, of what nobody built here."""
    stored = Snapshot.objects.get(pk=snapshot.pk)
    return {
        "id": str(stored.uid),
        "environmentId": str(stored.environment.uid),
        "snapshotIndex": stored.index,
        "recordedAt": iso(stored.created_at),
        "recordedBy": stored.recorded_by,
        "artifacts": [
            shown(each.digest, each.name, each.tag, each.instances) for each in stored.artifacts.order_by("pk")
        ],
    }


def agreed(baseline: EnvironmentBaseline) -> dict:
    """A stored baseline as the wire says it."""
    return {
        "id": str(baseline.uid),
        "environmentId": str(baseline.environment.uid),
        "snapshotId": str(baseline.snapshot.uid) if baseline.snapshot else None,
        "approvedBy": baseline.approved_by,
        "approvedAt": iso(baseline.created_at),
        "description": baseline.description,
        "isActive": baseline.is_active,
    }


def drifted(report: DriftReport) -> dict:
    """A stored drift report as the wire says it."""
    return {
        "id": str(report.uid),
        "environmentId": str(report.environment.uid),
        "baselineId": str(report.baseline.uid),
        "snapshotId": str(report.snapshot.uid),
        "generatedAt": iso(report.created_at),
        "hasDrift": report.has_drift,
        "driftPolicy": report.drift_policy.upper(),
        "added": report.added,
        "removed": report.removed,
        "updated": report.updated,
        "allowlisted": report.allowlisted,
    }


@pytest.fixture
def environment(admin) -> Environment:
    return an_environment(admin, drift_policy="block")


# ---- environments


def test_an_environment_is_made(api, acme):
    body = {"name": "production-eu", "type": "K8S", "description": "Frankfurt", "driftPolicy": "BLOCK", "scope": SCOPE}

    response = api.post_json(API, body)

    stored = Environment.objects.get()
    assert response.status_code == 201
    assert response.json() == said(stored) | {"scope": SCOPE}
    assert (stored.kind, stored.drift_policy, stored.scope) == ("k8s", "block", SCOPE)
    assert Event.objects.filter(kind="environment.created").count() == 1


@pytest.mark.parametrize(("body", "kind", "policy"), [
    ({}, "generic", "warn"),
    ({"type": None, "driftPolicy": None, "description": None, "scope": None, "orgSlug": None}, "generic", "warn"),
    ({"type": "k8s", "driftPolicy": "Ignore"}, "k8s", "ignore"),
    ({"type": "LAMBDA", "driftPolicy": "block"}, "lambda", "block"),
    ({"orgSlug": ""}, "generic", "warn"),
    ({"orgSlug": "ACME"}, "generic", "warn"),
    ({"unknown": "key"}, "generic", "warn"),
    ({"scope": {"include": {"names": []}, "exclude": None}}, "generic", "warn"),
])  # fmt: skip
def test_what_is_left_out_has_its_default(api, body, kind, policy):
    response = api.post_json(API, {"name": "x"} | body)

    assert response.status_code == 201
    stored = Environment.objects.get()
    assert (stored.kind, stored.drift_policy, stored.description) == (kind, policy, "")
    assert response.json() == said(stored)


def test_an_environment_goes_where_the_caller_says(api, admin):
    below = create_organization(name="Acme Pay", slug="acme-pay", public_id="acmepay1", parent=admin.organization)

    assert api.post_json(API, {"name": "x", "orgSlug": "acme-pay"}).json()["orgSlug"] == "acme-pay"
    assert api.post_json(API, {"name": "x"}).status_code == 201  # the same name in another organization

    assert Environment.objects.filter(organization=below).count() == 1


BAD_ENVIRONMENTS = [
    ({"name": None}, "name"),
    ({"name": ""}, "name"),
    ({"name": "  "}, "name"),
    ({"name": 7}, "name"),
    ({"name": "x" * 256}, "name"),
    ({"name": "a\u0000b"}, ""),
    ({"type": "MAINFRAME"}, "type"),
    ({"type": 1}, "type"),
    ({"driftPolicy": "SHRUG"}, "driftPolicy"),
    ({"description": []}, "description"),
    ({"description": "x" * 10_001}, "description"),
    ({"scope": []}, "scope"),
    ({"scope": {"include": {"names": "api"}}}, "scope.include.names"),
    ({"scope": {"include": {"names": [1]}}}, "scope.include.names"),
    ({"scope": {"exclude": {"patterns": ["x" * 513]}}}, "scope.exclude.patterns"),
    ({"scope": {"exclude": {"patterns": ["x"] * 201}}}, "scope.exclude.patterns"),
    ({"scope": {"include": {"patterns": ["("]}}}, "scope"),
    ({"scope": {"exclude": {"patterns": ["ok", "a{2,1}"]}}}, "scope"),
]


def test_a_bad_environment_is_refused(api, environment, subtests):
    for body, field in BAD_ENVIRONMENTS:
        made = api.post_json(API, {"name": "new"} | body)
        changed = api.put_json(url(environment), body) if body != {"name": None} else made
        for response in (made, changed):
            with subtests.test(body=body):
                assert response.status_code == 400
                answer = response.json()
                assert (answer["status"], answer["error"]) == (400, "Bad Request")
                assert field in answer["message"]
                assert at(answer["timestamp"])
    assert list(Environment.objects.values_list("name", flat=True)) == ["production"]
    assert not Event.objects.filter(kind="environment.updated").exists()


@pytest.mark.parametrize("name", ["production", "PRODUCTION"])
def test_a_name_is_taken_once(api, admin, environment, name):
    other = an_environment(admin, "staging")

    for response in (api.post_json(API, {"name": name}), api.put_json(url(other), {"name": name})):
        assert response.status_code == 409
        assert (response.json()["error"], name in response.json()["message"]) == ("Conflict", True)

    assert sorted(Environment.objects.values_list("name", flat=True)) == ["production", "staging"]
    assert api.put_json(url(environment), {"name": name}).json()["name"] == name  # its own, in other letters


@pytest.mark.parametrize("slug", ["nowhere", "globex", "a/b"])
def test_an_organisation_out_of_reach_is_not_there(api, globex, slug):
    response = api.post_json(API, {"name": "x", "orgSlug": slug})

    assert response.status_code == 404
    assert slug in response.json()["message"]
    assert not Environment.objects.exists()


def test_an_environment_is_read_and_partially_changed(api, environment):
    assert api.get(url(environment)).json() == said(environment)

    response = api.put_json(url(environment), {"driftPolicy": "warn", "description": "Frankfurt", "name": None})

    assert response.status_code == 200
    stored = Environment.objects.get()
    assert (stored.name, stored.kind, stored.drift_policy, stored.description) == (
        "production", "k8s", "warn", "Frankfurt",
    )  # fmt: skip
    assert response.json() == said(environment)
    changed = Event.objects.get(kind="environment.updated").data
    assert changed["before"] == {"drift_policy": "block", "description": ""}


def test_a_scope_is_replaced_as_a_whole_and_cleared(api, environment):
    api.put_json(url(environment), {"scope": SCOPE})
    assert api.put_json(url(environment), {"type": "ECS"}).json()["scope"] == SCOPE

    replaced = api.put_json(url(environment), {"scope": {"include": {"names": ["db"]}}}).json()["scope"]
    cleared = api.put_json(url(environment), {"scope": {}}).json()["scope"]

    assert replaced == {"include": {"names": ["db"], "patterns": []}, "exclude": {"names": [], "patterns": []}}
    assert cleared is None


def test_environments_come_in_pages(api, admin, stranger):
    an_environment(stranger, "theirs")
    names = [f"env {number:02}" for number in range(25)]
    for name in reversed(names):
        an_environment(admin, name)

    first, second, third = (api.get(API, query).json() for query in ({}, {"page": 1}, {"page": 2, "size": 20}))

    ours = Environment.objects.filter(organization=admin.organization).order_by("name")
    assert first["items"] + second["items"] == [said(each) for each in ours]
    assert [each["name"] for each in first["items"] + second["items"]] == names
    assert {key: first[key] for key in first if key != "items"} == {
        "page": 0, "size": 20, "totalItems": 25, "totalPages": 2,
    }  # fmt: skip
    assert third["items"] == []
    assert api.get(API, {"size": 10}).json()["totalPages"] == 3


def test_no_environment_is_no_page(api):
    assert api.get(API).json() == {"items": [], "page": 0, "size": 20, "totalItems": 0, "totalPages": 0}


@pytest.mark.parametrize(
    "query", ["page=-1", "page=--1", "size=0", "size=-5", "page=x", "size=1.5", "page=99999999999999999999"]
)
def test_a_bad_page_is_refused(api, query):
    response = api.get(f"{API}?{query}")

    assert response.status_code == 400
    assert query.partition("=")[0] in response.json()["message"]


def test_deleting_takes_everything_along(api, admin, environment):
    snapshot = a_snapshot(admin, environment, running("app", "a"))
    a_baseline(admin, environment, snapshot)
    a_snapshot(admin, environment, running("app", "b"))

    response = api.delete(url(environment))

    assert (response.status_code, response.content) == (204, b"")
    for model in (Environment, Snapshot, EnvironmentBaseline, DriftReport):
        assert not model.objects.exists()
    assert Event.objects.filter(kind="environment.deleted").count() == 1
    assert api.get(url(environment)).status_code == 404


def test_what_a_decision_points_at_stays(api, environment):
    GateDecision.objects.create(
        organization=environment.organization, environment=environment, digest="d", allowed=False, verdict="blocked",
        requested_by="ci", judged_at=environment.created_at, document={}, inputs={},
    )  # fmt: skip

    response = api.delete(url(environment))

    assert response.status_code == 409
    assert response.json()["message"] == "Environment production is still used by 1 gate decision."
    assert Environment.objects.exists()
    assert not Event.objects.filter(kind="environment.deleted").exists()


# ---- who may, and what is not there

ROUTES = [
    ("get", ""), ("put", ""), ("get", "/snapshots"), ("post", "/snapshots"),
    ("get", "/snapshots/latest"), ("get", "/snapshots/1"), ("get", "/diff?from=1&to=1"), ("get", "/deployments"),
    ("get", "/baselines"), ("post", "/baselines"), ("get", "/baselines/current"), ("get", "/drift"),
    ("post", "/drift"), ("get", "/drift/history"), ("delete", ""),
]  # fmt: skip
BODIES = {"/snapshots": {"recordedBy": "k8s", "artifacts": [APP]}}


def call(client, method: str, path: str, rest: str):
    if method in ("post", "put"):
        return getattr(client, f"{method}_json")(path + rest, BODIES.get(rest, {}))
    return getattr(client, method)(path + rest)


def state() -> tuple:
    """What a refused call must leave as it was."""
    models = (Environment, Snapshot, EnvironmentBaseline, DriftReport, Event)
    return tuple(model.objects.count() for model in models) + tuple(Environment.objects.values_list("updated_at"))


@pytest.fixture
def full(admin, environment) -> Environment:
    """An environment that has an answer for every route."""
    a_snapshot(admin, environment, running("app"))
    a_baseline(admin, environment)
    return environment


def test_each_route_answers(api, full, subtests):
    for method, rest in ROUTES:
        with subtests.test(method=method, rest=rest):
            assert call(api, method, url(full), rest).status_code == {"post": 201, "delete": 204}.get(method, 200)


def test_each_route_refuses_whom_it_does_not_know(api_as, full, subtests):
    stranger, nobody = api_as("stranger"), api_as("")
    before = state()

    for method, rest in ROUTES:
        with subtests.test(method=method, rest=rest):
            foreign, anonymous = (call(client, method, url(full), rest) for client in (stranger, nobody))
            assert (foreign.status_code, foreign.json()["error"]) == (404, "Not Found")
            assert str(full.uid) in foreign.json()["message"]
            assert (anonymous.status_code, anonymous.json()["error"]) == (401, "Unauthorized")
            assert state() == before


def test_each_route_minds_its_ids(api, full, subtests):
    before = state()

    for method, rest in ROUTES:
        with subtests.test(method=method, rest=rest):
            unknown, malformed = (call(api, method, f"{API}/{each}", rest) for each in (NOBODY, "123"))
            assert unknown.status_code == 404
            assert NOBODY in unknown.json()["message"]
            assert (malformed.status_code, malformed.json()["error"]) == (400, "Bad Request")
            assert state() == before


def test_a_viewer_changes_nothing(api_as, full, subtests):
    viewer = api_as("viewer")
    before = state()

    for method, rest in ROUTES:
        if method != "get":
            with subtests.test(method=method, rest=rest):
                response = call(viewer, method, url(full), rest)
                assert (response.status_code, response.json()["error"]) == (403, "Forbidden")
                assert state() == before


def test_a_viewer_makes_no_environment(api_as):
    assert api_as("viewer").post_json(API, {"name": "x"}).status_code == 403
    assert api_as("").post_json(API, {"name": "x"}).status_code == 401
    assert not Environment.objects.exists()


@pytest.mark.parametrize(("method", "path"), [
    ("patch_json", ""), ("put_json", "/snapshots"), ("delete", "/baselines/current"), ("post_json", "/diff"),
])  # fmt: skip
def test_another_method_is_not_allowed(api, full, method, path):
    response = getattr(api, method)(url(full) + path)

    assert (response.status_code, response.json()["error"]) == (405, "Method Not Allowed")


# ---- snapshots


def test_a_snapshot_is_recorded(api, environment):
    body = {"recordedBy": "k8s-reporter", "artifacts": [
        {"artifactSha256": sha("A"), "artifactName": "api", "artifactTag": "2.0", "instanceCount": 3},
        {"sha256Digest": "sha256:deadbeef", "name": "db", "tag": "16", "instanceCount": None},
        {"artifactSha256": "sha256:abc123", "sha256Digest": "other", "artifactName": "job", "artifactTag": ""},
    ]}  # fmt: skip

    response = api.post_json(url(environment, "snapshots"), body)

    stored = Snapshot.objects.get()
    answer = response.json()
    assert response.status_code == 201
    assert answer == {
        "id": str(stored.uid),
        "environmentId": str(environment.uid),
        "snapshotIndex": 1,
        "recordedAt": answer["recordedAt"],
        "recordedBy": "k8s-reporter",
        "artifacts": [
            shown(sha("a"), "api", "2.0", 3), shown("sha256:deadbeef", "db", "16"), shown("sha256:abc123", "job", ""),
        ],
    }  # fmt: skip
    assert at(answer["recordedAt"]) == stored.created_at
    assert answer == seen(stored)
    assert api.get(url(environment, "snapshots", "latest")).json() == answer
    assert api.get(url(environment, "snapshots", 1)).json() == answer


def shown(digest: str, name: str, tag: str = "1.0", count: int = 1, state: str = "UNKNOWN") -> dict:
    return {
        "artifactSha256": digest,
        "artifactName": name,
        "artifactTag": tag,
        "instanceCount": count,
        "complianceState": state,
    }


@pytest.mark.parametrize("body", [{}, {"artifacts": None}, {"artifacts": [], "recordedBy": ""}, {"recordedBy": None}])
def test_a_snapshot_without_reporter_names_the_caller(api, environment, body):
    response = api.post_json(url(environment, "snapshots"), body)

    assert response.status_code == 201
    assert response.json()["recordedBy"] == "admin-machine"
    assert response.json()["artifacts"] == []


BAD_SNAPSHOTS = [
    ([], ""),
    ({"recordedBy": 7}, "recordedBy"),
    ({"recordedBy": "x" * 256}, "recordedBy"),
    ({"artifacts": {}}, "artifacts"),
    ({"artifacts": ["app"]}, "artifacts"),
    ({"artifacts": [None]}, "artifacts"),
    ({"artifacts": [APP] * 5001}, "artifacts"),
    *(({"artifacts": [APP, {key: value for key, value in APP.items() if key != missing}]}, missing) for missing in APP),
    *(({"artifacts": [APP | {key: 7}]}, key) for key in APP),
    *(({"artifacts": [APP | {key: "x" * 600}]}, key) for key in APP),
    ({"artifacts": [APP | {"artifactSha256": ""}]}, "artifactSha256"),
    ({"artifacts": [APP | {"artifactName": " "}]}, "artifactName"),
    ({"artifacts": [APP | {"instanceCount": "2"}]}, "instanceCount"),
    ({"artifacts": [APP | {"instanceCount": -1}]}, "instanceCount"),
    ({"artifacts": [APP | {"instanceCount": 2**31}]}, "instanceCount"),
    ({"artifacts": [APP | {"instanceCount": True}]}, "instanceCount"),
    ({"artifacts": [APP | {"instanceCount": 1.5}]}, "instanceCount"),
]


def test_a_bad_snapshot_is_refused(api, full, subtests):
    before = state()

    for body, field in BAD_SNAPSHOTS:
        with subtests.test(field=field):
            response = api.post_json(url(full, "snapshots"), body)
            assert (response.status_code, response.json()["error"]) == (400, "Bad Request")
            assert field in response.json()["message"]
            assert state() == before


@pytest.mark.parametrize("body", ["", "{", "[1,", "NaN", '{"artifacts": 1e999}', '{"recordedBy": "\\u0000"}'])
def test_what_is_no_json_is_refused(api, full, body):
    response = api.post(url(full, "snapshots"), body, content_type="application/json")

    assert response.status_code == 400
    assert Snapshot.objects.count() == 1


def test_a_snapshot_is_json(api, full):
    assert api.post(url(full, "snapshots"), "{}", content_type="text/plain").status_code == 415


def test_snapshots_are_listed_oldest_first(api, admin, environment):
    for digest in "abc":
        a_snapshot(admin, environment, running("app", digest))

    everything = api.get(url(environment, "snapshots")).json()
    newest = api.get(url(environment, "snapshots") + "?limit=2").json()

    assert everything == [seen(each) for each in Snapshot.objects.order_by("index")]
    assert [(each["snapshotIndex"], each["artifacts"][0]["artifactSha256"]) for each in everything] == [
        (1, "a"), (2, "b"), (3, "c"),
    ]  # fmt: skip
    assert [each["snapshotIndex"] for each in newest] == [2, 3]
    assert api.get(url(environment, "snapshots") + "?limit=0").status_code == 400


def test_before_the_first_snapshot_there_is_none(api, environment):
    assert api.get(url(environment, "snapshots")).json() == []
    for rest in ("latest", "1", "0", "99999999999999999"):
        assert api.get(url(environment, "snapshots", rest)).status_code == 404
    for rest in ("-1", "x", "1.0", "9" * 20):
        assert api.get(url(environment, "snapshots", rest)).status_code == 400


def test_what_runs_says_where_it_stands(api, admin, environment):
    flow = a_flow(admin, required_types=["junit"])
    proven, broken, lax = (a_trail(admin, each) for each in (flow, flow, a_flow(admin, "lax")))
    for trail, letter in ((proven, "a"), (broken, "b"), (lax, "c")):
        an_artifact(admin, trail, sha(letter), f"app-{letter}")
    attest(admin, proven)
    attest(admin, broken, status="failed")

    artifacts = [running(f"app-{letter}", sha(letter)) for letter in "abcd"]
    a_snapshot(admin, environment, *artifacts)

    answer = api.get(url(environment, "snapshots", "latest")).json()
    assert [each["complianceState"] for each in answer["artifacts"]] == [
        "COMPLIANT", "NON_COMPLIANT", "UNKNOWN", "UNKNOWN",
    ]  # fmt: skip


def test_first_sightings_are_deployments(api, admin, environment):
    for digest in "ab":
        a_snapshot(admin, environment, running("app", digest))

    found = api.get(url(environment, "deployments")).json()

    assert found == [
        {
            "id": str(each.uid),
            "artifactSha256": each.digest,
            "environmentId": str(each.environment.uid),
            "snapshotIndex": each.snapshot_index,
            "deployedAt": iso(each.seen_at),
        }
        for each in Sighting.objects.order_by("-seen_at")
    ]
    assert [(each["artifactSha256"], each["snapshotIndex"]) for each in found] == [("b", 2), ("a", 1)]
    assert [iso(each.created_at) for each in Snapshot.objects.order_by("-index")] == [
        each["deployedAt"] for each in found
    ]


# ---- diff


def entry(name: str, before: str | None, after: str | None, tag: str = "1.0") -> dict:
    return {"artifactName": name, "artifactTag": tag, "sha256From": before, "sha256To": after}


def test_two_snapshots_are_compared_either_way(api, admin, environment):
    a_snapshot(admin, environment, running("app", "a"), running("db", "d"), running("old", "o"))
    a_snapshot(admin, environment, running("app", "b", "2.0"), running("db", "d"), running("new", "n"))

    there = api.get(url(environment, "diff"), {"from": 1, "to": 2}).json()
    back = api.get(url(environment, "diff"), {"from": 2, "to": 1}).json()
    same = api.get(url(environment, "diff"), {"from": 2, "to": 2}).json()

    before, after = (
        {each.name: (each.digest, each.tag) for each in RunningArtifact.objects.filter(snapshot__index=index)}
        for index in (1, 2)
    )
    assert there == {
        "environmentId": str(Environment.objects.get().uid),
        "fromSnapshotIndex": 1,
        "toSnapshotIndex": 2,
        "added": [entry("new", None, *after["new"])],
        "removed": [entry("old", before["old"][0], None, before["old"][1])],
        "updated": [entry("app", before["app"][0], *after["app"])],
        "unchanged": [entry("db", before["db"][0], *after["db"])],
    }
    assert there["updated"] == [entry("app", "a", "b", "2.0")]
    assert back["updated"] == [entry("app", "b", "a")]
    assert back["added"] == [entry("old", None, "o")]
    assert len(same["unchanged"]) == 3


@pytest.mark.parametrize(("query", "status"), [
    ("", 400), ("from=1", 400), ("to=1", 400), ("from=&to=1", 400), ("from=x&to=1", 400), ("from=1&to=-1", 400),
    ("from=1&to=7", 404), ("from=0&to=1", 404), ("from=1&to=99999999999", 404),
])  # fmt: skip
def test_a_bad_pair_is_refused(api, full, query, status):
    response = api.get(f"{url(full, 'diff')}?{query}")

    assert response.status_code == status
    assert response.json()["status"] == status


# ---- baselines and drift


def test_a_baseline_is_approved(api, admin, environment):
    snapshot = a_snapshot(admin, environment, running("app"))
    a_snapshot(admin, environment)
    body = {"snapshotId": str(snapshot.uid), "approvedBy": "Ines", "description": "As agreed"}

    response = api.post_json(url(environment, "baselines"), body)

    stored = EnvironmentBaseline.objects.get()
    answer = response.json()
    assert response.status_code == 201
    assert at(answer["approvedAt"]) == stored.created_at
    assert answer == {
        "id": str(stored.uid), "environmentId": str(environment.uid), "snapshotId": str(snapshot.uid),
        "approvedBy": "Ines", "approvedAt": answer["approvedAt"], "description": "As agreed", "isActive": True,
    }  # fmt: skip
    assert answer == agreed(stored)
    assert api.get(url(environment, "baselines", "current")).json() == answer


def test_a_baseline_has_defaults_and_a_history(api, admin, environment):
    assert api.get(url(environment, "baselines", "current")).status_code == 404

    first = api.post_json(
        url(environment, "baselines"), {"snapshotId": "", "approvedBy": "", "description": None}
    ).json()
    snapshot = a_snapshot(admin, environment)
    second = api.post_json(url(environment, "baselines"), {}).json()

    assert (first["snapshotId"], first["approvedBy"], first["description"]) == (None, "admin-machine", None)
    assert second["snapshotId"] == str(snapshot.uid)
    stored = EnvironmentBaseline.objects.order_by("-pk")
    assert [second, first | {"isActive": False}] == [agreed(each) for each in stored]
    assert api.get(url(environment, "baselines")).json() == [agreed(each) for each in stored]


@pytest.mark.parametrize(("body", "status"), [
    ({"snapshotId": "x"}, 400), ({"snapshotId": 1}, 400), ({"snapshotId": NOBODY}, 404), ({"approvedBy": 1}, 400),
    ({"approvedBy": "x" * 256}, 400), ({"description": {}}, 400), ([], 400),
])  # fmt: skip
def test_a_bad_baseline_is_refused(api, full, body, status):
    before = state()

    response = api.post_json(url(full, "baselines"), body)

    assert response.status_code == status
    assert state() == before


def test_a_snapshot_of_another_environment_is_no_baseline(api, admin, full):
    elsewhere = a_snapshot(admin, an_environment(admin, "staging"))

    response = api.post_json(url(full, "baselines"), {"snapshotId": str(elsewhere.uid)})

    assert response.status_code == 404
    assert str(elsewhere.uid) in response.json()["message"]


def test_drift_is_reported_and_kept(api, admin, full):
    calm = api.get(url(full, "drift"))
    a_snapshot(admin, full, running("app", "b", "2.0"), running("miner", "m"))

    response = api.get(url(full, "drift"))

    report = response.json()
    stored = DriftReport.objects.get(uid=report["id"])
    assert response.status_code == calm.status_code == 200
    assert calm.json()["hasDrift"] is False
    assert report == drifted(stored)
    assert report == {
        "id": str(stored.uid),
        "environmentId": str(full.uid),
        "baselineId": str(EnvironmentBaseline.objects.get().uid),
        "snapshotId": str(Snapshot.objects.get(index=2).uid),
        "generatedAt": report["generatedAt"],
        "hasDrift": True,
        "driftPolicy": "BLOCK",
        "added": [entry("miner", None, "m")],
        "removed": [],
        "updated": [entry("app", "digest-of-app", "b", "2.0")],
        "allowlisted": [],
    }
    # two asked around a change: two entries, the same as they were answered, newest first
    assert api.get(url(full, "drift", "history")).json() == [report, calm.json()]
    assert api.get(url(full, "drift", "history") + "?limit=1").json() == [report]


def test_each_who_asks_adds_a_report(api, full):
    read = [api.get(url(full, "drift")).json() for _ in range(2)]
    asked = api.post_json(url(full, "drift"))

    assert asked.status_code == 201
    stored = [drifted(each) for each in DriftReport.objects.order_by("pk")]
    assert [*read, asked.json()] == stored
    assert api.get(url(full, "drift", "history")).json() == stored[::-1]
    assert len(stored) == 3


@pytest.mark.parametrize("steps", ["", "baseline", "snapshot", "baseline snapshot"])
def test_drift_needs_both_sides(api, admin, environment, steps):
    for step in steps.split():
        a_baseline(admin, environment) if step == "baseline" else a_snapshot(admin, environment)

    for response in (api.get(url(environment, "drift")), api.post_json(url(environment, "drift"))):
        assert response.status_code == 404
        assert str(environment.uid) in response.json()["message"]
    assert api.get(url(environment, "drift", "history")).json() == []

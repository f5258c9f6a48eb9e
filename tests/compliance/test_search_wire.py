"""`GET /api/v1/search` (contract 19)."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from model_bakery import baker

from catalog.models import Organization
from catalog.services.search import keep
from compliance.models import Artifact, Attestation, Trail
from releases.models import DeploymentPolicy

SEARCH = "/api/v1/search"


@pytest.fixture
def proven(acme: Organization) -> tuple[Trail, Artifact]:
    """A trail and an artifact that both say "till", and an attestation that does too."""
    flow = baker.make("compliance.Flow", organization=acme, name="Till")
    said = {"commit": "c0ffee12" + "0" * 32, "branch": "till_2", "author": "Ada", "author_email": "ada@acme.example"}
    trail = Trail.objects.create(organization=acme, flow=flow, **said)  # baker takes `commit` for itself
    built = {"name": "acme/till", "tag": "1.4", "digest": f"sha256:{'ab' * 32}", "reported_by": "ci"}
    artifact = baker.make(Artifact, organization=acme, trail=trail, **built)
    attestation = baker.make(Attestation, organization=acme, trail=trail, type="till check")
    policy = baker.make(DeploymentPolicy, organization=acme, flow=flow, name="Till policy")
    keep([flow, trail, artifact, attestation, policy])
    return trail, artifact


def types(answer) -> list[str]:
    return [each["type"] for each in answer.json()["results"]]


def test_trails_come_first_then_artifacts(proven, api):
    trail, artifact = proven
    answer = api.get(SEARCH, {"q": " TILL "})

    for row in proven:
        row.refresh_from_db()
    assert answer.status_code == 200
    assert answer.json() == {
        "results": [
            {
                "type": "trail",
                "id": str(trail.uid),
                "title": "c0ffee12 — till_2",
                "description": "Ada <ada@acme.example>",
                "metadata": {
                    "flowId": str(trail.flow.uid),
                    "gitCommitSha": trail.commit,
                    "gitBranch": "till_2",
                    "gitAuthor": "Ada",
                    "status": "PENDING",
                    "createdAt": trail.created_at.isoformat().replace("+00:00", "Z"),
                },
            },
            {
                "type": "artifact",
                "id": str(artifact.uid),
                "title": "acme/till:1.4",
                "description": "sha256:abababababab",
                "metadata": {
                    "trailId": str(trail.uid),
                    "sha256Digest": artifact.digest,
                    "registry": None,
                    "reportedBy": "ci",
                    "reportedAt": artifact.created_at.isoformat().replace("+00:00", "Z"),
                },
            },
        ],
        "total": 2,
        "query": "TILL",
        "type": None,
        "hasMore": False,
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "till", "type": "TRAIL"}, ["trail"]),
        ({"q": "till", "type": "artifact"}, ["artifact"]),
        ({"q": "till", "type": "flow"}, ["flow"]),
        ({"q": "till", "type": "Attestation"}, ["attestation"]),
        ({"q": "till", "type": "policy"}, ["policy"]),
        ({"q": "till", "type": "environment"}, []),
        ({"q": "ill_2"}, ["trail"]),
        ({"q": "till%"}, []),
        ({"q": "_"}, ["trail"]),
        ({"q": "ADA@"}, ["trail"]),
        ({"q": "abab"}, ["artifact"]),
        ({"q": "   "}, []),
        ({"q": "till", "limit": "1"}, ["trail"]),
    ],
)
def test_a_query_finds(proven, api, query, found):
    answer = api.get(SEARCH, query)

    assert (answer.status_code, types(answer)) == (200, found)
    assert (answer.json()["total"], answer.json()["type"]) == (len(found), query.get("type"))
    assert answer.json()["hasMore"] is ("limit" in query)


def test_whatever_is_wrong_is_said_at_once(api):
    answer = api.get(SEARCH, {"type": "secret", "limit": "0"})

    assert answer.status_code == 400
    assert {each["field"] for each in answer.json()["errors"]} == {"q", "type", "limit"}
    assert "secret" in answer.json()["message"]
    assert api.get(SEARCH, {"q": "x" * 201}).status_code == 400


def test_another_tenant_finds_nothing_and_a_stranger_nowhere(proven, api_as):
    assert types(api_as("stranger").get(SEARCH, {"q": "till"})) == []
    assert types(api_as("viewer").get(SEARCH, {"q": "till"})) == ["trail", "artifact"]
    assert api_as("").get(SEARCH, {"q": "till"}).status_code == 401


def test_results_cost_the_same_for_any_number(proven, api):
    trail, artifact = proven
    api.get(SEARCH, {"q": "till"})  # the use of a key is written once a minute
    for number in (1, 20):
        with CaptureQueriesContext(connection) as queries:
            assert api.get(SEARCH, {"q": "till"}).json()["total"] == 2 * number
        assert len(queries) == 8
        for like in (trail, artifact):
            rows = [type(like)(**_values(like) | {"uid": uuid.uuid4()}) for _ in range(19)]
            keep(type(like).objects.bulk_create(rows))


def _values(row) -> dict:
    """The columns of a row, without its keys."""
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in ("id", "uid")
    }

"""Artifacts: what was built, known by its digest."""

import pytest

from catalog.models import Event
from catalog.services.environments import create_environment
from compliance.models import Artifact
from compliance.services.snapshots import record_snapshot
from config.errors import Forbidden
from tests.compliance.proving import DIGEST, OTHER_DIGEST, a_flow, a_trail, an_artifact, attest
from tests.people import make_actor

BODY = {"imageName": "checkout", "imageTag": "1.4", "sha256Digest": DIGEST, "reportedBy": "ci"}


def running(actor, environment, *digests):
    record_snapshot(
        actor=actor,
        environment=environment,
        recorded_by="cluster",
        artifacts=[{"digest": digest, "name": digest[-4:], "tag": "1", "instances": 1} for digest in digests],
    )


# ---- the service


def test_an_artifact_is_registered_with_a_digest_in_one_spelling(admin):
    trail = a_trail(admin, a_flow(admin))

    artifact = an_artifact(admin, trail, DIGEST.upper().replace("SHA256", "sha256"))
    odd = an_artifact(admin, trail, "sha256:ABC")

    assert (artifact.digest, odd.digest) == (DIGEST, "sha256:ABC")
    event = Event.objects.filter(kind="artifact.registered").first()
    assert {trail.uid, trail.flow.uid} <= set(event.related)


def test_only_who_may_registers(acme, admin):
    with pytest.raises(Forbidden, match="artifact:create"):
        an_artifact(make_actor(acme, "viewer"), a_trail(admin, a_flow(admin)))


# ---- the wire


def test_an_artifact_over_the_wire_is_the_stored_row(admin, api):
    trail = a_trail(admin, a_flow(admin, required_types=["junit"]))
    path = f"/api/v1/trails/{trail.uid}/artifacts"

    answer = api.post_json(path, BODY | {"artifactType": "docker", "registry": "ghcr.example"})

    artifact = Artifact.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(artifact.uid),
        "trailId": str(trail.uid),
        "imageName": "checkout",
        "name": "checkout",
        "imageTag": "1.4",
        "tag": "1.4",
        "sha256Digest": DIGEST,
        "registry": "ghcr.example",
        "reportedAt": artifact.created_at.isoformat().replace("+00:00", "Z"),
        "reportedBy": "ci",
        "orgSlug": "acme",
        "provenanceStatus": "NO_PROVENANCE",
        "artifactType": "DOCKER",
        "buildUrl": None,
        "commitUrl": None,
        "complianceState": "NON_COMPLIANT",
        "runningInEnvironments": [],
    }
    assert api.get(path).json() == [answer.json()]
    assert api.get("/api/v1/artifacts", {"sha256": DIGEST}).json() == [answer.json()]
    assert api.get("/api/v1/artifacts", {"sha256": DIGEST.replace("a", "A")}).json() == [answer.json()]
    assert api.get("/api/v1/artifacts", {"sha256": OTHER_DIGEST}).json() == []


def test_the_document_s_spelling_and_who_reported(admin, api):
    trail = a_trail(admin, a_flow(admin))
    said = {"name": "checkout", "tag": "1.4", "sha256Digest": DIGEST, "imageTag": "wins"}

    answer = api.post_json(f"/api/v1/trails/{trail.uid}/artifacts", said).json()

    assert (answer["imageName"], answer["imageTag"], answer["reportedBy"]) == ("checkout", "wins", "admin-machine")
    assert answer["complianceState"] == "UNKNOWN"


def test_state_and_environments_follow_what_is_known(admin, stranger, api):
    trail = a_trail(admin, a_flow(admin, required_types=["junit"]))
    an_artifact(admin, trail)
    attest(admin, trail)
    production, staging = (create_environment(actor=admin, name=name) for name in ("production", "staging"))
    running(admin, staging, DIGEST)
    running(admin, production, OTHER_DIGEST)
    running(admin, production, DIGEST)
    running(stranger, create_environment(actor=stranger, name="theirs"), DIGEST)

    def shown() -> tuple:
        said = api.get(f"/api/v1/trails/{trail.uid}/artifacts").json()[0]
        return said["complianceState"], said["runningInEnvironments"]

    assert shown() == ("COMPLIANT", ["production", "staging"])

    running(admin, staging, OTHER_DIGEST)
    attest(admin, trail, status="failed")
    assert shown() == ("NON_COMPLIANT", ["production"])


BAD = {
    "no digest": ({"sha256Digest": None}, 400, "sha256Digest"),
    "short digest": ({"sha256Digest": "sha256:abc123"}, 400, "sha256Digest"),
    "no algorithm": ({"sha256Digest": "a1" * 32}, 400, "sha256Digest"),
    "other algorithm": ({"sha256Digest": f"sha512:{'a1' * 32}"}, 400, "sha256Digest"),
    "not hex": ({"sha256Digest": f"sha256:{'g1' * 32}"}, 400, "sha256Digest"),
    "digest and more": ({"sha256Digest": DIGEST + "\n"}, 400, "sha256Digest"),
    "digest of another type": ({"sha256Digest": 5}, 400, "sha256Digest"),
    "no name": ({"imageName": None}, 400, "imageName"),
    "blank tag": ({"imageTag": ""}, 400, "imageTag"),
    "name over the limit": ({"imageName": "x" * 513}, 400, "imageName"),
    "unknown kind": ({"artifactType": "ZIP"}, 400, "artifactType"),
    "build url over the limit": ({"buildUrl": "x" * 2049}, 400, "buildUrl"),
    "unknown organisation": ({"orgSlug": "nobody"}, 404, "nobody"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_changes_nothing(admin, api, case):
    change, status, words = BAD[case]
    trail = a_trail(admin, a_flow(admin))

    answer = api.post_json(f"/api/v1/trails/{trail.uid}/artifacts", BODY | change)

    assert answer.status_code == status, answer.json()
    assert words in answer.json()["message"]
    assert not Artifact.objects.exists()


def test_unknown_trails_missing_parameters_strangers_and_nobody(admin, api, api_as):
    trail = a_trail(admin, a_flow(admin))
    an_artifact(admin, trail)
    path = f"/api/v1/trails/{trail.uid}/artifacts"

    assert api.get("/api/v1/artifacts").status_code == 400
    assert api.get("/api/v1/artifacts?sha256=").status_code == 400
    for id, status in {"00000000-0000-7000-8000-000000000000": 404, "abc": 400}.items():
        assert api.post_json(f"/api/v1/trails/{id}/artifacts", BODY).status_code == status
        assert api.get(f"/api/v1/trails/{id}/artifacts").status_code == status
    callers = {role: api_as(role) for role in ("viewer", "stranger", "")}
    for role, wanted in {"viewer": (403, 200), "stranger": (404, 404), "": (401, 401)}.items():
        assert (callers[role].post_json(path, BODY).status_code, callers[role].get(path).status_code) == wanted
    assert callers["stranger"].get("/api/v1/artifacts", {"sha256": DIGEST}).json() == []
    assert Artifact.objects.count() == 1

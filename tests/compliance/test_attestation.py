"""Attestations: statements with a result."""

import json

import pytest

from catalog.models import Event
from compliance.models import Attestation
from config.errors import Forbidden
from tests.compliance.proving import DIGEST, PASSING, a_flow, a_trail, attach, attest, status_of
from tests.people import make_actor

# ---- the service


def test_an_attestation_is_recorded_by_whoever_acts(admin):
    trail = a_trail(admin, a_flow(admin))

    attestation = attest(admin, trail, "junit", "passed", digest=DIGEST.upper().replace("SHA256", "sha256"))

    assert (attestation.digest, attestation.recorded_by) == (DIGEST, admin.label)
    event = Event.objects.get(kind="attestation.recorded")
    assert event.data == {"type": "junit", "status": "passed", "digest": DIGEST, "trail": str(trail.uid)}
    assert {trail.uid, trail.flow.uid} <= set(event.related)


def test_only_who_may_attests(acme, admin):
    with pytest.raises(Forbidden, match="attestation:create"):
        attest(make_actor(acme, "viewer"), a_trail(admin, a_flow(admin)))


# ---- the wire


def test_an_attestation_over_the_wire_is_the_stored_row(admin, api):
    trail = a_trail(admin, a_flow(admin))
    said = {
        "type": "junit",
        "status": "passed",
        "name": "unit",
        "details": "text",
        "evidenceUrl": "https://ci.example/1",
        "metadata": {"a": [1]},
        "artifactFingerprint": "sha256:abc123",
        "orgSlug": "acme",
    }

    answer = api.post_json(f"/api/v1/trails/{trail.uid}/attestations", said)

    attestation = Attestation.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(attestation.uid),
        "trailId": str(trail.uid),
        "type": "junit",
        "status": "PASSED",
        "compliant": True,
        "evidenceFileHash": None,
        "evidenceFileName": None,
        "evidenceFileSizeBytes": None,
        "details": "text",
        "name": "unit",
        "evidenceUrl": "https://ci.example/1",
        "orgSlug": "acme",
        "artifactFingerprint": "sha256:abc123",
        "description": None,
        "metadata": {"a": [1]},
        "createdAt": attestation.created_at.isoformat().replace("+00:00", "Z"),
    }
    assert api.get(f"/api/v1/trails/{trail.uid}/attestations").json()["items"] == [answer.json()]
    assert status_of(trail) == "compliant"


def test_pending_is_the_default_and_a_failure_turns_the_trail(admin, api):
    trail = a_trail(admin, a_flow(admin))
    path = f"/api/v1/trails/{trail.uid}/attestations"

    pending = api.post_json(path, {"type": "junit", "status": None}).json()
    failed = api.post_json(path, {"type": "junit", "status": "FAILED"}).json()

    assert (pending["status"], failed["status"]) == ("PENDING", "FAILED")
    assert (pending["compliant"], failed["compliant"]) == (False, False)
    assert status_of(trail) == "non_compliant"


@pytest.mark.parametrize(
    ("said", "details"),
    [
        ({"details": "d", "description": "x", "metadata": {}}, "d"),
        ({"description": "x", "metadata": {}}, "x"),
        ({"metadata": {"é": 1, "b": [2]}}, '{"é":1,"b":[2]}'),
        ({}, None),
    ],
)
def test_details_fall_back_to_description_and_metadata(admin, api, said, details):
    trail = a_trail(admin, a_flow(admin))

    answer = api.post_json(f"/api/v1/trails/{trail.uid}/attestations", {"type": "t"} | said).json()

    assert answer["details"] == details
    assert (answer["description"], answer["metadata"]) == (said.get("description"), said.get("metadata"))


def test_the_route_with_the_trail_in_its_body(admin, api):
    trail = a_trail(admin, a_flow(admin))

    answer = api.post_json("/api/v1/attestations", {"trailId": str(trail.uid), "type": "junit", "status": "PASSED"})

    assert (answer.status_code, answer.json()["trailId"]) == (201, str(trail.uid))
    for id, status in {"": 400, "x": 400, "00000000-0000-7000-8000-000000000000": 404}.items():
        assert api.post_json("/api/v1/attestations", {"trailId": id, "type": "junit"}).status_code == status
    assert Attestation.objects.count() == 1


BAD = {
    "no type": ({"type": None}, 400, "type"),
    "blank type": ({"type": " "}, 400, "type"),
    "type over the limit": ({"type": "x" * 256}, 400, "type"),
    "status unknown": ({"status": "GREEN"}, 400, "status"),
    "status of another type": ({"status": 1}, 400, "status"),
    "details no text": ({"details": {"a": 1}}, 400, "details"),
    "metadata no object": ({"metadata": "x"}, 400, "metadata"),
    "name over the limit": ({"name": "x" * 256}, 400, "name"),
    "evidence url over the limit": ({"evidenceUrl": "x" * 2049}, 400, "evidenceUrl"),
    "unknown organisation": ({"orgSlug": "nobody"}, 404, "nobody"),
    "another's organisation": ({"orgSlug": "globex"}, 404, "globex"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_changes_nothing(admin, globex, api, case):
    change, status, words = BAD[case]
    trail = a_trail(admin, a_flow(admin))

    answer = api.post_json(f"/api/v1/trails/{trail.uid}/attestations", {"type": "junit"} | change)

    assert answer.status_code == status, answer.json()
    assert words in answer.json()["message"]
    assert not Attestation.objects.exists()


@pytest.mark.parametrize("name", ["json-nul-escape.json", "json-lone-surrogate.json", "json-nan.json"])
def test_hostile_json_changes_nothing(admin, api, samples, name):
    trail = a_trail(admin, a_flow(admin))
    body = (samples / "hostile" / name).read_bytes()

    answer = api.post(f"/api/v1/trails/{trail.uid}/attestations", body, content_type="application/json")

    assert answer.status_code == 400
    assert not Attestation.objects.exists()


def test_strangers_viewers_and_nobody(admin, api_as):
    trail = a_trail(admin, a_flow(admin))
    path = f"/api/v1/trails/{trail.uid}/attestations"

    for role, wanted in {"viewer": (403, 200), "stranger": (404, 404), "": (401, 401)}.items():
        caller = api_as(role)
        assert (caller.post_json(path, {"type": "junit"}).status_code, caller.get(path).status_code) == wanted
    assert not Attestation.objects.exists()


def test_ci_may_attest(admin, api_as):
    trail = a_trail(admin, a_flow(admin))

    answer = api_as("ci").post_json(f"/api/v1/trails/{trail.uid}/attestations", {"type": "junit", "status": "PASSED"})

    assert answer.status_code == 201
    assert Attestation.objects.get().recorded_by == "ci-caller"


@pytest.mark.parametrize("rows", [1, 20])
def test_recording_costs_the_same_for_any_number_of_facts(admin, api, rows, django_assert_max_num_queries):
    trail = a_trail(admin, a_flow(admin, required_types=["junit"]))
    for number in range(rows):
        attest(admin, trail, name=f"suite {number}")
    api.get("/api/v1/flows")  # the use of a key is written once a minute

    with django_assert_max_num_queries(18):
        api.post_json(f"/api/v1/trails/{trail.uid}/attestations", {"type": "junit", "status": "FAILED"})


@pytest.mark.parametrize("rows", [1, 20])
def test_the_page_costs_the_same_for_any_number_of_rows(admin, api, rows, django_assert_max_num_queries):
    trail = a_trail(admin, a_flow(admin))
    for number in range(rows):
        attach(admin, attest(admin, trail, name=f"suite {number}"), PASSING)
    api.get("/api/v1/flows")  # the use of a key is written once a minute

    with django_assert_max_num_queries(9):
        page = api.get(f"/api/v1/trails/{trail.uid}/attestations").json()

    assert [each["evidenceFileName"] for each in page["items"]] == ["junit.xml"] * rows
    assert json.loads(page["items"][0]["details"])["tests"] == 3

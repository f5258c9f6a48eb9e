"""The audit on the wire (contract 19): eleven words over our events, all filters, pages, and nothing of strangers."""

import json
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import slots
from catalog.models import Event
from catalog.services.environments import delete_environment
from compliance.api.openfactstore.views.audit import KINDS, WORDS
from compliance.services.flows import delete_flow
from tests.compliance.running import a_snapshot, running
from tests.releases.proofs import DIGEST, a_flow, a_trail, an_environment, attest

AUDIT = "/api/v1/audit"


@pytest.fixture
def happened(admin):
    """A trail with a proof, a gate that was asked, two snapshots, an environment gone, and what is none of it."""
    flow = a_flow(admin, required_types=["junit"])
    trail = a_trail(admin, flow)
    attest(admin, trail, "junit")
    production = an_environment(admin)
    a_snapshot(admin, production, running("payments", DIGEST), running("other"))
    a_snapshot(admin, production, running("payments", DIGEST))
    spare = an_environment(admin, "spare")
    delete_environment(actor=admin, environment=spare)
    return trail, production, spare


def words(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [each["eventType"] for each in answer.json()["events"]]


def test_every_kind_that_has_a_word_of_theirs_is_one_that_is_recorded():
    assert len(WORDS) == 11
    assert set(KINDS) <= set(slots.event_kinds())


def test_an_event_is_read_as_theirs_and_other_events_are_not_there(happened, api, api_as, settings):
    settings.REGION = "eu-north-1"
    trail, production, spare = happened
    page = api.get(AUDIT).json()

    assert {key: page[key] for key in page if key != "events"} == {
        "page": 0, "size": 20, "totalElements": 8, "totalPages": 1,
    }  # fmt: skip
    assert [each["eventType"] for each in page["events"]] == [
        "ENVIRONMENT_DELETED", "ENVIRONMENT_CREATED", "ARTIFACT_REMOVED", "ARTIFACT_DEPLOYED", "ARTIFACT_DEPLOYED",
        "ENVIRONMENT_CREATED", "ATTESTATION_RECORDED", "ARTIFACT_DEPLOYED",
    ]  # fmt: skip
    recorded = page["events"][-2]
    stored = Event.objects.get(kind="attestation.recorded")
    assert json.loads(recorded.pop("payload")) == stored.data | {
        "kind": "attestation.recorded", "subject": stored.subject_label,
    }  # fmt: skip
    at = stored.occurred_at.isoformat().replace("+00:00", "Z")
    assert recorded == {
        "id": str(stored.uid), "eventType": "ATTESTATION_RECORDED", "environmentId": None, "trailId": str(trail.uid),
        "artifactSha256": None, "actor": stored.actor_label, "occurredAt": at, "region": "eu-north-1",
    }  # fmt: skip
    deployed = next(each for each in page["events"] if each["artifactSha256"] == DIGEST and each["environmentId"])
    assert (deployed["environmentId"], deployed["trailId"]) == (str(production.uid), str(trail.uid))
    assert page["events"][0]["environmentId"] == str(spare.uid)

    one = f"{AUDIT}/{stored.uid}"
    assert api.get(one).json()["eventType"] == "ATTESTATION_RECORDED"
    unknown = Event.objects.get(kind="flow.created").uid
    assert [api.get(f"{AUDIT}/{each}").status_code for each in (unknown, uuid.uuid4(), "7")] == [404, 404, 400]
    theirs = api_as("stranger")
    assert theirs.get(one).status_code == 404
    assert theirs.get(AUDIT).json()["events"] == []
    assert {api.generic(verb, one, "{}").status_code for verb in ("PUT", "PATCH", "DELETE")} == {405}


def test_each_filter_narrows_and_all_of_them_together(happened, api, subtests):
    trail, production, spare = happened
    oldest, newest = Event.objects.filter(kind__in=KINDS).order_by("pk")[0], Event.objects.filter(kind__in=KINDS)[0]
    cases = [
        ({"eventType": "attestation-recorded"}, ["ATTESTATION_RECORDED"]),
        ({"eventType": "POLICY_EVALUATED"}, []),
        ({"trailId": str(trail.uid), "eventType": "ARTIFACT_DEPLOYED"}, ["ARTIFACT_DEPLOYED"] * 2),
        ({"environmentId": str(spare.uid)}, ["ENVIRONMENT_DELETED", "ENVIRONMENT_CREATED"]),
        ({"artifactSha256": DIGEST.upper().replace("SHA256", "sha256")}, ["ARTIFACT_DEPLOYED"] * 2),
        ({"actor": newest.actor_label, "size": "1"}, ["ENVIRONMENT_DELETED"]),
        ({"actor": newest.actor_label[:-1]}, []),
        ({"to": oldest.occurred_at.isoformat()}, ["ARTIFACT_DEPLOYED"]),
        ({"from": newest.occurred_at.isoformat()}, ["ENVIRONMENT_DELETED"]),
        ({"from": (newest.occurred_at + timedelta(seconds=1)).isoformat()}, []),
        ({"sortDesc": "False", "size": "2"}, ["ARTIFACT_DEPLOYED", "ATTESTATION_RECORDED"]),
        ({"size": "3", "page": "2"}, ["ATTESTATION_RECORDED", "ARTIFACT_DEPLOYED"]),
        ({"size": "3", "page": "3"}, []),
        ({"environmentId": str(production.uid), "trailId": str(trail.uid), "size": "9"}, ["ARTIFACT_DEPLOYED"]),
    ]  # fmt: skip
    for query, found in cases:
        with subtests.test(str(query)):
            assert words(api.get(AUDIT, query)) == found
    assert api.get(AUDIT, {"size": "3", "page": "9"}).json()["totalPages"] == 3


def test_whatever_is_wrong_in_a_query_is_said_at_once(api):
    wrong = {
        "page": "-1", "size": "101", "sortDesc": "maybe", "eventType": "x", "trailId": "7", "environmentId": "y",
        "from": "2026-01-01", "to": "never",
    }  # fmt: skip
    answer = api.get(AUDIT, wrong)

    assert answer.status_code == 400
    assert {each["field"] for each in answer.json()["errors"]} == set(wrong)
    assert api.get(AUDIT, {"size": "0"}).status_code == 400


def test_the_events_of_a_trail_outlive_it_and_an_unknown_one_has_none(happened, api, api_as, admin):
    trail, *_ = happened
    path = f"/api/v1/trails/{trail.uid}/audit"
    found = api.get(path).json()

    assert [each["eventType"] for each in found] == ["ARTIFACT_DEPLOYED", "ATTESTATION_RECORDED", "ARTIFACT_DEPLOYED"]
    rows = Event.objects.filter(related__contains=[trail.uid], kind__in=KINDS).order_by("-pk")
    at = [each.occurred_at.isoformat().replace("+00:00", "Z") for each in rows]
    assert [(each["id"], each["actor"], each["occurredAt"]) for each in found] == [
        (str(row.uid), row.actor_label, when) for row, when in zip(rows, at, strict=True)
    ]
    assert {each["trailId"] for each in found} == {str(trail.uid)}
    assert api_as("stranger").get(path).json() == api.get(f"/api/v1/trails/{uuid.uuid4()}/audit").json() == []
    assert api.get("/api/v1/trails/x/audit").status_code == 400
    delete_flow(actor=admin, flow=trail.flow, force=True)
    assert api.get(path).json() == found


def test_the_lists_cost_the_same_for_any_number_of_rows(happened, api, admin):
    trail, *_ = happened
    paths = [AUDIT, f"{AUDIT}?trailId={trail.uid}&sortDesc=false", f"/api/v1/trails/{trail.uid}/audit"]
    assert api.get(AUDIT).json()["totalElements"] == 8  # and the key's first use is written
    for number in range(2):
        for path in paths:
            with CaptureQueriesContext(connection) as queries:
                assert api.get(path).status_code == 200
            assert len(queries) == (3 if path.startswith(AUDIT) else 2)
        if not number:
            like = Event.objects.filter(kind="attestation.recorded").values().get()
            Event.objects.bulk_create(Event(**like | {"id": None, "uid": uuid.uuid4()}) for _ in range(20))

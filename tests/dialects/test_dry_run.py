"""Dry runs (OpenFactstore's contract 0.4): what they answer, and that nothing at all stays of them."""

import uuid
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.core import mail
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from compliance.models import Flow, Trail
from config import jobs
from tests.compliance.proving import DIGEST, PASSING, a_flow, a_trail, attest
from tests.compliance.running import an_environment
from tests.dialects.callers import Cast

NOBODY = str(uuid.UUID(int=7))
COMMIT = {"gitCommitSha": "7c1e94d", "gitBranch": "main", "gitAuthor": "Jo", "gitAuthorEmail": "jo@acme.example"}


@pytest.fixture
def storage(settings, tmp_path):
    """A folder for evidence that is this test's alone."""
    stored = settings.STORAGES["default"] | {"OPTIONS": {"location": tmp_path / "evidence"}}
    settings.STORAGES = settings.STORAGES | {"default": stored}
    return tmp_path / "evidence"


def everything(storage: Path) -> tuple:
    """All rows of all our tables, by one query, all files of evidence, all mail."""
    ours = ("catalog", "compliance", "releases", "integrations")
    tables = [model._meta.db_table for app in ours for model in apps.get_app_config(app).get_models()]
    digest = "(SELECT md5(string_agg(t::text, '|' ORDER BY t.id)) FROM \"{}\" t)"
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(digest.format(table) for table in tables))
        rows = dict(zip(tables, cursor.fetchone(), strict=True))
    return rows, sorted(storage.rglob("*")), len(mail.outbox)


def test_no_dry_run_of_any_route_leaves_a_trace(db, storage, monkeypatch, subtests, django_capture_on_commit_callbacks):
    """Each with a body and a path that a real call succeeds with."""
    sent: list[str] = []
    monkeypatch.setattr(jobs.current_app, "send_task", lambda name, **_: sent.append(name))
    cast = Cast()
    routes = [each for each in cast.routes if each.dialect.dry_run and each.method != "GET"]
    client = cast.clients["admin"]
    client.get("/api/v1/flows")  # writes when the key was used last
    before = everything(storage)
    succeeded = 0
    for route in routes:
        query = urlencode(cast.world.query(route) | {"dryRun": "TRUE"})
        with subtests.test(str(route)), django_capture_on_commit_callbacks(execute=True):
            response = route.call(client, f"{cast.world.path(route, {})}?{query}", cast.world.body(route))

            assert response.status_code < 500, response.content
            if response.status_code < 400:
                assert response.status_code == 200
                assert response.json()["dryRun"] is True
                succeeded += not response.json().get("problems")
    assert everything(storage) == before
    assert sent == []
    assert succeeded > 0.9 * len(routes) > 20


def test_a_creation_is_told_and_not_done(api, acme):
    for header in ({"HTTP_X_DRY_RUN": "true"}, {"HTTP_X_FACTSTORE_DRY_RUN": "True"}):
        response = api.post_json("/api/v1/flows", {"name": "checkout", "requiredAttestations": ["junit"]}, **header)

        body = response.json()
        assert response.status_code == 200
        assert (body["dryRun"], body["problems"]) == (True, [])
        assert body["dryRunMessage"] == "Dry run: nothing was stored. The request would succeed with status 201."
        assert body["wouldCreate"]["name"] == "checkout"
        assert body["wouldCreate"]["requiredAttestationTypes"] == ["junit"]
    assert api.post_json("/api/v1/flows", {"name": "checkout"}, HTTP_X_DRY_RUN="yes").status_code == 201
    assert Flow.objects.count() == 1


def test_problems_of_a_real_call_do_not_change_the_answer_to_a_post(api, admin, subtests):
    """Pinned: a trail of an unknown flow would be pending, an attestation on an unknown trail compliant."""
    a_flow(admin, "taken")
    an_environment(admin, "taken")
    image = {"imageName": "web", "imageTag": "1", "sha256Digest": DIGEST}
    seen = {"recordedBy": "r", "artifacts": [{"artifactSha256": "d", "artifactName": "web", "artifactTag": "1"}]}
    cases = [
        ("trails", {"flowId": NOBODY, **COMMIT}, 404, {"status": "PENDING", "flowId": NOBODY}),
        (f"trails/{NOBODY}/attestations", {"type": "junit", "status": "PASSED"}, 404, {"compliant": True}),
        ("attestations", {"trailId": NOBODY, "type": "x"}, 404, {"compliant": False, "trailId": NOBODY}),
        (f"trails/{NOBODY}/artifacts", image, 404, {"imageName": "web", "provenanceStatus": "NO_PROVENANCE"}),
        (f"environments/{NOBODY}/snapshots", seen, 404, {"snapshotIndex": 0, "environmentId": NOBODY}),
        ("flows", {"name": "Taken"}, 409, {"name": "Taken", "visibility": "PRIVATE"}),
        ("environments", {"name": "TAKEN", "type": "ECS"}, 409, {"name": "TAKEN", "type": "ECS"}),
        ("assert", {"flowId": NOBODY, "sha256Digest": "x"}, 404, {"flowId": NOBODY}),
    ]
    for path, sent, status, told in cases:
        with subtests.test(path):
            response = api.post_json(f"/api/v1/{path}?dryRun=true", sent)

            body = response.json()
            assert response.status_code == 200, body
            assert [each["status"] for each in body["problems"]] == [status]
            assert body["problems"][0]["message"] in body["dryRunMessage"]
            assert {key: body["wouldCreate"][key] for key in told} == told


def test_what_was_sent_wrong_is_refused_as_ever(api, api_as, admin, subtests):
    cases = [
        (api, "flows", b"{", 400),
        (api, "flows", b'{"name": ""}', 400),
        (api, f"trails/{NOBODY}/attestations", b'{"status": "PASSED"}', 400),
        (api, "trails/no-uuid/attestations", b'{"type": "x"}', 400),
        (api_as("viewer"), "flows", b'{"name": "x"}', 403),
        (api_as(""), "flows", b'{"name": "x"}', 401),
    ]
    for client, path, body, status in cases:
        with subtests.test(f"{path} {body!r}"):
            response = client.post(f"/api/v1/{path}?dryRun=true", body, content_type="application/json")

            assert (response.status_code, response.json()["status"]) == (status, status)


def test_changes_and_deletions_are_told_and_not_done(api, admin):
    flow = a_flow(admin)
    path = f"/api/v1/flows/{flow.uid}?dryRun=true"

    changed, deleted = api.put_json(path, {"name": "other"}).json(), api.delete(path).json()
    a_trail(admin, flow)
    kept = api.delete(path)

    assert changed["wouldUpdate"] == changed["wouldCreate"]
    assert changed["wouldCreate"]["name"] == "other"
    assert (deleted["dryRun"], deleted["wouldDelete"]["name"]) == (True, "checkout")
    assert set(deleted) == {"dryRun", "wouldDelete", "dryRunMessage"}
    assert (kept.status_code, api.put_json(f"/api/v1/flows/{NOBODY}?dryRun=true", {}).status_code) == (409, 404)
    assert list(Flow.objects.values_list("name", flat=True)) == ["checkout"]


def test_evidence_is_judged_and_not_stored(api, admin, storage):
    trail = a_trail(admin, a_flow(admin, required_types=["junit"]))
    path = f"/api/v1/trails/{trail.uid}/attestations/{attest(admin, trail, status='pending').uid}/evidence"

    response = api.post(path, {"file": SimpleUploadedFile("junit.xml", PASSING)}, HTTP_X_DRY_RUN="true")

    assert response.json()["wouldCreate"]["fileName"] == "junit.xml"
    assert not storage.exists()
    assert default_storage.location == str(storage)
    assert Trail.objects.get().status == Trail.Status.PENDING

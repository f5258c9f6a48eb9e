"""Evidence: files that back attestations, stored by content, never shown in place."""

import hashlib
import json

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.models import Event
from compliance.models import Attestation, Evidence
from compliance.services.attestations import attach_evidence, evidence_path, load_evidence
from config.errors import Forbidden, IntegrityFault, TooLarge
from tests.compliance.proving import FAILING, PASSING, a_flow, a_trail, attach, attest, status_of
from tests.people import make_actor

SHA = hashlib.sha256(PASSING).hexdigest()


@pytest.fixture(autouse=True)
def store(settings, tmp_path):
    """A store of this test's own."""
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    }
    return tmp_path


def a_junit(actor, **values) -> Attestation:
    return attest(actor, a_trail(actor, a_flow(actor, required_types=["junit"])), "junit", "pending", **values)


def upload(api, attestation, content=PASSING, name="junit.xml", type="application/xml", part="file"):
    path = f"/api/v1/trails/{attestation.trail.uid}/attestations/{attestation.uid}/evidence"
    return api.post(path, {part: SimpleUploadedFile(name, content, type)})


# ---- the service


def test_a_file_is_stored_under_its_hash_once(admin, store):
    attestation = a_junit(admin)

    first, second = attach(admin, attestation, PASSING), attach(admin, attestation, PASSING, "again.xml")

    assert (first.sha256, first.size, first.status) == (SHA, len(PASSING), "passed")
    assert first.sha256 == second.sha256
    files = [each.relative_to(store).as_posix() for each in store.rglob("*") if each.is_file()]
    assert files == [f"sha256/{SHA[:2]}/{SHA[2:]}"]
    event = Event.objects.filter(kind="evidence.attached").first()
    assert event.data == {"file": "again.xml", "sha256": SHA, "size": len(PASSING), "status": "passed"}


def test_a_file_cut_short_by_a_crash_is_written_anew(admin, store):
    path = store / evidence_path(SHA)
    path.parent.mkdir(parents=True)
    path.write_bytes(PASSING[:5])

    evidence = attach(admin, a_junit(admin), PASSING)

    assert load_evidence(evidence) == PASSING


def test_what_is_stored_is_hashed_again(admin, store):
    evidence = attach(admin, a_junit(admin), PASSING)

    (store / evidence_path(SHA)).write_bytes(FAILING)
    with pytest.raises(IntegrityFault, match="not what was uploaded"):
        load_evidence(evidence)

    default_storage.delete(evidence_path(SHA))
    with pytest.raises(IntegrityFault, match="missing"):
        load_evidence(evidence)


def test_the_file_decides_the_status_and_says_why(admin):
    attestation = a_junit(admin)

    seen = []
    for content in (FAILING, PASSING, b"<html/>"):
        attach(admin, attestation, content)
        attestation.refresh_from_db()
        seen.append((attestation.status, json.loads(attestation.details)))

    assert seen == [
        ("failed", {"tests": 1, "failures": 1, "errors": 0, "skipped": 0}),
        ("passed", {"tests": 3, "failures": 0, "errors": 0, "skipped": 0}),
        ("failed", {"error": "The report is not JUnit: its root is <html>."}),
    ]


def test_a_suite_that_names_more_failures_than_its_cases_is_counted_by_the_worse(admin):
    attestation = a_junit(admin)
    attach(admin, attestation, b'<testsuite tests="3" failures="2"><testcase/></testsuite>')
    attestation.refresh_from_db()

    assert json.loads(attestation.details)["failures"] == 2


def test_files_of_other_names_must_all_pass(admin):
    attestation = a_junit(admin)

    seen = []
    for content, name in [
        (FAILING, "module-a.xml"),
        (PASSING, "module-b.xml"),
        (PASSING, "module-a.xml"),
        (FAILING, "module-b.xml"),
    ]:
        attach(admin, attestation, content, name)
        attestation.refresh_from_db()
        seen.append((attestation.status, json.loads(attestation.details).get("failedFiles")))

    assert seen == [("failed", None), ("failed", ["module-a.xml"]), ("passed", None), ("failed", None)]
    assert status_of(attestation.trail) == "non_compliant"


def test_a_type_without_a_reader_keeps_its_status(admin):
    attestation = attest(admin, a_trail(admin, a_flow(admin)), "load-test", "failed", details="kept")

    evidence = attach(admin, attestation, PASSING)

    attestation.refresh_from_db()
    assert (attestation.status, attestation.details, evidence.status) == ("failed", "kept", "")


def test_only_who_may_attaches_and_not_too_much(acme, admin, settings, store):
    attestation = a_junit(admin)
    settings.EVIDENCE_MAX_BYTES = len(PASSING) - 1

    with pytest.raises(Forbidden, match="attestation:create"):
        attach(make_actor(acme, "viewer"), attestation, b"x")
    with pytest.raises(TooLarge):
        attach(admin, attestation, PASSING)
    assert not Evidence.objects.exists()
    assert not list(store.rglob("*"))


def test_names_and_types_are_kept_harmless(admin, samples):
    names = json.loads((samples / "hostile/file-name-list.json").read_text())
    attestation = attest(admin, a_trail(admin, a_flow(admin)), "other")

    for name in [*names, "", "x" * 400]:
        evidence = attach_evidence(
            actor=admin, attestation=attestation, file_name=name, content_type="text/html\r\nX: 1", content=b"x"
        )
        assert evidence.file_name
        assert evidence.file_name.isprintable()
        assert not {"/", "\\"} & set(evidence.file_name)
        assert len(evidence.file_name) <= 255
        assert evidence.content_type == "application/octet-stream"


# ---- the wire


def test_an_upload_over_the_wire_is_the_stored_row(admin, api):
    attestation = a_junit(admin)

    answer = upload(api, attestation)

    evidence = Evidence.objects.get()
    said = {
        "id": str(evidence.uid),
        "attestationId": str(attestation.uid),
        "fileName": "junit.xml",
        "sha256Hash": SHA,
        "fileSizeBytes": len(PASSING),
        "contentType": "application/xml",
        "storedAt": evidence.created_at.isoformat().replace("+00:00", "Z"),
        "externalUrl": None,
    }
    assert (answer.status_code, answer.json()) == (201, said)
    assert api.get(f"/api/v1/trails/{attestation.trail.uid}/evidence").json() == [said]
    assert api.get(f"/api/v1/attestations/{attestation.uid}/evidence").json() == [said]
    shown = api.get(f"/api/v1/trails/{attestation.trail.uid}/attestations").json()["items"][0]
    assert (shown["evidenceFileHash"], shown["evidenceFileName"], shown["evidenceFileSizeBytes"]) == (
        SHA,
        "junit.xml",
        len(PASSING),
    )
    assert (shown["status"], status_of(attestation.trail)) == ("PASSED", "compliant")


def test_a_real_report_passes_and_a_real_failure_fails(admin, api, samples):
    attestation = a_junit(admin)

    for name, status in {"click-broken.xml": "failed", "click-head.xml": "passed"}.items():
        content = (samples / "tests/junit" / name).read_bytes()
        assert upload(api, attestation, content).status_code == 201
        attestation.refresh_from_db()
        assert attestation.status == status


def test_the_file_is_a_download_and_nothing_else(admin, api, samples):
    attestation = attest(admin, a_trail(admin, a_flow(admin)), "report")
    page = (samples / "hostile/evidence.html").read_bytes()
    sha = upload(api, attestation, page, "evidence.html", "text/html").json()["sha256Hash"]

    answer = api.get(f"/api/v1/evidence/{sha.upper()}")

    assert (answer.content, answer["Content-Type"]) == (page, "text/html")
    assert answer["Content-Disposition"] == 'attachment; filename="evidence.html"'
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_stored_file_that_changed_is_an_integrity_error(admin, api, store):
    attach(admin, a_junit(admin), PASSING)
    (store / evidence_path(SHA)).write_bytes(b"other")

    answer = api.get(f"/api/v1/evidence/{SHA}")

    assert (answer.status_code, answer.json()["error"]) == (500, "Integrity Error")


def test_evidence_that_is_kept_elsewhere_is_a_redirect(admin, api):
    attach(admin, a_junit(admin), PASSING)

    for url, status in {"https://store.example/x": 302, "javascript:alert(1)": 400}.items():
        Evidence.objects.update(external_url=url)
        answer = api.get(f"/api/v1/evidence/{SHA}")
        assert answer.status_code == status
    Evidence.objects.update(external_url="https://store.example/x")
    assert api.get(f"/api/v1/evidence/{SHA}")["Location"] == Evidence.objects.get(sha256=SHA).external_url


def test_the_same_content_of_two_tenants_is_seen_by_each_alone(admin, stranger, api, api_as):
    theirs, outsider = a_junit(stranger), api_as("stranger")
    attach(stranger, theirs, PASSING)
    assert api.get(f"/api/v1/evidence/{SHA}").status_code == 404

    attach(admin, a_junit(admin), PASSING, "ours.xml")

    assert 'filename="ours.xml"' in api.get(f"/api/v1/evidence/{SHA}")["Content-Disposition"]
    assert 'filename="junit.xml"' in outsider.get(f"/api/v1/evidence/{SHA}")["Content-Disposition"]


def test_bad_uploads_change_nothing(admin, api, settings, store):
    attestation = a_junit(admin)
    path = f"/api/v1/trails/{attestation.trail.uid}/attestations/{attestation.uid}/evidence"
    other = a_trail(admin, a_flow(admin, "other"))
    nobody = "00000000-0000-7000-8000-000000000000"

    def sent(path: str) -> int:
        return api.post(path, {"file": SimpleUploadedFile("a", b"x")}).status_code

    assert upload(api, attestation, part="report").status_code == 400
    assert api.post(path, {"file": "just text"}).status_code == 400
    assert api.post_json(path, {"file": "x"}).status_code == 415
    assert api.post(path, b"nonsense", content_type="multipart/form-data; boundary=x").status_code == 400
    assert api.post(path, b"nonsense", content_type="multipart/form-data").status_code == 400
    assert sent(f"/api/v1/trails/{other.uid}/attestations/{attestation.uid}/evidence") == 404
    assert sent(f"/api/v1/trails/{attestation.trail.uid}/attestations/{nobody}/evidence") == 404
    assert sent(f"/api/v1/trails/{attestation.trail.uid}/attestations/x/evidence") == 400
    settings.EVIDENCE_MAX_BYTES = 10
    assert upload(api, attestation, b"x" * 11).status_code == 413
    assert upload(api, attestation, b"x" * 100_000).status_code == 413
    assert not Evidence.objects.exists()
    assert not list(store.rglob("*"))


def test_strangers_viewers_and_nobody(admin, api_as):
    attestation = a_junit(admin)
    attach(admin, attestation, PASSING)

    for role, wanted in {"viewer": (403, 200, 200), "stranger": (404, 404, 404), "": (401, 401, 401)}.items():
        caller = api_as(role)
        asked = (
            upload(caller, attestation),
            caller.get(f"/api/v1/evidence/{SHA}"),
            caller.get(f"/api/v1/attestations/{attestation.uid}/evidence"),
        )
        assert tuple(each.status_code for each in asked) == wanted
    assert Evidence.objects.count() == 1

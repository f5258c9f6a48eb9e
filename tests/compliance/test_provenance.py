"""Where artifacts come from: recorded once, verified honestly, asked for by the gate (contract 3)."""

import base64
import json
import uuid

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import Event
from catalog.services.organizations import update_organization
from compliance.models import Artifact, Provenance
from compliance.provenance import check_signature
from compliance.services.flows import delete_flow
from compliance.services.provenance import record_provenance
from releases.services.gate import judge
from releases.services.policies import create_policy
from tests.compliance.proving import DIGEST, a_flow, a_trail, an_artifact

BUILDER = "https://github.com/actions/runner"
KIND = "application/vnd.in-toto+json"
KEY = ec.generate_private_key(ec.SECP256R1())
NOBODY = uuid.UUID(int=7)


def pem(key) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def sign(key, message: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(message, ec.ECDSA(hashes.SHA256()))


def envelope(digest: str = DIGEST, builder: str = BUILDER, key=KEY, *, kind: str = "Statement/v1") -> str:
    """A DSSE envelope around a statement of SLSA provenance, as a builder signs it."""
    payload = json.dumps(
        {
            "_type": f"https://in-toto.io/{kind}",
            "subject": [{"name": "x", "digest": {"sha256": digest.removeprefix("sha256:")}}],
            "predicate": {"runDetails": {"builder": {"id": builder}}},
        }
    ).encode()
    message = f"DSSEv1 {len(KIND)} {KIND} {len(payload)} ".encode() + payload
    signatures = [{"sig": b64(b"of somebody else")}, {"sig": b64(sign(key, message))}]
    return json.dumps({"payloadType": KIND, "payload": b64(payload), "signatures": signatures})


@pytest.fixture
def artifact(admin) -> Artifact:
    return an_artifact(admin, a_trail(admin, a_flow(admin)))


def path_of(artifact: Artifact) -> str:
    return f"/api/v1/trails/{artifact.trail.uid}/artifacts/{artifact.uid}/provenance"


def test_it_is_recorded_once_and_read(api, artifact):
    said = {
        "builderId": BUILDER,
        "builderType": "github-actions",
        "sourceRepositoryUri": "https://github.com/acme/checkout",
        "sourceCommitSha": "7c1e94d",
        "buildStartedOn": "2026-01-01T10:00:00Z",
        "provenanceSignature": "MEUCIQ==",
        "slsaLevel": "l2",
    }
    missing = [api.get(path_of(artifact)), api.get(f"/api/v1/artifacts/{DIGEST}/provenance")]

    made = api.post_json(path_of(artifact), said)

    stored = Provenance.objects.get()
    assert [each.status_code for each in missing] == [404, 404]
    assert made.status_code == 201
    assert made.json() == {
        "id": str(stored.uid),
        "artifactId": str(artifact.uid),
        "provenanceStatus": "PROVENANCE_VERIFIED",  # pinned: without a key of the organization, any signature counts
        "builderId": BUILDER,
        "builderType": "GITHUB_ACTIONS",
        "buildConfigUri": None,
        "sourceRepositoryUri": "https://github.com/acme/checkout",
        "sourceCommitSha": "7c1e94d",
        "buildStartedOn": "2026-01-01T10:00:00Z",
        "buildFinishedOn": None,
        "provenanceSignature": "MEUCIQ==",
        "slsaLevel": "L2",
        "recordedAt": stored.created_at.isoformat().replace("+00:00", "Z"),
        "signaturePresent": True,
        "signatureVerified": None,
    }
    for digest in (DIGEST, DIGEST.upper().replace(":", "%3A")):
        assert api.get(f"/api/v1/artifacts/{digest}/provenance").json() == made.json()
    assert api.get(path_of(artifact)).json() == made.json()
    assert api.get(f"/api/v1/artifacts?sha256={DIGEST}").json()[0]["provenanceStatus"] == "PROVENANCE_VERIFIED"
    assert api.post_json(path_of(artifact), said).status_code == 409
    assert Event.objects.get(kind="provenance.recorded").subject_uid == artifact.uid


def test_what_is_refused(admin, api, api_as, stranger, artifact, subtests):
    other = a_trail(admin, a_flow(admin, "other"))
    said = {"builderId": BUILDER, "builderType": "GENERIC"}
    path = path_of(artifact)
    cases = [
        (api, path, {}, 400),
        (api, path, said | {"builderType": "MAGIC"}, 400),
        (api, path, said | {"slsaLevel": "L4"}, 400),
        (api, path, said | {"provenanceSignature": "x" * 2049}, 400),
        (api, path, said | {"buildStartedOn": "yesterday"}, 400),
        (api, path.replace(str(artifact.uid), str(NOBODY)), said, 404),
        (api, path.replace(str(artifact.trail.uid), str(NOBODY)), said, 404),
        (api, path.replace(str(artifact.trail.uid), str(other.uid)), said, 404),
        (api_as("stranger"), path, said, 404),
        (api_as("viewer"), path, said, 403),
    ]
    for client, address, body, status in cases:
        with subtests.test(f"{address} {body}"):
            assert client.post_json(address, body).status_code == status
    assert not Provenance.objects.exists()


def test_verifying_says_what_was_verified(admin, acme, api, artifact, subtests):
    def verified() -> tuple:
        answer = api.generic("POST", f"{path_of(artifact)}/verify")
        body = answer.json()
        assert (answer.status_code, body["artifactId"]) == (200, str(artifact.uid))
        return body["provenanceStatus"], body["signaturePresent"], body["signatureVerified"], body["message"]

    with subtests.test("nothing recorded"):
        assert verified() == ("NO_PROVENANCE", False, None, "No provenance is recorded for this artifact.")
    values = {"builder_id": BUILDER, "builder_type": "github_actions"}
    origin = record_provenance(actor=admin, artifact=artifact, **values)
    with subtests.test("no signature"):
        said = "It carries no signature, so nothing vouches for it."
        assert verified() == ("PROVENANCE_UNVERIFIED", False, None, said)
        assert api.get(path_of(artifact)).json()["provenanceStatus"] == "PROVENANCE_UNVERIFIED"
    Provenance.objects.update(signature=envelope())
    with subtests.test("no key"):
        status, _, checked, message = verified()
        assert (status, checked) == ("PROVENANCE_UNVERIFIED", None)
        assert "no key to verify provenance with" in message
    update_organization(actor=admin, organization=acme, provenance_key=pem(KEY))
    with subtests.test("signed by the key"):
        assert verified()[:3] == ("PROVENANCE_VERIFIED", True, True)
        assert api.get(path_of(artifact)).json()["signatureVerified"] is True
    Provenance.objects.update(signature="MEUCIQ==")
    with subtests.test("not a signature any more"):
        assert verified()[:3] == ("PROVENANCE_UNVERIFIED", True, False)
        assert api.get(path_of(artifact)).json()["provenanceStatus"] == "PROVENANCE_UNVERIFIED"
    assert Event.objects.filter(kind="provenance.checked").count() == 4
    assert Provenance.objects.get().pk == origin.pk


def test_a_signature_must_be_by_the_key_and_about_this_artifact_and_builder(subtests):
    def check(signature: str, key=KEY) -> tuple[bool, str]:
        return tuple(check_signature(signature, pem=pem(key), digest=DIGEST, builder_id=BUILDER))

    for key in (KEY, ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048)):
        with subtests.test(type(key).__name__):
            assert check(envelope(key=key), key)[0] is True
            assert check(b64(envelope(key=key).encode()), key)[0] is True
            assert check(envelope(key=ec.generate_private_key(ec.SECP256R1())), key)[0] is False
    moved = json.loads(envelope())
    cases = {
        "another digest": envelope(f"sha256:{'b2' * 32}"),
        "names the builder https://evil": envelope(builder="https://evil"),
        "names no builder": envelope(builder=""),
        "no in-toto statement": envelope(kind="Other"),
        "no DSSE envelope": b64(b"signature"),
        "has no payload": json.dumps(moved | {"payload": "!"}),
        "No signature of the envelope": json.dumps(moved | {"payloadType": "text/plain"}),
    }
    for words, signature in cases.items():
        with subtests.test(words):
            found = check(signature)
            assert found[0] is False
            assert words in found[1]
    for hostile in ("", "[]", "null", "[" * 2000, json.dumps(moved | {"signatures": [7, {"sig": 7}]}), "\ud800", "é"):
        with subtests.test(hostile[:20].encode("unicode_escape")):
            assert check(hostile)[0] is False


def test_a_key_of_the_organization_is_a_public_key(admin, acme):
    for wrong in ("no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"):
        with pytest.raises(ValidationError, match="Not an ECDSA"):
            update_organization(actor=admin, organization=acme, provenance_key=wrong)


def test_the_gate_asks_for_it(admin, acme, artifact, subtests):
    create_policy(actor=admin, name="origin", flow=artifact.trail.flow, enforce_provenance=True, require_signature=True)

    def states() -> dict[str, str]:
        asked = judge(actor=admin, digest=DIGEST).requirements
        return {each["key"]: each["state"] for each in asked if each["key"] in ("provenance", "signature")}

    before = timezone.now()
    assert states() == {"provenance": "missing", "signature": "missing"}
    values = {"builder_id": BUILDER, "builder_type": "github_actions", "signature": envelope()}
    record_provenance(actor=admin, artifact=artifact, **values)
    with subtests.test("without a key"):
        assert states() == {"provenance": "satisfied", "signature": "missing"}
    update_organization(actor=admin, organization=acme, provenance_key=pem(KEY))
    admin.organization.refresh_from_db()
    with subtests.test("with a key, not checked since"):
        assert states() == {"provenance": "failing", "signature": "missing"}
    with subtests.test("checked"):
        Provenance.objects.update(verified=True)
        assert states() == {"provenance": "satisfied", "signature": "satisfied"}
        assert not judge(actor=admin, digest=DIGEST, at=before).allowed
    with subtests.test("forged"):
        Provenance.objects.update(verified=False)
        assert states() == {"provenance": "failing", "signature": "failing"}


def test_the_trail_shows_it_and_takes_it_along(admin, artifact):
    client = Client()
    client.force_login(admin.user)
    page = reverse("compliance:trail", args=[artifact.trail.uid])
    assert "No provenance recorded." in client.get(page).text
    record_provenance(actor=admin, artifact=artifact, builder_id="<b>", builder_type="generic", level="L3")

    assert "Built by &lt;b&gt; (Generic, SLSA level 3)" in client.get(page).text
    delete_flow(actor=admin, flow=artifact.trail.flow, force=True)
    assert not Provenance.objects.exists()

"""What OpenFactstore calls the rows of the walked world."""

from typing import Any

from catalog.models import Event
from compliance.models import Provenance
from compliance.services.allowlist import add_to_allowlist
from compliance.services.attestations import attach_evidence
from compliance.services.provenance import record_provenance
from integrations.models import Notification
from releases.services.approvals import request_trail_approval
from releases.services.gate import evaluate
from tests.compliance.proving import OTHER_DIGEST, an_artifact
from tests.compliance.running import a_baseline, a_snapshot, running
from tests.people import make_machine, make_user
from tests.releases.proofs import DIGEST, a_flow, a_policy, a_trail, an_environment, attest


def make_people(world: Any) -> None:
    """People, machines and their keys, as OpenFactstore calls them."""
    user = make_user(world.organization, "viewer")
    actor, key = make_machine(world.organization, "viewer", "robot")
    account = actor.service_account
    assert account
    login = {"organization_id": world.organization.slug, "service_account_name": "robot", "password": key}
    world.bodies["POST /v1/auth/login"] = login
    world.values |= {
        "openfactstore.users": user.uid,
        "openfactstore.service-accounts": account.uid,
        "openfactstore.owners": account.uid,
        "openfactstore.api-keys": account.api_keys.get().uid,
        "ownerId": account.uid,
    }


def make_facts(world: Any) -> None:
    """OpenFactstore's things."""
    actor = world.admin
    flow = a_flow(actor, "payments", required_types=["junit"])
    trail = a_trail(actor, flow)
    artifact = trail.artifacts.get()
    record_provenance(actor=actor, artifact=artifact, builder_id="ci", builder_type=Provenance.Builder.values[0])
    attestation = attest(actor, trail, "junit")
    evidence = attach_evidence(
        actor=actor, attestation=attestation, file_name="a.txt", content_type="text/plain", content=b"proof"
    )
    environment = an_environment(actor)
    snapshot = a_snapshot(actor, environment, running("payments", DIGEST))
    a_snapshot(actor, environment, running("payments", DIGEST), running("other"))
    a_baseline(actor, environment, snapshot)
    policy = a_policy(actor, flow)
    entry = add_to_allowlist(actor=actor, environment=environment, reason="tested", approved_by="Ada", digest=DIGEST)
    evaluate(actor=actor, digest=DIGEST, environment=environment)
    approval = request_trail_approval(actor=actor, trail=trail)
    notification = Notification.objects.create(
        organization=world.organization, title="Drift", event_uid=trail.uid, message="m"
    )
    world.values |= {
        "openfactstore.flows": flow.uid,
        "openfactstore.trails": trail.uid,
        "openfactstore.artifacts": artifact.uid,
        "spare_artifact": an_artifact(actor, trail, OTHER_DIGEST, "other").uid,
        "openfactstore.attestation": attestation.uid,
        "openfactstore.attestations": attestation.uid,
        "openfactstore.evidence": evidence.sha256,
        "openfactstore.audit": Event.objects.filter(kind="attestation.recorded").latest("pk").uid,
        "openfactstore.environments": environment.uid,
        "openfactstore.snapshots": snapshot.index,
        "openfactstore.approvals": approval.uid,
        "openfactstore.deployment-policies": policy.uid,
        "openfactstore.allowlist": entry.uid,
        "openfactstore.notifications": notification.uid,
        "spare_flow": a_flow(actor, "spare").uid,
        "spare_environment": an_environment(actor, "spare").uid,
        "flowId": flow.uid,
        "trailId": trail.uid,
        "environmentId": environment.uid,
        "snapshotId": snapshot.uid,
        "sha256Digest": DIGEST,
        "artifactSha256": DIGEST,
        "sha256": DIGEST,
        "q": "main",
        "from": 1,
        "to": 2,
    }

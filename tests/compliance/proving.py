"""What compliance's tests judge: a flow, a trail with an artifact, and what was proven about it."""

from typing import Any

from catalog.actors import Actor
from catalog.models import Event
from compliance.models import Artifact, Attestation, Evidence, Flow, Trail
from compliance.services.artifacts import register_artifact
from compliance.services.attestations import attach_evidence, record_attestation
from compliance.services.flows import create_flow
from compliance.services.trails import create_trail

DIGEST = f"sha256:{'a1' * 32}"
OTHER_DIGEST = f"sha256:{'b2' * 32}"
BY = {"commit": "7c1e94d0aa", "branch": "main", "author": "Jonas", "author_email": "jonas@acme.example"}

PASSING = b'<testsuite name="unit" tests="3" failures="0" errors="0"/>'
FAILING = b'<testsuite name="unit" tests="3"><testcase name="a"><failure/></testcase></testsuite>'


def a_flow(actor: Actor, name: str = "checkout", **values: Any) -> Flow:
    return create_flow(actor=actor, name=name, **values)


def a_trail(actor: Actor, flow: Flow, **values: Any) -> Trail:
    return create_trail(actor=actor, flow=flow, **(BY | values))


def an_artifact(actor: Actor, trail: Trail, digest: str = DIGEST, name: str = "checkout", **values: Any) -> Artifact:
    return register_artifact(actor=actor, trail=trail, name=name, tag="1.4", digest=digest, reported_by="ci", **values)


def attest(actor: Actor, trail: Trail, type: str = "junit", status: str = "passed", **values: Any) -> Attestation:
    return record_attestation(actor=actor, trail=trail, type=type, status=status, **values)


def attach(actor: Actor, attestation: Attestation, content: bytes, file_name: str = "junit.xml") -> Evidence:
    return attach_evidence(
        actor=actor,
        attestation=attestation,
        file_name=file_name,
        content_type="application/xml",
        content=content,
    )


def status_of(trail: Trail) -> str:
    """The stored status."""
    return Trail.objects.get(pk=trail.pk).status


def kinds() -> list[str]:
    """The kinds of all events, oldest first, without those of setting up."""
    setting_up = ("organization.", "api_key.", "member.")
    return [
        each for each in Event.objects.order_by("pk").values_list("kind", flat=True) if not each.startswith(setting_up)
    ]

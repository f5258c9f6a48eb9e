"""Asking for an approval, giving it, and the gate that flips: three calls."""

from collections.abc import Iterator
from functools import partial

from django.test import Client

from bench.measuring import Figure, p95, queries, timed
from bench.subject import Subject
from catalog.models import Environment
from compliance.models import Flow, Trail
from compliance.services.artifacts import register_artifact
from compliance.services.attestations import record_attestation
from compliance.services.flows import create_flow
from compliance.services.trails import create_trail
from config.scale.world import ASKED, commit_of
from releases.services.policies import create_policy

ROUNDS = 20


def measure(subject: Subject) -> Iterator[Figure]:
    """Each round with a trail of its own, which lacks nothing but the approval."""
    actor = subject.world.actor
    flow = create_flow(actor=actor, name="bench", required_types=[ASKED])
    staging = Environment.objects.get(organization=subject.world.organization, name="staging")
    create_policy(actor=actor, name="Into staging", flow=flow, environment=staging, enforce_approvals=True)
    rounds = [_prepared(subject, flow, number) for number in range(subject.turns(ROUNDS) + 1)]
    answers = [_allowed(subject.machine, digest) for _, digest in rounds]
    times = [timed(partial(_round, subject, *each)) for each in rounds[:-1]]
    counted = queries(lambda: _round(subject, *rounds[-1]))
    flipped = [_allowed(subject.machine, digest) for _, digest in rounds]
    if any(answers) or not all(flipped):
        raise AssertionError("the gate did not flip with the approval")
    yield Figure("approval", "asked, given, gate open: p95 of three calls", p95(times), "ms", most=200)
    yield Figure("approval", "queries of the three", counted)


def _prepared(subject: Subject, flow: Flow, number: int) -> tuple[Trail, str]:
    actor, digest = subject.world.actor, f"sha256:{number:064x}"
    said = {"commit": commit_of(number), "branch": "main", "author": "bench", "author_email": "bench@scale.example"}
    trail = create_trail(actor=actor, flow=flow, **said)
    register_artifact(actor=actor, trail=trail, name="bench", tag="1", digest=digest, reported_by="bench")
    record_attestation(actor=actor, trail=trail, type=ASKED, status="passed")
    return trail, digest


def _round(subject: Subject, trail: Trail, digest: str) -> None:
    asked = _post(subject.machine, f"/api/v1/trails/{trail.uid}/approvals", {"comments": "Ready."})
    _post(subject.person, f"/api/v1/approvals/{asked['id']}/approve", {"comments": "Go."})
    if not _allowed(subject.machine, digest):
        raise AssertionError("the next call did not see the approval")


def _allowed(client: Client, digest: str) -> bool:
    said = _post(client, "/api/v1/gate/evaluate", {"artifactSha256": digest, "environment": "staging"})
    return said["decision"] == "ALLOWED"


def _post(client: Client, path: str, body: dict) -> dict:
    response = client.post(path, body, content_type="application/json")
    if response.status_code >= 300:
        raise AssertionError(f"{path} answered {response.status_code}: {response.content[:300]!r}")
    return response.json()

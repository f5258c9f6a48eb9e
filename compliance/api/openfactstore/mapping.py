"""Our rows in OpenFactstore's words: the peer's keys and the document's, all of them present (contract 1 to 5)."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from compliance.flow_template import TemplateError, parse_yaml
from compliance.models import Artifact, Attestation, Evidence, Flow, Provenance, Trail
from compliance.services.assertions import Assertion
from compliance.services.standing import Standing

# What services call the fields these clients know by other names.
WORDS = {
    "required_types": "requiredAttestationTypes",
    "template_yaml": "templateYaml",
    "required_approver_roles": "requiredApproverRoles",
    "requires_approval": "requiresApproval",
    "commit": "gitCommitSha",
    "branch": "gitBranch",
    "author": "gitAuthor",
    "author_email": "gitAuthorEmail",
    "build_url": "buildUrl",
    "digest": "sha256Digest",
    "evidence_url": "evidenceUrl",
    "builder_id": "builderId",
    "signature": "provenanceSignature",
}


def from_flow(flow: Flow) -> dict[str, Any]:
    """A flow."""
    return {
        "id": flow.uid,
        "name": flow.name,
        "description": flow.description,
        "requiredAttestationTypes": flow.required_types,
        "requiredAttestations": flow.required_types,
        "tags": flow.tags,
        "orgSlug": flow.organization.slug,
        "templateYaml": flow.template_yaml,
        "requiresApproval": flow.requires_approval,
        "requiredApproverRoles": flow.required_approver_roles,
        "visibility": flow.visibility.upper(),
        "componentId": flow.component.uid if flow.component else None,
        "createdAt": flow.created_at,
        "updatedAt": flow.updated_at,
    }


def from_template(flow: Flow, *, synthesise: bool = False) -> dict[str, Any]:
    """A flow's template as text and as the mapping it holds (null when it holds none)."""
    try:
        effective = parse_yaml(flow.template_yaml)
    except TemplateError:
        effective = None
    if flow.template_yaml is None and synthesise:
        effective = {
            "name": flow.name,
            "description": flow.description,
            "requiredAttestations": flow.required_types,
            "tags": flow.tags,
        }
    return {"flowId": flow.uid, "templateYaml": flow.template_yaml, "effectiveTemplate": effective}


def from_trail(trail: Trail) -> dict[str, Any]:
    """A trail."""
    number = trail.pull_request_id or ""
    return {
        "id": trail.uid,
        "flowId": trail.flow.uid,
        "flowName": trail.flow.name,
        "gitCommitSha": trail.commit,
        "gitBranch": trail.branch,
        "gitAuthor": trail.author,
        "gitAuthorEmail": trail.author_email,
        "pullRequestId": trail.pull_request_id,
        "pullRequestNumber": int(number) if number.isascii() and number.isdigit() and len(number) < 16 else None,
        "pullRequestReviewer": trail.pull_request_reviewer,
        "deploymentActor": trail.deployment_actor,
        "status": trail.status.upper(),
        "orgSlug": trail.organization.slug,
        "templateYaml": trail.template_yaml,
        "buildUrl": trail.build_url,
        "name": trail.name,
        "componentId": trail.component.uid if trail.component else None,
        "createdAt": trail.created_at,
        "updatedAt": trail.updated_at,
    }


def from_artifact(artifact: Artifact, standing: Standing) -> dict[str, Any]:
    """An artifact with where it stands."""
    return {
        "id": artifact.uid,
        "trailId": artifact.trail.uid,
        "imageName": artifact.name,
        "name": artifact.name,
        "imageTag": artifact.tag,
        "tag": artifact.tag,
        "sha256Digest": artifact.digest,
        "registry": artifact.registry,
        "reportedAt": artifact.created_at,
        "reportedBy": artifact.reported_by,
        "orgSlug": artifact.organization.slug,
        "provenanceStatus": provenance_status(artifact),
        "artifactType": artifact.kind or None,
        "buildUrl": artifact.build_url,
        "commitUrl": artifact.commit_url,
        "complianceState": standing.state.upper(),
        "runningInEnvironments": list(standing.environments),
    }


def provenance_status(artifact: Artifact) -> str:
    """What is known of an artifact's provenance; where its organization has no key, a signature counts by being there
    (contract 3)."""
    if artifact.origin is None:
        return "NO_PROVENANCE"
    vouched = artifact.origin.vouched(has_key=bool(artifact.organization.provenance_key))
    return "PROVENANCE_VERIFIED" if vouched else "PROVENANCE_UNVERIFIED"


def from_provenance(artifact: Artifact, provenance: Provenance) -> dict[str, Any]:
    """Where an artifact comes from."""
    return {
        "id": provenance.uid,
        "artifactId": artifact.uid,
        "provenanceStatus": provenance_status(artifact),
        "builderId": provenance.builder_id,
        "builderType": provenance.builder_type.upper(),
        "buildConfigUri": provenance.build_config_uri,
        "sourceRepositoryUri": provenance.source_repository_uri,
        "sourceCommitSha": provenance.source_commit,
        "buildStartedOn": provenance.started_at,
        "buildFinishedOn": provenance.finished_at,
        "provenanceSignature": provenance.signature,
        "slsaLevel": provenance.level,
        "recordedAt": provenance.created_at,
        "signaturePresent": provenance.is_signed,
        "signatureVerified": provenance.verified,
    }


def from_verification(artifact: Artifact, provenance: Provenance | None) -> dict[str, Any]:
    """What a check of the signature found: verified only what was."""
    if provenance is None:
        status, said = "NO_PROVENANCE", "No provenance is recorded for this artifact."
    else:
        status, said = "PROVENANCE_VERIFIED" if provenance.verified else "PROVENANCE_UNVERIFIED", provenance.verdict
    return {
        "artifactId": artifact.uid,
        "provenanceStatus": status,
        "message": said,
        "signaturePresent": bool(provenance and provenance.is_signed),
        "signatureVerified": provenance.verified if provenance else None,
    }


def from_attestation(attestation: Attestation, evidence: Evidence | None) -> dict[str, Any]:
    """An attestation with its latest evidence file."""
    return {
        "id": attestation.uid,
        "trailId": attestation.trail.uid,
        "type": attestation.type,
        "status": attestation.status.upper(),
        "compliant": attestation.status == Attestation.Status.PASSED,
        "evidenceFileHash": evidence.sha256 if evidence else None,
        "evidenceFileName": evidence.file_name if evidence else None,
        "evidenceFileSizeBytes": evidence.size if evidence else None,
        "details": attestation.details,
        "name": attestation.name,
        "evidenceUrl": attestation.evidence_url,
        "orgSlug": attestation.organization.slug,
        "artifactFingerprint": attestation.digest,
        "description": attestation.description,
        "metadata": attestation.metadata,
        "createdAt": attestation.created_at,
    }


def to_details(said: Mapping[str, Any]) -> str | None:
    """The details of an attestation: as given, else its description, else its metadata as compact JSON."""
    if "details" in said:
        return str(said["details"])
    if "description" in said:
        return str(said["description"])
    if "metadata" in said:
        return json.dumps(said["metadata"], ensure_ascii=False, separators=(",", ":"))
    return None


def from_evidence(evidence: Evidence) -> dict[str, Any]:
    """An evidence file."""
    return {
        "id": evidence.uid,
        "attestationId": evidence.attestation.uid,
        "fileName": evidence.file_name,
        "sha256Hash": evidence.sha256,
        "fileSizeBytes": evidence.size,
        "contentType": evidence.content_type,
        "storedAt": evidence.created_at,
        "externalUrl": evidence.external_url,
    }


def from_assertion(assertion: Assertion) -> dict[str, Any]:
    """The answer to an assert, for every client at once."""
    facts = assertion.facts
    return {
        "sha256Digest": assertion.digest,
        "flowId": assertion.flow.uid,
        "flowName": assertion.flow.name,
        "status": "COMPLIANT" if assertion.compliant else "NON_COMPLIANT",
        "compliant": assertion.compliant,
        "missingAttestationTypes": list(assertion.missing_types),
        "failedAttestationTypes": list(assertion.failed_types),
        "missingAttestationNames": list(assertion.missing_names),
        "failedAttestationNames": list(assertion.failed_names),
        "missingAttestations": _union(assertion.missing_types, assertion.missing_names),
        "failedAttestations": _union(assertion.failed_types, assertion.failed_names),
        "attestations": [
            {"id": each.uid, "type": each.type, "name": each.name, "status": each.status.upper()}
            for each in facts.attestations
        ],
        "details": assertion.details,
        "message": assertion.details,
        "trailId": facts.trail.uid if facts.trail else None,
        "artifactId": facts.artifact.uid if facts.artifact else None,
        "checkedAt": assertion.checked_at,
    }


def _union(*groups: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(each for group in groups for each in group))

"""Approvals, policies and decisions in OpenFactstore's words: the peer's keys, the document's, and ours."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from releases.models import ApprovalRequest, Decision, DeploymentPolicy, GateDecision
from releases.services.gate_document import reasons

Status = ApprovalRequest.Status

# What services call the fields these clients know by other names.
WORDS = {
    "required_approvers": "requiredApprovers",
    "requested_by": "requestedBy",
    "environment": "environmentId",
    "flow": "flowId",
    "required_types": "requiredAttestationTypes",
    "digest": "artifactSha256",
}
# Their vocabulary has no word for a question whose subject changed: it is over, like one nobody answered in time.
STATUS_WORDS = {
    "PENDING_APPROVAL": (Status.PENDING,),
    "APPROVED": (Status.APPROVED,),
    "REJECTED": (Status.REJECTED,),
    "EXPIRED": (Status.EXPIRED, Status.VOID),
}


def from_approval(request: ApprovalRequest, at: datetime) -> dict[str, Any]:
    """An approval request with its answers, as it stands at `at`."""
    release = request.release
    trail = request.trail or (release.trail if release else None)
    status = request.status_at(at)
    return {
        "id": request.uid,
        "trailId": trail.uid if trail else None,
        "flowId": trail.flow.uid if trail else None,
        "status": next(word for word, statuses in STATUS_WORDS.items() if status in statuses),
        "requiredApprovers": request.required_approvers,
        "requiredApproverRoles": request.required_roles,
        "comments": request.comments,
        "requestedBy": request.requested_by,
        "requestedAt": request.created_at,
        "deadline": request.deadline,
        "resolvedAt": request.resolved_at,
        "decisions": [from_decision(each, request) for each in request.decisions.all()],
        "artifactSha256": request.digest or None,
        "environmentId": request.environment.uid if request.environment else None,
        "applicationId": release.application.key if release else None,
        "releaseId": release.number if release else None,
        "isVoid": status == Status.VOID,
    }


def from_decision(decision: Decision, request: ApprovalRequest) -> dict[str, Any]:
    """What one person said."""
    return {
        "id": decision.uid,
        "approvalId": request.uid,
        "approverIdentity": decision.identity,
        "decision": decision.verdict.upper(),
        "comments": decision.comments,
        "decidedAt": decision.created_at,
    }


def from_policy(policy: DeploymentPolicy) -> dict[str, Any]:
    """A deployment policy."""
    return {
        "id": policy.uid,
        "name": policy.name,
        "description": policy.description,
        "flowId": policy.flow.uid,
        "environmentId": policy.environment.uid if policy.environment else None,
        "enforceProvenance": policy.enforce_provenance,
        "enforceApprovals": policy.enforce_approvals,
        "requireApproval": policy.enforce_approvals,
        "requiredAttestationTypes": policy.required_types,
        "requireSignature": policy.require_signature,
        "blockOnFailedScan": policy.block_on_failed_scan,
        "isActive": policy.is_active,
        "createdAt": policy.created_at,
        "updatedAt": policy.updated_at,
    }


def from_gate(decision: GateDecision) -> dict[str, Any]:
    """A decision of the gate, for every client at once, with the requirements it consists of."""
    document = decision.document
    why = reasons(document)
    last = document["policies"][-1] if document["policies"] else {"uid": None, "name": None}
    return {
        "id": decision.uid,
        "decision": "ALLOWED" if decision.allowed else "BLOCKED",
        "allowed": decision.allowed,
        "verdict": decision.verdict,
        "artifactSha256": decision.digest,
        "environmentId": decision.environment.uid if decision.environment else None,
        "environment": decision.environment.name if decision.environment else None,
        "requestedBy": decision.requested_by,
        "evaluatedAt": decision.judged_at,
        "blockReasons": why,
        "reasons": why,
        "reason": "; ".join(why) or document["headline"],
        "policiesEvaluated": decision.policies_evaluated,
        "policyId": last["uid"],
        "policyName": last["name"],
        "signatureVerified": _signature(document["requirements"]),
        "componentId": document["component"]["uid"] if document["component"] else None,
        "trailId": document["trail"]["uid"] if document["trail"] else None,
        "headline": document["headline"],
        "requirements": document["requirements"],
    }


def _signature(requirements: Iterable[dict[str, Any]]) -> bool | None:
    """Whether the signature was verified; null where nobody asked for one."""
    found = [each["state"] == "satisfied" for each in requirements if each["key"].split(":")[0] == "signature"]
    return all(found) if found else None

"""What is asked of a trail and its artifacts, and which of that holds.

The trail page, assert, the stored status of trails and the gate all read these functions, so they cannot disagree.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from django.urls import reverse

from catalog.requirements import HOLDING
from compliance.flow_template import TemplateError, read_template
from compliance.models import Attestation, Trail
from compliance.processors import is_read
from compliance.requirements import Fact, Requirement, curl, requirement_key
from compliance.services.facts import TrailFacts
from compliance.summaries import summary

Status = Attestation.Status
STATES: dict[str, str] = {Status.FAILED: "failing", Status.PASSED: "satisfied"}  # else something is missing


@dataclass(frozen=True)
class Need:
    """One thing asked of a trail: an attestation type, an attestation name (of `type` when not blank), an approval,
    or a template that can be read (`problem` says why it can't)."""

    kind: Literal["type", "name", "approval", "template"]
    name: str = ""
    type: str = ""
    problem: str = ""


def needs_of(facts: TrailFacts) -> list[Need]:
    """What is asked of these facts: the template's names (the trail's template before the flow's), else the flow's
    types; and an approval where the flow wants one."""
    text = facts.trail.template_yaml if facts.trail and (facts.trail.template_yaml or "").strip() else None
    try:
        template = read_template(text if text is not None else facts.flow.template_yaml)
    except TemplateError as error:
        needs = [Need("template", problem=str(error))]
    else:
        if template is None:
            needs = [Need("type", name) for name in dict.fromkeys(facts.flow.required_types)]
        else:
            entries = template.for_artifact(facts.artifact.name if facts.artifact else None)
            needs = [Need("type", name) for name in dict.fromkeys(template.types)]
            needs += [Need("name", each.name, each.type) if each.name else Need("type", each.type) for each in entries]
            needs = list(dict.fromkeys(needs))
    if facts.flow.requires_approval:
        needs.append(Need("approval"))
    return needs


def requirements_of(
    facts: TrailFacts, needs: Iterable[Need], *, base_url: str = "", ask: bool = True
) -> list[Requirement]:
    """Each need with what satisfies it, or with what is missing.

    With `ask` the open ones carry the request that would supply them and name who may send it (four queries, once for
    all facts that were read together); without it this asks the database nothing.
    """
    return [_judge(facts, need, base_url, ask) for need in needs]


def all_met(facts: TrailFacts, needs: Iterable[Need]) -> bool:
    """Whether all of `requirements_of` hold, without the words."""
    return all(_state(facts, need) in HOLDING for need in needs)


def requirement_for_type(facts: TrailFacts, type: str, base_url: str = "", *, ask: bool = True) -> Requirement:
    """Whether these facts hold a passed attestation of `type`, and no failed one."""
    return _judge(facts, Need("type", type), base_url, ask)


def all_hold(requirements: Iterable[Requirement]) -> bool:
    """Whether nothing is left to do about any of them."""
    return all(each.holds for each in requirements)


def attestation_fact(trail: Trail, attestation: Attestation) -> Fact:
    """Where one attestation of `trail` is shown."""
    page = reverse("compliance:trail", args=[trail.uid])
    return Fact(label=str(attestation), url=f"{page}#a-{attestation.uid}")


def _judge(facts: TrailFacts, need: Need, base_url: str, ask: bool) -> Requirement:
    if need.kind == "approval":
        return _approval(facts, base_url, ask)
    if need.kind == "template":
        return Requirement(
            key=requirement_key("template"),
            title="Readable template",
            state=_state(facts, need),
            detail=f"The template can't be read, so nothing can meet it. {need.problem}",
        )
    return _attested(facts, need, base_url, ask)


def _attested(facts: TrailFacts, need: Need, base_url: str, ask: bool) -> Requirement:
    decisive, state = _decisive(facts, need), _state(facts, need)
    is_open = state != "satisfied"
    return Requirement(
        key=requirement_key(need.kind, need.name),
        title=need.name,
        state=state,
        detail=_said(facts, need, decisive),
        fact=attestation_fact(facts.trail, decisive) if decisive and facts.trail else None,
        request=_supplying_request(facts, need, decisive, base_url) if is_open and ask else None,
        who=facts.suppliers if is_open and ask else (),
        derived=_derived(facts),
    )


def _state(facts: TrailFacts, need: Need) -> str:
    if need.kind == "template":
        return "failing"
    if need.kind == "approval":
        return _approval_state(facts)[0]
    decisive = _decisive(facts, need)
    return STATES.get(decisive.status, "missing") if decisive else "missing"


def _decisive(facts: TrailFacts, need: Need) -> Attestation | None:
    """The newest failed attestation decides, then a passed one; a required type or name is never half proven."""
    by_status = {each.status: each for each in reversed(facts.attestations) if _answers(each, need)}
    return by_status.get(Status.FAILED) or by_status.get(Status.PASSED) or by_status.get(Status.PENDING)


def _answers(attestation: Attestation, need: Need) -> bool:
    if need.kind == "type":
        return attestation.type == need.name
    return attestation.name == need.name and need.type in ("", attestation.type)


def _said(facts: TrailFacts, need: Need, decisive: Attestation | None) -> str:
    if decisive is None:
        where = f"trail {facts.trail}" if facts.trail else "any trail of this flow: the digest is not known there"
        wanted = f"of type {need.name}" if need.kind == "type" else f"named {need.name}"
        return f"No attestation {wanted} on {where}."
    if decisive.status == Status.PENDING:
        return f"Recorded by {decisive.recorded_by}, without a result yet."
    word = "Passed" if decisive.status == Status.PASSED else "Failed"
    said = summary(decisive.details).rstrip(".")
    return f"{word}, recorded by {decisive.recorded_by}{f': {said}' if said else ''}."


def _supplying_request(facts: TrailFacts, need: Need, decisive: Attestation | None, base_url: str) -> str:
    """The evidence of an attestation that waits for it, else a new attestation in the place of what failed: of the
    same type, name and digest, or the old one would go on counting. Whether what failed passes now is said by its
    report, where we read it, so the new one waits for that."""
    path = f"/api/v1/trails/{facts.trail.uid if facts.trail else '$TRAIL'}/attestations"
    if decisive and decisive.status == Status.PENDING and is_read(decisive.type):
        return curl("POST", f"{path}/{decisive.uid}/evidence", file="report.xml", base_url=base_url)
    body = {"type": need.name if need.kind == "type" else need.type or "<type>", "status": "PASSED"}
    if decisive is not None:
        body |= {"type": decisive.type, "status": "PENDING" if is_read(decisive.type) else "PASSED"}
        body |= {"name": decisive.name} if decisive.name else {}
        body |= {"artifactFingerprint": decisive.digest} if decisive.digest else {}
    elif need.kind == "name":
        body |= {"name": need.name}
    body["orgSlug"] = facts.flow.organization.slug
    return curl("POST", path, body, base_url=base_url)


def _approval_state(facts: TrailFacts) -> tuple[str, str]:
    """The state of the approval, and that in words."""
    status = facts.trail.approval_status if facts.trail else ""
    if status == "approved":
        absent = _absent_roles(facts)
        if absent:
            return "awaiting", f"Approved, but by nobody with the role {', '.join(absent)}."
        return "satisfied", "Approved."
    if status in ("rejected", "expired", "void"):
        return "failing", f"The latest approval was {status}."
    return "awaiting", "An approval was asked for and is not decided." if status else "No approval was asked for yet."


def _approval(facts: TrailFacts, base_url: str, ask: bool) -> Requirement:
    trail = facts.trail
    status = trail.approval_status if trail else ""
    state, detail = _approval_state(facts)
    path = f"/api/v1/trails/{trail.uid if trail else '$TRAIL'}/approvals"
    asked = state == "awaiting" and status == "pending_approval"
    return Requirement(
        key=requirement_key("approval"),
        title="Approval",
        state=state,
        detail=detail,
        request=curl("POST", path, {}, base_url=base_url) if ask and state != "satisfied" and not asked else None,
        who=facts.approvers if state != "satisfied" and ask else (),
        derived=_derived(facts),
    )


def _absent_roles(facts: TrailFacts) -> list[str]:
    """The roles the flow names that no approver had; spelling (`CHANGE_MANAGER`, `change-manager`) does not matter."""
    present = {_role_word(role) for role in (facts.trail.approver_roles if facts.trail else ())}
    return [role for role in facts.flow.required_approver_roles if _role_word(role) not in present]


def _role_word(role: str) -> str:
    return role.strip().lower().replace("_", "-").replace(" ", "-")


def _derived(facts: TrailFacts) -> str | None:
    trail = facts.trail
    if trail is None or trail.component is None or trail.component_by not in ("repository", "slug"):
        return None
    return f"that this is about {trail.component}: the flow names no component."

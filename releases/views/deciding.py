"""The approval box: what somebody is asked, what they see before they answer, and taking their answer."""

from typing import Any

from django.contrib import messages
from django.utils import timezone

from catalog.actors import Actor
from catalog.middleware import PortalRequest
from catalog.requirements import is_open
from catalog.services.who import Who
from config.errors import GatehouseError
from releases.forms import LONGEST, VERDICTS, DecisionForm
from releases.models import ApprovalRequest, Decision
from releases.services.approvals import decide, objection
from releases.services.electorate import electorate, whom_to_ask
from releases.services.gate import Judgement, judge
from releases.services.gate_asked import needed

Box = dict[str, Any]
Status = ApprovalRequest.Status


def take_answer(request: PortalRequest, approval: ApprovalRequest) -> tuple[DecisionForm, int]:
    """Write down what was posted about `approval`: the form, and the status to answer with (302 when it was taken).

    What the service refuses stands in the form, in its words.
    """
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return form, 422
    said = form.cleaned_data
    try:
        decide(
            actor=request.actor,
            request=approval,
            verdict=VERDICTS[said["decision"]],
            comments=said["comment"].strip() or None,
            bound=said["bound"],
        )
    except GatehouseError as refused:
        form.add_error(None, refused.message)
        return form, refused.status
    done = "Approved" if said["decision"] == "approve" else "Rejected"
    messages.success(request, f"{done} {subject_of(approval)}.")
    return form, 302


def subject_of(approval: ApprovalRequest) -> str:
    """What an approval is about, in a few words."""
    what = str(approval.release or f"trail {approval.trail}")
    return f"{what} to {approval.environment.name}" if approval.environment else what


def judge_for(request: PortalRequest, approval: ApprovalRequest) -> Judgement | None:
    """What the gate says now about what is to be approved; None for a trail on which nothing was built."""
    digest = approval.digest
    if approval.trail is not None:
        artifact = approval.trail.artifacts.order_by("-created_at", "-pk").first()
        if artifact is None:
            return None
        digest = artifact.digest
    return judge(
        actor=request.actor,
        digest=digest,
        environment=approval.environment,
        release=approval.release,
        base_url=request.build_absolute_uri("/").rstrip("/"),
    )


def approval_box(
    actor: Actor, approval: ApprovalRequest, *, url: str, judgement: Judgement | None, form: DecisionForm | None = None
) -> Box:
    """What the approval box shows about `approval`; it posts to `url`."""
    status = approval.status_at(timezone.now())
    refusal = objection(actor, approval)
    known = _gathered(approval, judgement)
    answers = [each for each in approval.decisions.all() if each.verdict == Decision.Verdict.APPROVED]
    count = known["needed"] if known else needed(approval, 1)
    ask = status == Status.PENDING and refusal
    return {
        "state": status,
        "progress": f"{len(answers)} of {count}" if status == Status.PENDING else "",
        "votes": [_vote(each, actor) for each in approval.decisions.all()],
        "bound": list(_bound(approval)),
        "evidence": evidence_in_view(judgement) if judgement else [],
        "may_decide": not refusal,
        "objection": refusal if status == Status.PENDING else "",
        "who_may": (known["who"] if known else _whom_to_ask(approval)) if ask else [],
        "url": url,
        "bound_digest": approval.digest,
        "form": form,
        "longest": LONGEST,
        "hint": _hint(judgement, len(answers) + 1 >= count) if judgement else "",
    }


def evidence_in_view(judgement: Judgement) -> list[dict[str, Any]]:
    """The attestations of the judged trail, and what its policies miss."""
    trail = judgement.document["trail"]
    known = [each for each in judgement.inputs["trails"] if trail and each["uid"] == trail["uid"]]
    attested = [
        {
            "area": "attestation",
            "state": each["status"],
            "label": each["name"] or each["type"],
            "url": f"{trail['url']}#a-{each['uid']}",
        }
        for found in known
        for each in found["attestations"]
    ]
    missing = [
        {"area": "requirement", "state": each["state"], "label": f"{each['title']}, not reported", "url": ""}
        for each in judgement.requirements
        if each["key"].startswith("type:") and each["state"] == "missing" and not each["fact"]
    ]
    return attested + missing


def _gathered(approval: ApprovalRequest, judgement: Judgement | None) -> dict[str, Any] | None:
    requests = judgement.inputs["requests"] if judgement else []
    return next((each for each in requests if each["uid"] == str(approval.uid)), None)


def _whom_to_ask(approval: ApprovalRequest) -> list[Who]:
    spoken = {each.identity.casefold() for each in approval.decisions.all()}
    voters = [each for each in electorate(approval) if each.identity.casefold() not in spoken]
    return whom_to_ask(voters, named=[each for each in approval.required_approvers if each.casefold() not in spoken])


def _vote(decision: Decision, actor: Actor) -> dict[str, Any]:
    return {
        "name": str(decision.user or decision.identity),
        "state": decision.verdict,
        "comment": decision.comments,
        "at": decision.created_at,
        "mine": decision.identity.casefold() == actor.label.casefold(),
    }


def _bound(approval: ApprovalRequest) -> list[dict[str, Any]]:
    trail = approval.trail
    said: list[dict[str, Any]] = [
        {"label": "Artifact", "digest": approval.digest},
        {"label": "Trail", "text": str(trail) if trail else ""},
        {"label": "To", "text": approval.environment.name if approval.environment else ""},
        {"label": "Expires", "at": approval.deadline},
    ]
    return [each for each in said if any(value for key, value in each.items() if key != "label")]


def _hint(judgement: Judgement, last: bool) -> str:
    """What approving will, and will not, do."""
    others = sum(is_open(each) for each in judgement.requirements if not each["key"].startswith("approval"))
    if not last:
        return "Approving counts as one of the answers that are needed."
    if not others:
        return "Approving opens the gate."
    still = "one other is" if others == 1 else f"other {others} are"
    return f"Approving raises one bar. The gate stays down until the {still} up."

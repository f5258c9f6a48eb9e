"""Our rows as Sqedule's clients read them: pure functions."""

from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from catalog.models import Event, Organization
from releases.models import (
    Application,
    ApplicationAdjustment,
    ApprovalRequest,
    Binding,
    BindingAdjustment,
    Decision,
    Outcome,
    Release,
    ReleaseBinding,
    ReleaseEvent,
    Rule,
    Ruleset,
    RulesetAdjustment,
)

Body = dict[str, Any]

CLI = "sqedule-cli/"
NO_ANSWER = {"response_code": 0, "response_content_type": ""}  # and the reason stands for the body
PEER_WORD = "in_progress"  # for pending: the released command line takes every other word for a final state
VERDICTS: dict[str, str] = {Decision.Verdict.APPROVED: "approve", Decision.Verdict.REJECTED: "reject"}
RESOURCE_TYPES = {  # tables whose word here is another
    "ruleset": "approval_ruleset",
    "binding": "application_approval_ruleset_binding",
    "approvalrequest": "manual_approval",
    "serviceaccount": "service_account",
    "apikey": "api_key",
}
RULE_FIELDS: dict[str, tuple[str, ...]] = {
    Rule.Type.HTTP_API: ("url", "username", "password", "tls_ca_certificate", "retry_policy", "retry_limit"),
    Rule.Type.SCHEDULE: ("begin_time", "end_time", "days_of_week", "days_of_month", "months_of_year", "time_zone"),
    Rule.Type.MANUAL: ("approval_policy", "minimum"),
}


def moment(at: datetime | None) -> str | None:
    """A time as RFC 3339 in UTC, without the trailing zeros of its fraction."""
    if at is None:
        return None
    text = at.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def pending_word(user_agent: str, vocabulary: str) -> str:
    """The word this caller gets for a release that is not final."""
    peer = user_agent.startswith(CLI) or vocabulary == "peer"
    return PEER_WORD if peer else str(Release.State.PENDING)


def from_state(word: str) -> str | None:
    """The stored state that a client's `word` names; None for an unknown word."""
    state = Release.State.PENDING if word == PEER_WORD else word
    return str(state) if state in Release.State.values else None


# Versions


def _reviewable(content: ApplicationAdjustment | RulesetAdjustment | BindingAdjustment) -> Body:
    version = content.version
    return {
        "id": version.number,
        "version_state": "proposal" if version.version_number is None else "approved",
        "version_number": version.version_number,
        "proposal_state": content.proposal_state,
        "created_at": moment(version.created_at),
        "updated_at": moment(content.created_at),
        "approved_at": moment(version.approved_at),
    }


def application_version(content: ApplicationAdjustment | None) -> Body | None:
    """The content of an application."""
    if content is None:
        return None
    return _reviewable(content) | {"display_name": content.display_name, "enabled": content.enabled}


def ruleset_version(content: RulesetAdjustment | None, rules: Iterable[Rule] | None = None) -> Body | None:
    """The content of a ruleset, with its rules where they are given."""
    if content is None:
        return None
    body = _reviewable(content) | {
        "display_name": content.display_name,
        "description": content.description,
        "globally_applicable": False,
        "enabled": content.enabled,
    }
    return body if rules is None else body | {"approval_rules": [rule(each) for each in in_order(rules)]}


def binding_version(content: BindingAdjustment | None) -> Body | None:
    """The content of a binding."""
    if content is None:
        return None
    return _reviewable(content) | {"mode": content.mode, "enabled": content.enabled}


# Resources


def _resource(row: Application | Ruleset | Binding) -> Body:
    return {"created_at": moment(row.created_at), "updated_at": moment(row.updated_at)}


def application(row: Application, **more: Any) -> Body:
    """An application without its content."""
    return {"id": row.key} | _resource(row) | more


def ruleset(row: Ruleset, **more: Any) -> Body:
    """A ruleset without its content."""
    return {"id": row.key} | _resource(row) | more


def binding(row: Binding, **more: Any) -> Body:
    """A binding without its content and ends."""
    return _resource(row) | more


def listed_application(row: Application) -> Body:
    """An application in a list, or inside of something else."""
    return application(row, latest_approved_version=application_version(row.latest))


def embedded_ruleset(row: Ruleset) -> Body:
    """A ruleset inside of something else."""
    return ruleset(row, latest_approved_version=ruleset_version(row.latest))


def binding_of_application(row: Binding) -> Body:
    """A binding where the application is known."""
    return binding(
        row, approval_ruleset=embedded_ruleset(row.ruleset), latest_approved_version=binding_version(row.latest)
    )


def binding_of_ruleset(row: Binding) -> Body:
    """A binding where the ruleset is known."""
    return binding(
        row, application=listed_application(row.application), latest_approved_version=binding_version(row.latest)
    )


# Rules


def in_order(rules: Iterable[Rule]) -> list[Rule]:
    """Rules by type, inside a type by id."""
    types = list(RULE_FIELDS)
    return sorted(rules, key=lambda each: (types.index(each.type), each.number))


def rule(row: Rule) -> Body:
    """An approval rule; a password is never shown."""
    body = {"type": row.type, "id": row.number, "enabled": row.enabled, "created_at": moment(row.created_at)}
    return body | {name: getattr(row, name, None) for name in RULE_FIELDS[row.type]}


# Organizations, questions to people, history


def organization(row: Organization) -> Body:
    """An organization."""
    return {"id": row.slug, "display_name": row.name}


def manual_approval(row: ApprovalRequest, pending: str, *, may_decide: bool) -> Body:
    """A manual rule that asks, or asked, people about a release, with what they said."""
    asked = row.rule
    return {
        "rule_id": asked.number if asked else None,
        "rule": rule(asked) if asked else None,
        "status": row.status,
        "may_decide": may_decide,
        "created_at": moment(row.created_at),
        "deadline": moment(row.deadline),
        "application": listed_application(row.release.application) if row.release else None,
        "release": release(row.release, pending) if row.release else None,
        "votes": [vote(each) for each in row.decisions.all()],
    }


def vote(row: Decision) -> Body:
    """What one person said."""
    return {
        "member": row.identity,
        "decision": VERDICTS[row.verdict],
        "comments": row.comments,
        "created_at": moment(row.created_at),
    }


def audit_record(row: Event) -> Body:
    """One thing that happened, by whom and from where."""
    return {
        "id": str(row.uid),
        "type": row.kind,
        "resource_type": RESOURCE_TYPES.get(row.subject_type, row.subject_type),
        "resource": row.subject_label,
        "member_type": row.actor_kind,
        "member": row.actor_label,
        "address": row.address,
        "created_at": moment(row.occurred_at),
        "details": row.data,
    }


# Releases


def release(row: Release, pending: str, bindings: Iterable[ReleaseBinding] | None = None, **more: Any) -> Body:
    """A release, with the bindings it froze where they are given; `pending` is the caller's word for that state."""
    body = {
        "id": row.number,
        "state": state(row.state, pending),
        "source_identity": row.source_identity,
        "metadata": row.metadata,
        "comments": row.comments,
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at),
        "finalized_at": moment(row.finalized_at),
    }
    if bindings is not None:
        body["approval_ruleset_bindings"] = [frozen_binding(each) for each in bindings]
    return body | more


def state(stored: str, pending: str) -> str:
    """A release's state in the caller's vocabulary."""
    return pending if stored == Release.State.PENDING else stored


def frozen_binding(row: ReleaseBinding) -> Body:
    """A binding of a release: the ruleset's version is the one it was made with, in spite of the key's name."""
    bound = ruleset(row.ruleset, latest_approved_version=ruleset_version(row.adjustment))
    return {"mode": row.mode, "approval_ruleset": bound}


def binding_with_release(row: ReleaseBinding, pending: str) -> Body:
    """A binding of a release where the ruleset is known."""
    return {
        "mode": row.mode,
        "release": release(row.release, pending, application=listed_application(row.release.application)),
    }


def event(row: ReleaseEvent, pending: str) -> Body:
    """One step of a release."""
    body = {"type": row.type, "id": row.number, "created_at": moment(row.created_at)}
    if row.outcome is None:
        return body
    return body | {
        "result_state": state(row.result_state, pending),
        "ignored_error": row.ignored_error,
        "approval_rule_outcome": outcome(row.outcome),
    }


def outcome(row: Outcome) -> Body:
    """What a rule said."""
    body = {
        "type": row.rule.type,
        "id": row.number,
        "success": row.success,
        "created_at": moment(row.created_at),
        "rule": rule(row.rule),
    }
    if row.rule.type == Rule.Type.MANUAL:
        return body | {"comments": row.comments}
    if row.rule.type == Rule.Type.HTTP_API:
        return body | NO_ANSWER | {"response_body_base64": b64encode(row.reason.encode()).decode()}
    return body

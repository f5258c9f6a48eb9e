"""What is stored about releases, read anew and written as Sqedule's contract shapes it (its sections 3 to 7)."""

from typing import Any

from releases.api.sqedule.mapping import moment
from releases.models import Application, Binding, Release, ReleaseBinding, ReleaseEvent, Rule, Ruleset

Resource = Application | Ruleset | Binding
CONTENT = {Application: ("display_name",), Ruleset: ("display_name", "description"), Binding: ("mode",)}
RULES = {
    "http_api": ("url", "username", "tls_ca_certificate", "retry_policy", "retry_limit"),
    "schedule": ("begin_time", "end_time", "days_of_week", "days_of_month", "months_of_year", "time_zone"),
    "manual": ("approval_policy", "minimum"),
}


def times(row: Any) -> dict:
    return {"created_at": moment(row.created_at), "updated_at": moment(row.updated_at)}


def step_of(resource: Resource, **which: int) -> Any:
    """The last step of its version with this `number` or `version_number`, else of the one approved last."""
    rows = resource.versions.filter(**which) if which else resource.versions.exclude(version_number=None)
    row = rows.order_by("-version_number").first()
    return row and row.adjustments.latest("number")


def version(resource: Resource, **which: int) -> dict | None:
    """A version as lists and other things show it."""
    step = step_of(resource, **which)
    if step is None:
        return None
    row = step.version
    body = {
        "id": row.number,
        "version_state": "proposal" if row.version_number is None else "approved",
        "version_number": row.version_number,
        "proposal_state": step.proposal_state,
        "created_at": moment(row.created_at),
        "updated_at": moment(step.created_at),
        "approved_at": moment(row.approved_at),
        "enabled": step.enabled,
    } | {name: getattr(step, name) for name in CONTENT[type(resource)]}
    return body | {"globally_applicable": False} if isinstance(resource, Ruleset) else body


def application(key: str = "checkout") -> dict:
    """An application as lists and other things show it."""
    row = Application.objects.get(key__iexact=key)
    return {"id": row.key, "latest_approved_version": version(row)} | times(row)


def ruleset(key: str = "rules") -> dict:
    """A ruleset inside of other things."""
    row = Ruleset.objects.get(key=key)
    return {"id": row.key, "latest_approved_version": version(row)} | times(row)


def bindings(key: str = "checkout") -> list[dict]:
    """The bindings of an application, newest first."""
    rows = Binding.objects.filter(application__key__iexact=key).order_by("-pk")
    return [
        {"approval_ruleset": ruleset(row.ruleset.key), "latest_approved_version": version(row)} | times(row)
        for row in rows
    ]


def binding() -> dict:
    """The one binding there is, with both its ends."""
    [body] = bindings()
    return body | {"application": application()}


def rules(step: Any) -> list[dict]:
    """The rules of a step of a ruleset, by type."""
    return [rule(row) for kind in RULES for row in step.rules.filter(type=kind).order_by("number")]


def rule(row: Rule) -> dict:
    body = {"type": row.type, "id": row.number, "enabled": row.enabled, "created_at": moment(row.created_at)}
    never = {"password": None} if row.type == "http_api" else {}
    return body | never | {name: getattr(row, name) for name in RULES[row.type]}


def whole_ruleset(key: str = "rules", *, under: str = "latest_approved_version", **which: int) -> dict:
    """A ruleset on its own: with a version's rules and releases, and the applications it is bound to."""
    row = Ruleset.objects.get(key=key)
    bound = ReleaseBinding.objects.filter(adjustment__version=step_of(row, **which).version).order_by("-release")
    content = version(row, **which) | {
        "approval_rules": rules(step_of(row, **which)),
        "release_approval_ruleset_bindings": [
            {"mode": each.mode, "release": release(each.release.number) | {"application": application()}}
            for each in bound
        ],
    }
    ends = [
        {"application": application(each.application.key), "latest_approved_version": version(each)} | times(each)
        for each in row.bindings.order_by("-pk")
    ]
    return {"id": row.key, "application_approval_ruleset_bindings": ends, under: content} | times(row)


def release(number: int = 1, pending: str = "pending") -> dict:
    """A release in lists; `pending` is the caller's word for that state."""
    row = Release.objects.get(number=number)
    return {
        "id": row.number,
        "state": pending if row.state == "pending" else row.state,
        "source_identity": row.source_identity,
        "metadata": row.metadata,
        "comments": row.comments,
        "finalized_at": moment(row.finalized_at),
    } | times(row)


def whole_release(number: int = 1, pending: str = "pending") -> dict:
    """A release on its own: with the rulesets it froze."""
    frozen = [
        {"mode": each.mode, "approval_ruleset": ruleset(each.ruleset.key)}
        for each in ReleaseBinding.objects.filter(release__number=number).order_by("pk")
    ]
    return release(number, pending) | {"approval_ruleset_bindings": frozen}


def events(number: int = 1, pending: str = "pending") -> list[dict]:
    """The steps of a release whose rules are schedules and questions to people, oldest first."""
    return [event(row, pending) for row in ReleaseEvent.objects.filter(release__number=number).order_by("pk")]


def event(row: ReleaseEvent, pending: str) -> dict:
    body = {"type": row.type, "id": row.number, "created_at": moment(row.created_at)}
    if row.outcome is None:
        return body
    outcome = {"type": row.outcome.rule.type, "id": row.outcome.number, "success": row.outcome.success}
    outcome |= {"created_at": moment(row.outcome.created_at), "rule": rule(row.outcome.rule)}
    if row.outcome.rule.type == "manual":
        outcome["comments"] = row.outcome.comments
    state = pending if row.result_state == "pending" else row.result_state
    return body | {
        "result_state": state, "ignored_error": row.ignored_error, "approval_rule_outcome": outcome,
    }  # fmt: skip

"""The gate's judgement: from inputs alone to the one document that everybody is shown. No clock, no database."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple
from zoneinfo import ZoneInfoNotFoundError

from django.core.exceptions import ValidationError

from catalog.requirements import is_open
from compliance.requirements import Requirement, requirement_key
from config.errors import GatehouseError
from releases.services.gate_approvals import approvals
from releases.services.gate_asked import Json
from releases.services.gate_requirements import allowlisted, around, moment_of, no_policy, of_trail

FAULTS = (GatehouseError, ValidationError, ZoneInfoNotFoundError, LookupError, ValueError, TypeError)
NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")
ALLOWING = ("open", "waived")


class Finding(NamedTuple):
    """What the requirements were judged by: the policies that applied and the trail that proved most."""

    requirements: list[Requirement]
    policies: list[Json]
    trail: Json | None


def decide(inputs: Json) -> Json:
    """The document of one decision. The same inputs give the same document; what can't be judged is denied."""
    try:
        found = _find(inputs)
        requirements = [each.as_dict() for each in found.requirements]
        verdict = _verdict(requirements)
    except FAULTS as fault:
        found = Finding([_unjudged(fault)], [], None)
        requirements, verdict = [each.as_dict() for each in found.requirements], "error"
    environment = inputs.get("environment")
    trail = found.trail
    return {
        "verdict": verdict,
        "allowed": verdict in ALLOWING,
        "headline": _headline(verdict, requirements, inputs),
        "digest": inputs.get("digest", ""),
        "environment": _named(environment),
        "component": (trail["component"] if trail else None) or _component(inputs),
        "trail": {"label": trail["label"], "uid": trail["uid"], "url": trail["url"]} if trail else None,
        "judged_at": inputs.get("at"),
        "policy": ", ".join(each["name"] for each in found.policies),
        "policies": [{"uid": each["uid"], "name": each["name"]} for each in found.policies],
        "requirements": requirements,
    }


def reasons(document: Json) -> list[str]:
    """Why a decision denies: one line for each open requirement."""
    if document["allowed"]:
        return []
    return [f"{each['title']}: {each['detail']}" for each in document["requirements"] if is_open(each)]


def applying(inputs: Json) -> list[Json]:
    """The policies with a say: those of a flow the digest was reported in, or that the asker names.

    An unknown digest answers to every policy. Where no digest is known at all, only those about the release's
    component can be meant.
    """
    policies = inputs["policies"]
    if not inputs["digest"]:
        mine = inputs["component"]["uid"] if inputs["component"] else None
        return [each for each in policies if mine and each["component"] == mine]
    if not inputs["trails"]:
        return list(policies)
    flows = {each["flow"] for each in inputs["trails"]} | {inputs["flow"]}
    return [each for each in policies if each["flow"] in flows]


def _find(inputs: Json) -> Finding:
    """What is allow-listed may go whatever else is asked.

    Else per flow the trail that leaves least open, newest first; then what the release and the environment ask.

    Every flow whose policies apply must be satisfied, so that reporting a digest to a laxer flow as well gains nothing.
    """
    if inputs.get("allowlisted"):
        return Finding([allowlisted(inputs)], [], inputs["trails"][0] if inputs["trails"] else None)
    policies = applying(inputs)
    groups: dict[str, list[Json]] = {}
    for policy in policies:
        groups.setdefault(policy["flow"], []).append(policy)
    if not groups:
        trail = inputs["trails"][0] if inputs["trails"] else None
        requirements = [no_policy(inputs), *approvals(inputs, trail, [], needed=False)]
        return Finding([*requirements, *around(inputs)], [], trail)
    chosen: Json | None = None
    requirements = []
    for flow, asking in groups.items():
        trail, found = _best(inputs, flow, asking)
        chosen = chosen or trail
        requirements += found if len(groups) == 1 else [_of_flow(each, flow, inputs) for each in found]
    return Finding([*requirements, *around(inputs)], policies, chosen)


def _best(inputs: Json, flow: str, policies: Sequence[Json]) -> tuple[Json | None, list[Requirement]]:
    candidates = [each for each in inputs["trails"] if each["flow"] == flow] or [None]
    judged = [(trail, list(of_trail(inputs, flow, trail, policies))) for trail in candidates]
    return min(judged, key=lambda entry: sum(not each.holds for each in entry[1]))


def _verdict(requirements: Sequence[Json]) -> str:
    states = {each["state"] for each in requirements if is_open(each)}
    if states - {"awaiting", "later"}:
        return "blocked"
    if "awaiting" in states:
        return "waiting"
    if "later" in states:
        return "window"
    return "waived" if any(each["state"] == "waived" for each in requirements) else "open"


def _headline(verdict: str, requirements: Sequence[Json], inputs: Json) -> str:
    count = len(requirements)
    still = sum(map(is_open, requirements))
    if verdict == "error":
        return "This could not be judged, so it is denied."
    if verdict == "window" and still == 1:
        opening = next(each["opens_at"] for each in requirements if each["opens_at"])
        return f"All else holds; the window opens {moment_of(opening):%a %d %b, %H:%M}."
    if verdict == "waiting" and still == 1:
        return "An approval is all that is missing."
    if still:
        return f"{_number(still)} of {_number(count).lower()} requirements {'is' if still == 1 else 'are'} open."
    if [each["key"] for each in requirements] == ["allowlist"]:
        return f"Allow-listed by {inputs['allowlisted']['approved_by']}."
    if [each["key"] for each in requirements] == ["policy"]:
        return "No policy asks for anything."
    return "The one requirement holds." if count == 1 else f"All {_number(count).lower()} requirements hold."


def _number(value: int) -> str:
    return NUMBERS[value] if value < len(NUMBERS) else str(value)


def _unjudged(fault: Exception) -> Requirement:
    words = getattr(fault, "message", "") or str(fault) or type(fault).__name__
    return Requirement(key="error", title="Error, denied", state="failing", detail=f"Not judged: {words}")


def _of_flow(requirement: Requirement, flow: str, inputs: Json) -> Requirement:
    name = inputs["flows"][flow]["name"]
    key = requirement_key(requirement.key.partition(":")[0], f"{flow}/{requirement.key}")
    return replace(requirement, key=key, title=f"{requirement.title} ({name})")


def _component(inputs: Json) -> Json | None:
    if inputs.get("component"):
        return inputs["component"]
    releases = inputs.get("releases") or []
    return releases[0]["component"] if releases else None


def _named(environment: Json | None) -> Json | None:
    return {key: environment[key] for key in ("name", "uid", "url")} if environment else None

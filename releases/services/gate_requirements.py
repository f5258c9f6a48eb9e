"""What policies ask of a trail, and what the release and the environment ask around it: from inputs alone.

Requirements are the units: each function states one kind, open or not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_datetime

from compliance.requirements import Fact, Requirement, curl, requirement_key
from compliance.services.needs import requirement_for_type
from releases.services import schedule
from releases.services.gate_approvals import approvals, asked_by, release_request
from releases.services.gate_asked import Json
from releases.services.gate_inputs import trail_facts
from releases.services.windows import next_opening


def of_trail(inputs: Json, flow: str, trail: Json | None, policies: Sequence[Json]) -> Iterator[Requirement]:
    """What the policies of one flow ask of one trail, or of a digest nobody reported there."""
    yield _reported(inputs, flow, trail)
    facts = trail_facts(inputs, flow, trail)
    asked: dict[str, list[str]] = {}
    for policy in policies:
        for name in policy["required_types"]:
            asked.setdefault(name, []).append(policy["name"])
    for name, by in asked.items():
        found = requirement_for_type(facts, name, inputs["base_url"])
        yield replace(found, detail=f"{found.detail} {asked_by(by)}")
    for flag, unrecorded in UNRECORDED.items():
        by = [policy["name"] for policy in policies if policy[flag]]
        if by:
            requirement = _from_provenance(flag, trail) or unrecorded
            yield replace(requirement, detail=f"{requirement.detail} {asked_by(by)}")
    by = [policy["name"] for policy in policies if policy["enforce_approvals"]]
    needed = bool(by) or inputs["flows"][flow]["requires_approval"]
    approvers = tuple(inputs["flows"][flow]["approvers"])
    for approval in approvals(inputs, trail, by, needed=needed):
        yield replace(approval, who=approvers) if approval.state in ("missing", "failing") else approval


def _from_provenance(flag: str, trail: Json | None) -> Requirement | None:
    """What the recorded provenance says to a policy that wants one, or a verified signature; None without one."""
    origin = trail["artifact"].get("provenance") if trail else None
    if trail is None or origin is None or flag == "block_on_failed_scan":
        return None
    fact = Fact(label=f"Trail {trail['label']}", url=f"{trail['url']}#artifacts")
    built = f"Built by {origin['builder_id']} ({origin['level']}), recorded by {origin['recorded_by']}."
    detail = f"{built} {origin['verdict']}"
    if flag == "require_signature":
        state = "satisfied" if origin["verified"] else "failing" if origin["verified"] is False else "missing"
        return Requirement(key="signature", title="Signature", state=state, detail=origin["verdict"], fact=fact)
    state = "satisfied" if origin["vouched"] or not origin["has_key"] else "failing"
    return Requirement(key="provenance", title="Provenance", state=state, detail=detail, fact=fact)


# What is not recorded: the policy's word is kept, and nothing passes by silence.
UNRECORDED: Mapping[str, Requirement] = {
    "enforce_provenance": Requirement(
        key="provenance", title="Provenance", state="missing", detail="No provenance recorded for this digest."
    ),
    "require_signature": Requirement(
        key="signature", title="Signature", state="missing", detail="No verified signature recorded for this digest."
    ),
    "block_on_failed_scan": Requirement(
        key="scan",
        title="Security scan",
        state="not_required",
        detail="No scan recorded for this digest; only one over its thresholds blocks.",
    ),
}


def _reported(inputs: Json, flow: str, trail: Json | None) -> Requirement:
    where = inputs["flows"][flow]["name"]
    if trail is not None:
        return Requirement(
            key="artifact",
            title="Artifact reported",
            state="satisfied",
            detail=f"{trail['artifact']['label']} on trail {trail['label']}, by {trail['artifact']['reported_by']}.",
            fact=Fact(label=f"Trail {trail['label']}", url=trail["url"]),
        )
    if not inputs["digest"]:
        return Requirement(
            key="artifact",
            title="Artifact reported",
            state="missing",
            detail="The release names no digest and none follows from it: send metadata.digest.",
            request=release_request(inputs, {"digest": "<digest>"}),
        )
    body = {"imageName": "<name>", "imageTag": "<tag>", "sha256Digest": inputs["digest"]}
    body["orgSlug"] = inputs["organization"]["slug"]
    return Requirement(
        key="artifact",
        title="Artifact reported",
        state="missing",
        detail=f"No trail of the flow {where} reports this digest.",
        request=curl("POST", "/api/v1/trails/$TRAIL/artifacts", body, base_url=inputs["base_url"]),
        who=tuple(inputs["flows"][flow]["suppliers"]),
    )


def allowlisted(inputs: Json) -> Requirement:
    """The entry of the environment's allow-list that lets the digest pass, said by its name."""
    entry, environment = inputs["allowlisted"], inputs["environment"]
    words = "this digest" if entry["digest"] else "artifacts"
    what = f"{words} whose name holds “{entry['name_pattern']}”" if entry["name_pattern"] else words
    until = f" until {moment_of(entry['expires_at']):%d %b %Y, %H:%M} UTC" if entry["expires_at"] else ""
    return Requirement(
        key="allowlist",
        title="Allow-listed",
        state="waived",
        detail=f"{entry['approved_by']} allows {what} in {environment['name']}{until}: {entry['reason']}",
        fact=Fact(label=f"Allow-list of {environment['name']}", url=f"{environment['url']}/allowlist"),
    )


def no_policy(inputs: Json) -> Requirement:
    allows = inputs["organization"]["gate_default_allows"]
    known = "No active deployment policy is about this digest and environment."
    rule = "The organization lets such a digest pass." if allows else "The organization lets no such digest pass."
    return Requirement(
        key="policy",
        title="No policy applies here",
        state="not_required" if allows else "failing",
        detail=f"{known} {rule}",
        request=None if allows else _policy_request(inputs),
    )


def _policy_request(inputs: Json) -> str:
    body = {"name": "<name>", "flowId": "<flow id>", "requiredAttestationTypes": []}
    if inputs["environment"]:
        body["environmentId"] = inputs["environment"]["uid"]
    return curl("POST", "/api/v1/deployment-policies", body, base_url=inputs["base_url"])


def around(inputs: Json) -> Iterator[Requirement]:
    """What the newest release and the environment ask, whichever trail is looked at."""
    release = inputs["releases"][0] if inputs["releases"] else None
    if release is not None and release["state"] != "approved":
        zone = ZoneInfo(inputs["organization"]["time_zone"])
        for rule in release["rules"]:
            if rule["type"] == "schedule" and rule["mode"] == "enforcing":
                yield _window(inputs, release, rule, zone)
    environment = inputs["environment"]
    if environment and environment["drift_policy"] == "block":
        yield _drift(environment)


def _window(inputs: Json, release: Json, rule: Json, zone: ZoneInfo) -> Requirement:
    """A schedule rule is read when the release is made; a release that came too early has to be made again."""
    key, title = requirement_key("window", str(rule["number"])), f"Release window of {rule['ruleset']}"
    at = moment_of(inputs["at"])
    fact = Fact(label=release["label"], url=release["url"])
    if rule["success"] or (rule["success"] is None and release["state"] == "pending"):
        made = schedule.judge(rule, moment_of(release["created_at"]), zone)
        if made.matches:
            return Requirement(key=key, title=title, state="satisfied", detail=made.reason, fact=fact)
    opening = next_opening(rule, at, zone)
    again = release_request(inputs, {})
    if opening is None:
        return Requirement(key=key, title=title, state="failing", detail="No moment matches this schedule.", fact=fact)
    if opening <= at:
        detail = f"{release['label']} was made outside of it. It is open now: ask again."
        return Requirement(key=key, title=title, state="missing", detail=detail, request=again, fact=fact)
    detail = f"{schedule.judge(rule, at, zone).reason} {release['label']} has to be made again then."
    return Requirement(key=key, title=title, state="later", detail=detail, request=again, fact=fact, opens_at=opening)


def _drift(environment: Json) -> Requirement:
    state, title = environment["drift_state"], "Environment as approved"
    fact = Fact(label=environment["name"], url=environment["url"])
    if state == "drifted":
        names = ", ".join(environment["drifted"]) or "the running artifacts"
        detail = f"{environment['name']} has drifted from its baseline ({names}), and drift blocks there."
        return Requirement(key="drift", title=title, state="failing", detail=detail, fact=fact)
    if state == "unknown":
        detail = f"No snapshot of {environment['name']} was compared with a baseline yet."
        return Requirement(key="drift", title=title, state="not_required", detail=detail, fact=fact)
    allowed = " or is allow-listed" if state == "allowed" else ""
    detail = f"{environment['name']} runs what was approved{allowed}."
    return Requirement(key="drift", title=title, state="satisfied", detail=detail, fact=fact)


def moment_of(text: str) -> datetime:
    moment = parse_datetime(text)
    if moment is None:
        raise ValueError(f"{text!r} is not a moment")
    return moment

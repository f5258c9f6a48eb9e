"""Whether people approved: the approval requirement of a decision, from its inputs alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import quote

from compliance.digests import normal_digest
from compliance.requirements import Fact, Requirement, curl
from releases.services.electorate import role_word
from releases.services.gate_asked import Json


def approvals(inputs: Json, trail: Json | None, policies: Sequence[str], *, needed: bool) -> list[Requirement]:
    """Whether people approved: the newest answer about the trail or about a release of it counts, the older ones not.

    Where no policy and no flow needs an approval there is nothing to say, unless people were asked all the same: then
    their answer must not be no, or open.
    """
    by = f" {asked_by(policies)}" if policies else ""
    asked = _asked(inputs, trail)
    if asked is None:
        line = _ask_line(inputs, trail)
        return [_approval_of("missing", f"Nobody was asked to approve this.{by}", request=line)] if needed else []
    found = ANSWERS[asked.state](inputs, trail, asked)
    if not (needed or asked.requests or asked.state == "pending"):
        return []  # settled by rules alone, which speak for themselves
    return [replace(found, detail=f"{found.detail}{by}", fact=asked.fact, derived=asked.derived)]


class Asked(NamedTuple):
    """The newest question about a digest: a release, or an approval of its trail, with the requests behind it."""

    state: str
    at: str
    subject: str
    fact: Fact
    requests: list[Json]
    derived: str | None = None


def _asked(inputs: Json, trail: Json | None) -> Asked | None:
    uid = trail["uid"] if trail else None
    found = [_about_trail(each) for each in inputs["requests"] if uid and each["trail"] == uid]
    found += [_about_release(each, inputs["requests"]) for each in inputs["releases"] if _is_about(each, inputs, uid)]
    return max(found, key=lambda each: each.at, default=None)


def _is_about(release: Json, inputs: Json, trail: str | None) -> bool:
    if release["digest"] and inputs["digest"]:
        return normal_digest(release["digest"]) == normal_digest(inputs["digest"])
    return release["trail"] == trail or not inputs["digest"]


def _about_trail(request: Json) -> Asked:
    fact = Fact(label="Approval of the trail", url=request["url"])
    return Asked(request["status"], request["created_at"], "the trail", fact, [request])


def _about_release(release: Json, requests: Sequence[Json]) -> Asked:
    mine = [each for each in requests if each["release"] == release["number"]]
    stale = [each for each in mine if each["digest"] != release["digest"]]
    given = {each["rule"] for each in mine if each["status"] == "approved" and each not in stale}
    refused = {each["rule"] for each in mine if each["status"] in ("rejected", "expired")}
    asks = {each["number"] for each in release["rules"] if each["type"] == "manual" and each["mode"] == "enforcing"}
    joined = release["digest_by"] if release["digest"] else release["trail_by"]
    derived = f"that {release['label']} is about this digest: joined by its {joined}." if joined else None
    fact = Fact(label=release["label"], url=release["url"])
    state = release["state"]
    if state == "approved" and stale:
        state = "stale"
    elif state == "pending" and asks & refused:
        state = "rejected"  # people are done with it; a worker has yet to write so
    elif state == "pending" and asks and asks <= given:
        state = "approved"
    return Asked(state, release["created_at"], release["label"], fact, mine, derived)


def _approved(inputs: Json, trail: Json | None, asked: Asked) -> Requirement:
    given = [each for request in asked.requests for each in request["answers"] if each["verdict"] == "approved"]
    absent = _absent_roles(inputs, trail, {role_word(each["role"]) for each in given})
    names = ", ".join(_name(each) for each in given)
    if absent:
        detail = f"Approved, but by nobody with the role {', '.join(absent)}."
        return _approval_of("missing", detail, request=_ask_trail(inputs, trail))
    if not names:
        detail = f"{asked.subject} was approved by its rules; no person was asked."
        return _approval_of("missing", detail, request=_ask_trail(inputs, trail))
    return _approval_of("satisfied", f"Approved by {names}.")


def _absent_roles(inputs: Json, trail: Json | None, present: set[str]) -> list[str]:
    if trail is None:
        return []
    wanted = inputs["flows"][trail["flow"]]["required_approver_roles"]
    return [role for role in wanted if role_word(role) not in present]


def _pending(inputs: Json, trail: Json | None, asked: Asked) -> Requirement:
    pending = [each for each in asked.requests if each["status"] == "pending_approval"]
    if not pending:
        return _approval_of("awaiting", f"The rules of {asked.subject} are being worked on.")
    request = pending[0]
    given = [_name(each) for each in request["answers"]]
    said = f" ({', '.join(given)})" if given else ""
    eyes = " Whoever asked may not decide." if request["four_eyes"] else ""
    detail = f"{len(given)} of {request['needed']} given{said}. Asked by {request['requested_by']}.{eyes}"
    return replace(_approval_of("awaiting", detail), who=tuple(request["who"]))


def _rejected(inputs: Json, trail: Json | None, asked: Asked) -> Requirement:
    against = [
        (_name(answer), answer["said"])
        for request in asked.requests
        for answer in request["answers"]
        if answer["verdict"] == "rejected"
    ]
    again = _ask_line(inputs, trail)
    if against:
        name, words = against[0]
        return _approval_of("failing", f"Rejected by {name}{f': “{words}”' if words else '.'}", request=again)
    if any(each["status"] == "expired" for each in asked.requests):
        return _expired(inputs, trail, asked)
    return _approval_of("missing", f"{asked.subject} was rejected by its rules; ask again.", request=again)


def _expired(inputs: Json, trail: Json | None, asked: Asked) -> Requirement:
    return _approval_of("missing", "The approval expired before it was given.", request=_ask_line(inputs, trail))


def _stale(inputs: Json, trail: Json | None, asked: Asked) -> Requirement:
    detail = f"{asked.subject} was approved for another digest than it is about now."
    return _approval_of("missing", detail, request=_ask_line(inputs, trail))


ANSWERS: Mapping[str, Callable[[Json, Json | None, Asked], Requirement]] = {
    "approved": _approved,
    "pending": _pending,
    "pending_approval": _pending,
    "rejected": _rejected,
    "expired": _expired,
    "stale": _stale,
}


def _approval_of(state: str, detail: str, *, request: str | None = None) -> Requirement:
    return Requirement(key="approval", title="Approval", state=state, detail=detail, request=request)


def _name(answer: Json) -> str:
    return answer["name"] or answer["identity"]


def _ask_line(inputs: Json, trail: Json | None) -> str:
    """The request that asks for an approval: a release where the component has an application, else of the trail."""
    return release_request(inputs, {}) or _ask_trail(inputs, trail)


def _ask_trail(inputs: Json, trail: Json | None) -> str:
    path = f"/api/v1/trails/{trail['uid'] if trail else '$TRAIL'}/approvals"
    return curl("POST", path, {}, base_url=inputs["base_url"])


def release_request(inputs: Json, metadata: Mapping[str, str]) -> str:
    key = _application(inputs)
    if not key:
        return ""
    about = {"digest": inputs["digest"]} if inputs["digest"] else {}
    if inputs["environment"]:
        about["environment"] = inputs["environment"]["name"]
    body = {"metadata": about | dict(metadata)}
    return curl("POST", f"/v1/applications/{quote(key)}/releases", body, base_url=inputs["base_url"])


def _application(inputs: Json) -> str:
    if inputs["releases"]:
        return str(inputs["releases"][0]["application"])
    components = [each["component"]["uid"] for each in inputs["trails"] if each["component"]]
    return next((inputs["applications"][uid] for uid in components if uid in inputs["applications"]), "")


def asked_by(policies: Sequence[str]) -> str:
    names = ", ".join(f"“{name}”" for name in policies)
    return f"Policy {names} needs it." if len(policies) == 1 else f"Policies {names} need it."

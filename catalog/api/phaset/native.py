"""GitHub's own webhooks on the address of events (phaset.md 4.4): translated into events, the rest is ignored.

Pure functions: what GitHub says in, bodies in Phaset's words out, which are then checked like any other.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

SOURCES = ("X-GitHub-Event", "X-Event-Key", "X-Gitlab-Event")  # headers of deliveries that are not Phaset's
TRACKERS = ("webhookEvent", "issue_event_type_name")  # keys of bodies that are not
INCIDENTS = ("incident", "bug")  # labels of issues
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Body = dict[str, Any]


class Translated(NamedTuple):
    """An event, and whether it only counts where an incident of its id is open: issues are closed for many reasons."""

    body: Body
    if_open: bool = False


def is_native(headers: Mapping[str, str], body: Any) -> bool:
    """Whether a code host or tracker sent this of its own accord."""
    if not isinstance(body, dict):
        return False
    return any(name in headers for name in SOURCES) or ("event" not in body and any(key in body for key in TRACKERS))


def translated(headers: Mapping[str, str], body: Body) -> list[Translated]:
    """The events in a native delivery; none in one that means nothing here."""
    read = READERS.get(headers.get("X-GitHub-Event", ""))
    return list(read(body)) if read else []


def _push(body: Body) -> Iterator[Translated]:
    head = _of(body, "head_commit")
    if head:
        yield Translated(_event("change", commitSha=head.get("id"), timestamp=_stamp(head.get("timestamp"))))


def _issues(body: Body) -> Iterator[Translated]:
    issue, action = _of(body, "issue"), body.get("action")
    said = {"id": str(issue.get("id", "")), "createdAt": _stamp(issue.get("created_at"))}
    named = _is_incident([body.get("label")])
    marked = _is_incident(issue.get("labels"))
    if (action == "opened" and marked) or (action == "labeled" and named):
        yield Translated(_event("incident-opened", **said))
    elif action in ("closed", "deleted") or (action == "unlabeled" and named):
        ended = _stamp(issue.get("closed_at")) or _stamp(issue.get("updated_at"))
        yield Translated(_event("incident-resolved", **said, resolvedAt=ended), if_open=not (marked or named))


def _pull_request(body: Body) -> Iterator[Translated]:
    pull, action = _of(body, "pull_request"), body.get("action")
    if action == "opened":
        sizes = {"additions": pull.get("additions"), "deletions": pull.get("deletions")}
        yield Translated(_event("pr-opened", **sizes, changedFiles=pull.get("changed_files")))
    if action == "closed":
        created = _stamp(pull.get("created_at"))
        if pull.get("merged") is True:
            yield Translated(_event("pr-merged", createdAt=created, mergedAt=_stamp(pull.get("merged_at"))))
        yield Translated(_event("pr-closed", createdAt=created, closedAt=_stamp(pull.get("closed_at"))))


def _review(body: Body) -> Iterator[Translated]:
    review = _of(body, "review")
    states = {"approved": "review-approved", "changes_requested": "review-changes"}
    kind = states.get(str(review.get("state")).lower())
    if body.get("action") == "submitted" and kind:
        created = _stamp(_of(body, "pull_request").get("created_at"))
        yield Translated(_event(kind, createdAt=created, submittedAt=_stamp(review.get("submitted_at"))))


def _comment(body: Body) -> Iterator[Translated]:
    if body.get("action") == "created":
        yield Translated(_event("comment"))


READERS = {
    "push": _push,
    "issues": _issues,
    "pull_request": _pull_request,
    "pull_request_review": _review,
    "issue_comment": _comment,
}


def _event(kind: str, **said: Any) -> Body:
    return {"event": kind} | {key: value for key, value in said.items() if value is not None}


def _of(body: Body, key: str) -> Body:
    value = body.get(key)
    return value if isinstance(value, dict) else {}


def _is_incident(labels: Any) -> bool:
    names = [each.get("name") for each in labels if isinstance(each, dict)] if isinstance(labels, list) else []
    return any(str(name).lower() in INCIDENTS for name in names)


def _stamp(text: Any) -> str | None:
    """Milliseconds since 1970 of an ISO 8601 time, as 13 digits; None for what is no time after 2001."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
        since = None if at is None or at.tzinfo is None else at - EPOCH
    except (ValueError, OverflowError):
        return None
    digits = "" if since is None else str(since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000)
    return digits if len(digits) == 13 else None

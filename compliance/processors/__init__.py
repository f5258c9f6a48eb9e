"""Readers of evidence: for some attestation types, what a report says about passing (contract 4.2)."""

from collections.abc import Callable

from compliance.processors import jira, junit, snyk, sonar
from compliance.processors.finding import Finding, Unreadable

READERS: dict[str, Callable[[bytes], Finding]] = {
    "jira": jira.read,
    "junit": junit.read,
    "snyk": snyk.read,
    "sonar": sonar.read,
}


def is_read(type: str) -> bool:
    """Whether files of attestations of this type are read."""
    return type.strip().lower() in READERS


def judge_evidence(type: str, content: bytes) -> Finding | None:
    """What a file says about an attestation of `type`; None when no reader knows the type.

    A report that can't be read proves nothing: it fails, with the reason as `error`.
    """
    reader = READERS.get(type.strip().lower())
    if reader is None:
        return None
    try:
        return reader(content)
    except Unreadable as unreadable:
        return Finding(False, {"error": str(unreadable)})

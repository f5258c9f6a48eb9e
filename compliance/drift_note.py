"""Drift in a sentence: what runs that should not, the nearest build there is, and what the policy makes of it."""

from typing import NamedTuple

from catalog.models import Environment
from compliance.running import Known, Overview
from compliance.services.differences import Entry

Policy = Environment.DriftPolicy
CONSEQUENCE = {
    Policy.BLOCK: "Drift blocks here: every gate stays down until it is gone or a new baseline is approved.",
    Policy.WARN: "Drift only warns here: no gate stays down for it.",
    Policy.IGNORE: "",
}


class Note(NamedTuple):
    """The note on top of an environment's page."""

    title: str
    text: str


def drift_note(overview: Overview) -> Note | None:
    """What to say about an environment's drift; None without drift, and where it is ignored."""
    drift, policy = overview.drift, Policy(overview.environment.drift_policy)
    if drift is None or not drift.changes or policy == Policy.IGNORE:
        return None
    worst = sorted([*drift.updated, *drift.added, *drift.removed], key=lambda each: _severity(each, overview.known))[0]
    others = len(drift.changes) - 1
    more = f"{others} other artifact{'s differ' if others > 1 else ' differs'} from the baseline too." if others else ""
    near = _near(worst, overview.known) if worst["sha256To"] else ""
    sentences = [near, more, CONSEQUENCE[policy]]
    return Note(_said(worst, overview.known), " ".join(filter(None, sentences)))


def _severity(entry: Entry, known: Known) -> int:
    """What no build reported comes first, what is only gone last."""
    if entry["sha256To"] is None:
        return 2
    return 1 if entry["sha256To"] in known.builds else 0


def _said(entry: Entry, known: Known) -> str:
    name, after = entry["artifactName"], entry["sha256To"]
    if after is None:
        return f"{name} does not run here any more."
    if after not in known.builds:
        return f"{name} runs a digest no build reported."
    return f"{name} runs another build than approved." if entry["sha256From"] else f"{name} runs here unapproved."


def _near(entry: Entry, known: Known) -> str:
    miss = known.near_miss(entry["artifactName"], entry["artifactTag"], entry["sha256To"])
    return f"Near miss: same name and tag {miss.tag}, trail {miss.trail}, other digest." if miss else ""

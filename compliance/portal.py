"""What compliance shows in the portal: its entry in the rail, its panels, the words for its events."""

from catalog import slots
from catalog.services.events import subscribe
from compliance.services.joins import join_event
from compliance.views.flow import proof_panel
from compliance.views.tiles import trails_tile
from compliance.views.trail import trails_panel

FLOW, TRAIL = "compliance:flow", "compliance:trail"
ARTIFACT, ATTESTATION = "compliance:artifact", "compliance:attestation"

EVENT_WORDS = {
    "flow.created": slots.EventWords("ok", "shield", "added the flow {subject}", FLOW),
    "flow.updated": slots.EventWords("mute", "shield", "changed the flow {subject}", FLOW),
    "flow.deleted": slots.EventWords("warn", "shield", "deleted the flow {subject}"),
    "trail.created": slots.EventWords("mute", "git-commit-horizontal", "began trail {subject} on {branch}", TRAIL),
    "trail.compliant": slots.EventWords("ok", "circle-check", "made trail {subject} compliant", TRAIL),
    "trail.non_compliant": slots.EventWords("bad", "octagon-x", "made trail {subject} non-compliant", TRAIL),
    "trail.pending": slots.EventWords("busy", "loader-circle", "left trail {subject} pending", TRAIL),
    "artifact.registered": slots.EventWords("mute", "package", "registered {subject}", ARTIFACT),
    "provenance.recorded": slots.EventWords("mute", "package", "recorded who built {subject}: {builder}", ARTIFACT),
    "provenance.checked": slots.EventWords("mute", "shield-check", "checked who built {subject}. {said}", ARTIFACT),
    "attestation.recorded": slots.EventWords("mute", "shield-check", "attested {subject}: {status}", ATTESTATION),
    "evidence.attached": slots.EventWords("mute", "file", "attached {file} to {subject}: {status}", ATTESTATION),
    "assert.passed": slots.EventWords("ok", "shield-check", "asserted a digest against {subject}: compliant", FLOW),
    "assert.failed": slots.EventWords("bad", "shield", "asserted a digest against {subject}: not compliant", FLOW),
}


def register() -> None:
    """Fill compliance's places; called once when the app starts."""
    slots.register_nav("Compliance", "compliance:flow-list", "shield", order=40)
    slots.register_tile(trails_tile, order=30)
    slots.register("component.main", proof_panel, order=20)
    slots.register("component.main", trails_panel, order=30)
    slots.register_events(EVENT_WORDS)
    subscribe(join_event, "component.created", "component.updated")

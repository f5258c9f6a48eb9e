"""What compliance shows of environments: its panels, the words for its events, the rights it asks for."""

from catalog import slots
from catalog.rights import register_actions
from compliance.views.environment import (
    baseline_panel,
    changed_panel,
    drift_panel,
    drifted_panel,
    places_panel,
    running_panel,
    tabs_panel,
)

SNAPSHOT, ENVIRONMENT = "compliance:snapshot", "catalog:environment"

EVENT_WORDS = {
    "snapshot.recorded": slots.EventWords(
        "mute", "layers", "recorded snapshot {subject}: {added} added, {updated} updated, {removed} removed", SNAPSHOT
    ),
    "artifact.deployed": slots.EventWords("mute", "plus", "saw {subject} start in {environment}"),
    "artifact.updated": slots.EventWords("mute", "refresh-cw", "saw {subject} take over in {environment}"),
    "artifact.removed": slots.EventWords("mute", "circle-minus", "saw {subject} gone from {environment}"),
    "baseline.approved": slots.EventWords("ok", "shield-check", "approved {said} as the baseline of {environment}"),
    "drift.found": slots.EventWords("bad", "drift", "found drift in {subject}: {said}", ENVIRONMENT),
    "drift.cleared": slots.EventWords("ok", "drift", "found {subject} in sync again", ENVIRONMENT),
}


def register() -> None:
    """Fill the places of environments; called once when the app starts."""
    slots.register("environment.tabs", tabs_panel, order=10)
    slots.register("environment.top", drift_panel, order=10)
    slots.register("environment.main", running_panel, order=10)
    slots.register("environment.main", changed_panel, order=40)
    slots.register("environment.aside", baseline_panel, order=40)
    slots.register("component.main", places_panel, order=25)
    slots.register("home.aside", drifted_panel, order=20)
    slots.register_events(EVENT_WORDS)
    register_actions(
        {
            "organization:snapshot:read": "See what runs in environments",
            "organization:snapshot:create": "Report what runs in environments",
            "organization:baseline:read": "See what was approved to run",
            "organization:baseline:create": "Approve what should run",
            "organization:drift:read": "See drift",
            "organization:drift:create": "Check for drift",
        }
    )

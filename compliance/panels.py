"""What compliance shows of environments and standards: its panels, the words for its events, the rights it asks for."""

from catalog import slots
from catalog.rights import register_actions
from catalog.services.components import BASELINES
from catalog.services.events import subscribe
from compliance.services.standards import found_default, is_known
from compliance.views.allowlist import allowlist_panel
from compliance.views.environment import (
    baseline_panel,
    changed_panel,
    drift_panel,
    drifted_panel,
    places_panel,
    running_panel,
    tabs_panel,
)
from compliance.views.standards import standards_panel

SNAPSHOT, ENVIRONMENT = "compliance:snapshot", "catalog:environment"
PLACE = (ENVIRONMENT, "environment")  # the sentence leads to where it happened

EVENT_WORDS = {
    "snapshot.recorded": slots.EventWords(
        "mute", "layers", "recorded snapshot {subject}: {added} added, {updated} updated, {removed} removed", SNAPSHOT
    ),
    "artifact.deployed": slots.EventWords("mute", "plus", "saw {subject} start in {environment}", *PLACE),
    "artifact.updated": slots.EventWords("mute", "refresh-cw", "saw {subject} take over in {environment}", *PLACE),
    "artifact.removed": slots.EventWords("mute", "circle-minus", "saw {subject} gone from {environment}", *PLACE),
    "baseline.approved": slots.EventWords(
        "ok", "shield-check", "approved {said} as the baseline of {environment}", *PLACE
    ),
    "standards.recorded": slots.EventWords("mute", "clipboard-check", "checked the standards: {subject}"),
    "standards_baseline.created": slots.EventWords("ok", "clipboard-check", "made the standards baseline {subject}"),
    "standards_baseline.updated": slots.EventWords(
        "mute", "clipboard-check", "changed the standards baseline {subject}"
    ),
    "allowlist.added": slots.EventWords(
        "warn", "pen-line", "allow-listed {subject} in {environment}: {reason}", *PLACE
    ),
    "allowlist.removed": slots.EventWords(
        "mute", "pen-line", "took {subject} off the allow-list of {environment}", *PLACE
    ),
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
    slots.register("environment.aside", allowlist_panel, order=50)
    slots.register("component.main", places_panel, order=25)
    slots.register("component.reports", standards_panel, order=10)
    slots.register("home.aside", drifted_panel, order=20)
    slots.register_events(EVENT_WORDS)
    subscribe(found_default, "organization.created")
    BASELINES.append(is_known)
    register_actions(
        {
            "organization:snapshot:read": "See what runs in environments",
            "organization:snapshot:create": "Report what runs in environments",
            "organization:baseline:read": "See what was approved to run",
            "organization:baseline:create": "Approve what should run",
            "organization:standards:read": "See what checks of standards found",
            "organization:standards:create": "Report what checks of standards found",
            "organization:standards_baseline:read": "See standards baselines",
            "organization:standards_baseline:create": "Make standards baselines",
            "organization:standards_baseline:update": "Change standards baselines",
            "organization:allowlist:read": "See what is allow-listed",
            "organization:allowlist:create": "Allow-list artifacts in environments",
            "organization:allowlist:delete": "Remove artifacts from allow-lists",
            "organization:drift:read": "See drift",
            "organization:drift:create": "Check for drift",
        }
    )

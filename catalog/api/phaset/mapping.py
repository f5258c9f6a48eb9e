"""Between Phaset's words and ours; pure functions."""

from typing import Any, TypedDict

from catalog.models import Component, DeliveryEvent
from catalog.services.deliveries import Reported
from config.logs import redact_deep

SPEC = {
    "name": "name",
    "repo": "repository",
    "description": "description",
    "version": "version",
    "kind": "kind",
    "lifecycleStage": "lifecycle",
    "dataSensitivity": "sensitivity",
    "businessCriticality": "criticality",
    "sourcingModel": "sourcing",
    "deploymentModel": "deployment",
}
SECTIONS = {
    "contacts": "contacts",
    "tags": "tags",
    "dependencies": "dependencies",
    "slo": "slos",
    "api": "apis",
    "links": "links",
    "metadata": "metadata",
}
ITEM_WORDS = {"schemaPath": "schema_path"}
REFERENCES = ("group", "system", "domain")


class Manifest(TypedDict):
    """What `push_manifest` takes over: the spec with '' where absent, the sections that were sent, the ids named."""

    spec: dict[str, str]
    sections: dict[str, Any]
    references: dict[str, str]


def to_manifest(record: dict[str, Any]) -> Manifest:
    """The manifest in a validated record. A section is there only when it was sent, also when it was empty."""
    spec = record["spec"]
    sections = {ours: _items(record[theirs]) for theirs, ours in SECTIONS.items() if theirs in record}
    if "tags" in sections:
        sections["tags"] = list(dict.fromkeys(sections["tags"]))
    references = {key: spec.get(key, "") for key in REFERENCES}
    if "baseline" in record:
        references["baseline"] = record["baseline"].get("id", "")
    return Manifest(
        spec={ours: spec.get(theirs, "") for theirs, ours in SPEC.items()}, sections=sections, references=references
    )


def _items(section: Any) -> Any:
    """A list's objects as plain dicts in our words, without the optional keys that were left blank."""
    if not isinstance(section, list):
        return section
    return [
        {ITEM_WORDS.get(key, key): value for key, value in item.items() if value != ""}
        if isinstance(item, dict)
        else item
        for item in section
    ]


def from_push(component: Component, changed: bool, warnings: list[str]) -> dict[str, Any]:
    """The answer to a record push."""
    return {
        "status": "ok",
        "recordId": component.record_id,
        "revision": component.revision,
        "changed": changed,
        "warnings": warnings,
    }


SIZES = ("additions", "deletions", "changed_files")


def to_delivery(kind: str, values: dict[str, Any], payload: dict[str, Any]) -> Reported:
    """What a validated event reports; `payload` is the body as it was sent, but for our own addresses.

    Code hosts repeat in a delivery where they send it to, and there stands the token.
    """
    sizes = {name: values.pop(name) for name in SIZES if name in values}
    return Reported(kind=kind, sizes=sizes, payload=redact_deep(payload), **values)


def from_delivery(component: Component, event: DeliveryEvent | None, duplicate: bool) -> dict[str, Any]:
    """The answer to an event; no id where nothing was taken."""
    event_id = None if event is None else str(event.uid)
    return {"status": "ok", "recordId": component.record_id, "eventId": event_id, "duplicate": duplicate}

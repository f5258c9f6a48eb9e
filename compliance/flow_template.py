"""The template of a flow or trail: which attestations, by name, a trail and its artifacts must have.

The YAML comes from strangers, so it is read event by event: no anchors or aliases (they can expand without end), no
tags, no key twice (a second `trail` would empty the first), no deep nesting; `no`, `1e3` and dates stay text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml
from django.core.exceptions import ValidationError

MAX_SIZE = 64 * 1024
MAX_DEPTH = 20
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "bool", "null", "map", "seq")} | {"!", None}


class TemplateError(ValueError):
    """A template that can't be read, with the reason."""


@dataclass(frozen=True)
class Entry:
    """One attestation a template asks for: by `name`, of `type` when that is not blank."""

    name: str
    type: str


@dataclass(frozen=True)
class Template:
    """What a template asks for.

    `types` are required types as the flow itself would list them (`requiredAttestations`), `entries` concern every
    trail, `artifacts` holds (image name, entries) in their order.
    """

    types: tuple[str, ...]
    entries: tuple[Entry, ...]
    artifacts: tuple[tuple[str, tuple[Entry, ...]], ...]

    def for_artifact(self, name: str | None) -> tuple[Entry, ...]:
        """The entries for an artifact of that image name (None: for the trail alone), without repeats."""
        own = next((entries for artifact, entries in self.artifacts if artifact == name), ())
        return tuple(dict.fromkeys(self.entries + own))


@lru_cache(maxsize=64)
def read_template(text: str | None) -> Template | None:
    """The template in `text`, None when it is blank. Raises TemplateError.

    An entry with an `if` is required whatever its condition says: expressions are not read yet, and asking for too
    much is the safe side.
    """
    document = parse_yaml(text)
    if document is None:
        return None
    trail = _mapping(document.get("trail"), "trail")
    artifacts = trail["artifacts"] if "artifacts" in trail else document.get("artifacts")
    return Template(
        types=tuple(_text(each, "requiredAttestations") for each in _list(document, "requiredAttestations")),
        entries=_entries(trail, "trail"),
        artifacts=tuple(
            (_text(each.get("name"), "artifacts.name"), _entries(each, "artifacts"))
            for each in _mappings({"artifacts": artifacts}, "artifacts")
        ),
    )


def check_template(text: str | None) -> None:
    """Refuse a template that can't be read, as a ValidationError of the field `template_yaml`."""
    try:
        read_template(text)
    except TemplateError as error:
        raise ValidationError({"template_yaml": str(error)}) from error


def parse_yaml(text: str | None) -> dict[str, Any] | None:
    """The YAML mapping in `text` as JSON-able values, None when it is blank. Raises TemplateError."""
    if text is None or not text.strip():
        return None
    if len(text) > MAX_SIZE:
        raise TemplateError(f"The template is larger than {MAX_SIZE:,} characters.")
    try:
        events = _events(text)
        document = _build(events)
        next(events, None)  # read to the end: what follows must be nothing
    except yaml.YAMLError as error:
        raise TemplateError(f"The template is not YAML: {' '.join(str(error).split())}") from error
    if document is None:
        return None
    if not isinstance(document, dict):
        raise TemplateError("The template must be a mapping.")
    return document


def _events(text: str) -> Iterator[yaml.Event]:
    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if documents > 1:
            raise TemplateError("The template holds more than one document.")
        if depth > MAX_DEPTH:
            raise TemplateError(f"The template is nested deeper than {MAX_DEPTH} levels.")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise TemplateError("The template uses an anchor or alias; write the part out.")
        if (tag := getattr(event, "tag", None)) not in _TAGS:
            raise TemplateError(f"The template uses the tag {tag}.")
        if isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            yield event


def _build(events: Iterator[yaml.Event]) -> Any:
    """The value the next event begins; nesting is bounded by `_events`."""
    event = next(events, None)
    if isinstance(event, yaml.SequenceStartEvent):
        return list(_until_end(events))
    if isinstance(event, yaml.MappingStartEvent):
        return _pairs(list(_until_end(events)))
    return _scalar(event) if isinstance(event, yaml.ScalarEvent) else event  # None at the end, or what ends a list


def _until_end(events: Iterator[yaml.Event]) -> Iterator[Any]:
    while not isinstance(value := _build(events), yaml.CollectionEndEvent):
        yield value


def _pairs(flat: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in zip(flat[::2], flat[1::2], strict=True):
        name = _text(key, "a key")
        if name in found:
            raise TemplateError(f"The template says {name!r} twice.")
        found[name] = value
    return found


def _scalar(event: yaml.ScalarEvent) -> Any:
    if "\0" in event.value:
        raise TemplateError("The template contains a NUL character.")
    if not event.implicit[0]:  # quoted, or tagged as text
        return event.value
    if event.value in _WORDS:
        return _WORDS[event.value]
    return int(event.value) if _INTEGER.fullmatch(event.value) else event.value


def _entries(holder: dict[str, Any], where: str) -> tuple[Entry, ...]:
    found = []
    for each in _mappings(holder, "attestations", where):
        entry = Entry(_text(each.get("name"), f"{where}.attestations.name"), _text(each.get("type"), f"{where}.type"))
        if not entry.name.strip() and not entry.type.strip():
            raise TemplateError(f"An entry of {where}.attestations has neither name nor type.")
        found.append(entry)
    return tuple(found)


def _mappings(holder: dict[str, Any], key: str, where: str = "") -> list[dict[str, Any]]:
    return [_mapping(each, f"{where}.{key}".lstrip(".")) for each in _list(holder, key)]


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TemplateError(f"{where} must be a mapping.")
    return value


def _list(holder: dict[str, Any], key: str) -> list[Any]:
    value = holder.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise TemplateError(f"{key} must be a list.")
    return value


def _text(value: Any, where: str) -> str:
    """`value` as it was written: whole numbers and true/false stand for themselves."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    raise TemplateError(f"{where} must be text.")

"""The only writers of components."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.text import slugify

from catalog.actors import Actor, require
from catalog.models import Component, Domain, System, Team
from catalog.prepared import those
from catalog.repositories import KNOWN, is_repository, repository_key
from catalog.services.events import record_event
from catalog.services.numbers import short_id
from config.errors import BadInput, NotFound

# What a manifest's spec holds; a push replaces all of it, and a section only when it is sent.
SPEC = (
    "name",
    "repository",
    "description",
    "version",
    "kind",
    "lifecycle",
    "sensitivity",
    "criticality",
    "sourcing",
    "deployment",
)
SECTIONS = ("contacts", "tags", "dependencies", "slos", "apis", "links", "metadata")
NEW_RECORD_ID = re.compile(r"[A-Za-z0-9_-]{10}\Z")
REFERENCES: dict[str, tuple[Any, str]] = {
    "group": (Team, "team"),
    "system": (System, "system"),
    "domain": (Domain, "domain"),
}

# What an app above answers: whether the organization of that id has a baseline of this id.
BASELINES: list[Callable[[int, str], bool]] = []


@transaction.atomic
def create_component(*, actor: Actor, name: str, slug: str = "", record_id: str = "", **values: Any) -> Component:
    """Make a component; without a slug it gets one from its name.

    `values` are other fields of the model. Raises Forbidden without `organization:component:create`, ValidationError
    when the slug or record id is taken, and for a repository that is none. Records `component.created`.
    """
    require(actor, "organization:component:create")
    _check_repository(values)
    component = Component(
        organization=actor.organization,
        name=name,
        slug=slug or slugify(name)[:255] or short_id(10),
        record_id=record_id or short_id(10),
        **values,
    )
    component.repository_key = repository_key(component.repository)
    component.put()
    record_event("component.created", subject=component, actor=actor)
    return component


@transaction.atomic
def update_component(*, actor: Actor, component: Component, **changes: Any) -> Component:
    """Change fields by a person's hand; a change counts up the revision.

    Raises Forbidden without `organization:component:update`, ValidationError. Records `component.updated` with the
    old and new values, when something changed.
    """
    require(actor, "organization:component:update", component)
    _check_repository(changes)
    component = those(Component.objects.select_for_update).get(pk=component.pk)
    return _apply(actor, component, changes, source="portal")


def _check_repository(values: Mapping[str, Any]) -> None:
    """Refuse what is no repository, as a manifest is refused."""
    said = values.get("repository")
    if said and not is_repository(said):
        raise ValidationError({"repository": f"Write a repository as {KNOWN}."})


def record_of(actor: Actor, record_id: str) -> Component | None:
    """The component that a webhook token may push to; None when the push itself will make it (phaset.md 1.5).

    Raises NotFound alike for a record that is not there and for one the token is not bound to.
    """
    component = those(Component.objects.all).first(organization=actor.organization_id, record_id=record_id)
    bound_to = actor.token.component_id if actor.token else None
    if bound_to is not None and (component is None or component.pk != bound_to):
        raise _no_record()
    if component is None and not _may_make(actor, record_id):
        raise _no_record()
    return component


def known_record(actor: Actor, record_id: str) -> Component:
    """The component that a webhook token may report about. Raises NotFound as `record_of` does."""
    component = record_of(actor, record_id)
    if component is None:
        raise _no_record()
    return component


def _may_make(actor: Actor, record_id: str) -> bool:
    return (
        actor.organization.records_by_integrations
        and (actor.token is None or actor.token.component_id is None)
        and NEW_RECORD_ID.match(record_id) is not None
        and not Component.objects.filter(record_id=record_id).exclude(organization=actor.organization).exists()
    )


def _no_record() -> NotFound:
    return NotFound("There is no such record for this token.")


@transaction.atomic
def push_manifest(
    *,
    actor: Actor,
    record_id: str,
    spec: dict[str, str],
    sections: dict[str, Any],
    references: dict[str, str],
) -> tuple[Component, bool, list[str]]:
    """Take over a manifest from CI: replace the spec, and each section that was sent.

    `spec` holds the SPEC fields ('' where absent), `references` the ids named under group, system, domain and (when
    its section was sent) baseline. Returns the component, whether anything changed, and warnings naming references
    that don't resolve (they are kept: a neighbour may be registered later). Two pushes at once serialise on the
    record. Raises Forbidden without `organization:component:push`, NotFound as `record_of` does. Records
    `component.updated` when something changed, `component.created` when the push made the component.
    """
    component = _held_record(actor, record_id, spec["name"])
    require(actor, "organization:component:push", component)
    kind = "component.created" if component.pk is None else "component.updated"
    changes: dict[str, Any] = {name: spec.get(name, "") for name in SPEC} | sections
    warnings = _drop_self(component, changes)
    warnings += _resolve(component, changes, references)
    warnings += _unknown_targets(component, changes.get("dependencies", []))
    revision, component.pushed_at = component.revision, timezone.now()
    component = _apply(actor, component, changes, source="integration", kind=kind)
    changed = component.revision != revision
    if not changed:
        Component.objects.filter(pk=component.pk).update(pushed_at=component.pushed_at)
    return component, changed, warnings


def note_baseline_fetch(component: Component, *, missing: str = "") -> None:
    """Remember that CI fetched its standards baseline, and the id it asked for when no baseline has it."""
    rows = Component.objects.filter(pk=component.pk)
    rows.update(baseline_fetched_at=timezone.now(), baseline_missing=missing[:32])


def _held_record(actor: Actor, record_id: str, name: str) -> Component:
    """The component, locked until the transaction ends; a new one, not yet saved, where the push makes it."""
    component = record_of(actor, record_id)
    if component is None:
        with connection.cursor() as cursor:  # there is no row to lock: of two first pushes at once, one waits here
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"record:{record_id}"])
        component = record_of(actor, record_id)
    if component is None:
        slug = _free_slug(actor, name, record_id)
        return Component(organization=actor.organization, record_id=record_id, slug=slug, revision=0)
    rows = Component.objects.select_related("team", "system", "domain").select_for_update(of=("self",))
    return rows.get(pk=component.pk)


def _free_slug(actor: Actor, name: str, record_id: str) -> str:
    slug = slugify(name)[:200] or record_id
    taken = Component.objects.filter(organization=actor.organization, slug__iexact=slug).exists()
    return f"{slug}-{record_id}" if taken else slug


def _drop_self(component: Component, changes: dict[str, Any]) -> list[str]:
    """Take a component's dependency on itself out of `changes`; the warning that says so."""
    said = changes.get("dependencies", [])
    kept = [each for each in said if each["target"] != component.record_id]
    if len(kept) == len(said):
        return []
    changes["dependencies"] = kept
    return ["dependencies: a dependency on the record itself was dropped"]


def _resolve(component: Component, changes: dict[str, Any], references: dict[str, str]) -> list[str]:
    """Add the team, system and domain that `references` name to `changes`; warnings for those that are not known."""
    named = {key: value for key, value in references.items() if value}
    kept = references.get("baseline", component.references.get("baseline"))
    changes["references"] = named | ({"baseline": kept} if kept else {})
    warnings = []
    for key, (model, field) in REFERENCES.items():
        changes[field] = None
        if key in named:
            rows = model.objects.filter(organization=component.organization_id, public_id=named[key])
            changes[field] = rows.first()
        if key in named and changes[field] is None:
            warnings.append(f"spec.{key}: {named[key]} is not known here (yet)")
    baseline = named.get("baseline", "default")
    if baseline != "default" and not any(known(component.organization_id, baseline) for known in BASELINES):
        warnings.append(f"baseline.id: {baseline} is not known here (yet)")
    return warnings


def _unknown_targets(component: Component, dependencies: list[dict[str, Any]]) -> list[str]:
    targets = [each["target"] for each in dependencies]
    known = set(
        Component.objects.filter(organization=component.organization_id, record_id__in=targets).values_list(
            "record_id", flat=True
        )
    )
    return [
        f"dependencies[{position}].target: {target} is not known here (yet)"
        for position, target in enumerate(targets)
        if target not in known
    ]


def _apply(
    actor: Actor, component: Component, changes: dict[str, Any], *, source: str, kind: str = "component.updated"
) -> Component:
    """Write the changed fields of a locked component, count up its revision and record what changed."""
    unknown = set(changes) - {*SPEC, *SECTIONS, "references", "team", "system", "domain", "slug"}
    if unknown:
        raise BadInput(f"Unknown fields: {', '.join(sorted(unknown))}.")
    before = {name: getattr(component, name) for name, value in changes.items() if getattr(component, name) != value}
    if not before:
        return component
    for name in before:
        setattr(component, name, changes[name])
    component.repository_key = repository_key(component.repository)
    component.revision += 1
    component.put()
    said = {name: _plain(value) for name, value in before.items()}
    after = {name: _plain(getattr(component, name)) for name in before}
    record_event(
        kind,
        subject=component,
        actor=actor,
        data={"source": source, "revision": component.revision, "before": said, "after": after},
    )
    return component


def _plain(value: Any) -> Any:
    return value.public_id if isinstance(value, (Team, System, Domain)) else value

"""The only writers of components."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from catalog.actors import Actor, require
from catalog.models import Component, Domain, System, Team
from catalog.repositories import repository_key
from catalog.services.events import record_event
from catalog.services.numbers import short_id
from config.errors import BadInput

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
REFERENCES: dict[str, tuple[Any, str]] = {
    "group": (Team, "team"),
    "system": (System, "system"),
    "domain": (Domain, "domain"),
}


@transaction.atomic
def create_component(*, actor: Actor, name: str, slug: str = "", record_id: str = "", **values: Any) -> Component:
    """Make a component; without a slug it gets one from its name.

    `values` are other fields of the model. Raises Forbidden without `organization:component:create`, ValidationError
    when the slug or record id is taken. Records `component.created`.
    """
    require(actor, "organization:component:create")
    component = Component(
        organization=actor.organization,
        name=name,
        slug=slug or slugify(name)[:255] or short_id(10),
        record_id=record_id or short_id(10),
        **values,
    )
    component.repository_key = repository_key(component.repository)
    component.full_clean()
    component.save()
    record_event("component.created", subject=component, actor=actor)
    return component


@transaction.atomic
def update_component(*, actor: Actor, component: Component, **changes: Any) -> Component:
    """Change fields by a person's hand; a change counts up the revision.

    Raises Forbidden without `organization:component:update`, ValidationError. Records `component.updated` with the
    old and new values, when something changed.
    """
    require(actor, "organization:component:update", component)
    component = Component.objects.select_for_update().get(pk=component.pk)
    return _apply(actor, component, changes, source="portal")


@transaction.atomic
def push_manifest(
    *,
    actor: Actor,
    component: Component,
    spec: dict[str, str],
    sections: dict[str, Any],
    references: dict[str, str],
) -> tuple[Component, bool, list[str]]:
    """Take over a manifest from CI: replace the spec, and each section that was sent.

    `spec` holds the SPEC fields ('' where absent), `references` the ids named under group, system, domain and (when
    its section was sent) baseline. Returns the component, whether anything changed, and warnings naming references
    that don't resolve (they are kept: a neighbour may be registered later). Two pushes at once serialise on the row.
    Raises Forbidden without `organization:component:push`. Records `component.updated` when something changed.
    """
    require(actor, "organization:component:push", component)
    component = Component.objects.select_for_update().get(pk=component.pk)
    changes: dict[str, Any] = {name: spec.get(name, "") for name in SPEC} | sections
    warnings: list[str] = []
    if "dependencies" in changes:
        kept = [each for each in changes["dependencies"] if each["target"] != component.record_id]
        if len(kept) < len(changes["dependencies"]):
            warnings.append("dependencies: a dependency on the record itself was dropped")
        changes["dependencies"] = kept
    named = {key: references[key] for key in REFERENCES if references.get(key)}
    baseline = references.get("baseline", component.references.get("baseline"))
    changes["references"] = named | ({"baseline": baseline} if baseline else {})
    for key, (model, field) in REFERENCES.items():
        changes[field] = model.objects.filter(
            organization=component.organization_id, public_id=named.get(key, "")
        ).first()
        if key in named and changes[field] is None:
            warnings.append(f"spec.{key}: {named[key]} is not known here (yet)")
    warnings += _unknown_targets(component, changes.get("dependencies", []))
    revision = component.revision
    component = _apply(actor, component, changes, source="integration")
    Component.objects.filter(pk=component.pk).update(pushed_at=timezone.now())
    return component, component.revision != revision, warnings


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


def _apply(actor: Actor, component: Component, changes: dict[str, Any], *, source: str) -> Component:
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
    component.full_clean()
    component.save()
    said = {name: _plain(value) for name, value in before.items()}
    after = {name: _plain(getattr(component, name)) for name in before}
    record_event(
        "component.updated",
        subject=component,
        actor=actor,
        data={"source": source, "revision": component.revision, "before": said, "after": after},
    )
    return component


def _plain(value: Any) -> Any:
    return value.public_id if isinstance(value, (Team, System, Domain)) else value

"""The only writers of flows."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from catalog.actors import Actor, require
from catalog.models import Component, Organization
from catalog.services import search
from catalog.services.events import record_event
from compliance.flow_template import check_template
from compliance.models import Artifact, Attestation, Evidence, Flow
from compliance.services.joins import join_flow, set_component
from compliance.services.trails import refresh_flow
from config.errors import Conflict

CHANGEABLE = (
    "name",
    "description",
    "required_types",
    "tags",
    "template_yaml",
    "requires_approval",
    "required_approver_roles",
    "visibility",
)
ASKING = {"required_types", "template_yaml", "requires_approval", "required_approver_roles"}
MAX_TAGS, MAX_KEY, MAX_VALUE = 50, 64, 256


@transaction.atomic
def create_flow(
    *,
    actor: Actor,
    name: str,
    organization: Organization | None = None,
    component: Component | None = None,
    **values: Any,
) -> Flow:
    """Make a flow, in the actor's organization unless another of theirs is given.

    `values` are the fields of CHANGEABLE. Without `component` the flow is joined to the one its tags or name point at.
    Raises Forbidden without `organization:flow:create`, Conflict when the name is taken, ValidationError for tags over
    their limits or a template that can't be read. Records `flow.created`.
    """
    organization = organization or actor.organization
    require(actor, "organization:flow:create", organization)
    flow = Flow(organization=organization, name=name, **values)
    check_tags(flow.tags)
    join = join_flow(organization, name, flow.tags, component)
    flow.component, flow.component_by = join.component, join.by
    _check(flow)
    flow.save()
    record_event("flow.created", subject=flow, actor=actor, related=[flow.component])
    return flow


@transaction.atomic
def update_flow(*, actor: Actor, flow: Flow, **changes: Any) -> Flow:
    """Change what is given of CHANGEABLE and `component` (None: join it anew).

    What is asked of its trails may change, so their status is computed anew: at once for a few, by a job for many.
    Raises Forbidden without `organization:flow:update`, Conflict and ValidationError as `create_flow` does. Records
    `flow.updated` with the old and new values, when something changed.
    """
    require(actor, "organization:flow:update", flow)
    flow = Flow.objects.select_for_update(no_key=True, of=("self",)).select_related("organization").get(pk=flow.pk)
    check_tags(changes.get("tags", flow.tags))
    given = changes.pop("component") if "component" in changes else _kept_component(flow, changes)
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise ValueError(f"not changed through this service: {', '.join(sorted(unknown))}")
    before = {name: getattr(flow, name) for name in changes if getattr(flow, name) != changes[name]}
    for name in before:
        setattr(flow, name, changes[name])
    if before:
        _check(flow)
        flow.save()
    join = join_flow(flow.organization, flow.name, flow.tags, given)
    if (join.component, join.by) != (flow.component, flow.component_by):
        before["component"] = str(flow.component or "")
        changes["component"] = str(join.component or "")
        set_component(flow, join)
    if before:
        after = {name: changes[name] for name in before}
        record_event(
            "flow.updated",
            subject=flow,
            actor=actor,
            related=[flow.component],
            data={"before": before, "after": after},
        )
    if ASKING & set(before):
        refresh_flow(flow, actor=actor)
    return flow


@transaction.atomic
def delete_flow(*, actor: Actor, flow: Flow, force: bool = False) -> None:
    """Delete a flow that nothing refers to; with `force` also its trails, artifacts, attestations and policies.

    What releases and approvals point at stays: that is history. Evidence files stay in the store, they may be shared.
    Raises Forbidden without `organization:flow:delete` (with `force`: `organization:history:delete`), and Conflict
    naming what still refers to it. Records `flow.deleted`.
    """
    require(actor, "organization:history:delete" if force else "organization:flow:delete", flow)
    flow = Flow.objects.select_for_update(of=("self",)).get(pk=flow.pk)
    if not force:
        _refuse_while_referred_to(flow)
    record_event("flow.deleted", subject=flow, actor=actor, related=[flow.component], data={"force": force})
    try:
        for proven in (Attestation.objects.filter(trail__flow=flow), Artifact.objects.filter(trail__flow=flow)):
            search.forget(proven)
        search.forget(flow.trails.all())
        Evidence.objects.filter(attestation__trail__flow=flow).delete()
        Attestation.objects.filter(trail__flow=flow).delete()
        Artifact.objects.filter(trail__flow=flow).delete()
        flow.trails.all().delete()
        flow.delete()
    except models.ProtectedError as error:
        words = sorted({str(each._meta.verbose_name_plural) for each in error.protected_objects})
        raise Conflict(f"Flow {flow.name} ({flow.uid}) is still used by: {', '.join(words)}.") from error


def _kept_component(flow: Flow, changes: dict[str, Any]) -> Component | None:
    """The component that was given, unless the tag that may have named it changes."""
    told_anew = flow.tags.get("component") != changes.get("tags", flow.tags).get("component")
    return flow.component if flow.component_by == Flow.Joined.GIVEN and not told_anew else None


def _refuse_while_referred_to(flow: Flow) -> None:
    """Name every kind of row that points at the flow, of this app or one above."""
    found = []
    for relation in Flow._meta.related_objects:
        model: Any = relation.related_model
        count = model._base_manager.filter(**{relation.field.name: flow}).count()
        if count:
            words = model._meta
            found.append(f"{count} {words.verbose_name if count == 1 else words.verbose_name_plural}")
    if found:
        raise Conflict(f"Flow {flow.name} ({flow.uid}) is still used by: {', '.join(found)}.")


def _check(flow: Flow) -> None:
    taken = Flow.objects.filter(organization=flow.organization, name__iexact=flow.name).exclude(pk=flow.pk)
    if flow.name and taken.exists():
        raise Conflict(f"A flow named {flow.name} exists in {flow.organization.slug}.")
    check_template(flow.template_yaml)
    flow.full_clean(validate_constraints=False)  # the database sees to namesakes made at once


def check_tags(tags: Any) -> None:
    """Refuse what is no mapping, more than 50 tags, a blank or long key, a value that is not a short text."""
    if not isinstance(tags, dict):
        raise ValidationError({"tags": "Tags are a mapping of text to text."})
    faults = [f"At most {MAX_TAGS} tags."] if len(tags) > MAX_TAGS else []
    for key, value in tags.items():
        if not key.strip() or len(key) > MAX_KEY:
            faults.append(f"The key {key[:MAX_KEY]!r} must have 1 to {MAX_KEY} characters.")
        if not isinstance(value, str) or len(value) > MAX_VALUE:
            faults.append(f"The value of {key[:MAX_KEY]!r} must be text of at most {MAX_VALUE} characters.")
    if faults:
        raise ValidationError({"tags": faults[:10]})

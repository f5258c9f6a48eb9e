"""Which component a flow or trail is about, when nobody says so (DESIGN 2a)."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.text import slugify

from catalog.models import Component, Event, Organization
from catalog.prepared import those
from catalog.repositories import repository_key, repository_of_build
from compliance.models import Flow, Trail

BY_FLOW = "flow"
BY_REPOSITORY = Flow.Joined.REPOSITORY.value


@dataclass(frozen=True)
class Join:
    """A component and how it is known: a value of Flow.Joined, for a trail "flow" or "repository"; '' for none."""

    component: Component | None = None
    by: str = ""


def find_component(organization: Organization, word: str) -> Component | None:
    """The component whose uid, slug or record id is `word`."""
    named = Q(slug__iexact=word) | Q(record_id=word)
    with suppress(ValueError):
        named |= Q(uid=UUID(word))
    return Component.objects.filter(named, organization=organization).order_by("pk").first()


def join_flow(organization: Organization, name: str, tags: dict[str, Any], given: Component | None = None) -> Join:
    """What a flow is about: the component that is given, or named by the tag `component`; else the one whose
    repository is the tag `repository`; else the one whose slug is the flow's name."""
    if given is not None:
        return Join(given, Flow.Joined.GIVEN)
    word = str(tags.get("component") or "")
    if word and (named := find_component(organization, word)):
        return Join(named, Flow.Joined.GIVEN)
    if found := _by_repository(organization, repository_key(str(tags.get("repository") or ""))):
        return Join(found, Flow.Joined.REPOSITORY)
    slug = slugify(name)
    alike = those(Component.objects.all).first(organization=organization.pk, slug__spelled=slug) if slug else None
    return Join(alike, Flow.Joined.SLUG) if alike else Join()


def join_trail(flow: Flow, build_url: str | None) -> Join:
    """What a trail is about: its flow's component, else the one whose repository its build lies in."""
    if flow.component is not None:
        return Join(flow.component, BY_FLOW)
    found = _by_repository(flow.organization, repository_of_build(build_url or ""))
    return Join(found, BY_REPOSITORY) if found else Join()


def join_event(event: Event) -> None:
    """Subscriber: a component that is new or has moved picks up flows and trails that waited for it."""
    component = Component.objects.filter(uid=event.subject_uid).select_related("organization").first()
    if component is None:
        return
    alike = Q(name__iexact=component.slug) | Q(name__iexact=component.name)
    alike |= Q(tags__component__in=[component.slug, component.record_id, str(component.uid)])
    alike |= Q(tags__has_key="repository")
    for flow in Flow.objects.filter(alike, organization=component.organization, component=None):
        join = join_flow(component.organization, flow.name, flow.tags)
        if join.component is not None:
            set_component(flow, join)
    if component.repository_key:
        waiting = Trail.objects.filter(
            organization=component.organization, component=None, build_url__icontains=_path(component.repository_key)
        )
        built = [each.pk for each in waiting if repository_of_build(each.build_url or "") == component.repository_key]
        Trail.objects.filter(pk__in=built, component=None).update(component=component, component_by=BY_REPOSITORY)


def set_component(flow: Flow, join: Join) -> None:
    """Store what a flow is about, and so what its trails are about unless their build said otherwise."""
    flow.component, flow.component_by = join.component, join.by
    Flow.objects.filter(pk=flow.pk).update(component=join.component, component_by=join.by)
    trails = flow.trails.all() if join.component else flow.trails.filter(component_by=BY_FLOW)
    held = [each.pk for each in trails.select_for_update(no_key=True).order_by("pk").only("pk")]  # in everyone's order
    Trail.objects.filter(pk__in=held).update(component=join.component, component_by=BY_FLOW if join.component else "")


def _by_repository(organization: Organization, key: str) -> Component | None:
    if not key:
        return None
    return Component.objects.filter(organization=organization, repository_key=key).order_by("pk").first()


def _path(key: str) -> str:
    return key.rpartition("//")[2]

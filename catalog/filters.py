"""Filters of catalog's lists, and the base of every portal list: search words, sort column, chips for what is set."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import ClassVar, NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet
from django.forms import DateInput
from django.utils import timezone
from django.utils.functional import cached_property
from django_filters import (
    CharFilter,
    ChoiceFilter,
    DateFilter,
    FilterSet,
    ModelChoiceFilter,
    OrderingFilter,
    UUIDFilter,
)

from catalog import slots
from catalog.middleware import PortalRequest
from catalog.models import Component, Environment, Event, Project, Team
from catalog.models.event import EventQuerySet

CURSORS = ("after", "before")


class Chip(NamedTuple):
    """One filter that is set: its name and value in words, and the query string without it."""

    label: str
    value: str
    query: str


class PortalFilter(FilterSet):
    """Filters of one list, read from the URL; wrong values narrow nothing, and the page says so.

    `columns` are what a file of the list holds: by name the lookup of each. `q` finds every word in any of
    `search_fields`. A list that can be sorted adds `sort = OrderingFilter(...)` over
    indexed columns.
    """

    search_fields: tuple[str, ...] = ()
    columns: ClassVar[Mapping[str, str]] = {}
    q = CharFilter(method="search", label="Search")

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Rows in which each word of `value` stands somewhere in the search fields."""
        for word in value.split()[:8]:
            queryset = queryset.filter(
                reduce(or_, (Q(**{f"{field}__icontains": word}) for field in self.search_fields))
            )
        return queryset

    @cached_property
    def chips(self) -> list[Chip]:
        """What is set besides sorting, each with the address that removes it."""
        return list(self._chips())

    @property
    def ignored(self) -> list[str]:
        """The labels of the filters whose value is none of their choices."""
        return [str(self.form.fields[name].label) for name in self.form.errors if name in self.form.fields]

    @property
    def is_filtered(self) -> bool:
        """Whether anything narrows this list."""
        return bool(self.chips)

    @property
    def fields_beside_search(self) -> list:
        """The form's fields for the filter menu: all but the search words and the sort column."""
        return [field for field in self.form if field.name not in ("q", "sort")]

    def _chips(self) -> Iterator[Chip]:
        if not self.is_bound or not (self.form.is_valid() or self.form.cleaned_data):
            return
        for field in self.form:
            value = self.form.cleaned_data.get(field.name)
            if field.name == "sort" or value in (None, "", []):
                continue
            rest = self.data.copy()
            for name in (field.name, *CURSORS):
                rest.pop(name, None)
            yield Chip(str(field.label), self._in_words(field, value), f"?{rest.urlencode()}")

    def _in_words(self, field, value: object) -> str:
        choices = dict(getattr(field.field, "choices", ()))
        values = value if isinstance(value, list | tuple) else [value]
        return ", ".join(str(choices.get(each, each)) for each in values)


def _teams(request: PortalRequest) -> QuerySet[Team]:
    return Team.objects.visible_to(request.actor)


class ComponentFilter(PortalFilter):
    """Components by name, repository or slug, and by what a manifest says about them."""

    search_fields = ("name", "slug", "repository_key")
    columns = {
        "id": "uid", "record_id": "record_id", "name": "name", "kind": "kind", "lifecycle": "lifecycle",
        "criticality": "criticality", "team": "team__name", "system": "system__name", "domain": "domain__name",
        "repository": "repository", "version": "version", "tags": "tags", "last_manifest": "pushed_at",
    }  # fmt: skip
    team = ModelChoiceFilter(queryset=_teams, empty_label="Any", null_label="Nobody")
    kind = ChoiceFilter(choices=Component.Kind, empty_label="Any")
    lifecycle = ChoiceFilter(choices=Component.Lifecycle, empty_label="Any")
    criticality = ChoiceFilter(choices=Component.Criticality, empty_label="Any")
    sort = OrderingFilter(fields=["name"])

    class Meta:
        model = Component
        fields: list[str] = []


class ProjectFilter(PortalFilter):
    """Projects by name or canonical, and by the team that has them."""

    search_fields = ("name", "canonical", "description")
    columns = {
        "id": "uid", "name": "name", "canonical": "canonical", "team": "team__name", "description": "description",
    }  # fmt: skip
    team = ModelChoiceFilter(queryset=_teams, empty_label="Any")
    sort = OrderingFilter(fields=["name"])

    class Meta:
        model = Project
        fields: list[str] = []


def _kinds() -> list[tuple[str, str]]:
    return [(kind, kind.replace(".", " ").replace("_", " ")) for kind in slots.event_kinds()]


class AuditFilter(PortalFilter):
    """Events by what happened, who did it, what it is about, and the days, in the organization's time."""

    q = None
    columns = {
        "id": "uid", "at": "occurred_at", "kind": "kind", "subject": "subject_label", "subject_id": "subject_uid",
        "who": "actor_label", "actor": "actor_kind", "address": "address", "region": "region",
        "request_id": "request_id", "data": "data",
    }  # fmt: skip
    kind = ChoiceFilter(choices=_kinds, label="What", empty_label="Anything")
    actor = CharFilter(field_name="actor_label", label="Who, by e-mail or name of a service account")
    about = UUIDFilter(method="by_subject", label="About, by id")
    since = DateFilter(method="from_day", label="From", widget=DateInput(attrs={"type": "date"}))
    until = DateFilter(method="to_day", label="To", widget=DateInput(attrs={"type": "date"}))

    class Meta:
        model = Event
        fields: list[str] = []

    def by_subject(self, queryset: EventQuerySet, name: str, value: UUID) -> EventQuerySet:
        """Events that concern one thing."""
        return queryset.about(value)

    def from_day(self, queryset: QuerySet[Event], name: str, value: date) -> QuerySet[Event]:
        """Events of that day and later."""
        return queryset.filter(occurred_at__gte=_midnight(value))

    def to_day(self, queryset: QuerySet[Event], name: str, value: date) -> QuerySet[Event]:
        """Events of that day and earlier."""
        return queryset.filter(occurred_at__lt=_midnight(value + timedelta(days=1))) if value < date.max else queryset


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


class EnvironmentFilter(PortalFilter):
    """Environments by name, kind, drift and what drift does there."""

    search_fields = ("name", "description")
    columns = {
        "id": "uid", "name": "name", "kind": "kind", "description": "description", "drift": "drift_state",
        "on_drift": "drift_policy", "running": "running_count", "last_snapshot": "snapshot_at",
    }  # fmt: skip
    kind = ChoiceFilter(choices=Environment.Kind, empty_label="Any")
    drift_state = ChoiceFilter(choices=Environment.DriftState, label="Drift", empty_label="Any")
    drift_policy = ChoiceFilter(choices=Environment.DriftPolicy, label="Drift policy", empty_label="Any")
    sort = OrderingFilter(fields=["name"])

    class Meta:
        model = Environment
        fields: list[str] = []

"""Filters of catalog's lists, and the base of every portal list: search words, sort column, chips for what is set."""

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.utils.functional import cached_property
from django_filters import CharFilter, ChoiceFilter, FilterSet, ModelChoiceFilter, OrderingFilter

from catalog.middleware import PortalRequest
from catalog.models import Component, Environment, Project, Team

CURSORS = ("after", "before")


class Chip(NamedTuple):
    """One filter that is set: its name and value in words, and the query string without it."""

    label: str
    value: str
    query: str


class PortalFilter(FilterSet):
    """Filters of one list, read from the URL; wrong values narrow nothing, and the page says so.

    `q` finds every word in any of `search_fields`. A list that can be sorted adds `sort = OrderingFilter(...)` over
    indexed columns.
    """

    search_fields: tuple[str, ...] = ()
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
    team = ModelChoiceFilter(queryset=_teams, empty_label="Any")
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
    team = ModelChoiceFilter(queryset=_teams, empty_label="Any")
    sort = OrderingFilter(fields=["name"])

    class Meta:
        model = Project
        fields: list[str] = []


class EnvironmentFilter(PortalFilter):
    """Environments by name, kind, drift and what drift does there."""

    search_fields = ("name", "description")
    kind = ChoiceFilter(choices=Environment.Kind, empty_label="Any")
    drift_state = ChoiceFilter(choices=Environment.DriftState, label="Drift", empty_label="Any")
    drift_policy = ChoiceFilter(choices=Environment.DriftPolicy, label="Drift policy", empty_label="Any")
    sort = OrderingFilter(fields=["name"])

    class Meta:
        model = Environment
        fields: list[str] = []

"""Filters of the releases' lists."""

from django.db.models import QuerySet
from django_filters import BooleanFilter, ChoiceFilter, ModelChoiceFilter, OrderingFilter

from catalog.filters import PortalFilter
from catalog.middleware import PortalRequest
from catalog.models import Environment
from releases.models import Application, Release, Ruleset


def _environments(request: PortalRequest) -> QuerySet[Environment]:
    return Environment.objects.visible_to(request.actor).filter(organization=request.actor.organization_id)


class ReleaseFilter(PortalFilter):
    """Releases by component, commit, digest or who asked, and by state and environment."""

    search_fields = ("application__key", "application__component__name", "source_identity", "digest", "created_by")
    state = ChoiceFilter(choices=Release.State, empty_label="Any")
    environment = ModelChoiceFilter(queryset=_environments, to_field_name="name", empty_label="Any")
    sort = OrderingFilter(fields=["created_at"])

    class Meta:
        model = Release
        fields: list[str] = []


class ApplicationFilter(PortalFilter):
    """Applications by id or name, and whether they take releases."""

    search_fields = ("key", "latest__display_name", "component__name")
    enabled = BooleanFilter(field_name="latest__enabled")

    class Meta:
        model = Application
        fields: list[str] = []


class RulesetFilter(PortalFilter):
    """Rulesets by id, name or description, and whether they count."""

    search_fields = ("key", "latest__display_name", "latest__description")
    enabled = BooleanFilter(field_name="latest__enabled")

    class Meta:
        model = Ruleset
        fields: list[str] = []

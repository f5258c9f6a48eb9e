"""Filters of the releases' lists."""

from django.db.models import QuerySet
from django_filters import BooleanFilter, ChoiceFilter, ModelChoiceFilter, OrderingFilter

from catalog.filters import PortalFilter
from catalog.middleware import PortalRequest
from catalog.models import Environment
from releases.models import Application, ApprovalRequest, Release, Ruleset


def _environments(request: PortalRequest) -> QuerySet[Environment]:
    return Environment.objects.visible_to(request.actor).filter(organization=request.actor.organization_id)


class ReleaseFilter(PortalFilter):
    """Releases by component, commit, digest or who asked, and by state and environment."""

    search_fields = ("application__key", "application__component__name", "source_identity", "digest", "created_by")
    columns = {
        "id": "uid", "number": "number", "component": "application__component__name",
        "application": "application__key", "environment": "environment__name", "state": "state", "digest": "digest",
        "source": "source_identity", "by": "created_by", "asked": "created_at", "settled": "finalized_at",
    }  # fmt: skip
    state = ChoiceFilter(choices=Release.State, empty_label="Any")
    environment = ModelChoiceFilter(queryset=_environments, to_field_name="name", empty_label="Any")
    sort = OrderingFilter(fields=["created_at"])

    class Meta:
        model = Release
        fields: list[str] = []


class ApplicationFilter(PortalFilter):
    """Applications by id or name, and whether they take releases."""

    search_fields = ("key", "latest__display_name", "component__name")
    columns = {
        "id": "uid", "key": "key", "name": "latest__display_name", "component": "component__name",
        "enabled": "latest__enabled",
    }  # fmt: skip
    enabled = BooleanFilter(field_name="latest__enabled")

    class Meta:
        model = Application
        fields: list[str] = []


class RulesetFilter(PortalFilter):
    """Rulesets by id, name or description, and whether they count."""

    search_fields = ("key", "latest__display_name", "latest__description")
    columns = {
        "id": "uid", "key": "key", "name": "latest__display_name", "description": "latest__description",
        "enabled": "latest__enabled",
    }  # fmt: skip
    enabled = BooleanFilter(field_name="latest__enabled")

    class Meta:
        model = Ruleset
        fields: list[str] = []


class ApprovalFilter(PortalFilter):
    """Approvals by what they are about and who asked."""

    search_fields = ("component__name", "environment__name", "trail__commit", "requested_by", "digest")
    columns = {
        "id": "uid", "component": "component__name", "environment": "environment__name", "release": "release__number",
        "trail": "trail__uid", "digest": "digest", "state": "status", "asked_by": "requested_by",
        "asked": "created_at", "settled": "resolved_at", "comments": "comments",
    }  # fmt: skip

    class Meta:
        model = ApprovalRequest
        fields: list[str] = []

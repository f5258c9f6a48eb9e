"""Filters of compliance's lists."""

from django.db.models import QuerySet
from django_filters import CharFilter, ChoiceFilter, OrderingFilter

from catalog.filters import PortalFilter
from compliance.models import AllowlistEntry, Flow, Snapshot, Trail
from compliance.models.snapshot import CHANGED

YES_NO = [("yes", "Yes"), ("no", "No")]


class FlowFilter(PortalFilter):
    """Flows by name or component, by whether they want an approval, and by tag."""

    search_fields = ("name", "description", "component__name")
    columns = {
        "id": "uid", "name": "name", "description": "description", "component": "component__name",
        "asks": "required_types", "wants_approval": "requires_approval", "tags": "tags",
    }  # fmt: skip
    approval = ChoiceFilter(choices=YES_NO, method="by_approval", label="Wants an approval", empty_label="Any")
    joined = ChoiceFilter(choices=YES_NO, method="by_component", label="Has a component", empty_label="Any")
    tag = CharFilter(method="by_tag", label="Tag, as key:value")
    sort = OrderingFilter(fields=["name"])

    class Meta:
        model = Flow
        fields: list[str] = []

    def by_approval(self, queryset: QuerySet[Flow], name: str, value: str) -> QuerySet[Flow]:
        """Flows that want an approval, or that do not."""
        return queryset.filter(requires_approval=value == "yes")

    def by_component(self, queryset: QuerySet[Flow], name: str, value: str) -> QuerySet[Flow]:
        """Flows that are about a known component, or that are not."""
        return queryset.filter(component__isnull=value == "no")

    def by_tag(self, queryset: QuerySet[Flow], name: str, value: str) -> QuerySet[Flow]:
        """Flows with the tag; a key alone means any value."""
        key, colon, word = value.partition(":")
        return queryset.filter(tags__contains={key: word}) if colon else queryset.filter(tags__has_key=key)


class TrailFilter(PortalFilter):
    """Trails of a flow by words in commit, branch, author or name, by status, and by branch and author as they are."""

    search_fields = ("commit", "branch", "author", "name")
    columns = {
        "id": "uid", "flow": "flow__name", "component": "component__name", "name": "name", "commit": "commit",
        "branch": "branch", "author": "author", "status": "status", "build": "build_url", "begun": "created_at",
    }  # fmt: skip
    status = ChoiceFilter(choices=Trail.Status, empty_label="Any")
    branch = CharFilter(label="Branch, by its whole name")
    author = CharFilter(label="Author, by their whole name")

    class Meta:
        model = Trail
        fields: list[str] = []


class SnapshotFilter(PortalFilter):
    """Snapshots of an environment by who reported them, and those that changed something."""

    search_fields = ("recorded_by",)
    columns = {
        "id": "uid", "number": "index", "seen": "created_at", "reported_by": "recorded_by", "running": "running",
        "added": "added", "updated": "updated", "removed": "removed",
    }  # fmt: skip
    changed = ChoiceFilter(choices=YES_NO[:1], method="by_change", label="Changed something", empty_label="Any")

    class Meta:
        model = Snapshot
        fields: list[str] = []

    def by_change(self, queryset: QuerySet[Snapshot], name: str, value: str) -> QuerySet[Snapshot]:
        """Snapshots that differ from the one before."""
        return queryset.filter(CHANGED)


class AllowlistFilter(PortalFilter):
    """What is allow-listed, by digest, pattern, reason or who approved it."""

    search_fields = ("digest", "name_pattern", "reason", "approved_by")
    columns = {
        "id": "uid", "digest": "digest", "name_pattern": "name_pattern", "reason": "reason",
        "approved_by": "approved_by", "added": "created_at", "expires": "expires_at", "removed": "removed_at",
    }  # fmt: skip

    class Meta:
        model = AllowlistEntry
        fields: list[str] = []

"""Filters of the lists below Settings."""

from django.db.models import Q, QuerySet
from django.utils import timezone
from django_filters import ChoiceFilter, ModelChoiceFilter

from catalog.filters import PortalFilter
from catalog.middleware import PortalRequest
from catalog.models import ApiKey, Membership, Role, ServiceAccount, Team, WebhookToken


def _roles(request: PortalRequest) -> QuerySet[Role]:
    return Role.objects.visible_to(request.actor).filter(organization=request.actor.organization)


class MemberFilter(PortalFilter):
    """Members by name, address and role."""

    search_fields = ("user__name", "user__email")
    columns = {
        "id": "uid", "name": "user__name", "email": "user__email", "role": "role__canonical", "since": "created_at",
    }  # fmt: skip
    role = ModelChoiceFilter(queryset=_roles, empty_label="Any")

    class Meta:
        model = Membership
        fields: list[str] = []


class MachineFilter(PortalFilter):
    """Service accounts by name and role."""

    search_fields = ("name", "description")
    columns = {
        "id": "uid", "name": "name", "description": "description", "role": "role__canonical", "made": "created_at",
    }  # fmt: skip
    role = ModelChoiceFilter(queryset=_roles, empty_label="Any")

    class Meta:
        model = ServiceAccount
        fields: list[str] = []


class TeamFilter(PortalFilter):
    """Teams by name."""

    search_fields = ("name", "slug")
    columns = {"id": "uid", "name": "name", "slug": "slug", "role": "role__canonical", "made": "created_at"}

    class Meta:
        model = Team
        fields: list[str] = []


class RoleFilter(PortalFilter):
    """Roles by name."""

    search_fields = ("name", "canonical", "description")
    columns = {
        "id": "uid", "name": "name", "canonical": "canonical", "description": "description", "built_in": "built_in",
    }  # fmt: skip

    class Meta:
        model = Role
        fields: list[str] = []


class KeyFilter(PortalFilter):
    """Keys by label, owner, and whether they open anything."""

    search_fields = ("label", "last_four", "user__email", "user__name", "service_account__name")
    columns = {
        "id": "uid", "label": "label", "prefix": "prefix", "last_four": "last_four", "user": "user__email",
        "service_account": "service_account__name", "created": "created_at", "expires": "expires_at",
        "revoked": "revoked_at", "last_used": "last_used_at",
    }  # fmt: skip
    state = ChoiceFilter(
        choices=[("open", "In force"), ("over", "Ended")], method="by_state", label="State", empty_label="Any"
    )

    class Meta:
        model = ApiKey
        fields: list[str] = []

    def by_state(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Those that open something now, or those that don't."""
        now = timezone.now()
        over = Q(revoked_at__lte=now) | Q(expires_at__lte=now)
        return queryset.filter(over) if value == "over" else queryset.exclude(pk__in=queryset.filter(over).values("pk"))


class WebhookTokenFilter(PortalFilter):
    """Webhook tokens by label and component."""

    search_fields = ("label", "component__name", "last_four")
    columns = {
        "id": "uid", "label": "label", "last_four": "last_four", "component": "component__name", "by": "created_by",
        "created": "created_at", "expires": "expires_at", "revoked": "revoked_at", "last_used": "last_used_at",
    }  # fmt: skip

    class Meta:
        model = WebhookToken
        fields: list[str] = []

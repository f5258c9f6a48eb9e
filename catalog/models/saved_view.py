"""Views of lists that people keep: a name for the filters that were set."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from catalog.models.base import TenantModel, TenantQuerySet

if TYPE_CHECKING:
    from catalog.actors import Actor


class SavedViewQuerySet(TenantQuerySet):
    def offered_to(self, actor: "Actor") -> Self:
        """One's own in the organization at hand, and those that others share and one may see."""
        own = Q(owner=actor.user) if actor.user else Q(pk__in=[])
        return self.filter(own | (Q(is_shared=True) & actor.readable(self.model)), organization=actor.organization_id)


class SavedView(TenantModel):
    """One person's name for what a list shows with certain filters; shared, everybody in the organization has it."""

    entity = "saved_view"
    resource = (("saved_view", "uid"),)

    owner = models.ForeignKey("catalog.User", models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    path = models.CharField(max_length=255, editable=False, help_text="Of the list.")
    query = models.CharField(max_length=2000, editable=False, help_text="Its filters, as they stand in the address.")
    is_shared = models.BooleanField(default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "path", "owner", "name"],
                name="saved_view_name",
                violation_error_message="You have a view of this name here.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        """The address of the list as it was saved."""
        return f"{self.path}?{self.query}"

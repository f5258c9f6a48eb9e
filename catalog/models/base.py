"""What every model has: two keys, times, and (for all but a few) an organization that bounds who may see it."""

from collections.abc import Collection
from typing import TYPE_CHECKING, ClassVar, Self
from uuid import UUID

import uuid_utils
from django.core.exceptions import ValidationError
from django.db import models

if TYPE_CHECKING:
    from catalog.actors import Actor


def uuid7() -> UUID:
    """A time-ordered UUID (RFC 9562, version 7)."""
    return UUID(bytes=uuid_utils.uuid7().bytes)


class Keyed(models.Model):
    """Two keys: `id` orders and joins, `uid` is what the outside sees."""

    uid = models.UUIDField(unique=True, default=uuid7, editable=False)

    class Meta:
        abstract = True


class TenantQuerySet(models.QuerySet):
    """Rows of organizations: nothing leaves without an actor."""

    def visible_to(self, actor: "Actor | None") -> Self:
        """The rows `actor` may read, decided in SQL; none for no actor."""
        if actor is None:
            return self.none()
        return self.filter(actor.readable(self.model))


class TenantModel(Keyed):
    """A row that belongs to one organization.

    `entity` is its word in actions and resource paths (`organization:<entity>:read`). `resource` gives the path below
    the organization as (entity, field lookup) pairs, the same for Python and for SQL.
    """

    entity: ClassVar[str]
    resource: ClassVar[tuple[tuple[str, str], ...]]

    organization = models.ForeignKey("catalog.Organization", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        abstract = True

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Validate the fields, without asking the database for related rows that are in hand already."""
        in_hand = {
            field.name
            for field in self._meta.concrete_fields
            if isinstance(field, models.ForeignKey)
            and field.is_cached(self)
            and getattr(self, field.attname) is not None
        }
        super().clean_fields(exclude=in_hand | set(exclude or ()))

    def clean(self) -> None:
        """Refuse a foreign key into another organization."""
        super().clean()
        foreign = {
            field.name: f"This {field.verbose_name} belongs to another organization."
            for field in self._meta.concrete_fields
            if field.is_relation and field.name != "organization" and self._is_foreign(field)
        }
        if foreign:
            raise ValidationError(foreign)

    def _is_foreign(self, field: models.Field) -> bool:
        related = field.related_model
        if not (isinstance(related, type) and issubclass(related, TenantModel)) or getattr(self, field.attname) is None:
            return False
        return getattr(self, field.name).organization_id != self.organization_id

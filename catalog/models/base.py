"""What every model has: two keys, times, and (for all but a few) an organization that bounds who may see it."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self
from uuid import UUID

import uuid_utils
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models.functions import TruncDate
from django.utils import timezone

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

    def validate_unique(self, exclude: Collection[str] | None = None) -> None:
        """Validate what must be unique, without asking the database for a uid that nobody chooses."""
        super().validate_unique(exclude={*(exclude or ()), "uid"})

    def put(self) -> None:
        """Validate the row and save it; what its constraints say is asked one by one only of a row that was refused.

        The database holds them whoever else writes at the same time, and costs no query for each. Raises
        ValidationError with all that is wrong, by field.
        """
        if not self._meta.constraints:  # facts and decisions: a savepoint would cost them two statements for nothing
            self.full_clean()
            self.save()
            return
        try:
            self.full_clean(validate_constraints=False)
            with transaction.atomic():
                self.save()
        except (ValidationError, IntegrityError):
            self.full_clean()
            raise


class TenantQuerySet(models.QuerySet):
    """Rows of organizations: nothing leaves without an actor."""

    def visible_to(self, actor: "Actor | None") -> Self:
        """The rows `actor` may read, decided in SQL; none for no actor."""
        if actor is None:
            return self.none()
        return self.filter(actor.readable(self.model))

    def by_day(self, first: date, last: date, **counts: models.Aggregate) -> list[dict[str, int]]:
        """What `counts` say of the rows made on each day from `first` to `last`, in the zone at hand; one query."""
        begin = timezone.make_aware(datetime.combine(first, time.min))
        made = self.order_by().filter(created_at__gte=begin).values(day=TruncDate("created_at"))
        found = {row["day"]: row for row in made.annotate(**counts)}
        none = dict.fromkeys(counts, 0)
        return [found.get(first + timedelta(days=at), none) for at in range((last - first).days + 1)]


class TenantModel(Keyed):
    """A row that belongs to one organization.

    `entity` is its word in actions and resource paths (`organization:<entity>:read`). `resource` gives the path below
    the organization as (entity, field lookup) pairs, the same for Python and for SQL.
    """

    entity: ClassVar[str]
    resource: ClassVar[tuple[tuple[str, str], ...]]
    held_by: ClassVar[str] = ""  # the related row that services lock before they change this one

    organization = models.ForeignKey("catalog.Organization", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        abstract = True

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Validate the fields, without asking for related rows that are in hand, or the actor's organization."""
        in_hand = {
            field.name
            for field in self._meta.concrete_fields
            if isinstance(field, models.ForeignKey)
            and (field.name == "organization" or field.is_cached(self))
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

    def unique_error_message(self, model_class: type[Self], unique_check: Sequence[str]) -> ValidationError:
        """What the organization has already, in words."""
        if own := _own_field(unique_check):
            name = self._meta.get_field(own).verbose_name  # type: ignore[union-attr]
            params = {"unique_check": unique_check}
            return ValidationError(f"This {name} is taken already.", code="unique_together", params=params)
        return super().unique_error_message(model_class, unique_check)

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Check the constraints; what there is already is said beside the field that has to be another."""
        try:
            super().validate_constraints(exclude=exclude)
        except ValidationError as refused:
            said: dict[str, list[ValidationError]] = {}
            for name, errors in refused.error_dict.items():
                for error in errors:
                    own = self._field_of(error) if name == NON_FIELD_ERRORS else name
                    said.setdefault(own or name, []).append(error)
            raise ValidationError(said) from refused

    def _field_of(self, error: ValidationError) -> str:
        """The field that a constraint's error is about: what is unique, the last of several; '' for other errors."""
        if error.params and "unique_check" in error.params:
            return _own_field(error.params["unique_check"])
        for constraint in self._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint) and constraint.violation_error_message == error.message:
                named = [*constraint.fields, *map(_name_in, constraint.expressions)]
                return named[-1] if named[-1] != "organization" else ""
        return ""

    def _is_foreign(self, field: models.Field) -> bool:
        related = field.related_model
        if not (isinstance(related, type) and issubclass(related, TenantModel)) or getattr(self, field.attname) is None:
            return False
        return getattr(self, field.name).organization_id != self.organization_id


def _own_field(unique_check: Sequence[str]) -> str:
    """The field that is unique within an organization; nothing where it is several."""
    others = [name for name in unique_check if name != "organization"]
    return others[0] if len(others) == 1 and len(unique_check) == 2 else ""


def _name_in(expression: Any) -> str:
    """The field in an expression of a constraint, such as `Lower("name")`."""
    return expression.name if isinstance(expression, models.F) else _name_in(expression.get_source_expressions()[0])

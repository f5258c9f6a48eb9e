"""Stores of keys and values, which integrations keep their state in."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from catalog.models import TenantModel, TenantQuerySet


def path_of(key: list[str]) -> str:
    """`key` as one text in which every segment ends in `/`, so that a prefix of segments is a prefix of letters."""
    return "".join(segment.replace("%", "%25").replace("/", "%2F") + "/" for segment in key)


class Store(TenantModel):
    """A named set of keys and values."""

    entity = "store"
    resource = (("store", "name"),)

    name = models.CharField(max_length=255)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name"], name="store_name", violation_error_message="This store exists."
            )
        ]

    def __str__(self) -> str:
        return self.name


class StoreEntryQuerySet(TenantQuerySet):
    def alive(self, at: datetime) -> Self:
        """The entries that are there at `at`; an expired one is not, whether it was swept or not."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at))

    def below(self, prefix: list[str]) -> Self:
        """The entries whose key begins with these whole segments, the key itself included."""
        return self.filter(path__startswith=path_of(prefix)) if prefix else self


class StoreEntry(TenantModel):
    """One value under a key of segments, in the order in which keys came.

    `value` is JSON text, given back as it came. `version` grows with every write; `lifetime` is what a read restarts
    where `is_refreshed`.
    """

    entity = "store"
    resource = (("store", "store__name"),)

    store = models.ForeignKey(Store, models.CASCADE, related_name="entries")
    key = ArrayField(models.TextField())
    path = models.TextField(editable=False, help_text="The key as one text.")
    value = models.TextField()
    metadata = models.JSONField(default=dict, blank=True)
    version = models.BigIntegerField(editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    lifetime = models.DurationField(null=True, blank=True)
    is_refreshed = models.BooleanField(default=False)

    objects = StoreEntryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "store entries"
        constraints = [
            models.UniqueConstraint(
                fields=["store", "path"], name="store_entry_key", opclasses=["int8_ops", "text_pattern_ops"]
            )
        ]
        indexes = [
            models.Index(fields=["store", "-id"], name="store_entry_list"),
            models.Index(fields=["expires_at"], condition=Q(expires_at__isnull=False), name="store_entry_expiry"),
        ]

    def __str__(self) -> str:
        return " / ".join(self.key)

    @property
    def versionstamp(self) -> str:
        """The version in letters that sort as it does."""
        return f"{self.version:016x}"

    def is_alive(self, at: datetime) -> bool:
        """Whether the entry is there at `at`."""
        return self.expires_at is None or self.expires_at > at

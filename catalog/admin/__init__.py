"""Django's admin of the catalog; the other apps build on its two base classes."""

from catalog.admin import (
    credentials,
    deliveries,
    filters,
    history,
    jobs,
    ownership,
    people,
    projects,
    saved_views,
    users,
)
from catalog.admin.base import GatehouseAdmin, ReadOnlyAdmin, admin_actor, asked_first

__all__ = [
    "GatehouseAdmin",
    "ReadOnlyAdmin",
    "admin_actor",
    "asked_first",
    "credentials",
    "deliveries",
    "filters",
    "history",
    "jobs",
    "ownership",
    "people",
    "projects",
    "saved_views",
    "users",
]

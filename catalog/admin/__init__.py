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
from catalog.admin.base import GatehouseAdmin, ReadOnlyAdmin, admin_actor

__all__ = [
    "GatehouseAdmin",
    "ReadOnlyAdmin",
    "admin_actor",
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

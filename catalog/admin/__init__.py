"""Django's admin of the catalog; the other apps build on its two base classes."""

from catalog.admin import credentials, deliveries, history, ownership, people, projects, users
from catalog.admin.base import GatehouseAdmin, ReadOnlyAdmin, admin_actor

__all__ = [
    "GatehouseAdmin",
    "ReadOnlyAdmin",
    "admin_actor",
    "credentials",
    "deliveries",
    "history",
    "ownership",
    "people",
    "projects",
    "users",
]

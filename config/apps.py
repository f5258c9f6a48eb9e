from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig

from config.garbage import ease


class ConfigConfig(AppConfig):
    """The composition root: it has no models, only management commands that need every app."""

    name = "config"

    def ready(self) -> None:
        """All is loaded but for the views."""
        ease()


class AdministrationConfig(AdminConfig):
    """Django's admin with our site."""

    default_site = "config.administration.GatehouseAdminSite"

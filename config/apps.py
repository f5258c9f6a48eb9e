from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConfigConfig(AppConfig):
    """The composition root: it has no models, only management commands that need every app."""

    name = "config"


class AdministrationConfig(AdminConfig):
    """Django's admin with our site."""

    default_site = "config.administration.GatehouseAdminSite"

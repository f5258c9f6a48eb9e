from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The composition root: it has no models, only management commands that need every app."""

    name = "config"

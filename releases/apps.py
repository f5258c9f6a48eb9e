from django.apps import AppConfig


class ReleasesConfig(AppConfig):
    """What may ship."""

    name = "releases"

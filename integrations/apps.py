from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """What we are wired to, and news of what happened."""

    name = "integrations"

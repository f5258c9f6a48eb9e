from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    """What was proven."""

    name = "compliance"

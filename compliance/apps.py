from django.apps import AppConfig

from catalog.rights import register_actions


class ComplianceConfig(AppConfig):
    """What was proven."""

    name = "compliance"

    def ready(self) -> None:
        from compliance import findable, panels, portal  # noqa: PLC0415  views need the models, which load after this module

        portal.register()
        findable.register()
        panels.register()
        register_actions(
            {
                "organization:flow:read": "See flows",
                "organization:flow:create": "Add flows",
                "organization:flow:update": "Change flows",
                "organization:flow:delete": "Delete flows nothing refers to",
                "organization:history:delete": "Delete flows with their trails and attestations",
                "organization:trail:read": "See trails",
                "organization:trail:create": "Begin trails",
                "organization:artifact:read": "See artifacts",
                "organization:artifact:create": "Register artifacts",
                "organization:attestation:read": "See attestations and their evidence",
                "organization:attestation:create": "Record attestations and attach evidence",
            }
        )

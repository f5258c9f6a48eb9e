from django.apps import AppConfig

from catalog.rights import register_actions


class IntegrationsConfig(AppConfig):
    """What we are wired to, and news of what happened."""

    name = "integrations"

    def ready(self) -> None:
        from integrations import portal  # noqa: PLC0415  views need the models, which load after this module

        portal.register()
        register_actions(
            {
                "organization:notification:read": "See what service accounts are told",
                "organization:store:read": "See keys and values of integrations",
                "organization:store:create": "Make stores of keys and values",
                "organization:store:write": "Write keys and values, and delete them",
                "organization:notification:update": "Mark for all service accounts what they were told as read",
            }
        )

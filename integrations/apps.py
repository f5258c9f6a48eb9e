from django.apps import AppConfig

from catalog.rights import register_actions


class IntegrationsConfig(AppConfig):
    """What we are wired to, and news of what happened."""

    name = "integrations"

    def ready(self) -> None:
        from integrations import findable, portal  # noqa: PLC0415  views need the models, which load after this module

        portal.register()
        findable.register()
        register_actions(
            {
                "organization:notification:read": "See what service accounts are told",
                "organization:store:read": "See keys and values of integrations",
                "organization:store:create": "Make stores of keys and values",
                "organization:store:write": "Write keys and values, and delete them",
                "organization:webhook:read": "See webhooks",
                "organization:webhook:create": "Have events posted to an address",
                "organization:webhook:update": "Change webhooks, rotate their secrets, try them out, send again",
                "organization:webhook:delete": "Delete webhooks",
                "organization:notification_rule:read": "See notification rules",
                "organization:notification_rule:create": "Make notification rules",
                "organization:notification_rule:update": "Change notification rules, try them out, send again",
                "organization:notification_rule:delete": "Delete notification rules",
                "organization:outgoing_delivery:read": "See what was sent to webhooks and by rules, and the answers",
                "organization:notification:update": "Mark for all service accounts what they were told as read",
            }
        )

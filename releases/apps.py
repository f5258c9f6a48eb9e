from django.apps import AppConfig

from catalog.rights import register_actions


class ReleasesConfig(AppConfig):
    """What may ship."""

    name = "releases"

    def ready(self) -> None:
        from releases import findable, panels  # noqa: PLC0415  views need the models, which load after this module

        panels.register()
        findable.register()
        register_actions(
            {
                "organization:application:read": "See applications",
                "organization:application:create": "Add applications",
                "organization:application:update": "Propose changes of applications",
                "organization:application:review": "Review changes of applications",
                "organization:ruleset:read": "See approval rulesets",
                "organization:ruleset:create": "Add approval rulesets",
                "organization:ruleset:update": "Propose changes of approval rulesets",
                "organization:ruleset:review": "Review changes of approval rulesets",
                "organization:binding:read": "See which rulesets bind which applications",
                "organization:binding:create": "Bind rulesets to applications",
                "organization:binding:update": "Propose changes of bindings",
                "organization:binding:review": "Review changes of bindings",
                "organization:release:read": "See releases",
                "organization:release:create": "Ask to ship",
                "organization:release:update": "Change what a release says",
                "organization:release:cancel": "Cancel releases",
            }
        )

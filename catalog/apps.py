from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from catalog.rights import register_actions


class CatalogConfig(AppConfig):
    """Who we are and what we own."""

    name = "catalog"

    def ready(self) -> None:
        from catalog import findable, portal  # noqa: PLC0415  views need the models, which load after this module

        portal.register()
        findable.register()
        post_migrate.connect(bring_roles_up_to_date, sender=self)
        post_migrate.connect(fill_search, sender=self)
        register_actions(
            {
                "organization:read": "See the organization",
                "organization:update": "Change the organization",
                "organization:delete": "Delete the organization",
                "organization:create": "Make an organization below",
                "organization:member:read": "See members",
                "organization:member:create": "Add members",
                "organization:member:update": "Change a member's role",
                "organization:member:delete": "Remove members",
                "organization:role:read": "See roles",
                "organization:role:create": "Make roles",
                "organization:role:update": "Change roles",
                "organization:role:delete": "Delete roles",
                "organization:team:read": "See teams",
                "organization:team:create": "Make teams",
                "organization:team:update": "Change teams and who is in them",
                "organization:team:delete": "Delete teams",
                "organization:system:read": "See systems",
                "organization:system:create": "Make systems",
                "organization:system:update": "Change systems",
                "organization:domain:read": "See domains",
                "organization:domain:create": "Make domains",
                "organization:domain:update": "Change domains",
                "organization:service_account:read": "See service accounts",
                "organization:service_account:create": "Make service accounts",
                "organization:service_account:update": "Change service accounts",
                "organization:service_account:delete": "Delete service accounts with their keys",
                "organization:api_key:read": "See API keys, never their secret",
                "organization:api_key:create": "Issue API keys",
                "organization:api_key:update": "Rename API keys and change their owner",
                "organization:api_key:revoke": "Revoke API keys",
                "organization:webhook_token:read": "See webhook tokens, never their secret",
                "organization:webhook_token:create": "Issue webhook tokens",
                "organization:webhook_token:revoke": "Revoke webhook tokens",
                "organization:component:read": "See components",
                "organization:component:create": "Add components",
                "organization:component:update": "Change components",
                "organization:component:push": "Push manifests from CI",
                "organization:delivery:read": "See deliveries and incidents",
                "organization:delivery:create": "Report deliveries and incidents",
                "organization:environment:read": "See environments",
                "organization:environment:create": "Add environments",
                "organization:environment:update": "Change environments",
                "organization:environment:delete": "Delete environments",
                "organization:project:read": "See projects",
                "organization:project:create": "Add projects",
                "organization:project:update": "Change projects",
                "organization:project:delete": "Delete projects",
                "organization:project_environment:read": "See which environments projects are in",
                "organization:project_environment:create": "Put projects into environments",
                "organization:project_environment:update": "Configure projects in environments",
                "organization:project_environment:delete": "Take projects out of environments",
                "organization:project_environment:deploy": "Deploy projects, and suspend them",
                "organization:project_version:read": "See versions of projects",
                "organization:project_version:create": "Save versions of projects",
                "organization:event:create": "Report that something happened",
                "organization:saved_view:read": "See views of lists that others share",
                "organization:saved_view:share": "Share views of lists with everybody, and remove shared ones",
                "organization:event:read": "See what happened",
            }
        )


def bring_roles_up_to_date(**options: Any) -> None:
    """Give the built-in roles of organizations that exist what a new version lets them do."""
    from catalog.models import Organization  # noqa: PLC0415  models load after this module
    from catalog.services.roles import seed_roles  # noqa: PLC0415

    for organization in Organization.objects.only("pk").iterator():
        seed_roles(organization)


def fill_search(**options: Any) -> None:
    """Have search find what a new version begins to find."""
    from catalog.services.search import fill  # noqa: PLC0415  models load after this module

    fill()

"""API keys (cycloid.md 2.23)."""

import re
from typing import Any

from django.db.models import Q
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.cycloid import mapping, schemas
from catalog.api.cycloid.base import OrganizationView, found, member_named
from catalog.api.cycloid.lists import Column
from catalog.api.cycloid.words import our_rule
from catalog.models import ApiKey
from catalog.services.canonicals import free_canonical
from catalog.services.keys import issue_api_key, revoke, update_api_key

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
COLUMNS = {
    "organization_canonical": Column("organization__slug"),
    "user_canonical": Column("user__email", "text"),
    "member_id": Column("user__memberships", "id", many=True),
}


class KeysView(OrganizationView):
    """A view of the organization's keys that open something."""

    entity = "APIKey"

    def keys(self) -> Any:
        """The keys in force."""
        now = timezone.now()
        rows = self.rows(ApiKey).select_related("user").prefetch_related("user__authenticator_set")
        ends = [Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__gt": now}) for name in ("revoked_at", "expires_at")]
        return rows.filter(*ends)


class KeyListView(KeysView):
    def get(self, request: Request, organization_canonical: str) -> Response:
        """The keys, without their tokens."""
        self.must_list("api_key")
        return self.page(self.keys(), mapping.api_key, COLUMNS)

    def post(self, request: Request, organization_canonical: str) -> Response:
        """Make a key that may do what `rules` allow, at most what its owner may; the only answer with its token."""
        said = self.said(schemas.NewAPIKey)
        owner = member_named(self.organization, said.get("owner", "")) or self.actor.user
        key, token = issue_api_key(
            actor=self.actor,
            label=said["name"],
            user=owner,
            service_account=None if owner else self.actor.service_account,
            rules=[our_rule(rule) for rule in said["rules"]],
            canonical=said.get("canonical")
            or free_canonical(said["name"], ApiKey.objects.filter(organization=self.organization)),
            description=said.get("description", ""),
        )
        return self.one(mapping.api_key(key, token))


class KeyView(KeysView):
    def get(self, request: Request, organization_canonical: str, api_key_canonical: str) -> Response:
        """One key."""
        return self.one(mapping.api_key(self.key(api_key_canonical)))

    def put(self, request: Request, organization_canonical: str, api_key_canonical: str) -> Response:
        """Change name, description and owner; what is left out is cleared, but a key stays somebody's."""
        key, said = self.key(api_key_canonical), self.said(schemas.UpdateAPIKey)
        owner = member_named(self.organization, said.get("owner", ""))
        changes = {"label": said["name"], "description": said.get("description", "")}
        update_api_key(actor=self.actor, key=key, user=owner, **changes)
        return self.one(mapping.api_key(self.key(api_key_canonical)))

    def delete(self, request: Request, organization_canonical: str, api_key_canonical: str) -> Response:
        """Revoke it at once."""
        revoke(actor=self.actor, secret=self.key(api_key_canonical))
        return self.done()

    def key(self, canonical: str) -> ApiKey:
        """The key of that canonical; one that has none is named by its id. Raises NotFound."""
        return found(self.keys().filter(self.address(canonical)), "API key")

    def address(self, canonical: str) -> Q:
        """The condition on a key's address."""
        return Q(canonical=canonical) | (Q(canonical="", uid=canonical) if UUID.fullmatch(canonical) else Q(pk__in=[]))

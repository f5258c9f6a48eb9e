"""Organizations, those below and above, what is in them, and what one may do there (cycloid.md 2.3, 2.5)."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actors import membership_rules
from catalog.api.cycloid import mapping, schemas
from catalog.api.cycloid.base import CycloidView, OrganizationView, actor_in, refuse_password
from catalog.api.cycloid.lists import Column
from catalog.api.cycloid.words import our_action
from catalog.middleware import request_context
from catalog.models import Membership, Organization, Project, Role, Team
from catalog.prepared import those
from catalog.rights import allows
from catalog.services.organizations import create_organization, delete_organization, update_organization
from config.errors import Conflict, FieldError, Forbidden

COLUMNS = {
    "organization_canonical": Column("slug"),
    "organization_name": Column("name", "text"),
    "organization_created_at": Column("created_at", "seconds"),
}
COUNTED = {"projects": Project, "roles": Role, "teams": Team, "users": Membership}
UNKNOWN = ("config_repositories", "credentials", "pipelines", "service_catalog_sources", "service_catalogs")


def with_children(rows: Any) -> Any:
    """Organizations with what their body needs, in one query however many."""
    below = Organization.objects.filter(parent=OuterRef("pk"))
    return rows.select_related("parent").annotate(has_children=Exists(below))


def every_organization() -> Any:
    """All organizations with what their body needs."""
    return with_children(Organization.objects.all())


class OrganizationListView(CycloidView):
    entity = "Organization"

    def get(self, request: Request) -> Response:
        """Every organization the caller belongs to or that lies below one; of a scoped session, that one and below."""
        return self.page(with_children(self.reachable()), mapping.organization, COLUMNS, "name")

    def post(self, request: Request) -> Response:
        """Make one below the caller's own."""
        if self.token:
            refuse_password(self.actor.organization)
        return self.one(self.made(self.actor.organization))

    def reachable(self) -> Any:
        """The organizations the caller may read; with a password none that asks for a second factor."""
        scope = self.token.organization if self.token else None
        if self.token is None or scope is not None:
            return Organization.objects.filter(pk__in=self.actor.reach, path__startswith=self.actor.organization.path)
        seen = Q(pk__in=[])
        for membership in self.actor.memberships:
            place = membership.organization
            may_read = allows(membership_rules(membership), "organization:read", f"organization:{place.slug}")
            if may_read and not place.require_second_factor:
                seen |= Q(path__startswith=place.path)
        return Organization.objects.filter(seen, require_second_factor=False)

    def made(self, parent: Organization) -> dict[str, Any]:
        """The organization of the body, made below `parent`."""
        said = self.said(schemas.NewOrganization)
        canonical = said.get("canonical", "")
        try:
            row = create_organization(actor=self.actor, parent=parent, name=said["name"], slug=canonical, founder=True)
        except ValidationError:
            if canonical and Organization.objects.filter(slug__iexact=canonical).exists():
                message = "is taken"
                error = FieldError("canonical", message)
                raise Conflict(f"The canonical {canonical} {message}.", fields=[error]) from None
            raise
        return mapping.organization(those(every_organization).get(pk=row.pk))


class OneOrganizationView(OrganizationView):
    entity = "Organization"

    def get(self, request: Request, organization_canonical: str) -> Response:
        """The organization."""
        self.must("organization:read")
        return self.one(self.body())

    def put(self, request: Request, organization_canonical: str) -> Response:
        """Change name and switches; what is left out stays."""
        said = self.said(schemas.UpdateOrganization)
        changes: dict[str, Any] = {"name": said.pop("name")}
        if "mfa_enabled" in said:
            changes["require_second_factor"] = said.pop("mfa_enabled")
        if said:
            changes["preferences"] = self.organization.preferences | said
        update_organization(actor=self.actor, organization=self.organization, **changes)
        return self.one(self.body())

    def delete(self, request: Request, organization_canonical: str) -> Response:
        """Delete it; nobody but those above may."""
        user, above = self.actor.user, self.organization.parent
        actor = (
            actor_in(user, above, **request_context(request._request)) if self.token and user and above else self.actor
        )
        if actor is None:
            raise Forbidden(f"Deleting {self.organization} takes rights above it.")
        delete_organization(actor=actor, organization=self.organization)
        return self.done()

    def body(self) -> dict[str, Any]:
        """The organization as it is now."""
        return mapping.organization(those(every_organization).get(pk=self.organization.pk))


class ChildrenView(OrganizationView, OrganizationListView):
    entity = "Organization"

    def get(self, request: Request, organization_canonical: str) -> Response:  # type: ignore[override]
        """Those right below, as far as the caller sees them."""
        self.must("organization:read")
        rows = Organization.objects.filter(parent=self.organization, pk__in=self.actor.reach)
        return self.page(with_children(rows), mapping.organization, COLUMNS, "name")

    def post(self, request: Request, organization_canonical: str) -> Response:  # type: ignore[override]
        """Make one right below."""
        return self.one(self.made(self.organization))


class AncestorsView(OrganizationView):
    def get(self, request: Request, organization_canonical: str) -> Response:
        """From this organization up to the one that the caller belongs to."""
        self.must("organization:read")
        above = [int(pk) for pk in self.organization.path.split("/") if pk]
        seen = Q(pk__in=self.actor.reach)
        for each in self.actor.memberships if self.token else ():
            seen |= Q(path__startswith=each.organization.path)
        rows = Organization.objects.filter(seen, pk__in=above)
        return self.page(with_children(rows), mapping.organization, COLUMNS, "-path")


class SummaryView(OrganizationView):
    def get(self, request: Request, organization_canonical: str) -> Response:
        """How many of each thing there are; there are none of those that Gatehouse does not keep."""
        self.must("organization:read")
        counts = {
            name: model._default_manager.filter(organization=self.organization).count()
            for name, model in COUNTED.items()
        }
        return self.one(dict.fromkeys(UNKNOWN, 0) | counts)


class CanDoView(OrganizationView):
    def post(self, request: Request, organization_canonical: str) -> Response:
        """Whether the caller may do an action, and on which things, named along the resource's path. Always 200."""
        said = self.said(schemas.CanDo)
        action, names = our_action(said["action"]), said["entity_canonicals"]
        if not names:
            return self.one({"ok": self.actor.may(action, self.organization), "entity_canonicals": []})
        ok = self.actor.may(action, resource(self.organization.slug, said["action"], names))
        return self.one({"ok": ok, "entity_canonicals": names if ok else []})


def resource(slug: str, action: str, names: list[str]) -> str:
    """The resource path: `organization:project:read` on `["p1"]` is about `organization:<slug>:project:p1`."""
    entities = action.split(":")[1:-1]
    steps = [
        f"{entity}:{name}" for entity, name in zip(entities, (name.replace(":", "-") for name in names), strict=False)
    ]
    return ":".join([f"organization:{slug}", *steps])

"""What every view of Cycloid's does: say who asks and in which organization, read bodies, wrap answers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from rest_framework.response import Response

from catalog.actors import Actor, membership_rules, reach_of, require, user_actor
from catalog.api.cycloid.forms import from_form
from catalog.api.cycloid.lists import Columns, Mapper, page_of
from catalog.api.cycloid.words import named
from catalog.api.views import DialectView
from catalog.middleware import request_context
from catalog.models import Organization, User
from catalog.prepared import look_up, those
from catalog.services import tokens
from catalog.services.grants import OWNER
from catalog.services.keys import authenticate_key
from catalog.services.tokens import Token
from config.api.dialects import CYCLOID
from config.api.errors import understood
from config.api.parsers import read_body, read_json
from config.api.serializers import WireSerializer
from config.errors import (
    BadInput,
    Conflict,
    FieldError,
    Forbidden,
    LengthRequired,
    NotFound,
    Unauthenticated,
)

M = TypeVar("M", bound=Model)
FORM = "application/x-www-form-urlencoded"


class CycloidView(DialectView):
    """A view of Cycloid's. `entity` is the word its error codes begin with."""

    dialect = CYCLOID
    entity: ClassVar[str] = ""
    token: Token | None = None  # of a person who logged in; None for an API key

    def authenticate_caller(self, request: HttpRequest) -> Actor:
        """The actor of a session or an API key, in its organization."""
        context: dict[str, Any] = request_context(request)
        credential = self.credential(request)
        if self.token is None:
            return authenticate_key(credential, **context)
        user, scope = self.token.user, self.token.organization
        actor: Actor | None = None
        if user is not None:
            actor = actor_in(user, scope, **context) if scope else user_actor(user, **context)
        if actor is None:
            raise Forbidden("You belong to no organization.")
        return actor

    def credential(self, request: HttpRequest) -> str:
        """What the caller sent to be known by; a session's is kept in `self.token`. Raises Unauthenticated."""
        found = next((each for carrier in self.dialect.carriers if (each := carrier(request)) is not None), None)
        if found is None:
            raise Unauthenticated("A credential is needed.")
        if tokens.is_token(found):
            try:
                self.token = tokens.read(found, self.dialect.name)
            except Unauthenticated:
                self.token = None  # API keys have the form of a token too
        return found

    def said(self, schema: type[WireSerializer]) -> dict[str, Any]:
        """The body as `schema` reads it. Raises LengthRequired, and BadInput naming every refused field."""
        request: HttpRequest = self.request._request
        if not request.META.get("CONTENT_LENGTH"):
            raise LengthRequired("Send the body with its Content-Length.")
        if (request.content_type or "").lower() == FORM:
            return schema.read(from_form(schema, read_body(request, self.dialect.max_body)))
        return schema.read(read_json(request, self.dialect.max_body))

    def one(self, data: Any, **beside: Any) -> Response:
        """One thing in its envelope."""
        return Response({"data": data} | beside)

    def done(self) -> Response:
        """204, with nothing to say."""
        return Response(status=204)

    def page(self, rows: Any, mapper: Mapper, columns: Columns, default: str = "pk") -> Response:
        """The page of `rows` that the query asks for, filtered and ordered by `columns`."""
        return Response(page_of(self.request.GET, rows, mapper, columns, default))

    def handle_exception(self, exc: Exception) -> Any:
        """Print a refusal with the word of this view's things in its code."""
        error = understood(exc, self.request.method or "")
        if error is not None:
            error.entity = self.entity
            if isinstance(error, Conflict) and self.request.method == "DELETE":
                error.code = "in_use"
        return super().handle_exception(error or exc)


class UserView(CycloidView):
    """A view about the person who asks, which no API key stands for."""

    user: User

    def authenticate_caller(self, request: HttpRequest) -> Actor:
        """The actor of a session; for somebody without an organization the view has `self.user` alone."""
        context: dict[str, Any] = request_context(request)
        credential = self.credential(request)
        if self.token is None or self.token.user is None:
            authenticate_key(credential, **context)
            raise Forbidden("An API key speaks for no person: log in.")
        self.user = self.token.user
        return user_actor(self.user, **context)  # type: ignore[return-value]


class OrganizationView(CycloidView):
    """A view below `/organizations/{organization_canonical}`; the actor is the caller in that organization."""

    def authenticate_caller(self, request: HttpRequest) -> Actor:
        """The caller in the organization of the path.

        Raises NotFound for one that is unknown or that they have no part in, Forbidden outside a session's scope,
        Unauthenticated where a second factor is asked for, which a login here has not.
        """
        context = request_context(request)
        credential = self.credential(request)
        organization = those(Organization.objects.all).first(slug=self.kwargs["organization_canonical"])
        if self.token is None:
            actor: Actor | None = authenticate_key(credential, **context)
            if actor and organization and organization.pk not in actor.reach:
                actor = None
        else:
            actor = actor_in(self.token.user, organization, **context) if self.token.user else None
        if actor is None or organization is None:
            raise NotFound("There is no such organization.")
        scope = self.token.organization if self.token else None
        if scope and not organization.path.startswith(scope.path):
            raise Forbidden(f"This session is for {scope.slug}; refresh the token for {organization.slug}.")
        return replace(actor, organization=organization)

    @property
    def organization(self) -> Organization:
        """The organization of the path."""
        return self.actor.organization

    def rows(self, model: type[M]) -> Any:
        """The rows of `model` in this organization that the caller may read."""
        visible = model._default_manager.visible_to(self.actor)  # type: ignore[attr-defined]
        return visible.filter(organization_id=self.actor.organization_id)

    def one_of(self, rows: Callable[[], QuerySet[M]], thing: str, **values: Any) -> M:
        """What `rows` gives that has these values, in this organization. Raises NotFound, which names the thing."""
        row = look_up(rows, self.actor, organization=self.organization, **values)
        if row is None:
            raise NotFound(f"There is no such {thing}.")
        return row

    def must(self, action: str) -> None:
        """Raises Forbidden when the caller may not do `action` on this organization."""
        require(self.actor, action, self.organization)

    def must_list(self, entity: str) -> None:
        """Raises Forbidden when the caller may read nothing of `entity`."""
        action = f"organization:{entity}:read"
        if not self.actor.may_somewhere(action):
            raise Forbidden(f"{self.actor.label} lacks the right {action}.")


def refuse_password(*organizations: Organization) -> None:
    """Raises Unauthenticated when one of them asks for a second factor, which a session here was got without."""
    for each in organizations:
        if each.require_second_factor:
            raise Unauthenticated(f"{each} asks for a second factor; use an API key.")


def actor_in(user: User, organization: Organization | None, **context: Any) -> Actor | None:
    """The person with what their memberships at and above an organization allow together; None without one.

    Raises Unauthenticated when it, or one that a membership is of, asks for a second factor.
    """
    actor = user_actor(user, organization.pk, **context) if organization else None
    if organization is None or actor is None:
        return None
    above = [each for each in actor.memberships if organization.path.startswith(each.organization.path)]
    if not above:
        return None
    refuse_password(organization, *(each.organization for each in above))
    roles = [each.role.canonical for each in above if each.role.built_in]
    return replace(
        actor,
        organization=organization,
        reach=reach_of(organization),
        rules=tuple(rule for each in above for rule in membership_rules(each)),
        role=OWNER if OWNER in roles else above[-1].role.canonical,
    )


def found(rows: Any, thing: str) -> Any:
    """The only row of `rows`. Raises NotFound, which names the thing."""
    row = rows.first()
    if row is None:
        raise NotFound(f"There is no such {thing}.")
    return row


def member_named(organization: Organization, name: str) -> User | None:
    """The member with this user name or address; None for no name. Raises BadInput for nobody, or for several."""
    if not name:
        return None
    people = list(named(User.objects.filter(memberships__organization=organization), name)[:2])
    if len(people) != 1:
        raise BadInput("There is no such owner.", fields=[FieldError("owner", "names no member")])
    return people[0]


def number(text: str) -> int:
    """An id in a path. Raises NotFound for what is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound("There is no such id.")
    return int(text)

"""What every Versori view shares: who asks, in which organization, and finding what an id names."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework.request import Request

from catalog.actors import Actor, user_actor
from catalog.api.views import DialectView, csrf_passes, refuse_without_factor
from catalog.middleware import request_context, session_actor
from catalog.models import Organization, TenantModel
from catalog.prepared import look_up, those
from catalog.services.tokens import authenticate
from catalog.ulids import read_ulid
from config.api.dialects import VERSORI
from config.api.serializers import WireSerializer
from config.errors import Forbidden, InvalidJSON, NotFound, Unauthenticated

M = TypeVar("M", bound=TenantModel)


class VersoriView(DialectView):
    """A view of Versori's. Below `o/{organization}` the actor works in that organization, else in what an id names."""

    dialect = VERSORI
    by_session: bool = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, then step into the organization of the path. Raises Forbidden for one that isn't theirs."""
        super().initial(request, *args, **kwargs)
        if "organization" in kwargs and hasattr(self, "actor"):
            self.actor = self._acting_in(kwargs["organization"])
            if self.by_session:
                refuse_without_factor(self.actor)
            request._request.actor = self.actor  # type: ignore[attr-defined]

    def authenticate_caller(self, request: HttpRequest) -> Actor:
        """The actor of the credential; several must be of one principal. Raises Unauthenticated."""
        tokens = dict.fromkeys(found for carrier in self.dialect.carriers if (found := carrier(request)) is not None)
        actors = [authenticate(token, self.dialect.name, **request_context(request)) for token in tokens]
        if actors:
            principals = {(each.kind, (each.user or each.service_account or each).pk) for each in actors}  # type: ignore[union-attr]
            if request.user.is_authenticated:
                principals.add(("user", request.user.pk))
            if len(principals) > 1:
                raise Unauthenticated("The credentials are those of different principals.")
            return actors[0]
        actor = session_actor(request) if csrf_passes(request) else None
        if actor is None:
            raise Unauthenticated("A credential is needed.")
        self.by_session = True
        refuse_without_factor(actor)
        return actor

    def _acting_in(self, text: str) -> Actor:
        """The caller in the organization with this id: the same refusal for one unknown and one of somebody else."""
        uid = read_ulid(text)
        if uid == self.actor.organization.uid:
            return self.actor
        organization = those(Organization.objects.all).first(uid=uid) if uid else None
        if organization is not None and organization.pk in self.actor.reach:
            return replace(self.actor, organization=organization)
        memberships = self.actor.memberships if self.by_session else ()
        if organization is not None and any(each.organization_id == organization.pk for each in memberships):
            assert self.actor.user is not None  # noqa: S101  a membership is a person's
            chosen = user_actor(self.actor.user, organization.pk, **request_context(self.request._request))
            if chosen is not None:
                return chosen
        raise Forbidden("This organisation is not yours.")

    def said(self, schema: type[WireSerializer]) -> dict[str, Any]:
        """The request's body as `schema` reads it. Raises BadInput naming every fault, also for no body."""
        return schema.read(self.request.data)

    def has_body(self) -> bool:
        """Whether the request brought a body."""
        return self.request.META.get("CONTENT_LENGTH") not in (None, "", "0")

    def said_object(self) -> dict[str, Any]:
        """The request's body, which is a JSON object of any content. Raises InvalidJSON."""
        if not self.has_body() or not isinstance(self.request.data, dict):
            raise InvalidJSON("The body must be a JSON object.")
        return self.request.data

    def find(self, rows: Callable[[], QuerySet[M]], text: str, **values: Any) -> M:
        """The row with this id and these values in the path's organization. Raises NotFound."""
        return find(rows, self.actor, text, organization=self.actor.organization_id, **values)


def find(rows: Callable[[], QuerySet[M]], actor: Actor, text: str, **values: Any) -> M:
    """The row with this id and these values, wherever the actor may read it. Raises NotFound, also for no id."""
    uid = read_ulid(text)
    found = look_up(rows, actor, uid=uid, **values) if uid else None
    if found is None:
        raise NotFound(f"There is no {rows().model._meta.verbose_name} {text[:64]}.")
    return found

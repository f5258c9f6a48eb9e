"""The caller's organization, and logging in to it."""

from datetime import timedelta
from typing import Any, ClassVar

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts import WRONG_LOGIN, check_password
from catalog.actors import Actor, require
from catalog.middleware import request_context
from catalog.models import ApiKey, Membership, Organization, User
from catalog.prepared import those
from catalog.services.keys import key_in_force
from catalog.services.organizations import update_organization
from catalog.services.tokens import authenticate_token, issue, read
from config.api.dialects import bearer
from config.api.errors import understood
from config.errors import BadInput, FieldError, Forbidden, Unauthenticated
from releases.api.sqedule import mapping, schemas
from releases.api.sqedule.views.base import SqeduleView

LIFETIME = timedelta(hours=24)
REFRESHED = timedelta(days=30)  # how long after its login a token can be exchanged for a new one


class OrganizationRows(SqeduleView):
    """Views of organizations. One that the caller may not read is refused as one that is not there: 401."""

    def organization(self, slug: str) -> Organization:
        """The organization with this id, which the caller may read. Raises Forbidden."""
        row = those(Organization.objects.all).first(slug=slug.lower(), pk__in=list(self.actor.reach))
        if row is None:
            raise Forbidden(f"{self.actor.label} reaches no organization {slug}.")
        require(self.actor, "organization:read", row)
        return row

    def change(self, row: Organization) -> Response:
        """Change its display name; its id stays."""
        said = self.said(schemas.OrganizationInput)
        if said.pop("id", row.slug).lower() != row.slug:
            raise BadInput("An id stays.", fields=[FieldError("id", "is not changed here")])
        require(self.actor, "organization:update", row)
        changed = update_organization(actor=self.actor, organization=row, **said)
        return Response(mapping.organization(changed))


class OwnOrganizationView(OrganizationRows):
    def get(self, request: Request) -> Response:
        """The caller's organization."""
        return Response(mapping.organization(self.organization(self.actor.organization.slug)))

    def patch(self, request: Request) -> Response:
        """Change the caller's organization."""
        return self.change(self.organization(self.actor.organization.slug))


class OrganizationView(OrganizationRows):
    def get(self, request: Request, organization_id: str) -> Response:
        """The caller's organization, or one below it."""
        return Response(mapping.organization(self.organization(organization_id)))

    def patch(self, request: Request, organization_id: str) -> Response:
        """Change the caller's organization, or one below it."""
        return self.change(self.organization(organization_id))


class TokenView(SqeduleView):
    """Views that hand out tokens; their errors have another shape."""

    error_schema: ClassVar = {
        "type": "object",
        "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
        "required": ["code", "message"],
    }

    def handle_exception(self, exc: Exception) -> Any:
        """Print `code` and `message`."""
        error = understood(exc, self.request.method or "")
        answer = super().handle_exception(exc)
        if error is None:
            return answer
        message = "; ".join(f"{each.path}: {each.message}" for each in error.fields) or error.message
        said = JsonResponse({"code": answer.status_code, "message": message}, status=answer.status_code)
        for name in ("Allow", "Retry-After"):
            if name in answer:
                said[name] = answer[name]
        if answer.status_code == 401:
            said["WWW-Authenticate"] = "JWT realm=Sqedule"
        return said


class LoginView(TokenView):
    public = True

    def post(self, request: Request) -> Response:
        """Exchange a person's password, or a service account's API key, for a token."""
        said = self.said(schemas.LoginInput)
        missing = _missing(said)
        if missing:
            raise Unauthenticated(missing)
        slug, name = said["organization_id"].lower(), said.get("email") or said["service_account_name"]
        if said.get("email"):
            user = check_password(request._request, name, said["password"])
            member = Membership.objects.filter(user=user, organization__slug=slug).select_related("organization")
            found = member.first()
            if found is None:
                raise Unauthenticated(WRONG_LOGIN)
            if found.organization.require_second_factor:
                raise Unauthenticated("This organization asks for a second factor; use an API key here.")
            return Response(token_of(found.organization, login=name, user=user))
        key = self.machine(said["password"])
        account = key.service_account
        if account is None or (account.organization.slug, account.name.lower()) != (slug, name.lower()):
            raise Unauthenticated(WRONG_LOGIN)
        return Response(token_of(account.organization, login=account.name, key=key))

    def machine(self, password: str) -> ApiKey:
        """The key that a machine sent as its password. Raises Unauthenticated in the words of every wrong login."""
        try:
            return key_in_force(password)
        except Unauthenticated as refused:
            raise Unauthenticated(WRONG_LOGIN) from refused


class RefreshTokenView(TokenView):
    def authenticate_caller(self, request: HttpRequest) -> Actor:
        """The actor of the token that is to be refreshed, and of no other credential. Raises Unauthenticated."""
        text = bearer(request)
        if not text:
            raise Unauthenticated("auth header is empty")
        return authenticate_token(text, self.dialect.name, **request_context(request))

    def post(self, request: Request) -> Response:
        """Exchange a token for a new one, at most so many days after the login."""
        token = read(bearer(request._request) or "", self.dialect.name)
        since = int(token.claims["orig_iat"])
        if since < int((timezone.now() - REFRESHED).timestamp()) or token.organization is None:
            raise Unauthenticated("the login is too old; log in again")
        login = token.claims["omid"]
        return Response(token_of(token.organization, login=login, user=token.user, key=token.key, since=since))


def token_of(
    organization: Organization, *, login: str, user: User | None = None, key: ApiKey | None = None, since: int = 0
) -> dict[str, Any]:
    """The answer with a token for a person or a key; `since` is when its first one was got, in seconds since 1970."""
    claims = {
        "orgid": organization.slug,
        "omt": "user" if user else "sa",
        "omid": login,
        "orig_iat": since or int(timezone.now().timestamp()),
    }
    text, ends = issue(
        audience=SqeduleView.dialect.name,
        lifetime=LIFETIME,
        user=user,
        key=key,
        organization=organization,
        claims=claims,
    )
    return {"code": 200, "expire": ends.strftime("%Y-%m-%dT%H:%M:%SZ"), "token": text}


def _missing(said: dict[str, Any]) -> str:
    """What a login lacks, in words; '' for nothing."""
    if not said.get("organization_id"):
        return "missing organization ID"
    if not said.get("email") and not said.get("service_account_name"):
        return "missing login ID: give an email or a service_account_name"
    if said.get("email") and said.get("service_account_name"):
        return "both login IDs given: give an email or a service_account_name"
    return "" if said.get("password") else "missing password"

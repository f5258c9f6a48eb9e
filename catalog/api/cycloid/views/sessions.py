"""Logging in, the account of whoever asks, and signing up with an invitation (cycloid.md 1.2, 2.2)."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts import check_password
from catalog.actors import Actor
from catalog.api.cycloid import mapping, schemas
from catalog.api.cycloid.base import CycloidView, UserView, actor_in
from catalog.api.cycloid.words import named
from catalog.middleware import request_context
from catalog.models import Environment, Organization, Project, User
from catalog.services import tokens
from catalog.services.invitations import open_invitation, sign_up
from config.errors import BadInput, FieldError, NotFound, Unauthenticated

LIFETIME = timedelta(hours=1)
LOGGED_IN = "auth_time"  # claim: when the password was given, as Unix seconds


class LoginView(CycloidView):
    """A session for an e-mail address and a password."""

    public = True
    entity = "UserLogin"

    def post(self, request: Request, organization_canonical: str = "") -> Response:
        """The lockout of the login page counts here too; the same answer for an unknown person and a wrong password."""
        said = self.said(schemas.Login)
        email = said.get("email") or _email_of(said["username"])
        user = check_password(request._request, email, said["password"])
        scope = None
        if slug := organization_canonical or said.get("organization_canonical", ""):
            scope = scoped(user, slug, **request_context(request._request))
        return self.one(session(user, scope, int(timezone.now().timestamp())))


class RefreshView(UserView):
    """A new token, scoped to an organization."""

    entity = "UserSession"

    def get(self, request: Request) -> Response:
        """Of any organization the person belongs to, or (`child_canonical`) one anywhere below it.

        A login is refreshed for as long as one of the portal lasts; then the password is asked for again.
        """
        assert self.token is not None  # noqa: S101  UserView lets nobody else in
        since = self.token.claims.get(LOGGED_IN)
        if not isinstance(since, int) or timezone.now().timestamp() - since > settings.SESSION_COOKIE_AGE:
            raise Unauthenticated("Log in again.")
        slug, child = (request.GET.get(name, "") for name in ("organization_canonical", "child_canonical"))
        context = request_context(request._request)
        scope = scoped(self.user, slug or child, **context) if slug or child else None
        if scope and slug and child:
            above, scope = scope, scoped(self.user, child, **context)
            if not scope.organization.path.startswith(above.organization.path):
                raise NotFound(f"There is no organization {child[:100]} below {slug[:100]}.")
        return self.one(session(self.user, scope, since))


class AccountView(UserView):
    """The account of whoever asks; signing up is open to whoever was invited."""

    entity = "UserAccount"
    open_methods = ("post",)

    def get(self, request: Request) -> Response:
        """The account."""
        return self.one(mapping.account(self.user))

    def post(self, request: Request) -> Response:
        """Make the account of an invited person; without an invitation nobody makes one here."""
        said = self.said(schemas.SignUp)
        token = said.get("invitation_token", "")
        try:
            invited = open_invitation(token).email
        except NotFound as error:
            fault = str(error) if token else "is needed: accounts are made by invitation"
            raise BadInput(fault, fields=[FieldError("invitation_token", fault)]) from error
        if invited.lower() != said["email"].lower():
            raise BadInput("Another address.", fields=[FieldError("email", f"the invitation is for {invited}")])
        context: dict[str, Any] = request_context(request._request)
        sign_up(token=token, name=said["name"], password=said["password"], **context)
        return self.done()


class PendingInvitationView(CycloidView):
    """Whom an invitation is for, asked by whoever has its token."""

    public = True
    entity = "MemberInvitation"

    def get(self, request: Request, verification_token: str) -> Response:
        """The address that was invited."""
        return self.one({"email": open_invitation(verification_token).email})


def scoped(user: User, slug: str, **context: Any) -> Actor:
    """The person in the organization of that canonical. Raises NotFound where they have no part in it."""
    actor = actor_in(user, Organization.objects.filter(slug=slug[:200]).first(), **context)
    if actor is None:
        raise NotFound("There is no such organization.")
    return actor


def session(user: User, scope: Actor | None, since: int) -> dict[str, Any]:
    """A new token, with what it may do in the organization it is scoped to."""
    given, family = mapping.given_and_family(user)
    said: dict[str, Any] = {
        "user": {
            "id": user.pk,
            "username": mapping.username(user),
            "given_name": given,
            "family_name": family,
            "picture_url": "",
            "locale": "en",
        }
    }
    if scope is not None:
        place = scope.organization
        said["organization"] = {"id": place.pk, "canonical": place.slug, "name": place.name}
        said["permissions"] = mapping.permissions(scope.rules)
    token, _ = tokens.issue(
        audience="cycloid",
        lifetime=LIFETIME,
        user=user,
        organization=scope.organization if scope else None,
        claims={"cycloid": said, LOGGED_IN: since},
    )
    return mapping.session(token, scope, owned(user, scope) if scope else [])


def owned(user: User, scope: Actor) -> list[str]:
    """The resources that are this person's own."""
    place, found = scope.organization, []
    for entity, model in (("project", Project), ("environment", Environment)):
        names = model.objects.visible_to(scope).filter(organization=place, owner=user).order_by("canonical")
        found += [f"organization:{place.slug}:{entity}:{name}" for name in names.values_list("canonical", flat=True)]
    return found


def _email_of(name: str) -> str:
    """The address of the one person with this user name; the name itself, which nobody has, where there is not one."""
    people = list(named(User.objects.all(), name)[:2])
    return people[0].email if len(people) == 1 else name

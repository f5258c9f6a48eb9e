"""People, machines and their keys on the wire (contract 16)."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actors import Actor
from catalog.api.openfactstore.base import FactstoreView, find, find_organization, read_uid
from catalog.api.openfactstore.mapping import WORDS, from_key, from_new_key, from_service_account, from_user
from catalog.api.openfactstore.schemas import (
    KeySchema,
    OwnedKeySchema,
    ServiceAccountSchema,
    UserChangeSchema,
    UserSchema,
)
from catalog.models import ApiKey, Membership, Organization, Role, ServiceAccount, User
from catalog.services.keys import issue_api_key, revoke
from catalog.services.people import create_service_account, delete_service_account, update_service_account
from catalog.services.users import create_user, delete_user, update_user
from config.errors import Conflict, NotFound

FIRST_ROLE = "ci"


class UserList(FactstoreView):
    words = WORDS

    def get(self, request: Request) -> Response:
        return Response([from_user(each) for each in known_users(self.actor)])

    def post(self, request: Request) -> Response:
        said = UserSchema.read(request.data)
        return Response(from_user(create_user(actor=self.actor, **said)), status=201)


class UserDetail(FactstoreView):
    words = WORDS

    def get(self, request: Request, id: str) -> Response:
        return Response(from_user(find_user(self.actor, id)))

    def put(self, request: Request, id: str) -> Response:
        user = find_user(self.actor, id)
        said = UserChangeSchema.read(request.data, partial=True)
        return Response(from_user(update_user(actor=self.actor, user=user, **said)))

    def delete(self, request: Request, id: str) -> Response:
        delete_user(actor=self.actor, user=find_user(self.actor, id))
        return Response(status=204)


class ServiceAccountView(FactstoreView):
    """A view of one machine or of what belongs to it."""

    words = WORDS

    def account(self, id: str) -> ServiceAccount:
        """The machine with this id. Raises BadInput for what is no UUID, NotFound."""
        return find(machines, self.actor, id)

    def keys(self, account: ServiceAccount) -> QuerySet[ApiKey]:
        """Its keys, as far as the caller may see them."""
        return keys().visible_to(self.actor).filter(service_account=account)  # type: ignore[attr-defined]


class ServiceAccountList(ServiceAccountView):
    def get(self, request: Request) -> Response:
        return Response([from_service_account(each) for each in machines().visible_to(self.actor)])  # type: ignore[attr-defined]

    def post(self, request: Request) -> Response:
        said = ServiceAccountSchema.read(request.data)
        slug = said.pop("organization", None)
        organization = find_organization(self.actor, slug) if slug else self.actor.organization
        refuse_taken(organization, said["name"])
        said["role"] = built_in(organization, said.get("role", FIRST_ROLE))
        account = create_service_account(actor=self.actor, organization=organization, **said)
        return Response(from_service_account(account), status=201)


class ServiceAccountDetail(ServiceAccountView):
    def get(self, request: Request, id: str) -> Response:
        return Response(from_service_account(self.account(id)))

    def put(self, request: Request, id: str) -> Response:
        account = self.account(id)
        said = ServiceAccountSchema.read(request.data, partial=True)
        said.pop("organization", None)  # a machine does not move
        if "name" in said:
            refuse_taken(account.organization, said["name"], but=account)
        if "role" in said:
            said["role"] = built_in(account.organization, said["role"])
        return Response(from_service_account(update_service_account(actor=self.actor, account=account, **said)))

    def delete(self, request: Request, id: str) -> Response:
        delete_service_account(actor=self.actor, account=self.account(id))
        return Response(status=204)


class AccountKeyList(ServiceAccountView):
    def get(self, request: Request, id: str) -> Response:
        return shown(self.keys(self.account(id)))

    def post(self, request: Request, id: str) -> Response:
        said = KeySchema.read(request.data)
        account = self.account(id)
        key = issue_api_key(actor=self.actor, service_account=account, organization=account.organization, **said)
        return Response(from_new_key(*key), status=201)


class AccountKey(ServiceAccountView):
    def delete(self, request: Request, id: str, key: str) -> Response:
        revoke(actor=self.actor, secret=find(keys, self.actor, key, "keyId", service_account=self.account(id)))
        return Response(status=204)


class KeyList(FactstoreView):
    words = WORDS

    def post(self, request: Request) -> Response:
        said = OwnedKeySchema.read(request.data)
        kind, uid = said.pop("kind"), str(said.pop("owner"))
        if kind == "user":
            user = find_user(self.actor, uid, "ownerId")
            key = issue_api_key(actor=self.actor, user=user, organization=home_of(self.actor, user), **said)
        else:
            machine = find(machines, self.actor, uid, "ownerId")
            key = issue_api_key(actor=self.actor, service_account=machine, organization=machine.organization, **said)
        return Response(from_new_key(*key), status=201)


class OwnerKeys(FactstoreView):
    def get(self, request: Request, owner: str) -> Response:
        uid = read_uid(owner, "ownerId")
        visible = keys().visible_to(self.actor)  # type: ignore[attr-defined]
        return shown(visible.filter(Q(user__uid=uid) | Q(service_account__uid=uid)))


class KeyRevoke(FactstoreView):
    def delete(self, request: Request, id: str) -> Response:
        revoke(actor=self.actor, secret=find(keys, self.actor, id))
        return Response(status=204)


def known_users(actor: Actor) -> QuerySet[User]:
    """The people whose membership the actor may see, each once, and the actor themselves."""
    members = Membership.objects.visible_to(actor).values("user")
    own = Q(pk=actor.user.pk) if actor.user else Q()
    return User.objects.filter(Q(pk__in=members) | own if own else Q(pk__in=members))


def find_user(actor: Actor, text: str, name: str = "id") -> User:
    """The person with this id. Raises BadInput for what is no UUID, NotFound for nobody the actor may see."""
    uid: UUID = read_uid(text, name)
    user = known_users(actor).filter(uid=uid).first()
    if user is None:
        raise NotFound(f"No user {uid}.")
    return user


def home_of(actor: Actor, user: User) -> Organization:
    """Where a key of this person opens: the caller's organization when they are a member, else the first they share."""
    found = Membership.objects.filter(user=user, organization__in=actor.reach).select_related("organization")
    homes = sorted(found.order_by("pk"), key=lambda each: each.organization_id != actor.organization_id)
    return homes[0].organization if homes else actor.organization


def machines() -> QuerySet[ServiceAccount]:
    """Machines with all their wire shows of others."""
    return ServiceAccount.objects.select_related("organization", "role")


def keys() -> QuerySet[ApiKey]:
    """Keys with whose they are."""
    return ApiKey.objects.select_related("user", "service_account")


def shown(rows: QuerySet[ApiKey]) -> Response:
    """The keys, newest first."""
    now = timezone.now()
    return Response([from_key(each, now) for each in rows])


def built_in(organization: Organization, canonical: str) -> Role:
    """The built-in role an organization has of this name."""
    return Role.objects.get(organization=organization, canonical=canonical, built_in=True)


def refuse_taken(organization: Organization, name: str, but: ServiceAccount | None = None) -> None:
    """Raises Conflict when another machine has this name."""
    same = ServiceAccount.objects.filter(organization=organization, name__iexact=name)
    if (same.exclude(pk=but.pk) if but else same).exists():
        raise Conflict(f"A service account named {name} exists.")

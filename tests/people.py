"""Fixtures: an organization with one person per role, a stranger's organization, and keys to call with."""

import sys
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from traceback import walk_stack
from typing import TypeVar

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.handlers.base import BaseHandler
from django.db import connection, transaction
from django.db.models import Field, Model
from django.http import HttpResponse
from django.test import Client, TransactionTestCase
from django.test.client import ClientHandler
from django.utils import timezone
from django.utils.crypto import get_random_string

from catalog.actors import Actor, service_account_actor, user_actor
from catalog.models import ApiKey, Membership, Organization, OutboxEntry, Role, ServiceAccount, User
from catalog.services.organizations import create_organization
from config.api.schema import statuses
from config.crypto import new_key, token_digest

Row = TypeVar("Row", bound=Model)

PASSWORD = "correct horse battery staple"


@cache
def hashed() -> str:
    """PASSWORD as it is stored; hashing it for each person would take most of a test's time."""
    return make_password(PASSWORD)


@cache
def insertion(model: type[Model]) -> tuple[list[Field], str]:
    """The columns of a row of `model` but for its key, and the statement that writes it."""
    columns = [each for each in model._meta.concrete_fields if not each.primary_key]
    names, values = ", ".join(f'"{each.column}"' for each in columns), ", ".join("%s" for _ in columns)
    return columns, f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({values}) RETURNING id'  # noqa: S608


def write(row: Row) -> Row:
    """Write a new row: most tests begin with some, and Django takes three times as long to say it in SQL."""
    columns, statement = insertion(type(row))
    with connection.cursor() as cursor:
        cursor.execute(statement, [each.get_db_prep_save(each.pre_save(row, True), connection) for each in columns])
        (row.pk,) = cursor.fetchone()
    row._state.adding, row._state.db = False, connection.alias
    return row


def make_user(organization: Organization, role: str, email: str = "", name: str = "") -> User:
    """A person with a role in an organization; their password is PASSWORD."""
    return make_member(organization, role, email, name).user


def make_member(organization: Organization, role: str, email: str = "", name: str = "") -> Membership:
    """The membership of a new person."""
    email = email or f"{role}@{organization.slug}.example"
    user = write(User(email=email, password=hashed(), name=name or f"{role.title()} {organization.name}"))
    return write(Membership(organization=organization, user=user, role_id=role_of(organization, role)))


def role_of(organization: Organization, canonical: str) -> int:
    """The primary key of one of its roles."""
    known = ROLES.get((organization.pk, canonical))
    return known or Role.objects.get(organization=organization, canonical=canonical).pk


def make_actor(organization: Organization, role: str = "admin") -> Actor:
    """The actor of a new person with that role."""
    actor = user_actor(make_user(organization, role))
    assert actor is not None
    return actor


def make_machine(organization: Organization, role: str = "ci", name: str = "") -> tuple[Actor, str]:
    """The actor of a new service account, and an API key of its."""
    account, key = make_account(organization, role, name)
    return service_account_actor(account), key


def make_account(organization: Organization, role: str, name: str = "") -> tuple[ServiceAccount, str]:
    """A new service account, and an API key of its."""
    role_id, key = role_of(organization, role), new_key("fss_")
    account = write(ServiceAccount(organization=organization, name=name or f"{role}-machine", role_id=role_id))
    write(  # as `issue_api_key` does it, without the event
        ApiKey(
            organization=organization,
            service_account=account,
            label="test",
            prefix=key[:12],
            digest=token_digest(key),
            last_four=key[-4:],
            last_seven=key[-7:],
        )
    )
    return account, key


def two_organizations() -> tuple[Organization, Organization]:
    """Acme and Globex: made when they are not there."""
    found = {each.slug: each for each in Organization.objects.filter(slug__in=("acme", "globex"))}
    return (
        found.get("acme") or create_organization(name="Acme", slug="acme", public_id="acme0001"),
        found.get("globex") or create_organization(name="Globex", slug="globex", public_id="globex01"),
    )


ORGANIZATIONS: dict[str, Organization] = {}
ROLES: dict[tuple[int, str], int] = {}
ADMINS: dict[str, Actor] = {}  # of the two organizations as they are settled; there are no such people


def settle() -> None:
    """Make the two organizations, outside of any test: writing their roles takes as long as many a test."""
    made = two_organizations()
    OutboxEntry.objects.filter(done_at=None).update(done_at=timezone.now())  # after five minutes they would be late
    ORGANIZATIONS.update({each.slug: each for each in made})
    ROLES.clear()
    for role in Role.objects.filter(organization__in=made):
        ROLES[role.organization_id, role.canonical] = role.pk
    with transaction.atomic():
        ADMINS.update({each.slug: make_actor(each, "admin") for each in made})
        transaction.set_rollback(True)


def settled_admin(organization: Organization) -> Actor:
    """The actor of a new admin of one of the two, before a test has changed what its role may do."""
    known, made = ADMINS[organization.slug], make_member(organization, "admin")
    membership = copy(known.memberships[0])  # it knows its rules and reach
    membership.pk, membership.uid, membership.user, membership.organization = made.pk, made.uid, made.user, organization
    return replace(known, organization=organization, user=made.user, memberships=(membership,))


@pytest.fixture(scope="session")
def settled(django_db_setup, django_db_blocker) -> None:
    """The two organizations, in the database before any test."""
    with django_db_blocker.unblock():
        settle()


def settled_organization(slug: str) -> Organization:
    """A copy of one of the two, which a test may change."""
    twin = copy(ORGANIZATIONS[slug])
    twin._state = copy(twin._state)
    twin._state.fields_cache = {}
    return twin


@pytest.fixture
def acme(settled, db) -> Organization:
    """Our organization."""
    return settled_organization("acme")


@pytest.fixture
def globex(settled, db) -> Organization:
    """Another tenant."""
    return settled_organization("globex")


def empty_tables(self: TransactionTestCase) -> None:
    """Delete what a test has committed. Django's own way truncates all tables and writes every permission anew."""
    kept = {ContentType._meta.db_table, Permission._meta.db_table}
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - kept
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{each}' WHERE EXISTS (SELECT FROM \"{each}\")" for each in tables))  # noqa: S608
        filled = [table for (table,) in cursor.fetchall()]
        cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger refuses, no foreign key is asked
        for table in filled:
            cursor.execute(f'DELETE FROM "{table}"')  # noqa: S608
    if ORGANIZATIONS:
        settle()


TransactionTestCase._fixture_teardown = empty_tables


@pytest.fixture
def admin(acme) -> Actor:
    """Acme's admin."""
    return settled_admin(acme)


@pytest.fixture
def stranger(globex) -> Actor:
    """Globex's admin."""
    return settled_admin(globex)


@dataclass
class Call:
    """A call of an API route that a test made.

    `is_read` tells whether the test looked at the body of the answer, if there was any, and `is_compared` whether it
    also read rows by itself: after the answer, or before it if the call changes nothing.
    """

    method: str
    route: str
    status: int
    is_read: bool
    is_compared: bool = False


ANSWERED: list[Call] = []
LOOKS: list[str] = []  # the rows that the test read by itself
CALLING: list[str] = []  # the call that is being answered: its queries are not the test's
HOUSE, COMPARING = str(Path(__file__).parents[1]), ("test_", "stored")


def note_look(execute: Callable, sql: str, *rest):
    """Note, as a wrapper of every query, that a test reads rows by itself."""
    if not CALLING and sql.startswith("SELECT") and is_of_a_test():
        LOOKS.append(sql)
        for call in ANSWERED:
            call.is_compared = True
    return execute(sql, *rest)


def is_of_a_test() -> bool:
    """Whether a test asks, and no service, fixture or helper for it: of the house's code the innermost is a test's."""
    frames = [frame.f_code for frame, _ in walk_stack(sys._getframe(2)) if frame.f_code.co_filename.startswith(HOUSE)]
    ours = [code for code in frames if "site-packages" not in code.co_filename]
    asks = bool(ours) and Path(ours[0].co_filename).name.startswith(COMPARING)
    return asks and any(code.co_name.startswith("test_") for code in ours)


@cache
def watched(kind: type[HttpResponse]) -> type[HttpResponse]:
    """Such a response that notes when its body is read, as JSON, text or bytes."""

    class Watched(kind):
        @property
        def content(self) -> bytes:
            self.call.is_read = True
            return super().content

        @content.setter
        def content(self, value: bytes) -> None:
            kind.content.fset(self, value)

    return Watched


def note_call(method: str, response) -> None:
    """Remember a call of an API route, and refuse a status that the OpenAPI document doesn't have."""
    match = response.wsgi_request.resolver_match
    view = getattr(match and match.func, "cls", None)
    if not hasattr(view, "dialect") or view.schema is None or not hasattr(view, method.lower()):
        return
    call = Call(method, f"/{match.route}", response.status_code, response.streaming or not response.content)
    ANSWERED.append(call)
    if not response.streaming:
        response.call, response.__class__ = call, watched(type(response))
    if response.status_code < 500 and method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        assert response.status_code in statuses(view, method.lower()), f"{method} {match.route}: undocumented status"


def noting(send: Callable) -> Callable:
    """`Client.request`, with each call noted."""

    def request(self, **request):
        CALLING.append(request.get("PATH_INFO", ""))
        try:
            response = send(self, **request)
        finally:
            CALLING.pop()
        note_call(request.get("REQUEST_METHOD", "GET"), response)
        return response

    return request


def force_login(self: Client, user: User, backend: str = settings.AUTHENTICATION_BACKENDS[1]) -> None:
    """Sign in by one row: what signing in writes, and who listens to it, took longer than a test's first request."""
    store, key = SessionStore(), get_random_string(32)
    kept = {SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: backend, HASH_SESSION_KEY: user.get_session_auth_hash()}
    Session.objects.create(session_key=key, session_data=store.encode(kept), expire_date=store.get_expiry_date())
    self.cookies[settings.SESSION_COOKIE_NAME] = key


def load_middleware(self: ClientHandler) -> None:
    """Have all clients share one chain of middleware: building it for each took as long as a small request."""
    handler = BaseHandler()
    handler.load_middleware()
    ClientHandler._middleware_chain = staticmethod(handler._middleware_chain)


Client.request = noting(Client.request)  # also those of tests that need no key
Client.force_login = force_login
ClientHandler.load_middleware = load_middleware


class ApiClient(Client):
    """A test client that sends an API key and JSON, and leaves errors of the server to be asserted."""

    def __init__(self, key: str | None = None, **headers: str):
        super().__init__(raise_request_exception=False)
        self.key, self.extra_headers = key, headers

    def request(self, **request):
        if self.key and "HTTP_AUTHORIZATION" not in request:
            request["HTTP_AUTHORIZATION"] = f"Bearer {self.key}"
        return super().request(**(self.extra_headers | request))

    def post_json(self, path, data=None, **extra):
        return self.post(path, data if data is not None else {}, content_type="application/json", **extra)

    def put_json(self, path, data=None, **extra):
        return self.put(path, data if data is not None else {}, content_type="application/json", **extra)

    def patch_json(self, path, data=None, **extra):
        return self.patch(path, data if data is not None else {}, content_type="application/json", **extra)


@pytest.fixture
def api(acme) -> ApiClient:
    """Calls as Acme's admin service account."""
    return ApiClient(make_account(acme, "admin")[1])


@pytest.fixture
def api_as(acme, globex) -> Callable[[str], ApiClient]:
    """`api_as("viewer")` calls as an Acme machine of that role, "stranger" as Globex's admin, "" as nobody."""

    def caller(role: str) -> ApiClient:
        if not role:
            return ApiClient()
        if role == "stranger":
            return ApiClient(make_account(globex, "admin", "stranger")[1])
        return ApiClient(make_account(acme, role, f"{role}-caller")[1])

    return caller

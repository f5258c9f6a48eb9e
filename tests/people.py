"""Fixtures: an organization with one person per role, a stranger's organization, and keys to call with."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from traceback import walk_stack

import pytest
from django.contrib.auth.hashers import make_password
from django.http import HttpResponse
from django.test import Client

from catalog.actors import Actor, service_account_actor, system_actor, user_actor
from catalog.models import Membership, Organization, Role, ServiceAccount, User
from catalog.services.keys import issue_api_key
from catalog.services.organizations import create_organization
from config.api.schema import statuses

PASSWORD = "correct horse battery staple"


@cache
def hashed() -> str:
    """PASSWORD as it is stored; hashing it for each person would take most of a test's time."""
    return make_password(PASSWORD)


def make_user(organization: Organization, role: str, email: str = "", name: str = "") -> User:
    """A person with a role in an organization; their password is PASSWORD."""
    email = email or f"{role}@{organization.slug}.example"
    user = User(email=email, password=hashed(), name=name or f"{role.title()} {organization.name}")
    user.save()
    Membership.objects.create(
        organization=organization, user=user, role=Role.objects.get(organization=organization, canonical=role)
    )
    return user


def make_actor(organization: Organization, role: str = "admin") -> Actor:
    """The actor of a new person with that role."""
    actor = user_actor(make_user(organization, role))
    assert actor is not None
    return actor


def make_machine(organization: Organization, role: str = "ci", name: str = "") -> tuple[Actor, str]:
    """The actor of a new service account, and an API key of its."""
    account = ServiceAccount.objects.create(
        organization=organization,
        name=name or f"{role}-machine",
        role=Role.objects.get(organization=organization, canonical=role),
    )
    _, key = issue_api_key(actor=system_actor(organization), label="test", service_account=account)
    return service_account_actor(account), key


def two_organizations() -> tuple[Organization, Organization]:
    """Acme and Globex: made when they are not there."""
    found = {each.slug: each for each in Organization.objects.filter(slug__in=("acme", "globex"))}
    return (
        found.get("acme") or create_organization(name="Acme", slug="acme", public_id="acme0001"),
        found.get("globex") or create_organization(name="Globex", slug="globex", public_id="globex01"),
    )


@pytest.fixture(scope="session")
def settled(django_db_setup, django_db_blocker) -> None:
    """The two organizations, in the database before any test: writing their roles takes as long as many a test."""
    with django_db_blocker.unblock():
        two_organizations()


@pytest.fixture
def acme(settled, db) -> Organization:
    """Our organization."""
    return two_organizations()[0]


@pytest.fixture
def globex(settled, db) -> Organization:
    """Another tenant."""
    return two_organizations()[1]


@pytest.fixture
def admin(acme) -> Actor:
    """Acme's admin."""
    return make_actor(acme, "admin")


@pytest.fixture
def stranger(globex) -> Actor:
    """Globex's admin."""
    return make_actor(globex, "admin")


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


Client.request = noting(Client.request)  # also those of tests that need no key


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
    return ApiClient(make_machine(acme, "admin")[1])


@pytest.fixture
def api_as(acme, globex) -> Callable[[str], ApiClient]:
    """`api_as("viewer")` calls as an Acme machine of that role, "stranger" as Globex's admin, "" as nobody."""

    def caller(role: str) -> ApiClient:
        if not role:
            return ApiClient()
        if role == "stranger":
            return ApiClient(make_machine(globex, "admin", "stranger")[1])
        return ApiClient(make_machine(acme, role, f"{role}-caller")[1])

    return caller

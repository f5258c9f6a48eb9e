"""Who calls, and what each dialect's contract lets them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db import transaction

from catalog.actors import system_actor
from catalog.models import ApiKey, WebhookToken
from catalog.services.keys import issue_webhook_token
from tests.dialects.known import World, make_world
from tests.dialects.routes import ROUTES, Route
from tests.people import ApiClient, make_machine, two_organizations

UID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
CALLERS = ("anonymous", "revoked", "stranger", "viewer", "ci", "admin")
GOOD = (200, 201, 202, 204)


@dataclass(frozen=True)
class Codes:
    """What a dialect answers to whoever may not."""

    stranger: int = 404  # who asks for a thing of another organization
    forbidden: int = 403  # who lacks the right


CODES = {
    "phaset": Codes(stranger=401),  # 1.3: a token of another organization is no token
    "openfactstore": Codes(),
    "sqedule": Codes(forbidden=401),  # 1.4: no right and no credential read the same
    "cycloid": Codes(),  # 1.4: 404 for what one has no part in
    "versori": Codes(stranger=403),  # 1.2: an organization one is not in
    "gatehouse": Codes(),
}

ASKING = {  # reading, with a body
    "PUT /api/v2/o/{organization}/projects/{project}/validate",
    "POST /api/v2/store/{store}/kv/batch",
    "POST /api/v2/store/{store}/kv/list",
    "POST /api/v2/store/{store}/kv/count",
    "POST /organizations/{organization_canonical}/can_do",
}

# What a role may do besides reading. Everything else that changes something is forbidden to it.
CI = {
    "POST /api/v1/trails",
    "POST /api/v1/trails/{id}/artifacts",
    "POST /api/v1/trails/{id}/artifacts/{artifact}/provenance",
    "POST /api/v1/trails/{id}/artifacts/{artifact}/provenance/verify",
    "POST /api/v1/trails/{id}/attestations",
    "POST /api/v1/trails/{id}/attestations/{attestation}/evidence",
    "POST /api/v1/trails/{id}/approvals",
    "POST /api/v1/attestations",
    "POST /api/v1/assert",
    "POST /api/v1/environments/{id}/snapshots",
    "POST /api/v1/gate/evaluate",
    "POST /v1/applications/{application_id}/releases",
    "POST /v1/applications/{application_id}/releases/{id}/cancel",
    "POST /organizations/{organization_canonical}/events",
}


@dataclass(frozen=True)
class Exemption:
    """A route that answers a caller otherwise than its dialect's table says."""

    route: str
    caller: str
    status: int
    section: str  # of the contract, and why


OWN = "openfactstore 21: what one was told is one's own to mark as read"
NOBODY = "openfactstore 16: an owner without keys has an empty list, and one nobody here knows has the same"
NO_TRAIL = "openfactstore 2: what nobody here knows as a trail has no events"
NO_KEY = "versori 3.15: a key has segments; the path without one is refused, not unknown"
TOKEN = "sqedule 8: only the token of a login is refreshed, no key"
OTHERS = "sqedule 8: another organization than one's own, or one below it, is not to be read"
PERSON = "cycloid 1.2: no API key speaks for a person"
HAND = "cycloid 2.7: what one keeps at hand is a person's, and changes nothing for others"
FAVORITES = "/organizations/{organization_canonical}/projects/{project_canonical}/favorites"
EXEMPT = [
    *(
        Exemption(f"GET {path}", each, 403, PERSON)
        for path in ("/user", "/user/refresh_token")
        for each in ("stranger", "viewer", "ci", "admin")
    ),
    *(
        Exemption(f"{method} {FAVORITES}", each, 422, HAND)
        for method in ("POST", "DELETE")
        for each in ("viewer", "ci", "admin")
    ),
    Exemption("GET /v1/organizations/{organization_id}", "stranger", 401, OTHERS),
    Exemption("PATCH /v1/organizations/{organization_id}", "stranger", 401, OTHERS),
    *(Exemption("POST /v1/auth/refresh-token", each, 401, TOKEN) for each in ("stranger", "viewer", "ci", "admin")),
    Exemption("GET /api/v2/store/{store}/kv", "admin", 400, NO_KEY),
    Exemption("PUT /api/v2/store/{store}/kv", "admin", 400, NO_KEY),
    Exemption("DELETE /api/v2/store/{store}/kv", "admin", 400, NO_KEY),
    Exemption("PUT /api/v2/store/{store}/kv", "viewer", 400, NO_KEY),
    Exemption("DELETE /api/v2/store/{store}/kv", "viewer", 400, NO_KEY),
    Exemption("PUT /api/v2/store/{store}/kv", "ci", 400, NO_KEY),
    Exemption("DELETE /api/v2/store/{store}/kv", "ci", 400, NO_KEY),
    Exemption("GET /api/v1/api-keys/owners/{owner}", "stranger", 200, NOBODY),
    Exemption("GET /api/v1/trails/{id}/audit", "stranger", 200, NO_TRAIL),
    Exemption("POST /api/v1/notifications/read-all", "viewer", 204, OWN),
    Exemption("POST /api/v1/notifications/read-all", "ci", 204, OWN),
    Exemption("POST /api/v1/notifications/{id}/read", "viewer", 200, OWN),
    Exemption("POST /api/v1/notifications/{id}/read", "ci", 200, OWN),
]


class Cast:
    """One client for each kind of caller, in and around one world."""

    def __init__(self) -> None:
        acme, globex = two_organizations()
        self.world: World = make_world(acme)
        keys = {role: make_machine(acme, role, f"{role}-caller")[1] for role in ("viewer", "ci", "admin")}
        keys["revoked"] = make_machine(acme, "admin", "revoked")[1]
        keys["stranger"] = make_machine(globex, "admin", "stranger")[1]
        ApiKey.objects.filter(service_account__name="revoked").update(revoked_at=acme.created_at)
        self.clients = {name: ApiClient(key) for name, key in keys.items()} | {"anonymous": ApiClient()}
        dead, revoked = issue_webhook_token(actor=self.world.admin, label="revoked")
        WebhookToken.objects.filter(pk=dead.pk).update(revoked_at=dead.created_at)
        _, theirs = issue_webhook_token(actor=system_actor(globex), label="theirs")
        self.tokens = {"anonymous": "nobody", "revoked": revoked, "stranger": theirs}  # Phaset's stand in the path

    @property
    def routes(self) -> list[Route]:
        """The routes that can be called; the others fail one test, and that says why."""
        return [route for route in ROUTES if self.world.knows(route)]

    def call(
        self,
        route: Route,
        caller: str = "admin",
        body: bytes | None = None,
        query: str = "",
        refused: bool = False,
        **values: str,
    ):
        """Call a route about our things as somebody; what it changes is taken back, where it is not to be refused."""
        if route.dialect.name == "phaset" and caller in self.tokens:
            values.setdefault("token", self.tokens[caller])
        path = self.world.path(route, values)
        query = query or urlencode(self.world.query(route))
        said = self.world.body(route) if body is None else body
        with nullcontext() if refused or route.method == "GET" else undone():
            return route.call(self.clients[caller], f"{path}?{query}" if query else path, said)


@contextmanager
def undone() -> Iterator[None]:
    """Take back what calls change."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def expected(route: Route, caller: str, world: World) -> int | None:
    """The status a caller gets; None: what the admin gets, which is a good one."""
    codes = CODES[route.dialect.name]
    for each in EXEMPT:
        if (each.route, each.caller) == (str(route), caller):
            return each.status
    if route.is_open or caller == "admin" or (route.dialect.name == "phaset" and caller in ("viewer", "ci")):
        return None
    if caller in ("anonymous", "revoked"):
        return 401
    if caller == "stranger" and "store" in route.parameters:
        return 404  # versori 3.15: a store's path names no organization
    if caller == "stranger":
        return codes.stranger if route.parameters or world.uids & set(UID.findall(world.body(route).decode())) else None
    may = route.method == "GET" or str(route) in ASKING or (caller == "ci" and str(route) in CI)
    return None if may else codes.forbidden

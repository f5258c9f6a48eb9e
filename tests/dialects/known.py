"""Requests that succeed: for any route the path of a thing that is there, and a body its schema takes.

A new route whose parameters have names that are known here needs nothing. Otherwise it adds the value to `values`, or a
body that its schema alone does not tell to BODIES.
"""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework import serializers

from catalog.actors import Actor
from catalog.models import Organization, ProjectVersion
from catalog.services.components import create_component
from catalog.services.keys import issue_webhook_token
from catalog.services.projects import create_project
from catalog.ulids import ulid
from config.api.reading import read
from config.api.serializers import Flag, Objects, Token, Whole
from integrations.models import Delivery
from integrations.services.deliveries import finish
from integrations.services.kv import Wish, create_store, write_entries
from integrations.services.notification_rules import create_notification_rule
from integrations.services.webhooks import create_webhook, try_webhook
from tests.dialects import known_cycloid, known_factstore, known_sqedule
from tests.dialects.routes import Route
from tests.people import make_actor
from tests.releases.proofs import DIGEST

Values = dict[str, Any]
DOUBLED = ("/integration", "/integration/integration")
EVENT = {"event": "change", "commitSha": "7c1e94d0aa"}
SHOP = "/api/v2/o/{organization}/projects/{project}"
BODIES: dict[str, Any] = {f"POST {each}/event/{{org_id}}/{{record_id}}/{{token}}": EVENT for each in DOUBLED}
BODIES |= {  # what no schema tells: words and rules that only a service knows
    f"PATCH {SHOP}/variables": {"op": "add", "path": "/size", "value": {"type": "string"}},
    f"PUT {SHOP}/environments/execution-pools": {"executionPool": "default"},
    f"POST {SHOP}/environments/clone": {"oldEnvName": "shop", "newEnvName": "third"},
    f"POST {SHOP}/environments/sync": {"sourceEnvName": "shop", "targetEnvName": "shop-two"},
    "PUT /api/v2/store/{store}/kv": {"value": 1},
    **{f"PUT /api/v2/store/{{store}}/kv/{key}": {"value": 1} for key in ("{key}", "list", "count")},
    "PUT /api/v2/store/{store}/kv/batch": {"entries": [{"key": ["a"], "value": 1}]},
    "POST /v1/approval-rulesets": {"id": "more-rules", "version": {"approval_rules": [known_sqedule.RULESET]}},
    "POST /v1/application-approval-ruleset-bindings/{application_id}/{ruleset_id}": {"version": {"mode": "enforcing"}},
    "POST /api/v1/notification-rules": {"name": "New", "triggerEvent": "DRIFT_DETECTED", "channelType": "IN_APP"},
    "PUT /api/v1/notification-rules/{id}": {"name": "Newer"},
    "POST /api/gatehouse/v1/webhooks": {"name": "New", "url": "https://hook.example/"},
    "PATCH /api/gatehouse/v1/webhooks/{id}": {"kinds": ["gate.*"]},
    "POST /api/v1/environments/{id}/allowlist": {"namePattern": "pay", "reason": "tested"},
    "POST /api/v1/environments/{id}/snapshots": {
        "artifacts": [{"artifactSha256": DIGEST, "artifactName": "payments", "artifactTag": "1.4"}]
    },
}
REVIEWS = (
    "/v1/applications/{application_id}",
    "/v1/approval-rulesets/{ruleset_id}",
    "/v1/application-approval-ruleset-bindings/{application_id}/{ruleset_id}",
)
BODIES |= {f"PUT {path}/proposals/{{version_id}}/state": {"state": "approved"} for path in REVIEWS}
PROVENANCE = "/api/v1/trails/{id}/artifacts/{artifact}/provenance"
PATHS: dict[str, Values] = {
    f"POST {PROVENANCE}": {"artifact": "spare_artifact"},
    "GET /api/v1/artifacts/{sha256}/provenance": {"sha256": "sha256Digest"},
}
PATHS |= {  # where the thing a route is about must be another than usual
    "DELETE /api/v1/environments/{id}": {"id": "spare_environment"},
    "DELETE /api/v1/flows/{id}": {"id": "spare_flow"},
    "POST /v1/application-approval-ruleset-bindings/{application_id}/{ruleset_id}": {"ruleset_id": "spare_ruleset"},
}
PATHS |= {f"PUT {path}/proposals/{{version_id}}/state": {"version_id": "reviewed"} for path in REVIEWS}
PATHS |= known_cycloid.PATHS
WORDS = {"ownerType": "SERVICE_ACCOUNT", "decision": "approve"}
QUERIES = {
    f"POST {SHOP}/suspend": ("environment",),
    f"PUT {SHOP}/environments/execution-pools": ("project_env",),
    "GET /api/v1/artifacts": ("sha256",),
    "GET /api/v1/search": ("q",),
    "GET /api/v1/environments/{id}/diff": ("from", "to"),
} | known_cycloid.QUERIES
FILE = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="junit.xml"\r\n'
    b"Content-Type: application/xml\r\n\r\n"
    b'<testsuite name="unit" tests="1"/>\r\n--x--\r\n'
)


class UnknownThing(AssertionError):
    """A route has a parameter nobody has a value for."""


@dataclass
class World:
    """One organization with a row of everything, and what the dialects call these rows."""

    organization: Organization
    admin: Actor
    values: Values = field(default_factory=dict)  # by the name of a parameter or key, or by what a path calls the thing
    bodies: dict[str, Any] = field(default_factory=dict)  # with secrets that are only known here

    @property
    def uids(self) -> set[str]:
        """The UUIDs of all things."""
        return {str(value) for value in self.values.values() if isinstance(value, UUID)}

    def knows(self, route: Route) -> bool:
        """Whether all its parameters have values here."""
        with suppress(UnknownThing):
            self.named(route)
            return True
        return False

    def path(self, route: Route, values: Values | None = None) -> str:
        """The path of a thing that is there."""
        return route.path(**(self.named(route) | (values or {})))

    def query(self, route: Route) -> dict[str, str]:
        """What a route must be asked with."""
        return {name: str(self.values[name]) for name in QUERIES.get(str(route), ())}

    def named(self, route: Route) -> dict[str, str]:
        """A value for each parameter of a route. Raises UnknownThing."""
        special = PATHS.get(str(route), {})
        segments = route.template.split("/")
        found = {}
        for name in route.parameters:
            thing = segments[segments.index(f"{{{name}}}") - 1]
            keys = [special.get(name, ""), f"{route.dialect.name}.{thing}", f"{route.dialect.name}.{name}"]
            if not self.values.keys() & keys:
                raise UnknownThing(f"tests/dialects/known.py knows no {keys[1]} for {route}")
            found[name] = str(next(self.values[key] for key in keys if key in self.values))
        return found

    def body(self, route: Route) -> bytes:
        """A body the route takes."""
        if route.view.uploads:
            return FILE
        said = (BODIES | self.bodies).get(str(route))
        if said is None:
            reading = read(route.view, route.method.lower())
            said = self.sample(reading.body()) if reading.body else {}
        return json.dumps(said).encode()

    def sample(self, thing: serializers.Field, name: str = "") -> Any:
        """A value a field takes; of a serializer all keys it needs."""
        if name in WORDS or name in self.values:
            value = WORDS.get(name) or self.values[name]
            return value if isinstance(value, int) else str(value)
        match thing:
            case serializers.ListSerializer():
                return [self.sample(thing.child)]
            case serializers.BaseSerializer():
                return {key: self.sample(each, key) for key, each in thing.fields.items() if each.required}
            case Flag():
                return True
            case Whole():
                return thing.least
            case Token():
                return next(iter(thing.words))
            case serializers.ChoiceField():
                return next(iter(thing.choices))
            case Objects() | serializers.DictField():
                return {}
            case serializers.Field(child=_):
                return []
            case serializers.EmailField():
                return "ada@acme.example"
            case serializers.DateTimeField():
                return "2026-01-02T03:04:05Z"
        return "sample"


def make_world(organization: Organization) -> World:
    """A row of everything in an organization."""
    admin = make_actor(organization, "admin")
    world = World(organization, admin)
    component = create_component(actor=admin, name="Payments", repository="https://git.example/acme/payments")
    _, webhook = issue_webhook_token(actor=admin, label="walk")
    world.values |= {
        "phaset.org_id": organization.public_id,
        "phaset.record_id": component.record_id,
        "phaset.token": webhook,
        "phaset.baseline_id": "default",
        "repo": component.repository,
    }
    known_factstore.make_people(world)
    known_factstore.make_facts(world)
    known_sqedule.make_releases(world)
    _connect(world)
    _tell(world)
    known_cycloid.make_cycloid(world)
    return world


def _connect(world: World) -> None:
    """Versori's things."""
    project = create_project(actor=world.admin, name="Shop", environments=["shop", "shop-two"])
    version = ProjectVersion.objects.create(organization=world.organization, project=project, name="v1")
    store = create_store(actor=world.admin, name="settings")
    wishes = [Wish([key], "1") for key in ("batch", "list", "count", "colour")]  # the first three name methods, too
    write_entries(actor=world.admin, store=store, wishes=wishes, at=timezone.now())
    project.environments.update(deployed_version=version)
    world.values |= {
        "versori.organization": ulid(world.organization.uid.bytes),
        "versori.project": ulid(project.uid.bytes),
        "versori.environment": ulid(project.environments.get(environment__name="shop").uid.bytes),
        "versori.version": ulid(version.uid.bytes),
        "versori.store": ulid(store.uid.bytes),
        "versori.key": "colour",
        "environment": "shop",
        "project_env": "shop",
    }


def _tell(world: World) -> None:
    """A webhook, and what was sent to it; a rule."""
    webhook, _ = create_webhook(actor=world.admin, name="CI", url="https://hook.example/")
    delivery = try_webhook(actor=world.admin, webhook=webhook)
    finish(delivery, Delivery.State.SENT, {"status": 204})
    rule = create_notification_rule(actor=world.admin, name="Trouble", trigger="gate_blocked", channel="in_app")
    world.values["openfactstore.notification-rules"] = rule.uid
    world.values |= {"gatehouse.webhooks": webhook.uid, "gatehouse.deliveries": delivery.uid}

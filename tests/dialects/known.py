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
from compliance.models import Provenance
from compliance.services.allowlist import add_to_allowlist
from compliance.services.attestations import attach_evidence
from compliance.services.provenance import record_provenance
from config.api.reading import read
from config.api.serializers import Flag, Objects, Token, Whole
from integrations.models import Notification
from integrations.services.kv import Wish, create_store, write_entries
from releases.models import Binding, Release, Rule, Ruleset
from releases.services.approvals import request_trail_approval
from releases.services.gate import evaluate
from releases.services.proposals import change_resource
from tests.compliance.proving import OTHER_DIGEST, an_artifact
from tests.compliance.running import a_baseline, a_snapshot, running
from tests.dialects import known_cycloid
from tests.dialects.routes import Route
from tests.people import make_actor, make_machine, make_user
from tests.releases.proofs import ANY_ONE, DIGEST, a_flow, a_policy, a_release, a_trail, an_environment, asked, attest
from tests.releases.shipping import bind, make_application

Values = dict[str, Any]
RULESET = {"type": "schedule", "begin_time": "1:00", "end_time": "2:00"}
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
    "POST /v1/approval-rulesets": {"id": "more-rules", "version": {"approval_rules": [RULESET]}},
    "POST /v1/application-approval-ruleset-bindings/{application_id}/{ruleset_id}": {"version": {"mode": "enforcing"}},
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
    _invite(world)
    _prove(world)
    _ship(world)
    _connect(world)
    known_cycloid.make_cycloid(world)
    return world


def _invite(world: World) -> None:
    """People, machines and their keys, as OpenFactstore calls them."""
    user = make_user(world.organization, "viewer")
    actor, key = make_machine(world.organization, "viewer", "robot")
    account = actor.service_account
    assert account
    login = {"organization_id": world.organization.slug, "service_account_name": "robot", "password": key}
    world.bodies["POST /v1/auth/login"] = login
    world.values |= {
        "openfactstore.users": user.uid,
        "openfactstore.service-accounts": account.uid,
        "openfactstore.owners": account.uid,
        "openfactstore.api-keys": account.api_keys.get().uid,
        "ownerId": account.uid,
    }


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


def _prove(world: World) -> None:
    """OpenFactstore's things."""
    actor = world.admin
    flow = a_flow(actor, "payments", required_types=["junit"])
    trail = a_trail(actor, flow)
    artifact = trail.artifacts.get()
    record_provenance(actor=actor, artifact=artifact, builder_id="ci", builder_type=Provenance.Builder.values[0])
    attestation = attest(actor, trail, "junit")
    evidence = attach_evidence(
        actor=actor, attestation=attestation, file_name="a.txt", content_type="text/plain", content=b"proof"
    )
    environment = an_environment(actor)
    snapshot = a_snapshot(actor, environment, running("payments", DIGEST))
    a_snapshot(actor, environment, running("payments", DIGEST), running("other"))
    a_baseline(actor, environment, snapshot)
    policy = a_policy(actor, flow)
    entry = add_to_allowlist(actor=actor, environment=environment, reason="tested", approved_by="Ada", digest=DIGEST)
    evaluate(actor=actor, digest=DIGEST, environment=environment)
    approval = request_trail_approval(actor=actor, trail=trail)
    notification = Notification.objects.create(
        organization=world.organization, title="Drift", event_uid=trail.uid, message="m"
    )
    world.values |= {
        "openfactstore.flows": flow.uid,
        "openfactstore.trails": trail.uid,
        "openfactstore.artifacts": artifact.uid,
        "spare_artifact": an_artifact(actor, trail, OTHER_DIGEST, "other").uid,
        "openfactstore.attestation": attestation.uid,
        "openfactstore.attestations": attestation.uid,
        "openfactstore.evidence": evidence.sha256,
        "openfactstore.environments": environment.uid,
        "openfactstore.snapshots": snapshot.index,
        "openfactstore.approvals": approval.uid,
        "openfactstore.deployment-policies": policy.uid,
        "openfactstore.allowlist": entry.uid,
        "openfactstore.notifications": notification.uid,
        "spare_flow": a_flow(actor, "spare").uid,
        "spare_environment": an_environment(actor, "spare").uid,
        "flowId": flow.uid,
        "trailId": trail.uid,
        "environmentId": environment.uid,
        "snapshotId": snapshot.uid,
        "sha256Digest": DIGEST,
        "artifactSha256": DIGEST,
        "sha256": DIGEST,
        "from": 1,
        "to": 2,
    }


def _ship(world: World) -> None:
    """Sqedule's things."""
    actor = world.admin
    application = make_application(actor, ANY_ONE, key="payments")
    spare = bind(actor, make_application(actor, key="spare"), RULESET, key="spare-rules")
    ruleset = Ruleset.objects.get(key="rules")
    for resource in (application, ruleset, Binding.objects.get(ruleset=ruleset)):  # each its kind's versions 3 and 4
        draft, reviewed = (change_resource(actor=actor, resource=resource, change={})[1] for _ in range(2))
        type(reviewed).objects.filter(pk=reviewed.pk).update(proposal_state="reviewing")
        assert (draft.version.number, reviewed.version.number) == (3, 4)
    release = a_release(actor, application, commit="7c1e94d0aa")
    assert asked(release).release_id == Release.objects.get().pk
    world.values |= {
        "sqedule.applications": application.key,
        "sqedule.application_id": application.key,
        "sqedule.approval-rulesets": "rules",
        "sqedule.ruleset_id": "rules",
        "sqedule.version_number": 1,
        "sqedule.releases": release.number,
        "sqedule.proposals": 3,
        "sqedule.organizations": world.organization.slug,
        "rule_id": Rule.objects.filter(type="manual").earliest("pk").number,
        "reviewed": 4,
        "spare_ruleset": spare.key,
    }

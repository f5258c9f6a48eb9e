"""Nineteen more of everything that the walked world has one of: a list that asks once for each row shows it then."""

from copy import copy
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.utils import timezone

from catalog.models import (
    ApiKey,
    BulkJob,
    Component,
    DeliveryEvent,
    Environment,
    Event,
    Incident,
    Invitation,
    Organization,
    Project,
    ProjectVersion,
    Role,
    RoleRule,
    SavedView,
    SearchDocument,
    Team,
    TeamMember,
    WebhookToken,
)
from catalog.models.base import uuid7
from catalog.services.project_environments import link_named_environment
from compliance.models import (
    AllowlistEntry,
    Artifact,
    EnvironmentBaseline,
    Evidence,
    Flow,
    RunningArtifact,
    Sighting,
    Snapshot,
)
from compliance.services.drift import check_drift
from compliance.services.standards import default_baseline
from integrations.models import Delivery, Notification, NotificationRule, Store, StoreEntry, Webhook
from releases.models import (
    Application,
    ApprovalRequest,
    Binding,
    Decision,
    DeploymentPolicy,
    GateDecision,
    Release,
    Ruleset,
)
from releases.services.proposals import proposal_of
from tests.compliance.proving import OTHER_DIGEST
from tests.dialects.known import World

MORE = 19
NUMBERS = count(1000)


def more(row: Model, *differing: str, rows: int = MORE, **values: Any) -> list[Any]:
    """Copies of a row, which differ in the named fields and in those that are given; a list has one value for each."""
    made = []
    for number in range(rows):
        twin = copy(row)
        twin.pk, twin._state = None, copy(row._state)
        twin._state.adding, twin._state.fields_cache = True, {}
        given = {name: each[number] if isinstance(each, list) else each for name, each in values.items()}
        others = {name: another(getattr(row, name), number + 1) for name in differing}
        for name, value in ({"uid": uuid7()} | others | given).items():
            setattr(twin, name, value)
        made.append(twin)
    return type(row)._default_manager.bulk_create(made)


def another(value: Any, number: int) -> Any:
    """A value like this one."""
    match value:
        case int():
            return next(NUMBERS)
        case UUID():
            return uuid7()
        case datetime():
            return value + timedelta(seconds=number)
        case list():
            return [*value, str(number)]
    return f"{number}-{value or ''}"[: len(value or "") or 10]


def more_reviewed(resource: Any, *differing: str, **values: Any) -> list[Any]:
    """Copies of an application, ruleset or binding, each with a version that counts."""
    made = more(resource, *differing, **values)
    contents = more(resource.latest, version=more(resource.latest.version, "number", subject=made))
    for twin, content in zip(made, contents, strict=True):
        twin.latest = content
    type(resource).objects.bulk_update(made, ["latest"])
    return made


def begin(world: World) -> None:
    """One row of what only lists have, and what is only written at the first look."""
    acme, component = world.organization, Component.objects.get(slug="payments")
    default_baseline(acme.pk)
    for secret in (ApiKey, WebhookToken):
        secret.objects.update(last_used_at=timezone.now())
    shown = RunningArtifact.objects.filter(snapshot__index=world.values["to"]).first()
    more(shown, "digest", name="checkout", tag="1.4", rows=1)  # nearly what was built
    more(shown, name="checkout", digest=OTHER_DIGEST, rows=1)  # what was built
    check_drift(actor=world.admin, environment=shown.snapshot.environment)
    for request in ApprovalRequest.objects.all():
        Decision.objects.create(organization=acme, request=request, verdict="approved", identity="ada")
    Notification.objects.create(organization=acme, user=world.admin.user, title="Drift", event_uid=uuid7(), message="m")
    link_named_environment(actor=world.admin, project=Project.objects.get(), name="production")
    mine = {"organization": acme, "owner": world.admin.user}
    SavedView.objects.create(**mine, name="Mine", path="/catalog/components", query="q=pay", is_shared=True)
    BulkJob.objects.create(**mine, action="components", subjects=[uuid7()], total=1)
    rules = NotificationRule.objects.all()
    rules.update(flow=Flow.objects.get(name="payments"), environment=shown.snapshot.environment)
    more(Delivery.objects.get(), "event_uid", webhook=None, rule=rules[0], rows=1)
    reported = {"organization": acme, "component": component}
    WebhookToken.objects.create(**reported, label="of one", digest="1" * 64)
    DeliveryEvent.objects.create(**reported, kind="deployment", occurred_at=timezone.now())
    Incident.objects.create(**reported, opened_at=timezone.now())


def grow(world: World) -> None:
    """More rows in each list of each app."""
    _people(world)
    _things(world)
    _facts(world)
    _snapshots(world)
    more(Event.objects.get(uid=world.values["openfactstore.audit"]))
    _applications()
    _releases()
    _stores()


def _people(world: World) -> None:
    acme, team = world.organization, Team.objects.get()
    below = Organization.objects.get(parent=acme)
    more(below, "slug", "public_id", path=[f"{below.path}{number}/" for number in range(MORE)])
    roles = more(Role.objects.get(organization=acme, canonical="viewer"), "canonical", built_in=False)
    more(RoleRule.objects.filter(role__organization=acme, role__canonical="viewer")[0], role=roles)
    member = TeamMember.objects.get()
    people = more(member.user, "email")
    more(member.user.memberships.get(), user=people)
    more(member, user=people)
    more(member, team=more(team, "slug", "public_id"))
    more(Invitation.objects.get(), "digest", "member_id", "email")
    key = ApiKey.objects.get(service_account__name="robot")
    more(key, "digest")  # of one machine
    more(key.service_account, "name")
    more(ApiKey.objects.get(canonical="walking"), "digest", "canonical")  # of one person
    for token in WebhookToken.objects.filter(revoked_at=None, organization=acme):  # the organization's, a component's
        more(token, "digest")


def _things(world: World) -> None:
    project = Project.objects.get()
    link = project.environments.get(environment__name="production")
    more(link, project=more(project, "canonical"))
    more(link, environment=more(link.environment, "name", "canonical"))
    more(ProjectVersion.objects.get(), "name")
    more(DeliveryEvent.objects.get(), "commit", "occurred_at")
    more(Incident.objects.get(), "external_id")
    more(SavedView.objects.get(), "name")


def _facts(world: World) -> None:
    flow = Flow.objects.get(name="payments")
    trail = flow.trails.get()
    artifact, attestation = trail.artifacts.earliest("pk"), trail.attestations.get()
    trails = more(trail, "name", "commit")
    more(SearchDocument.objects.get(uid=trail.uid), uid=[each.uid for each in trails])
    flows = more(flow, "name")
    more(trail, "name", flow=flows)
    more(artifact, trail=trails)
    more(attestation, trail=trails)
    more(artifact, "name", digest=[f"sha256:{number:064x}" for number in range(MORE)])
    Artifact.objects.filter(digest=OTHER_DIGEST).update(created_at=timezone.now())  # approvals are about the newest
    evidence = Evidence.objects.get()
    more(evidence, "file_name")
    more(evidence, attestation=more(attestation, "name"))


def _snapshots(world: World) -> None:
    environment = Environment.objects.get(name="production", organization=world.organization)
    shown = Snapshot.objects.get(environment=environment, index=world.values["to"])
    latest = more(shown, "index")[-1]
    built = list(
        Artifact.objects.filter(trail__flow__name="payments").exclude(name="other").order_by("-pk")[: MORE + 1]
    )
    for snapshot in (shown, latest):  # half of it known, half nearly
        for each in built:
            more(shown.artifacts.first(), snapshot=snapshot, name=each.name, tag=each.tag, digest=each.digest, rows=1)
            more(shown.artifacts.first(), "digest", snapshot=snapshot, name=each.name, tag=each.tag, rows=1)
    Environment.objects.filter(pk=environment.pk).update(snapshot_index=latest.index)
    world.values |= {"openfactstore.snapshots": latest.index, "to": latest.index}
    more(Sighting.objects.first(), "digest")
    more(AllowlistEntry.objects.get(), "digest")
    more(EnvironmentBaseline.objects.get(), is_active=False)
    environment.refresh_from_db()
    report = check_drift(actor=world.admin, environment=environment)
    more(report)
    others = Environment.objects.exclude(pk=environment.pk)
    more(report, environment=list(others), rows=len(others))
    others.update(drift_state="drifted", drifted_at=timezone.now())


def _applications() -> None:
    application, ruleset = Application.objects.get(key="payments"), Ruleset.objects.get(key="rules")
    binding = Binding.objects.get(ruleset=ruleset)
    components = more(application.component, "slug", "record_id")
    rulesets = more_reviewed(ruleset, "key")
    more_reviewed(binding, ruleset=rulesets)
    more_reviewed(binding, application=more_reviewed(application, "key", component=components))
    for resource in (application, ruleset, binding):
        draft = proposal_of(resource, 3)
        more(draft, version=more(draft.version, "number"))
        more(resource.latest, version=more(resource.latest.version, "number", "version_number"))
    rule = ruleset.latest.rules.get()
    more(rule, "number", adjustment=[each.latest for each in rulesets])
    more(rule, "number")
    more(rule, "number", adjustment=proposal_of(ruleset, 3), type="manual")
    frozen = Release.objects.get().bindings.get(ruleset=ruleset)
    more(frozen, ruleset=rulesets, adjustment=[each.latest for each in rulesets])


def _releases() -> None:
    release = Release.objects.get()
    asked, of_trail = release.approvals.get(), ApprovalRequest.objects.get(release=None)
    releases = more(release, "number")
    more(release.bindings.earliest("pk"), release=releases)
    decision = asked.decisions.get()
    more(decision, "identity")
    more(decision, request=more(asked, release=releases))
    more(of_trail.decisions.get(), "identity")
    more(decision, request=more(of_trail))
    more(DeploymentPolicy.objects.get(), "name")
    more(GateDecision.objects.get())
    more(release.events.first(), "number")


def _stores() -> None:
    for delivery in Delivery.objects.all():  # to a webhook, by a rule
        more(delivery, "event_uid")
    more(Webhook.objects.get(), "name")
    more(NotificationRule.objects.get(), "name")
    store = Store.objects.get()
    more(StoreEntry.objects.first(), "path", "version")
    more(store, "name")
    for notification in Notification.objects.all():  # for all machines, for a person
        more(notification, "event_uid", rows=MORE + 1, read_at=None)  # one was read

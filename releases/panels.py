"""What releases hangs on the pages of the apps below: rail, home cards, panels, words for events."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from catalog import slots
from catalog.actors import Actor
from catalog.middleware import PortalRequest
from catalog.models import Component, Environment
from catalog.prepared import readable
from catalog.rights import register_actions
from catalog.services.events import subscribe
from catalog.slots import EventWords
from releases.models import Application, ApprovalRequest, DeploymentPolicy, GateDecision, Release
from releases.services.applications import give_application
from releases.services.electorate import DECIDE
from releases.views.release import releases_of, shown
from releases.views.rows import asker, built, with_gates

HOME_ROWS, PANEL_ROWS, POLICY_ROWS, RAIL_GATES, DAYS = 6, 5, 12, 8, 30
BLOCKED_FOR = timedelta(days=30)  # a decision older than this is nobody's next step
DENYING = (GateDecision.Verdict.BLOCKED, GateDecision.Verdict.ERROR)

ACTIONS = {
    "organization:approval:read": "See approvals",
    "organization:approval:request": "Ask for approvals",
    "organization:approval:decide": "Approve and reject",
    "organization:policy:read": "See deployment policies",
    "organization:policy:create": "Add deployment policies",
    "organization:policy:update": "Change deployment policies",
    "organization:policy:delete": "Delete deployment policies",
    "organization:gate:read": "See what the gate decided",
    "organization:gate:evaluate": "Ask the gate",
}
RELEASE, APPROVAL = "releases:release-by-uid", "releases:approval"
EVENT_WORDS = {
    "release.created": EventWords("busy", "gate", "asked to ship {subject}", RELEASE),
    "release.updated": EventWords("mute", "gate", "changed what {subject} says", RELEASE),
    "release.cancelled": EventWords("mute", "ban", "cancelled {subject}", RELEASE),
    "release.approved": EventWords("ok", "gate-open", "let {subject} through: its rules hold", RELEASE),
    "release.rejected": EventWords("bad", "gate-shut", "rejected {subject} by its rules", RELEASE),
    "approval.requested": EventWords("warn", "user-round", "asked for an approval of {subject}", APPROVAL),
    "approval.granted": EventWords("ok", "check", "approved {subject} {said}", APPROVAL),
    "approval.rejected": EventWords("bad", "x", "rejected {subject} {said}", APPROVAL),
    "approval.expired": EventWords(
        "mute", "clock", "closed the approval of {subject}: nobody answered in time", APPROVAL
    ),
    "approval.void": EventWords("mute", "ban", "voided the approval of {subject}: what it was about changed", APPROVAL),
    "gate.allowed": EventWords("ok", "gate-open", "asked the gate about {subject}: {headline}"),
    "gate.blocked": EventWords("bad", "gate-shut", "asked the gate about {subject}: {headline}"),
    "policy.created": EventWords("mute", "shield", "added the deployment policy {subject}"),
    "policy.updated": EventWords("mute", "shield", "changed the deployment policy {subject}"),
    "policy.deleted": EventWords("warn", "shield", "deleted the deployment policy {subject}"),
    "application.created": EventWords("mute", "gate", "added the application {subject}", "releases:application"),
    "ruleset.created": EventWords("mute", "gate", "added the ruleset {subject}", "releases:ruleset"),
    "binding.created": EventWords("mute", "gate", "bound {subject}", "releases:binding"),
} | {
    f"{word}.{done}": EventWords(tone, icon, text, f"releases:{word}")
    for word in ("application", "ruleset", "binding")
    for done, tone, icon, text in (
        ("proposed", "mute", "pen-line", "drafted proposal {version} of {subject}"),
        ("submitted", "warn", "user-round", "asked for a review of proposal {version} of {subject}"),
        ("approved", "ok", "check", "made version {version_number} of {subject} count"),
        ("rejected", "bad", "x", "rejected proposal {version} of {subject}"),
        ("abandoned", "mute", "ban", "abandoned proposal {version} of {subject}"),
        ("withdrawn", "mute", "pen-line", "took proposal {version} of {subject} back to a draft"),
        ("proposal_deleted", "warn", "ban", "deleted proposal {version} of {subject}"),
        ("renamed", "mute", "pen-line", "renamed {subject}"),
    )
}


def register() -> None:
    """Fill the releases' places; called once when the app starts."""
    register_actions(ACTIONS)
    slots.register_nav("Releases", "releases:release-list", "gate", order=50, count=waiting_on_me)
    slots.register_waiting("releases:approval-list", waiting_on_me)
    slots.register_deed("Decide what waits for an approval", "releases:approval-list", "organization:approval:decide")
    slots.register_deed("Add an application", "releases:application-new", "organization:application:create")
    slots.register_deed("Add a ruleset", "releases:ruleset-new", "organization:ruleset:create")
    slots.register_gates(rail_gates)
    slots.register_events(EVENT_WORDS)
    subscribe(give_application, "component.created")
    slots.register_tile(releases_tile, order=40)
    slots.register("home.main", waiting_panel, order=10)
    slots.register("home.main", recent_panel, order=20)
    slots.register("home.aside", blocked_panel, order=10)
    slots.register("environment.aside", approvals_panel, order=10)
    slots.register("environment.aside", gate_panel, order=20)
    slots.register("environment.aside", policies_panel, order=60)
    slots.register("component.main", component_panel, order=20)


def waiting_on_me(request: PortalRequest) -> int:
    """How many approvals wait for this person; counted once a request."""
    if not hasattr(request, "approvals_waiting"):
        counted = _waiting_count(request.actor, **_asked(request.actor))
        request.approvals_waiting = sum(counted)  # type: ignore[attr-defined]
    return request.approvals_waiting  # type: ignore[attr-defined]


def rail_gates(request: PortalRequest) -> Iterator[slots.Gate]:
    """The environments with what last became of their gates, the most alarming thing that is true now. One query."""
    for environment in _gated(request.actor, organization=request.actor.organization_id, at=timezone.now()):
        url = reverse("catalog:environment", args=[environment.uid])
        state = _rail_state(environment, environment.verdict or "none")  # type: ignore[attr-defined]
        yield slots.Gate(environment.name, url, state)


@readable(Environment)
def _gated(environments: Any, *, organization: int, at: datetime) -> QuerySet[Environment]:
    latest = GateDecision.objects.filter(environment=OuterRef("pk")).order_by("-judged_at", "-pk")
    asked = Exists(ApprovalRequest.objects.open(at).filter(environment=OuterRef("pk")))
    annotated = environments.annotate(verdict=Subquery(latest.values("verdict")[:1]), asked=asked)
    return annotated.filter(organization=organization).order_by("name")[:RAIL_GATES]


def _rail_state(environment: Environment, verdict: str) -> str:
    drifted = environment.drift_state == Environment.DriftState.DRIFTED
    if drifted and environment.drift_policy == Environment.DriftPolicy.BLOCK:
        return GateDecision.Verdict.BLOCKED
    if environment.asked and verdict not in DENYING:  # type: ignore[attr-defined]
        return GateDecision.Verdict.WAITING
    return verdict


def waiting_panel(request: PortalRequest, subject: None) -> str:
    """What this person may decide, oldest first."""
    rows = with_gates(request.actor, _waiting(request.actor, **_asked(request.actor)))
    return render_to_string("releases/panels/waiting.html", {"rows": rows}, request=request)


def _asked(actor: Actor) -> dict[str, Any]:
    return {"label": actor.label, "listed": actor.label.lower(), "role": actor.role, "at": timezone.now()}


@readable(ApprovalRequest, DECIDE)
def _waiting(requests: Any, **asked: Any) -> QuerySet[ApprovalRequest]:
    waiting = requests.waiting_for_voter(**asked).annotate(asker=asker("requested_by"), built=built())
    return waiting.for_list().order_by("created_at", "pk")[:HOME_ROWS]


@readable(ApprovalRequest, DECIDE)
def _waiting_count(requests: Any, **asked: Any) -> QuerySet[ApprovalRequest, int]:
    waiting = requests.waiting_for_voter(**asked).order_by()
    return waiting.values(all=Value(1)).annotate(count=Count("pk")).values_list("count", flat=True)


def releases_tile(request: PortalRequest) -> slots.Tile | None:
    """How many of the last days' releases were let through, and how many were asked for each day."""
    today = timezone.localdate()
    releases = Release.objects.visible_to(request.actor).filter(organization=request.actor.organization_id)
    approved = Count("pk", filter=Q(state=Release.State.APPROVED))
    rows = releases.by_day(today - timedelta(days=DAYS - 1), today, asked=Count("pk"), approved=approved)
    asked = sum(row["asked"] for row in rows)
    if not asked:
        return None
    return slots.Tile(
        label="Releases approved",
        value=f"{sum(row['approved'] for row in rows):,}",
        note=f"of {asked:,} in {DAYS} days",
        url=f"{reverse('releases:release-list')}?state={Release.State.APPROVED}",
        series=tuple(row["asked"] for row in rows),
        said=f"{asked:,} releases in {DAYS} days, by day",
        kind="bars",
    )


def recent_panel(request: PortalRequest, subject: None) -> str:
    """The newest releases."""
    context = {"releases": _newest(request.actor, organization=request.actor.organization_id)}
    return render_to_string("releases/panels/recent.html", context, request=request)


@readable(Release)
def _newest(releases: Any, *, organization: int) -> QuerySet[Release]:
    return shown(releases.filter(organization=organization))[:HOME_ROWS]


def blocked_panel(request: PortalRequest, subject: None) -> str:
    """What the gate holds back: the newest decision about each component and environment, where it denies."""
    since = timezone.now() - BLOCKED_FOR
    context = {"decisions": _denied(request.actor, since=since)}
    return render_to_string("releases/panels/blocked.html", context, request=request)


@readable(GateDecision)
def _denied(decisions: Any, *, since: datetime) -> QuerySet[GateDecision]:
    decided = decisions.filter(judged_at__gte=since)
    return decided.denied_at_last().for_list().select_related("release")[:HOME_ROWS]


def approvals_panel(request: PortalRequest, environment: Environment) -> str:
    """What is asked about this environment."""
    asked = ApprovalRequest.objects.visible_to(request.actor).open(timezone.now()).filter(environment=environment)
    rows = list(asked.for_list().order_by("created_at", "pk")[:PANEL_ROWS])
    return render_to_string("releases/panels/approvals.html", {"rows": rows}, request=request) if rows else ""


def gate_panel(request: PortalRequest, environment: Environment) -> str:
    """What the gate of this environment last said."""
    decisions = GateDecision.objects.visible_to(request.actor).filter(environment=environment).for_list()
    ask = {"artifactSha256": "sha256:…", "environment": environment.name}
    context = {"decisions": decisions[:PANEL_ROWS], "environment": environment, "ask": ask}
    return render_to_string("releases/panels/gate.html", context, request=request)


def policies_panel(request: PortalRequest, environment: Environment) -> str:
    """What is asked of whatever goes there."""
    policies = DeploymentPolicy.objects.visible_to(request.actor).filter(
        Q(environment=environment) | Q(environment=None), organization=environment.organization_id, is_active=True
    )
    found = list(policies.for_list())
    context = {"policies": found[:POLICY_ROWS], "more": len(found) - POLICY_ROWS}
    return render_to_string("releases/panels/policies.html", context, request=request) if found else ""


def component_panel(request: PortalRequest, component: Component) -> str:
    """The newest releases of a component, and what the gate last said about it for each environment."""
    application = Application.objects.visible_to(request.actor).filter(component=component).first()
    decisions = GateDecision.objects.visible_to(request.actor).filter(component=component).for_list()
    context = {
        "application": application,
        "releases": list(releases_of(request).filter(application=application)[:PANEL_ROWS]) if application else [],
        "decisions": list(decisions.latest_of("environment_id")),
        "component": component,
        "release_path": f"/v1/applications/{quote(application.key)}/releases" if application else "",
        "new_application": {"id": component.slug, "version": {"proposal_state": "final"}},
    }
    return render_to_string("releases/panels/component.html", context, request=request)

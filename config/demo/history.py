"""Ninety days of the demo organization: builds, proofs, releases, approvals, snapshots, drift."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from random import Random
from unittest.mock import patch

from django.db.models import F
from django.utils import timezone

from catalog.actors import Actor
from catalog.models import OutboxEntry
from catalog.services.components import push_manifest
from catalog.services.events import subscribers_of
from compliance.models import Trail
from compliance.services.artifacts import register_artifact
from compliance.services.attestations import attach_evidence, record_attestation
from compliance.services.drift import approve_baseline
from compliance.services.snapshots import record_snapshot
from compliance.services.trails import create_trail
from config.demo import world
from config.demo.pipelines import Pipelines
from config.demo.setup import Demo
from releases.models import ApprovalRequest, Release
from releases.services.approvals import decide
from releases.services.engine import work_on
from releases.services.gate import evaluate
from releases.services.releases import cancel_release, create_release

TOLD_AT_ONCE = 25  # steps of the agenda
Progress = Callable[[int, int], None]


@contextmanager
def moment(at: datetime) -> Iterator[None]:
    """Let the services write as if it were `at`: rows get their times from Django's clock, which is set back here."""
    with patch("django.utils.timezone.now", lambda: at):
        yield


@dataclass(frozen=True)
class Build:
    """One commit that CI built, and how that went."""

    at: datetime
    component: str
    number: int
    fails: str = ""  # the attestation type that fails
    lacks: str = ""  # the one that was never reported
    ships: bool = False

    @property
    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(f"{self.component} {self.number}".encode()).hexdigest()

    @property
    def tag(self) -> str:
        return f"1.{self.number // 10}.{self.number % 10}"

    @property
    def commit(self) -> str:
        return hashlib.sha1(self.digest.encode(), usedforsecurity=False).hexdigest()


def builds(now: datetime, random: Random, count: int) -> list[Build]:
    """`count` builds of all components in the order of time; the last ones tell the stories the demo shows."""
    names = [software.name for software in world.COMPONENTS]
    counts = dict.fromkeys(names, 0)
    planned = []
    times = sorted(random.uniform(2, world.DAYS * 24) for _ in range(count - len(STORIES)))
    for hours in reversed(times):
        name = random.choice(names)
        counts[name] += 1
        luck = random.random()
        fails = random.choice(world.REQUIRED) if luck < 0.10 else ""
        lacks = random.choice(world.REQUIRED) if 0.10 <= luck < 0.14 else ""
        ships = not fails and not lacks and random.random() < 0.35
        planned.append(Build(now - timedelta(hours=hours), name, counts[name], fails, lacks, ships))
    for minutes, name in STORIES:
        counts[name] += 1
        planned.append(Build(now - timedelta(minutes=minutes), name, counts[name]))
    return planned


# The builds of today, minutes ago: one is approved and then fails a later scan, one waits for a person, two are fine.
STORIES = ((115, "webhook-relay"), (95, "merchant-portal"), (70, "checkout-api"), (65, "kyc-gateway"))


class History:
    """Plays the days one after another. `random` decides everything that is left open."""

    def __init__(self, demo: Demo, now: datetime, random: Random, progress: Progress):
        self.demo, self.now, self.random, self.progress = demo, now, random, progress
        self.running: dict[str, dict[str, Build]] = {"staging": {}, "production": {}}
        self.snapshots = dict.fromkeys(self.running, now - timedelta(days=world.DAYS))
        self.agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self.built: dict[str, Build] = {}
        self.planned = 0
        self.pipelines = Pipelines(demo, self.at)
        self.told = self.asked = self.decided = 0

    def play(self, count: int) -> None:
        """Do everything that happened around `count` builds, in the order of time."""
        all_builds = builds(self.now, self.random, count)
        self.built = {build.commit: build for build in all_builds}
        for build in all_builds:
            self.at(build.at, partial(self.build, build))
        for build in {build.component: build for build in all_builds}.values():
            self.at(build.at + timedelta(minutes=1), partial(self.push_manifest, build))
        self.pipelines.plan(self.now)
        self.at(self.now - timedelta(minutes=90), self.approve_today)
        self.at(self.now - timedelta(minutes=50), self.ask_for_approval_today)
        self.at(self.now - timedelta(minutes=40), self.ask_the_gate_today)
        self.at(self.now - timedelta(minutes=30), self.settle)
        self.at(self.now - timedelta(minutes=12), self.drift)
        done = 0
        while self.agenda:
            at, _, happen = heappop(self.agenda)
            with moment(at):
                happen()
            done += 1
            if done % TOLD_AT_ONCE == 0 or not self.agenda:
                self.tell()
            self.progress(done, done + len(self.agenda))
        OutboxEntry.objects.filter(pk__lte=self.told, done_at=None).update(done_at=F("next_attempt_at"))

    def at(self, when: datetime, happen: Callable[[], None]) -> None:
        """Put something on the agenda; what would lie in the future does not happen."""
        if when < self.now:
            self.planned += 1
            heappush(self.agenda, (when, self.planned, happen))

    def tell(self) -> None:
        """Tell the subscribers what happened, each at its moment, so that news is as old as what it is about."""
        entries = list(OutboxEntry.objects.filter(pk__gt=self.told).select_related("event").order_by("pk"))
        for entry in entries:
            with moment(entry.event.occurred_at):
                for subscriber in subscribers_of(entry.event.kind):
                    subscriber(entry.event)
        if entries:
            self.told = entries[-1].pk

    def build(self, build: Build) -> None:
        """CI reports a commit, what it built, and the proofs."""
        author, login = self.random.choice(world.AUTHORS)
        ci = self.ci
        trail = create_trail(
            actor=ci,
            flow=self.demo.flows[build.component],
            commit=build.commit,
            branch="main",
            author=author,
            author_email=f"{login}@northwind.example",
            build_url=f"{world.repository(build.component)}/actions/runs/{4000 + build.number}",
            pull_request_id=str(100 + build.number),
        )
        register_artifact(
            actor=ci,
            trail=trail,
            name=f"registry.northwind.example/{build.component}",
            tag=build.tag,
            digest=build.digest,
            reported_by="ci",
        )
        for kind in world.REQUIRED:
            if kind != build.lacks:
                self.prove(build, trail, kind)
        if build.fails or build.lacks:
            return
        self.at(build.at + timedelta(minutes=20), partial(self.deploy, "staging", build))
        if build.ships:
            self.pipelines.merged(build.component, build.commit, build.number)
            self.at(build.at + timedelta(minutes=50), partial(self.release, build))

    def push_manifest(self, build: Build) -> None:
        """CI pushes what the repository says about its software, as Phaset's clients do."""
        component = self.demo.components[build.component]
        needs = [self.demo.components[name].record_id for name in world.NEEDS.get(build.component, ())]
        push_manifest(
            actor=self.demo.pusher,
            record_id=component.record_id,
            spec={
                "name": component.name,
                "repository": component.repository,
                "description": component.description,
                "version": build.tag,
                "kind": component.kind,
                "lifecycle": component.lifecycle,
                "criticality": component.criticality,
                "sensitivity": component.sensitivity,
                "sourcing": "custom",
                "deployment": "public_cloud",
            },
            sections={
                "dependencies": [{"target": target, "criticality": "high"} for target in needs],
                "slos": [world.slo(build.component)],
                "links": [{"url": f"{component.repository}/wiki", "title": "Runbook", "icon": "documentation"}],
            },
            references={
                "group": component.team.public_id if component.team else "",
                "system": component.system.public_id if component.system else "",
                "domain": component.domain.public_id if component.domain else "",
            },
        )

    def prove(self, build: Build, trail: Trail, kind: str) -> None:
        """One attestation; the test report is a file that sets the result itself."""
        failed = kind == build.fails
        if kind == "junit":
            attestation = record_attestation(actor=self.ci, trail=trail, type=kind, status="pending", name="Unit tests")
            attach_evidence(
                actor=self.ci,
                attestation=attestation,
                file_name="junit.xml",
                content_type="application/xml",
                content=report(build, failed=failed),
            )
            return
        words = {"sbom": "CycloneDX, 214 packages", "container-scan": "2 critical" if failed else "0 critical, 3 low"}
        record_attestation(
            actor=self.ci,
            trail=trail,
            type=kind,
            status="failed" if failed else "passed",
            name={"sbom": "SBOM", "container-scan": "Container scan"}[kind],
            details=words[kind],
        )

    def release(self, build: Build) -> None:
        """Somebody wants this build in production; two hours later a change manager decides."""
        release = self.ask(build)
        later = timezone.now() + timedelta(hours=self.random.uniform(0.5, 5))
        self.asked += 1
        if self.asked % 13 == 5:
            self.at(later, partial(self.cancel, release))
        else:
            self.at(later, partial(self.decide, release, build))

    def ask(self, build: Build) -> Release:
        """Create the release and let the rules that need nobody run."""
        release = create_release(
            actor=self.ci,
            application=self.demo.applications[build.component],
            source_identity=f"{build.component}@{build.commit[:12]}",
            metadata={"commit": build.commit, "digest": build.digest, "environment": "production"},
            comments=f"Build {build.number}",
        )
        work_on(release.pk)
        return release

    def cancel(self, release: Release) -> None:
        """Its author thought better of it, unless it is decided already."""
        release.refresh_from_db()
        if not release.is_final:
            cancel_release(actor=self.demo.people["Jonas Ekdahl"], release=release)

    def decide(self, release: Release, build: Build) -> None:
        """A change manager says yes, rarely no; what is approved goes to production."""
        manager = self.demo.people[self.random.choice(("Maeve Donnelly", "Ines Caldeira"))]
        self.decided += 1
        refuse = self.decided % 9 == 3
        asked = ApprovalRequest.objects.filter(release=release, status=ApprovalRequest.Status.PENDING)
        for request in asked.select_related("component"):
            decide(
                actor=manager,
                request=request,
                verdict="rejected" if refuse else "approved",
                comments="Not during the audit." if refuse else self.random.choice(YES),
            )
        work_on(release.pk)
        release.refresh_from_db()
        if release.state == Release.State.APPROVED:
            production = self.demo.environments["production"]
            if evaluate(actor=self.ci, digest=build.digest, environment=production, requested_by="ci").allowed:
                self.deploy("production", build)

    def deploy(self, name: str, build: Build) -> None:
        """The build runs from now on; the cluster reports every few days."""
        self.running[name][build.component] = build
        now = timezone.now()
        if name == "production":
            self.pipelines.deployed(build.component, build.commit)
        if now - self.snapshots[name] > timedelta(days=3):
            self.snapshots[name] = now
            self.report(name)

    def report(self, name: str, extra: tuple[dict[str, object], ...] = ()) -> None:
        """The cluster reports everything that runs."""
        environment = self.demo.environments[name]
        artifacts = [
            {"digest": build.digest, "name": build.component, "tag": build.tag, "instances": 1 + build.number % 3}
            for build in self.running[name].values()
        ]
        artifacts = [each for each in artifacts if each["name"] not in {other["name"] for other in extra}] + list(extra)
        record_snapshot(actor=self.ci, environment=environment, recorded_by="k8s-reporter", artifacts=artifacts)

    def ask_for_approval_today(self) -> None:
        """One release waits for a change manager."""
        self.ask(self.today("merchant-portal"))

    def approve_today(self) -> None:
        """One release is approved …"""
        release = self.ask(self.today("webhook-relay"))
        for request in ApprovalRequest.objects.filter(release=release):
            decide(actor=self.demo.people["Ines Caldeira"], request=request, verdict="approved", comments=YES[0])
        work_on(release.pk)

    def ask_the_gate_today(self) -> None:
        """… and a scan finds something before it is deployed: the gate says no all the same."""
        build = self.today("webhook-relay")
        record_attestation(
            actor=self.ci,
            trail=Trail.objects.get(flow=self.demo.flows[build.component], commit=build.commit),
            type="container-scan",
            status="failed",
            name="Container scan",
            details="2 critical in libexpat, published today",
        )
        evaluate(
            actor=self.ci, digest=build.digest, environment=self.demo.environments["production"], requested_by="ci"
        )

    def settle(self) -> None:
        """Both environments are as they should be, says who looks after them …"""
        jonas = self.demo.people["Jonas Ekdahl"]
        for name, environment in self.demo.environments.items():
            self.report(name)
            approve_baseline(
                actor=jonas, environment=environment, approved_by=jonas.label, description="As released until today."
            )

    def drift(self) -> None:
        """… until staging runs something that no build reported."""
        self.report("staging", (HOT_PATCH,))

    def today(self, component: str) -> Build:
        """The last build of a component."""
        trail = Trail.objects.filter(flow=self.demo.flows[component]).order_by("-created_at", "-pk")[0]
        return self.built[trail.commit]

    @property
    def ci(self) -> Actor:
        """The machine that reports."""
        if self.demo.ci is None:
            raise AssertionError("the demo has no CI")
        return self.demo.ci


YES = ("Rollback rehearsed on Tuesday, fine by me.", "Read the changes, go.", "Small and well tested.", "Go ahead.")
HOT_PATCH = {
    "digest": "sha256:" + hashlib.sha256(b"patched by hand").hexdigest(),
    "name": "notify-hub",
    "tag": "hotfix",
    "instances": 1,
}


def report(build: Build, *, failed: bool) -> bytes:
    """A JUnit report as a test runner would write it."""
    tests = 180 + build.number * 7
    cases = "".join(f'<testcase classname="{build.component}" name="case {case}" time="0.01"/>' for case in range(8))
    broken = '<testcase classname="t" name="rounds up"><failure message="1.005 != 1.01"/></testcase>' if failed else ""
    return (
        f'<testsuite name="{build.component}" tests="{tests}" failures="{int(failed)}" errors="0" skipped="2">'
        f"{cases}{broken}</testsuite>"
    ).encode()

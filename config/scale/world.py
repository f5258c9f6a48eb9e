"""What the organization `scale` consists of: each thing is a function of its number, so growing it keeps what is there.

One trail in a hundred lies in the flow of another component, all others in the first flow: a list of a million rows.
A trail has one artifact and one attestation, of the type its flow asks for, so there are as many facts as trails.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from catalog.actors import Actor, system_actor
from catalog.models import Component, Environment, Organization, SearchDocument, Team
from catalog.repositories import repository_key
from catalog.search import Source, sources
from catalog.services.environments import create_environment
from catalog.services.groups import create_team
from catalog.services.organizations import create_organization
from compliance.models import Artifact, Attestation, Flow, Trail
from config.scale.copying import copy, reserve, uid_at
from releases.models import Application, Release, ReleaseEvent
from releases.services.applications import create_application

SLUG = "scale"
ASKED = "junit"  # of every trail
DAYS = 90  # over which what is added at once is spread
CHUNK = 20_000
TEAMS, APPLICATIONS, AUTHORS, BRANCHES = 20, 25, 8, 60
AREAS = ("billing", "ledger", "search", "orders", "identity", "pricing", "stock", "mail", "fraud", "reports", "media")
PARTS = ("api", "worker", "web", "gateway", "store", "importer", "sync", "scheduler", "exporter")
TABLES = (Component, Flow, Trail, Artifact, Attestation, Release, ReleaseEvent, SearchDocument)
Told = Callable[[str, int, int], None]
Judged = Attestation.Status
STATUS = {
    Judged.PASSED: Trail.Status.COMPLIANT,
    Judged.FAILED: Trail.Status.NON_COMPLIANT,
    Judged.PENDING: Trail.Status.PENDING,
}


def digest_of(number: int) -> str:
    """The digest of the artifact of the trail with this number."""
    return f"sha256:{hashlib.sha256(b'scale %d' % number).hexdigest()}"


def commit_of(number: int) -> str:
    """The commit of the trail with this number."""
    return hashlib.sha1(b"scale %d" % number, usedforsecurity=False).hexdigest()


def result_of(number: int) -> Attestation.Status:
    """How the check of that trail ended: one in ten failed, one in twenty still runs."""
    return Judged.FAILED if number % 10 == 3 else Judged.PENDING if number % 20 == 7 else Judged.PASSED


def component_name(number: int) -> str:
    """`billing-api-0`."""
    return f"{AREAS[number % len(AREAS)]}-{PARTS[number % len(PARTS)]}-{number}"


@dataclass(frozen=True)
class Moments:
    """When the rows of a range of numbers were made: evenly over the last days, in their order."""

    numbers: range
    now: datetime

    def of(self, number: int) -> datetime:
        """The moment of one of them."""
        done = (number - self.numbers.start + 1) / len(self.numbers)
        return self.now - timedelta(days=DAYS) * (1 - done)


class World:
    """The organization, as it is and growing; `told` hears what is made, how many are done and how many there will be.

    Only grows: asked for fewer than there are, it does nothing. A run that is cut short goes on where it ended.
    """

    def __init__(self, told: Told = lambda what, done, total: None):
        self.told, self.now = told, timezone.now()

    @cached_property
    def organization(self) -> Organization:
        """It, made when it is not there, with teams and two environments."""
        found = Organization.objects.filter(slug=SLUG).first()
        return found or self._found()

    @cached_property
    def actor(self) -> Actor:
        """Who may do everything in it."""
        return system_actor(self.organization)

    @cached_property
    def flows(self) -> list[tuple[int, int, str]]:
        """Flow id, component id and component name, of every component in the order of their numbers."""
        rows = Flow.objects.filter(organization=self.organization, name__endswith="-build").order_by("pk")
        return list(rows.values_list("pk", "component_id", "component__name"))

    @transaction.atomic
    def _found(self) -> Organization:
        organization = create_organization(name="Scale", slug=SLUG)
        actor = system_actor(organization)
        for number in range(TEAMS):
            create_team(actor=actor, name=f"Team {number}")
        for name in ("production", "staging"):
            create_environment(actor=actor, name=name, kind=Environment.Kind.K8S)
        return organization

    def grow(self, *, components: int = 0, trails: int = 0, releases: int = 0, documents: int = 0) -> None:
        """Add what is missing to these counts; trails and releases need a component at least.

        `documents` are those of the first trails, artifacts and attestations, alike many of each, that search finds;
        of what there are fewer it finds all.
        """
        for model, count, add in (
            (Component, components, self._add_components),
            (Trail, trails, self._add_trails),
            (Release, releases, self._add_releases),
        ):
            there = model._default_manager.filter(organization=self.organization).count()
            moments = Moments(range(there, max(there, count)), self.now)
            for start in range(there, count, CHUNK):
                with transaction.atomic():
                    add(range(start, min(start + CHUNK, count)), moments)
                self.told(str(model._meta.verbose_name_plural), min(start + CHUNK, count), count)
        many = [source for source in sources().values() if source.shelf]
        for source in sources().values():
            self._add_documents(source, documents // len(many) if source in many else None)
        self._tidy()

    def _add_components(self, numbers: range, moments: Moments) -> None:
        """Components, one in ten without an owner, each with its flow."""
        teams = list(Team.objects.filter(organization=self.organization).order_by("pk").values_list("pk", flat=True))
        ids = reserve(Component, len(numbers))

        def components() -> Iterator[tuple]:
            for pk, number in zip(ids, numbers, strict=True):
                at, name = moments.of(number), component_name(number)
                team = teams[number % len(teams)] if number % 10 != 9 else None
                repository = f"https://git.example/scale/{name}"
                key = repository_key(repository)
                yield pk, uid_at(at), name, name, f"SCALE-{number}", repository, key, team, at, at

        def flows() -> Iterator[tuple]:
            for pk, number in zip(ids, numbers, strict=True):
                at = moments.of(number)
                yield uid_at(at), f"{component_name(number)}-build", pk, at, at

        varying = ("id", "uid", "name", "slug", "record_id", "repository", "repository_key", "team_id", *AT)
        copy(Component, varying, components(), **self._ours, kind="service", lifecycle="production")
        given = {"component_by": Flow.Joined.GIVEN, "required_types": [ASKED]}
        copy(Flow, ("uid", "name", "component_id", *AT), flows(), **self._ours, **given)
        vars(self).pop("flows", None)

    def _add_trails(self, numbers: range, moments: Moments) -> None:
        """Trails with their artifact and attestation."""
        if not self.flows:
            raise ValueError("there are no components: trails lie in their flows")
        ids = reserve(Trail, len(numbers))

        def trails() -> Iterator[tuple]:
            for pk, number in zip(ids, numbers, strict=True):
                at, author = moments.of(number), f"author-{number % AUTHORS}"
                flow, component, _ = self._flow_of(number)
                branch = "main" if number // AUTHORS % 2 else f"feature-{number % BRANCHES}"
                said = (commit_of(number), branch, author, f"{author}@scale.example", STATUS[result_of(number)])
                yield pk, uid_at(at), flow, component, *said, at, at

        def artifacts() -> Iterator[tuple]:
            for pk, number in zip(ids, numbers, strict=True):
                at, name = moments.of(number), f"registry.example/scale/{self._flow_of(number)[2]}"
                yield uid_at(at), pk, name, f"1.{number}", digest_of(number), at, at

        def attestations() -> Iterator[tuple]:
            for pk, number in zip(ids, numbers, strict=True):
                at = moments.of(number)
                yield uid_at(at), pk, result_of(number), at, at

        said = ("commit", "branch", "author", "author_email", "status")
        copy(Trail, ("id", "uid", "flow_id", "component_id", *said, *AT), trails(), **self._ours, component_by="flow")
        named = ("uid", "trail_id", "name", "tag", "digest", *AT)
        copy(Artifact, named, artifacts(), **self._ours, reported_by="ci")
        copy(
            Attestation, ("uid", "trail_id", "status", *AT), attestations(), **self._ours, type=ASKED, recorded_by="ci"
        )

    def _add_releases(self, numbers: range, moments: Moments) -> None:
        """Releases without rules, which approves them, of a few applications; numbered as the services count."""
        applications, ids = self._applications(), reserve(Release, len(numbers))
        environment = Environment.objects.get(organization=self.organization, name="production")

        def releases() -> Iterator[tuple]:
            for pk, number in zip(ids, numbers, strict=True):
                at = moments.of(number)
                yield pk, uid_at(at), applications[number % len(applications)], number + 1, at, at, at

        def events() -> Iterator[tuple]:
            for pk, number in zip(ids, numbers, strict=True):
                at = moments.of(number)
                yield uid_at(at), pk, number + 1, at, at

        shipped = {"state": Release.State.APPROVED, "created_by": "ci", "environment_id": environment.pk}
        varying = ("id", "uid", "application_id", "number", "finalized_at", *AT)
        meant = {"metadata": {"environment": "production"}}
        copy(Release, varying, releases(), **self._ours, **shipped, **meant)
        copy(ReleaseEvent, ("uid", "release_id", "number", *AT), events(), **self._ours, type=ReleaseEvent.Type.CREATED)
        for sequence in ("release", f"event:{ReleaseEvent.Type.CREATED}"):
            count_to(self.organization, sequence, numbers.stop)

    def _add_documents(self, source: Source, most: int | None) -> None:
        """What rows of one kind are found by, of the oldest `most` or of all."""
        ours = source.model._default_manager.filter(organization=self.organization)
        kept = SearchDocument.objects.filter(organization=self.organization, kind=source.kind)
        lacking = ours.select_related(*source.related).filter(~Exists(kept.filter(uid=OuterRef("uid")))).order_by("pk")
        there, total = kept.count(), ours.count()
        total = total if most is None else min(total, most)
        same = {**self._ours, "kind": source.kind, "shelf": source.shelf}
        while there < total and (chunk := list(lacking[: min(CHUNK, total - there)])):
            copy(SearchDocument, FOUND_BY, ((row.uid, *source.said(row)) for row in chunk), **same)
            there += len(chunk)
            self.told("documents", there, total)

    def _applications(self) -> list[int]:
        """The ids of the applications, made when there are none."""
        found = Application.objects.filter(organization=self.organization).order_by("pk")
        if not found.exists():
            for component in Component.objects.filter(organization=self.organization).order_by("pk")[:APPLICATIONS]:
                create_application(actor=self.actor, key=component.slug, component=component)
        return list(found.values_list("pk", flat=True))

    def _flow_of(self, number: int) -> tuple[int, int, str]:
        return self.flows[0 if number % 100 else number // 100 % len(self.flows)]

    @property
    def _ours(self) -> dict[str, int]:
        return {"organization_id": self.organization.pk}

    def _tidy(self) -> None:
        """Tell the planner what there is now, and, outside a transaction, which pages all may see."""
        tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in TABLES)
        with connection.cursor() as cursor:
            cursor.execute(f"{'ANALYZE' if connection.in_atomic_block else 'VACUUM ANALYZE'} {tables}")


AT = ("created_at", "updated_at")
FOUND_BY = ("uid", "title", "text", "words")


def count_to(organization: Organization, sequence: str, value: int) -> None:
    """Have `next_number` go on after `value`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalog_counter (organization_id, sequence, value) VALUES (%s, %s, %s) "
            "ON CONFLICT ON CONSTRAINT counter_once DO UPDATE SET value = greatest(catalog_counter.value, %s)",
            [organization.pk, sequence, value, value],
        )

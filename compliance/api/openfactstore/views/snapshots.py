"""What runs in an environment, on the wire (contract 7.1 to 7.3)."""

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actors import Actor
from catalog.api.openfactstore.base import imagine, read_uid
from catalog.models import Environment
from catalog.prepared import look_up
from compliance.api.openfactstore.mapping_environments import from_diff, from_sighting, from_snapshot
from compliance.api.openfactstore.schemas_environments import SnapshotSchema
from compliance.api.openfactstore.views.environments import EnvironmentView
from compliance.models import RunningArtifact, Sighting, Snapshot
from compliance.services.builds import builds_of
from compliance.services.differences import diff_snapshots
from compliance.services.snapshots import record_snapshot
from config.api.pagination import whole_number
from config.errors import BadInput, FieldError, NotFound

MAX_INDEX = 10**18 - 1


class SnapshotList(EnvironmentView):
    def get(self, request: Request, id: str) -> Response:
        """All of them, as the peer does; `limit` (ours) keeps the newest."""
        environment = self.environment(id)
        rows = Snapshot.objects.visible_to(self.actor).filter(environment=environment).order_by("-index")
        limit = whole_number(request.query_params, "limit", 0, 1, 1000)
        return Response(shown(self.actor, environment, list(rows[:limit] if limit else rows)[::-1]))

    def post(self, request: Request, id: str) -> Response:
        environment = self.environment(id)
        said = SnapshotSchema.read(request.data)
        snapshot = record_snapshot(
            actor=self.actor,
            environment=environment,
            recorded_by=said.get("recorded_by") or self.actor.label,
            artifacts=said["artifacts"],
        )
        return Response(shown(self.actor, environment, [snapshot])[0], status=201)

    def imagined(self) -> Any:
        said = SnapshotSchema.read(self.request.data)
        environment = Environment(uid=read_uid(self.kwargs["id"]))
        snapshot = imagine(Snapshot, self.actor, index=0, recorded_by=said.get("recorded_by") or self.actor.label)
        return from_snapshot(environment, snapshot, [RunningArtifact(**each) for each in said["artifacts"]], {})


class SnapshotLatest(EnvironmentView):
    def get(self, request: Request, id: str) -> Response:
        environment = self.environment(id)
        snapshot = Snapshot.objects.visible_to(self.actor).filter(environment=environment).order_by("-index").first()
        if snapshot is None:
            raise NotFound(f"Environment {environment.uid} has no snapshot.")
        return Response(shown(self.actor, environment, [snapshot])[0])


class SnapshotDetail(EnvironmentView):
    def get(self, request: Request, id: str, index: str) -> Response:
        environment = self.environment(id)
        snapshot = numbered(self.actor, environment, {"index": index}, "index")
        return Response(shown(self.actor, environment, [snapshot])[0])


class SnapshotDiff(EnvironmentView):
    def get(self, request: Request, id: str) -> Response:
        environment = self.environment(id)
        one, other = (numbered(self.actor, environment, request.query_params, name) for name in ("from", "to"))
        return Response(from_diff(environment, one, other, diff_snapshots(one, other)))


class DeploymentList(EnvironmentView):
    def get(self, request: Request, id: str) -> Response:
        environment = self.environment(id)
        sightings = Sighting.objects.visible_to(self.actor).filter(environment=environment)
        return Response([from_sighting(environment, each) for each in sightings])


def numbered(actor: Actor, environment: Environment, query: Mapping[str, str], name: str) -> Snapshot:
    """The snapshot whose index `query` gives under `name`. Raises BadInput when it is absent or no number, NotFound."""
    if not query.get(name):
        raise BadInput(f"{name} is required.", fields=[FieldError(name, "is required")])
    index = whole_number(query, name, 0, 0, MAX_INDEX)
    snapshot = look_up(Snapshot.objects.all, actor, environment=environment, index=index)
    if snapshot is None:
        raise NotFound(f"Environment {environment.uid} has no snapshot {index}.")
    return snapshot


def shown(actor: Actor, environment: Environment, snapshots: Sequence[Snapshot]) -> list[dict[str, Any]]:
    """The snapshots with their artifacts in the order they were reported; four queries however many there are."""
    artifacts: dict[int, list[RunningArtifact]] = {}
    for each in RunningArtifact.objects.filter(snapshot__in=snapshots).order_by("pk"):
        artifacts.setdefault(each.snapshot_id, []).append(each)
    digests = {each.digest for rows in artifacts.values() for each in rows}
    builds = builds_of(actor, environment.organization_id, digests)
    return [from_snapshot(environment, each, artifacts.get(each.pk, ()), builds) for each in snapshots]

"""Artifacts on the wire (contract 3)."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actors import Actor
from catalog.api.openfactstore.base import FactstoreView, find, imagine, read_uid
from catalog.prepared import look_through
from compliance.api.openfactstore.mapping import WORDS, from_artifact
from compliance.api.openfactstore.schemas import ArtifactSchema
from compliance.api.openfactstore.views.trails import refuse_other_organization
from compliance.digests import normal_digest
from compliance.models import Artifact, Trail
from compliance.services.artifacts import register_artifact
from compliance.services.standing import Standing, standing_of
from config.errors import BadInput, FieldError


class TrailArtifacts(FactstoreView):
    words = WORDS

    def get(self, request: Request, id: str) -> Response:
        trail = find(Trail.objects.all, self.actor, id)
        rows = look_through(with_owners, self.actor, trail=trail)
        return Response(shown(self.actor, sorted(rows, key=lambda each: each.pk)))

    def post(self, request: Request, id: str) -> Response:
        said = ArtifactSchema.read(request.data)
        trail = find(Trail.objects.for_list, self.actor, id)
        refuse_other_organization(self.actor, said.pop("organization", None), trail)
        said.setdefault("reported_by", self.actor.label)
        artifact = register_artifact(actor=self.actor, trail=trail, **said)
        return Response(shown(self.actor, [artifact])[0], status=201)

    def imagined(self) -> Any:
        said = {"reported_by": self.actor.label} | ArtifactSchema.read(self.request.data)
        said.pop("organization", None)
        trail = Trail(uid=read_uid(self.kwargs["id"]))
        return from_artifact(imagine(Artifact, self.actor, trail=trail, **said), Standing("unknown", ()))


class ArtifactSearch(FactstoreView):
    def get(self, request: Request) -> Response:
        digest = request.query_params.get("sha256", "")
        if not digest or "\0" in digest:
            raise BadInput("sha256 is required.", fields=[FieldError("sha256", "is required")])
        return Response(shown(self.actor, look_through(with_owners, self.actor, digest=normal_digest(digest))))


def with_owners() -> QuerySet[Artifact]:
    """Artifacts with all their wire shows of others."""
    owners = ("organization", "trail__flow__component", "trail__component", "provenance")
    return Artifact.objects.select_related(*owners)


def shown(actor: Actor, artifacts: Sequence[Artifact] | QuerySet[Artifact]) -> list[dict[str, Any]]:
    """The artifacts in the dialect's words."""
    rows = list(artifacts)
    standing = standing_of(actor, rows)
    return [from_artifact(each, standing[each.pk]) for each in rows]

"""Where artifacts come from, on the wire (contract 3)."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.openfactstore.base import FactstoreView, find
from compliance.api.openfactstore.mapping import WORDS, from_provenance, from_verification
from compliance.api.openfactstore.schemas import ProvenanceSchema
from compliance.api.openfactstore.views.artifacts import with_owners
from compliance.digests import normal_digest
from compliance.models import Artifact, Trail
from compliance.services.provenance import record_provenance, verify_provenance
from config.errors import NotFound


class ProvenanceView(FactstoreView):
    """A view of one artifact's provenance."""

    words = WORDS

    def artifact(self, id: str, artifact: str) -> Artifact:
        """The artifact of this trail. Raises BadInput for what is no UUID, NotFound."""
        trail = find(Trail.objects.all, self.actor, id, "trailId")
        return find(with_flows, self.actor, artifact, "artifactId", trail=trail)


class ArtifactProvenance(ProvenanceView):
    def get(self, request: Request, id: str, artifact: str) -> Response:
        return answer(self.artifact(id, artifact))

    def post(self, request: Request, id: str, artifact: str) -> Response:
        said = ProvenanceSchema.read(request.data)
        found = self.artifact(id, artifact)
        provenance = record_provenance(actor=self.actor, artifact=found, **said)
        return Response(from_provenance(provenance.artifact, provenance), status=201)


class ProvenanceVerification(ProvenanceView):
    bodiless = True

    def post(self, request: Request, id: str, artifact: str) -> Response:
        """Check it now; no body. An artifact without provenance is no error."""
        found = self.artifact(id, artifact)
        origin = found.origin
        checked = verify_provenance(actor=self.actor, provenance=origin) if origin else None
        return Response(from_verification(found, checked))


class DigestProvenance(FactstoreView):
    def get(self, request: Request, sha256: str) -> Response:
        """Of the newest artifact with this digest that has one."""
        rows: Any = with_owners()
        known = rows.visible_to(self.actor).filter(digest=normal_digest(sha256), provenance__isnull=False)
        artifact = known.first()
        if artifact is None:
            raise NotFound(f"No provenance of {sha256[:100]}.")
        return answer(artifact)


def with_flows() -> QuerySet[Artifact]:
    """Artifacts with all that their provenance is recorded with."""
    return with_owners().select_related("trail__flow__organization")


def answer(artifact: Artifact) -> Response:
    """The artifact's provenance. Raises NotFound."""
    if artifact.origin is None:
        raise NotFound(f"No provenance of artifact {artifact.uid}.")
    return Response(from_provenance(artifact, artifact.origin))

"""Attestations and their evidence on the wire (contract 4)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actors import Actor
from catalog.api.openfactstore.base import FactstoreView, find, imagine, paged, read_uid
from compliance.api.openfactstore.mapping import WORDS, from_attestation, from_evidence, to_details
from compliance.api.openfactstore.schemas import AttestationSchema, TrailAttestationSchema
from compliance.api.openfactstore.views.trails import refuse_other_organization
from compliance.downloads import evidence_response
from compliance.models import Attestation, Evidence, Trail
from compliance.services.attestations import attach_evidence, record_attestation
from config.errors import BadInput, FieldError, NotFound, TooLarge

ENVELOPE = 64 * 1024  # bytes a multipart body may have besides the file


class TrailAttestations(FactstoreView):
    words = WORDS

    def get(self, request: Request, id: str) -> Response:
        trail = find(Trail.objects.all, self.actor, id)
        rows = Attestation.objects.visible_to(self.actor).filter(trail=trail).select_related("organization", "trail")
        return paged(rows, request.query_params, shown)

    def post(self, request: Request, id: str) -> Response:
        return record(self.actor, id, AttestationSchema.read(request.data))

    def imagined(self) -> Any:
        return imagined(self.actor, read_uid(self.kwargs["id"]), AttestationSchema.read(self.request.data))


class AttestationList(FactstoreView):
    words = WORDS

    def post(self, request: Request) -> Response:
        said = TrailAttestationSchema.read(request.data)
        return record(self.actor, str(said.pop("trail")), said)

    def imagined(self) -> Any:
        said = TrailAttestationSchema.read(self.request.data)
        return imagined(self.actor, said.pop("trail"), said)


class TrailEvidence(FactstoreView):
    def get(self, request: Request, id: str) -> Response:
        trail = find(Trail.objects.all, self.actor, id)
        rows = Evidence.objects.visible_to(self.actor).filter(attestation__trail=trail)
        return Response([from_evidence(each) for each in rows.select_related("attestation")])


class AttestationEvidence(FactstoreView):
    def get(self, request: Request, id: str) -> Response:
        attestation = find(Attestation.objects.all, self.actor, id)
        rows = Evidence.objects.visible_to(self.actor).filter(attestation=attestation)
        return Response([from_evidence(each) for each in rows.select_related("attestation")])


class EvidenceUpload(FactstoreView):
    uploads = True
    parser_classes = [MultiPartParser]

    def post(self, request: Request, id: str, attestation: str) -> Response:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        if announced.isdigit() and int(announced) > settings.EVIDENCE_MAX_BYTES + ENVELOPE:
            raise TooLarge(f"Evidence is at most {settings.EVIDENCE_MAX_BYTES:,} bytes.")
        trail = find(Trail.objects.all, self.actor, id)
        subject = find(with_trails, self.actor, attestation, "attestationId", trail=trail)
        file = request.FILES.get("file")
        if file is None:
            raise BadInput("A part named file is needed.", fields=[FieldError("file", "is required")])
        if file.size > settings.EVIDENCE_MAX_BYTES:
            raise TooLarge(f"Evidence is at most {settings.EVIDENCE_MAX_BYTES:,} bytes.")
        evidence = attach_evidence(
            actor=self.actor,
            attestation=subject,
            file_name=file.name or "",
            content_type=file.content_type or "",
            content=file.read(),
        )
        return Response(from_evidence(evidence), status=201)


class EvidenceContent(FactstoreView):
    def get(self, request: Request, sha256: str) -> HttpResponse:
        evidence = Evidence.objects.visible_to(self.actor).filter(sha256=sha256.lower()).first()
        if evidence is None:
            raise NotFound(f"No evidence {sha256[:100]}.")
        return evidence_response(evidence)


def with_trails() -> QuerySet[Attestation]:
    """Attestations with what their evidence belongs to."""
    return Attestation.objects.select_related("trail__flow", "trail__component")


def record(actor: Actor, trail_id: str, said: dict[str, Any]) -> Response:
    """Record what was said about a trail."""
    trail = find(Trail.objects.for_list, actor, trail_id, "trailId")
    refuse_other_organization(actor, said.pop("organization", None), trail)
    attestation = record_attestation(actor=actor, trail=trail, **(said | {"details": to_details(said)}))
    return Response(from_attestation(attestation, None), status=201)


def imagined(actor: Actor, trail: UUID, said: dict[str, Any]) -> dict[str, Any]:
    """What would be recorded about a trail that can't be found."""
    said.pop("organization", None)
    values = said | {"details": to_details(said), "trail": Trail(uid=trail)}
    return from_attestation(imagine(Attestation, actor, **values), None)


def shown(attestations: Sequence[Attestation]) -> list[dict[str, Any]]:
    """The attestations with the latest evidence of each, in one query more."""
    files = Evidence.objects.filter(attestation__in=attestations).order_by("attestation_id", "-pk")
    latest = {each.attestation_id: each for each in files.distinct("attestation_id")}
    return [from_attestation(each, latest.get(each.pk)) for each in attestations]

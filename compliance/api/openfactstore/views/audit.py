"""What happened, in OpenFactstore's eleven words (contract 19): a filter over our events and a mapping of them."""

import json
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.openfactstore.base import FactstoreView, read_uid
from catalog.models import Event
from catalog.models.event import EventQuerySet
from compliance.digests import normal_digest
from config.api.pagination import whole_number
from config.api.queries import collecting, flag, moment, refused
from config.errors import BadInput, FieldError, NotFound

# Their clients know no other words. The kinds of event each stands for; nothing evaluates a policy by itself yet.
WORDS: dict[str, tuple[str, ...]] = {
    "ARTIFACT_DEPLOYED": ("artifact.registered", "artifact.deployed"),
    "ARTIFACT_REMOVED": ("artifact.removed",),
    "ARTIFACT_UPDATED": ("artifact.updated",),
    "ENVIRONMENT_CREATED": ("environment.created",),
    "ENVIRONMENT_DELETED": ("environment.deleted",),
    "POLICY_EVALUATED": (),
    "ATTESTATION_RECORDED": ("attestation.recorded",),
    "APPROVAL_GRANTED": ("approval.granted",),
    "APPROVAL_REJECTED": ("approval.rejected",),
    "GATE_ALLOWED": ("gate.allowed", "assert.passed"),
    "GATE_BLOCKED": ("gate.blocked", "assert.failed"),
}
KINDS = {kind: word for word, kinds in WORDS.items() for kind in kinds}
MOST = 1000  # events of one trail


class AuditView(FactstoreView):
    """A view of the events that have a word of theirs."""

    @property
    def rows(self) -> EventQuerySet:
        """Those the caller may read, newest first."""
        return Event.objects.visible_to(self.actor).filter(kind__in=KINDS)


class AuditList(AuditView):
    def get(self, request: Request) -> Response:
        """One page of what happened; `environmentId` and `artifactSha256` (ours) narrow it to a place or a digest."""
        query, rows = request.GET, self.rows
        faults: list[FieldError] = []
        with collecting(faults):
            page = whole_number(query, "page", 0, 0, 10**9)
        with collecting(faults):
            size = whole_number(query, "size", 20, 1, 100)
        with collecting(faults):
            rows = rows if flag(query, "sortDesc", default=True) else rows.reverse()
        with collecting(faults):
            rows = self.of_type(rows, query.get("eventType", ""))
        for name in ("trailId", "environmentId"):
            with collecting(faults):
                rows = rows.about(read_uid(query[name], name)) if query.get(name) else rows
        for name, lookup in (("from", "occurred_at__gte"), ("to", "occurred_at__lte")):
            with collecting(faults):
                at = moment(query, name)
                rows = rows.filter(**{lookup: at}) if at else rows
        if faults:
            raise BadInput("The query can't be read.", fields=faults)
        if query.get("actor"):
            rows = rows.filter(actor_label=query["actor"])
        if query.get("artifactSha256"):
            rows = rows.with_digest(normal_digest(query["artifactSha256"]))
        total = rows.count()
        found = rows[page * size : (page + 1) * size] if page * size < total else []
        return Response(
            {
                "events": [from_event(each) for each in found],
                "page": page,
                "size": size,
                "totalElements": total,
                "totalPages": -(-total // size),
            }
        )

    def of_type(self, rows: EventQuerySet, word: str) -> EventQuerySet:
        """Those of one word, in any letter case. Raises BadInput for another word."""
        kinds = WORDS.get(word.upper().replace("-", "_"))
        if word and kinds is None:
            raise refused("eventType", f"must be one of {', '.join(WORDS)}")
        return rows.filter(kind__in=kinds) if kinds is not None else rows


class AuditDetail(AuditView):
    def get(self, request: Request, id: str) -> Response:
        event = self.rows.filter(uid=read_uid(id)).first()
        if event is None:
            raise NotFound(f"No audit event {id}.")
        return Response(from_event(event))


class TrailAudit(AuditView):
    def get(self, request: Request, id: str) -> Response:
        """The newest thousand events of a trail; none for one that nobody knows."""
        return Response([from_event(each) for each in self.rows.about(read_uid(id))[:MOST]])


def from_event(event: Event) -> dict[str, Any]:
    """An event; its payload is JSON in a string, with our own word for what happened."""
    said = event.data
    environment = event.subject_uid if event.subject_type == "environment" else said.get("environment_id")
    return {
        "id": event.uid,
        "eventType": KINDS[event.kind],
        "environmentId": environment,
        "trailId": said.get("trail"),
        "artifactSha256": said.get("digest") or None,
        "actor": event.actor_label,
        "payload": json.dumps(said | {"kind": event.kind, "subject": event.subject_label}),
        "occurredAt": event.occurred_at,
        "region": event.region or settings.REGION,
    }

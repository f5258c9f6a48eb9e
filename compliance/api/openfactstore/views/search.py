"""Finding things by words (contract 19)."""

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.openfactstore.base import FactstoreView
from catalog.finding import LONGEST_QUERY, Search
from catalog.models import SearchDocument
from catalog.search import sources
from compliance.models import Artifact, Trail
from config.api.pagination import whole_number
from config.api.queries import collecting, refused
from config.errors import BadInput, FieldError

TYPES = ("trail", "artifact")  # what is found when no type is named
ONLY_NAMED = ("flow", "environment", "attestation", "policy")
RELATED: dict[str, str] = {"trail": "flow", "artifact": "trail"}


class SearchResults(FactstoreView):
    def get(self, request: Request) -> Response:
        """Trails and then artifacts that have every word of `q`, the newest first; other things only by `type`.

        `total` counts what is answered; `hasMore` (ours) says that `limit`, which is for all types together, cut it.
        """
        query = request.GET
        faults: list[FieldError] = []
        with collecting(faults):
            text = wanted(query)
        with collecting(faults):
            kinds = types(query)
        with collecting(faults):
            limit = whole_number(query, "limit", 100, 1, 1000)
        if faults:
            raise BadInput("; ".join(f"{each.path} {each.message}" for each in faults), fields=faults)
        found = Search(self.actor, text, kinds=kinds, size=limit + 1).found()
        hits = [hit for documents in found.values() for hit in documents]
        results = self._shown(hits[:limit])
        return Response(
            {
                "results": results,
                "total": len(results),
                "query": text,
                "type": query.get("type") or None,
                "hasMore": len(hits) > limit,
            }
        )

    def _shown(self, hits: list[SearchDocument]) -> list[dict[str, Any]]:
        """The hits with what their rows say now, in one query a type."""
        rows: dict[Any, Any] = {}
        for kind in {hit.kind for hit in hits}:
            readable = sources()[kind].model.objects.visible_to(self.actor)
            if kind in RELATED:
                readable = readable.select_related(RELATED[kind])
            rows |= {row.uid: row for row in readable.filter(uid__in=[hit.uid for hit in hits if hit.kind == kind])}
        return [
            {"type": hit.kind, "id": hit.uid} | SHOWN.get(hit.kind, from_document)(rows[hit.uid], hit)
            for hit in hits
            if hit.uid in rows
        ]


def wanted(query: Mapping[str, str]) -> str:
    """The trimmed `q`. Raises BadInput without one, or for one that is too long to be a name."""
    if query.get("q") is None:
        raise refused("q", "is required")
    text = query.get("q", "").strip()
    if len(text) > LONGEST_QUERY:
        raise refused("q", f"has at most {LONGEST_QUERY} letters")
    return text


def types(query: Mapping[str, str]) -> tuple[str, ...]:
    """The kinds that `type` names, in any letter case. Raises BadInput."""
    said = query.get("type") or ""
    if not said:
        return TYPES
    if said.lower() not in (*TYPES, *ONLY_NAMED):
        raise refused("type", f"must be one of {', '.join((*TYPES, *ONLY_NAMED))}, not {said[:100]}")
    return (said.lower(),)


def from_trail(trail: Trail, hit: SearchDocument) -> dict[str, Any]:
    """A trail that was found."""
    return {
        "title": f"{trail.commit[:8]} — {trail.branch}",
        "description": f"{trail.author} <{trail.author_email}>",
        "metadata": {
            "flowId": trail.flow.uid,
            "gitCommitSha": trail.commit,
            "gitBranch": trail.branch,
            "gitAuthor": trail.author,
            "status": trail.status.upper(),
            "createdAt": trail.created_at,
        },
    }


def from_artifact(artifact: Artifact, hit: SearchDocument) -> dict[str, Any]:
    """An artifact that was found."""
    return {
        "title": f"{artifact.name}:{artifact.tag}",
        "description": artifact.digest[:19],
        "metadata": {
            "trailId": artifact.trail.uid,
            "sha256Digest": artifact.digest,
            "registry": artifact.registry,
            "reportedBy": artifact.reported_by,
            "reportedAt": artifact.created_at,
        },
    }


def from_document(row: Any, hit: SearchDocument) -> dict[str, Any]:
    """Anything else that was found."""
    return {"title": hit.title, "description": hit.text, "metadata": {"createdAt": row.created_at}}


SHOWN: dict[str, Callable[[Any, SearchDocument], dict[str, Any]]] = {"trail": from_trail, "artifact": from_artifact}

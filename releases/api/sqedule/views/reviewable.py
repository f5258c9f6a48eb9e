"""Versions and proposals of applications, rulesets and bindings: one set of endpoints for the three."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from releases.api.sqedule import schemas
from releases.api.sqedule.mapping import Body
from releases.api.sqedule.views.base import SqeduleView, only, version_in_path
from releases.services.proposals import adjust_proposal, change_resource, delete_proposal, proposal_of, review_proposal
from releases.services.versions import KINDS, ProposalInput, Resource, approved_contents, proposal_contents


class ReviewableView(SqeduleView):
    """Views of one kind of resource; a subclass per kind says how one is found, read and shown."""

    version_input: ClassVar[type[schemas.SqeduleInput]]

    def subject(self, **path: str) -> Resource:
        """The resource that the path names. Raises NotFound."""
        raise NotImplementedError

    def shown(self, resource: Any, content: Any) -> Body:
        """The resource with one content of it under `version`; None for none."""
        raise NotImplementedError

    def rows_of(self, contents: QuerySet[Any]) -> QuerySet[Any]:
        """`contents` with all that a row of a list shows."""
        return contents

    def row(self, content: Any) -> Body | None:
        """A content in a list."""
        raise NotImplementedError

    def changed(self, resource: Resource, said: dict[str, Any]) -> Response:
        """Rename the resource, and propose a version of it, as the body asks."""
        change = said.get("version")
        state: ProposalInput = change.pop("proposal_state") if change is not None else "draft"
        after, content = change_resource(
            actor=self.actor, resource=resource, key=said.get("key"), state=state, change=change
        )
        return Response(self.shown(after, content))


class VersionsView(ReviewableView):
    def get(self, request: Request, **path: str) -> Response:
        """The approved versions, newest first."""
        return self.items(self.rows_of(approved_contents(self.subject(**path))), self.row)


class VersionView(ReviewableView):
    def get(self, request: Request, version_number: str, **path: str) -> Response:
        """One approved version."""
        number = version_in_path(version_number)
        resource = self.subject(**path)
        content = approved_contents(resource).filter(version__version_number=number)
        return Response(self.shown(resource, only(content, f"{KINDS[type(resource)].thing} version")))


class ProposalsView(ReviewableView):
    def get(self, request: Request, **path: str) -> Response:
        """The proposals in any state, by id."""
        return self.items(self.rows_of(proposal_contents(self.subject(**path))), self.row)


class ProposalView(ReviewableView):
    def get(self, request: Request, version_id: str, **path: str) -> Response:
        """One proposal."""
        number = version_in_path(version_id, "version_id")
        resource = self.subject(**path)
        return Response(self.shown(resource, proposal_of(resource, number)))

    def patch(self, request: Request, version_id: str, **path: str) -> Response:
        """Change a proposal, submit or abandon it, or take it back to a draft."""
        number = version_in_path(version_id, "version_id")
        resource = self.subject(**path)
        said = self.said(self.version_input)
        state = said.pop("proposal_state")
        content = adjust_proposal(actor=self.actor, resource=resource, number=number, state=state, **said)
        return Response(self.shown(self.subject(**path), content))

    def delete(self, request: Request, version_id: str, **path: str) -> Response:
        """Delete a proposal; the audit trail keeps what it was."""
        number = version_in_path(version_id, "version_id")
        delete_proposal(actor=self.actor, resource=self.subject(**path), number=number)
        return Response({})


class ProposalStateView(ReviewableView):
    def put(self, request: Request, version_id: str, **path: str) -> Response:
        """Review a proposal."""
        number = version_in_path(version_id, "version_id")
        resource = self.subject(**path)
        said = self.said(schemas.ReviewInput)
        approved = said["state"] == "approved"
        comments = said.get("comments", "")
        content = review_proposal(
            actor=self.actor, resource=resource, number=number, approved=approved, comments=comments
        )
        return Response(self.shown(self.subject(**path), content))


VIEWS: dict[str, type[ReviewableView]] = {
    "versions": VersionsView,
    "versions/<str:version_number>": VersionView,
    "proposals": ProposalsView,
    "proposals/<str:version_id>": ProposalView,
    "proposals/<str:version_id>/state": ProposalStateView,
}


def views_of(kind: type[ReviewableView]) -> dict[str, Callable[..., Any]]:
    """The views of one kind of resource, by their paths below it."""
    word = kind.__name__.removesuffix("Kind")
    made: dict[str, Any] = {path: type(f"{word}{view.__name__}", (view, kind), {}) for path, view in VIEWS.items()}
    return {path: view.as_view() for path, view in made.items()}

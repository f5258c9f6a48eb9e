"""Releases and what became of them."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from config.errors import BadInput, FieldError
from releases.api.sqedule import mapping, schemas
from releases.api.sqedule.mapping import Body
from releases.api.sqedule.views.base import SqeduleView, path_number
from releases.models import Release
from releases.services.releases import cancel_release, create_release, update_release


class ReleaseRows(SqeduleView):
    """Views of releases."""

    def with_bindings(self, release: Release) -> Body:
        """A release with the bindings it froze."""
        bindings = release.bindings.select_related("ruleset", "adjustment__version")
        return mapping.release(release, self.pending, bindings)

    def listed(self) -> Any:
        """The caller's releases, newest first; `?state=` keeps those in one state, in either vocabulary."""
        rows = self.rows(Release).for_list()
        word = self.request.GET.get("state")
        if not word:
            return rows
        state = mapping.from_state(word)
        if state is None:
            raise BadInput("Unknown state.", fields=[FieldError("state", "is unknown")])
        return rows.filter(state=state)

    def release(self, application_id: str, number: int) -> Release:
        """The release of an application with this number. Raises NotFound."""
        application = self.application(application_id)
        return self.one(Release.objects.for_list, "release", application=application, number=number)


class AllReleasesView(ReleaseRows):
    def get(self, request: Request) -> Response:
        """The releases of all applications, newest first."""
        return self.items(self.listed(), self.with_application)

    def with_application(self, row: Release) -> Body:
        """A release with the application it is of."""
        return mapping.release(row, self.pending, application=mapping.listed_application(row.application))


class ReleasesView(ReleaseRows):
    def get(self, request: Request, application_id: str) -> Response:
        """The releases of an application, newest first."""
        application = self.application(application_id)
        return self.items(self.listed().filter(application=application), lambda row: mapping.release(row, self.pending))

    def post(self, request: Request, application_id: str) -> Response:
        """Ask to ship. A worker judges the release after this answer."""
        said = self.said(schemas.ReleaseInput)
        release = create_release(actor=self.actor, application=self.application(application_id), **said)
        return Response(self.with_bindings(release), status=201)


class ReleaseView(ReleaseRows):
    def get(self, request: Request, application_id: str, id: str) -> Response:
        """One release."""
        return Response(self.with_bindings(self.release(application_id, release_in_path(id))))

    def patch(self, request: Request, application_id: str, id: str) -> Response:
        """Change what a release says about itself."""
        release = self.release(application_id, release_in_path(id))
        said = self.said(schemas.ReleaseInput)
        return Response(self.with_bindings(update_release(actor=self.actor, release=release, **said)))


class ReleaseEventsView(ReleaseRows):
    def get(self, request: Request, application_id: str, id: str) -> Response:
        """What happened to a release, in order."""
        release = self.release(application_id, release_in_path(id))
        events = release.events.select_related("outcome__rule").order_by("pk")
        return Response({"items": [mapping.event(row, self.pending) for row in events]})


class CancelReleaseView(ReleaseRows):
    def post(self, request: Request, application_id: str, id: str) -> Response:
        """Cancel a release; the body is not looked at."""
        release = self.release(application_id, release_in_path(id))
        return Response(self.with_bindings(cancel_release(actor=self.actor, release=release)))


def release_in_path(text: str) -> int:
    """The id of a release in the path."""
    return path_number("id", text, 64)

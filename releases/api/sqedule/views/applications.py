"""Applications."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from releases.api.sqedule import mapping, schemas
from releases.api.sqedule.mapping import Body
from releases.api.sqedule.views.base import SqeduleView
from releases.api.sqedule.views.reviewable import ReviewableView
from releases.models import Application, ApplicationAdjustment, Binding
from releases.services.applications import create_application
from releases.services.versions import latest_content


class ApplicationsView(SqeduleView):
    def get(self, request: Request) -> Response:
        """All applications, newest first."""
        return self.items(self.rows(Application).for_list(), mapping.listed_application)

    def post(self, request: Request) -> Response:
        """Add an application."""
        said = self.said(schemas.ApplicationInput)
        application = create_application(actor=self.actor, key=said["key"], **said["version"])
        version = mapping.application_version(latest_content(application))
        return Response(mapping.application(application, version=version), status=201)


class ApplicationKind(ReviewableView):
    """How applications are found and shown."""

    version_input = schemas.ApplicationVersionInput

    def subject(self, **path: str) -> Application:
        """The application that the path names. Raises NotFound."""
        return self.application(path["application_id"])

    def shown(self, resource: Any, content: Any) -> Body:
        """An application with one content, and with what it is bound to."""
        version = mapping.application_version(content)
        return mapping.application(resource, version=version, approval_ruleset_bindings=self.bindings(resource))

    def row(self, content: ApplicationAdjustment) -> Body | None:
        """A content in a list."""
        return mapping.application_version(content)

    def bindings(self, application: Application) -> list[Body]:
        """The bindings of an application."""
        rows = self.all(Binding.objects.for_list, application=application)
        return [mapping.binding_of_application(row) for row in rows]


class ApplicationView(ApplicationKind):
    def get(self, request: Request, application_id: str) -> Response:
        """One application with what it is bound to."""
        application = self.application(application_id)
        return Response(
            mapping.listed_application(application) | {"approval_ruleset_bindings": self.bindings(application)}
        )

    def patch(self, request: Request, application_id: str) -> Response:
        """Rename an application, or propose a version of it."""
        application = self.application(application_id)
        return self.changed(application, self.said(schemas.ApplicationChange))


class ApplicationBindingsView(SqeduleView):
    def get(self, request: Request, application_id: str) -> Response:
        """What an application is bound to."""
        application = self.application(application_id)
        rows = self.rows(Binding).for_list().filter(application=application)
        return self.items(rows, mapping.binding_of_application)

"""Applications."""

from rest_framework.request import Request
from rest_framework.response import Response

from releases.api.sqedule import mapping, schemas
from releases.api.sqedule.mapping import Body
from releases.api.sqedule.views.base import SqeduleView, found, version_in_path
from releases.models import Application, ApplicationAdjustment, Binding
from releases.services.applications import create_application
from releases.services.versions import approved_contents, latest_content


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


class ApplicationView(SqeduleView):
    def get(self, request: Request, application_id: str) -> Response:
        """One application with what it is bound to."""
        application = self.application(application_id)
        return Response(
            mapping.listed_application(application) | {"approval_ruleset_bindings": self.bindings(application)}
        )

    def bindings(self, application: Application) -> list[Body]:
        """The bindings of an application."""
        rows = self.rows(Binding).for_list().filter(application=application)
        return [mapping.binding_of_application(row) for row in rows]


class ApplicationVersionsView(SqeduleView):
    def get(self, request: Request, application_id: str) -> Response:
        """The approved versions of an application, newest first."""
        application = self.application(application_id)
        return self.items(approved_contents(application), mapping.application_version)


class ApplicationVersionView(ApplicationView):
    def get(self, request: Request, application_id: str, version_number: str) -> Response:  # type: ignore[override]
        """One approved version of an application."""
        number = version_in_path(version_number)
        application = self.application(application_id)
        content: ApplicationAdjustment = found(
            approved_contents(application).filter(version__version_number=number), "application version"
        )
        return Response(
            mapping.application(application, version=mapping.application_version(content))
            | {"approval_ruleset_bindings": self.bindings(application)}
        )


class ApplicationBindingsView(SqeduleView):
    def get(self, request: Request, application_id: str) -> Response:
        """What an application is bound to."""
        application = self.application(application_id)
        rows = self.rows(Binding).for_list().filter(application=application)
        return self.items(rows, mapping.binding_of_application)

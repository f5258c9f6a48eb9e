"""Bindings of applications and rulesets."""

from rest_framework.request import Request
from rest_framework.response import Response

from releases.api.sqedule import mapping, schemas
from releases.api.sqedule.mapping import Body
from releases.api.sqedule.views.base import SqeduleView, found, version_in_path
from releases.models import Binding
from releases.services.bindings import create_binding
from releases.services.versions import approved_contents, latest_content


class BindingEnds(SqeduleView):
    """Views that show both ends of a binding."""

    def ends(self, row: Binding) -> Body:
        """The application and the ruleset, where the caller may read them."""
        body: Body = {}
        if self.actor.may("organization:application:read", row.application):
            body["application"] = mapping.listed_application(row.application)
        if self.actor.may("organization:ruleset:read", row.ruleset):
            body["approval_ruleset"] = mapping.embedded_ruleset(row.ruleset)
        return body

    def with_latest(self, row: Binding) -> Body:
        """A binding with its ends and what counts of it."""
        return mapping.binding(row, **self.ends(row), latest_approved_version=mapping.binding_version(row.latest))


class BindingsView(BindingEnds):
    def get(self, request: Request) -> Response:
        """All bindings, newest first."""
        return self.items(self.rows(Binding).for_list(), self.with_latest)


class BindingView(BindingEnds):
    def get(self, request: Request, application_id: str, ruleset_id: str) -> Response:
        """One binding."""
        return Response(self.with_latest(self.binding(self.application(application_id), self.ruleset(ruleset_id))))

    def post(self, request: Request, application_id: str, ruleset_id: str) -> Response:
        """Bind a ruleset to an application."""
        application, ruleset = self.application(application_id), self.ruleset(ruleset_id)
        said = self.said(schemas.BindingInput)
        binding = create_binding(actor=self.actor, application=application, ruleset=ruleset, **said["version"])
        version = mapping.binding_version(latest_content(binding))
        return Response(mapping.binding(binding, **self.ends(binding), version=version), status=201)


class BindingVersionsView(SqeduleView):
    def get(self, request: Request, application_id: str, ruleset_id: str) -> Response:
        """The approved versions of a binding, newest first."""
        binding = self.binding(self.application(application_id), self.ruleset(ruleset_id))
        return self.items(approved_contents(binding), mapping.binding_version)


class BindingVersionView(BindingEnds):
    def get(self, request: Request, application_id: str, ruleset_id: str, version_number: str) -> Response:
        """One approved version of a binding."""
        number = version_in_path(version_number)
        binding = self.binding(self.application(application_id), self.ruleset(ruleset_id))
        content = found(
            approved_contents(binding).filter(version__version_number=number),
            "application approval ruleset binding version",
        )
        return Response(mapping.binding(binding, **self.ends(binding), version=mapping.binding_version(content)))

"""Bindings of applications and rulesets."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actors import require
from releases.api.sqedule import mapping, schemas
from releases.api.sqedule.mapping import Body
from releases.api.sqedule.views.reviewable import ReviewableView
from releases.models import Binding, BindingAdjustment
from releases.services.bindings import create_binding
from releases.services.versions import latest_content


class BindingKind(ReviewableView):
    """How bindings are found and shown, with both ends where the caller may read them."""

    version_input = schemas.BindingVersionInput

    def subject(self, **path: str) -> Binding:
        """The binding that the path names. Raises NotFound."""
        return self.binding(self.application(path["application_id"]), self.ruleset(path["ruleset_id"]))

    def shown(self, resource: Any, content: Any) -> Body:
        """A binding with one content."""
        return mapping.binding(resource, **self.ends(resource), version=mapping.binding_version(content))

    def row(self, content: BindingAdjustment) -> Body | None:
        """A content in a list."""
        return mapping.binding_version(content)

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


class BindingsView(BindingKind):
    def get(self, request: Request) -> Response:
        """All bindings, newest first."""
        return self.items(self.rows(Binding).for_list(), self.with_latest)


class BindingView(BindingKind):
    def get(self, request: Request, application_id: str, ruleset_id: str) -> Response:
        """One binding."""
        return Response(self.with_latest(self.binding(self.application(application_id), self.ruleset(ruleset_id))))

    def post(self, request: Request, application_id: str, ruleset_id: str) -> Response:
        """Bind a ruleset to an application."""
        application, ruleset = self.application(application_id), self.ruleset(ruleset_id)
        said = self.said(schemas.BindingInput)
        binding = create_binding(actor=self.actor, application=application, ruleset=ruleset, **said["version"])
        return Response(self.shown(binding, latest_content(binding)), status=201)

    def patch(self, request: Request, application_id: str, ruleset_id: str) -> Response:
        """Propose a version of a binding. Whoever may not is told so before whether the two are bound."""
        application, ruleset = self.application(application_id), self.ruleset(ruleset_id)
        said = self.said(schemas.BindingChange)
        pair = Binding(organization=application.organization, application=application, ruleset=ruleset)
        require(self.actor, f"organization:{pair.entity}:update", pair)
        return self.changed(self.binding(application, ruleset), said)

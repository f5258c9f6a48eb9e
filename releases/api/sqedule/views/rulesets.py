"""Approval rulesets."""

from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from rest_framework.request import Request
from rest_framework.response import Response

from releases.api.sqedule import mapping, schemas
from releases.api.sqedule.mapping import Body
from releases.api.sqedule.views.base import SqeduleView
from releases.api.sqedule.views.reviewable import ReviewableView
from releases.models import Binding, ReleaseBinding, Ruleset, RulesetAdjustment
from releases.services.rulesets import create_ruleset
from releases.services.versions import latest_content

MOST_RELEASES = 1000  # shown with a version, newest first


def _count(rows: Any, key: str) -> Coalesce:
    """How many of `rows` point at the outer row by `key`, counted on its own so that joins don't multiply."""
    counted = rows.filter(**{key: OuterRef("pk")}).order_by().values(key).annotate(total=Count("pk")).values("total")
    return Coalesce(Subquery(counted), 0)


class RulesetsView(SqeduleView):
    def get(self, request: Request) -> Response:
        """All rulesets, newest first, with how much they are used."""
        rows = (
            self.rows(Ruleset)
            .for_list()
            .annotate(
                bound_applications=_count(self.rows(Binding), "ruleset"),
                bound_releases=_count(self.rows(ReleaseBinding), "ruleset"),
            )
        )
        return self.items(rows, self.listed)

    def listed(self, row: Any) -> Body:
        """A ruleset in the list."""
        version = mapping.ruleset_version(row.latest)
        if version is not None:
            version["num_bound_releases"] = row.bound_releases
        return mapping.ruleset(row, num_bound_applications=row.bound_applications, latest_approved_version=version)

    def post(self, request: Request) -> Response:
        """Add a ruleset."""
        said = self.said(schemas.RulesetInput)
        ruleset = create_ruleset(actor=self.actor, key=said["key"], **said["version"])
        content = latest_content(ruleset)
        version = mapping.ruleset_version(content, content.rules.all()) or {}
        version["release_approval_ruleset_bindings"] = []
        return Response(mapping.ruleset(ruleset, application_approval_ruleset_bindings=[], version=version), status=201)


class RulesetKind(ReviewableView):
    """How rulesets are found and shown."""

    version_input = schemas.RulesetVersionInput

    def subject(self, **path: str) -> Ruleset:
        """The ruleset that the path names. Raises NotFound."""
        return self.ruleset(path["ruleset_id"])

    def shown(self, resource: Any, content: Any) -> Body:
        """A ruleset with one content, and with what it is bound to."""
        bindings = self.bindings(resource)
        return mapping.ruleset(resource, application_approval_ruleset_bindings=bindings, version=self.version(content))

    def rows_of(self, contents: QuerySet[Any]) -> QuerySet[Any]:
        """`contents` with their rules, and how many releases are bound to each."""
        bound = _count(self.rows(ReleaseBinding), "adjustment")
        return contents.prefetch_related("rules").annotate(bound_releases=bound)

    def row(self, content: Any) -> Body | None:
        """A content in a list."""
        body = mapping.ruleset_version(content, content.rules.all()) or {}
        return body | {"num_bound_releases": content.bound_releases}

    def bindings(self, ruleset: Ruleset) -> list[Body]:
        """The bindings of a ruleset."""
        rows = self.all(Binding.objects.for_list, ruleset=ruleset)
        return [mapping.binding_of_ruleset(row) for row in rows]

    def version(self, content: RulesetAdjustment | None) -> Body | None:
        """The content of a version with its rules, and the releases that are bound to it."""
        if content is None:
            return None
        body = mapping.ruleset_version(content, content.rules.all()) or {}
        rows = self.rows(ReleaseBinding).filter(adjustment__version=content.version_id)
        rows = rows.select_related("release__application__latest__version").order_by("-release_id")[:MOST_RELEASES]
        body["release_approval_ruleset_bindings"] = [mapping.binding_with_release(row, self.pending) for row in rows]
        return body


class RulesetView(RulesetKind):
    def get(self, request: Request, ruleset_id: str) -> Response:
        """One ruleset with its rules and what is bound to it."""
        ruleset = self.ruleset(ruleset_id)
        return Response(
            mapping.ruleset(
                ruleset,
                application_approval_ruleset_bindings=self.bindings(ruleset),
                latest_approved_version=self.version(ruleset.latest),
            )
        )

    def patch(self, request: Request, ruleset_id: str) -> Response:
        """Rename a ruleset, or propose a version of it."""
        ruleset = self.ruleset(ruleset_id)
        return self.changed(ruleset, self.said(schemas.RulesetChange))

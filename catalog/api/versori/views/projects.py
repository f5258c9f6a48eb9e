"""Projects: made, listed, changed, starred, cloned, deleted, and the schema of their variables."""

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.versori.base import VersoriView
from catalog.api.versori.mapping import from_project, moment, to_summary
from catalog.api.versori.schemas import ProjectCreate, ProjectUpdate, SchemaPatch, SentimentSent
from catalog.models import Project
from catalog.prepared import those
from catalog.services.projects import append_metadata, clone_project, create_project, delete_project, update_project
from catalog.services.variables import patch_variables_schema, set_variables_schema
from config.errors import BadInput, FieldError

FIRST = ("production",)  # the environment every new project has


class ProjectView(VersoriView):
    """What needs a project."""

    def project(self, text: str) -> Project:
        """The project with this id, with its environments. Raises NotFound."""
        return self.find(Project.objects.for_list, text)

    def shown(self, project: Project, status: int = 200) -> Response:
        """The project as it is now stored."""
        stored = those(Project.objects.whole).get(pk=project.pk)
        return Response(from_project(stored, self.request.build_absolute_uri), status=status)


class ProjectsView(ProjectView):
    def get(self, request: Request, organization: str) -> Response:
        """All projects, newest first, never cut: clients look them up in memory."""
        rows = Project.objects.visible_to(self.actor).filter(organization=self.actor.organization_id).for_list()
        match request.GET.get("starred", ""):
            case "true":
                rows = rows.filter(is_starred=True)
            case "" | "false":
                pass
            case _:
                raise BadInput("starred is true or false.", fields=[FieldError("starred", "must be true or false")])
        listed = rows.order_by("-pk")
        return Response({"projects": [to_summary(project, request.build_absolute_uri) for project in listed]})

    def post(self, request: Request, organization: str) -> Response:
        """Make a project; it gets an environment to deploy to."""
        return self.shown(create_project(actor=self.actor, environments=FIRST, **self.said(ProjectCreate)))


class OneProjectView(ProjectView):
    def get(self, request: Request, organization: str, project: str) -> Response:
        """One project with its current files."""
        return self.shown(self.project(project))

    def put(self, request: Request, organization: str, project: str) -> Response:
        """Change what is given of name, settings and metadata."""
        return self.shown(update_project(actor=self.actor, project=self.project(project), **self.said(ProjectUpdate)))

    def delete(self, request: Request, organization: str, project: str) -> Response:
        """Delete a project and what it has in its environments."""
        delete_project(actor=self.actor, project=self.project(project))
        return Response(status=204)


class StarView(ProjectView):
    def put(self, request: Request, organization: str, project: str) -> Response:
        """Star a project for everybody."""
        return self._starred(project, is_starred=True)

    def delete(self, request: Request, organization: str, project: str) -> Response:
        """Take the star away."""
        return self._starred(project, is_starred=False)

    def _starred(self, project: str, *, is_starred: bool) -> Response:
        update_project(actor=self.actor, project=self.project(project), is_starred=is_starred)
        return Response(status=204)


class CloneView(ProjectView):
    def post(self, request: Request, organization: str, project: str) -> Response:
        """Make a project like this one, with nothing deployed."""
        return self.shown(clone_project(actor=self.actor, project=self.project(project)))


class SentimentView(ProjectView):
    def post(self, request: Request, organization: str, project: str) -> Response:
        """Note how somebody liked an answer."""
        said = {"timestamp": moment(timezone.now())} | self.said(SentimentSent)
        found = self.project(project)
        return self.shown(append_metadata(actor=self.actor, project=found, name="sentimentHistory", entry=said))


class VariablesView(ProjectView):
    def get(self, request: Request, organization: str, project: str) -> Response:
        """The schema of the variables; `{}` when there is none."""
        return Response(self.project(project).variables_schema)

    def put(self, request: Request, organization: str, project: str) -> Response:
        """Replace the schema."""
        found = self.project(project)
        stored = set_variables_schema(actor=self.actor, project=found, schema=self.said_object())
        return Response(stored.variables_schema)

    def patch(self, request: Request, organization: str, project: str) -> Response:
        """Add, replace or remove one node of the schema."""
        found, said = self.project(project), self.said(SchemaPatch)
        return Response(patch_variables_schema(actor=self.actor, project=found, **said).variables_schema)

"""Files, versions and what runs where."""

from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.versori.mapping import from_examination, from_files, from_version
from catalog.api.versori.paging import page_info
from catalog.api.versori.schemas import Deploy, Files, VersionCreate
from catalog.api.versori.views.environments import environment_called, needed_name
from catalog.api.versori.views.projects import ProjectView
from catalog.models import Project, ProjectEnvironment, ProjectVersion
from catalog.services.deployments import deploy, examine, run_version, save_version, set_files, suspend
from config.errors import Conflict


class FilesView(ProjectView):
    def get(self, request: Request, organization: str, project: str) -> Response:
        """The current files, deployed or not."""
        return Response(from_files(self.project(project)))

    def put(self, request: Request, organization: str, project: str) -> Response:
        """Replace the current files."""
        set_files(actor=self.actor, project=self.project(project), **self.said(Files))
        return Response(status=204)

    def patch(self, request: Request, organization: str, project: str) -> Response:
        """Replace or add the named files."""
        set_files(actor=self.actor, project=self.project(project), keep=True, **self.said(Files))
        return Response(status=204)


class ValidateView(ProjectView):
    def put(self, request: Request, organization: str, project: str) -> Response:
        """Look at the structure of files without keeping them."""
        began, found = timezone.now(), self.project(project)
        faults, checks = examine(self.said(Files)["files"])
        return Response(from_examination(found, faults, checks, began=began, ended=timezone.now()))


class VersionsView(ProjectView):
    def get(self, request: Request, organization: str, project: str) -> Response:
        """The versions of a project, newest first."""
        rows = ProjectVersion.objects.visible_to(self.actor).filter(project=self.project(project)).defer("files")
        return Response(page_info(rows, request.GET, from_version))

    def post(self, request: Request, organization: str, project: str) -> Response:
        """Save a version without deploying it."""
        found = self.project(project)
        return Response(from_version(save_version(actor=self.actor, project=found, **self.said(VersionCreate))))


class VersionFilesView(ProjectView):
    def get(self, request: Request, organization: str, project: str, version: str) -> Response:
        """The files of a version."""
        return Response(from_files(self.find(ProjectVersion.objects.all, version, project=self.project(project))))


class DeployView(ProjectView):
    def put(self, request: Request, organization: str, project: str) -> Response:
        """Make a version of the given files, else of the current ones, and let it run."""
        found, said = self.project(project), self.said(Deploy)
        link = target(found, request, said.pop("environment"))
        deploy(actor=self.actor, link=link, **said)
        return self.shown(found)


class VersionDeployView(ProjectView):
    def put(self, request: Request, organization: str, project: str, version: str) -> Response:
        """Let a version run; the body is not needed."""
        found = self.project(project)
        known = self.find(ProjectVersion.objects.all, version, project=found)
        run_version(actor=self.actor, link=target(found, request), version=known)
        return self.shown(found)


class SuspendView(ProjectView):
    def post(self, request: Request, organization: str, project: str) -> Response:
        """Stop what runs in an environment."""
        found = self.project(project)
        suspend(actor=self.actor, link=environment_called(found, needed_name(request, "environment")))
        return self.shown(found)


def target(project: Project, request: Request, said: Any = "") -> ProjectEnvironment:
    """The environment a deployment means: by query, else by the body, else the project's first. Raises NotFound."""
    name = request.GET.get("project_env") or request.GET.get("environment") or said
    if name:
        return environment_called(project, name)
    links = project.ordered_environments()
    if not links:
        raise Conflict(f"Project {project.name} is in no environment.")
    return links[0]

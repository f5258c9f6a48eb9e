"""A project's environments: cloned, synchronised, configured, moved to another pool, taken away."""

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.versori.base import VersoriView
from catalog.api.versori.mapping import from_link
from catalog.api.versori.schemas import EnvironmentClone, EnvironmentSync, PoolChange
from catalog.api.versori.views.projects import ProjectView
from catalog.models import Project, ProjectEnvironment
from catalog.services.deployments import sync_environment
from catalog.services.project_environments import (
    clone_environment,
    merge_config,
    remove_environment,
    update_project_environment,
)
from catalog.ulids import read_ulid
from config.errors import BadInput, FieldError, NotFound


def environment_called(project: Project, name: str) -> ProjectEnvironment:
    """The environment of a project by its name, or id. Raises NotFound."""
    uid = read_ulid(name)
    links = project.ordered_environments()
    found = [link for link in links if link.name == name] or [link for link in links if uid and link.uid == uid]
    if not found:
        raise NotFound(f"Project {project.name} has no environment {name[:100]!r}.")
    return found[0]


def needed_name(request: Request, parameter: str) -> str:
    """The query parameter that names an environment. Raises BadInput without it."""
    name = request.GET.get(parameter, "")
    if not name:
        raise BadInput(f"{parameter} is missing.", fields=[FieldError(parameter, "is missing")])
    return name


class EnvironmentCloneView(ProjectView):
    def post(self, request: Request, organization: str, project: str) -> Response:
        """Make an environment like another of the project, as a draft."""
        found, said = self.project(project), self.said(EnvironmentClone)
        source = environment_called(found, said["oldEnvName"])
        clone_environment(
            actor=self.actor, source=source, name=said["newEnvName"], execution_pool=said["executionPool"]
        )
        return self.shown(found)


class EnvironmentSyncView(ProjectView):
    def post(self, request: Request, organization: str, project: str) -> Response:
        """Let what is deployed in one environment run in another."""
        found, said = self.project(project), self.said(EnvironmentSync)
        source, target = (environment_called(found, said[name]) for name in ("sourceEnvName", "targetEnvName"))
        sync_environment(actor=self.actor, source=source, target=target)
        return self.shown(found)


class EnvironmentPoolView(ProjectView):
    def put(self, request: Request, organization: str, project: str) -> Response:
        """Move an environment to another execution pool; its public address changes."""
        link = environment_called(self.project(project), needed_name(request, "project_env"))
        pool = self.said(PoolChange)["executionPool"]
        stored = update_project_environment(actor=self.actor, link=link, execution_pool=pool)
        return Response(from_link(stored, request.build_absolute_uri))


class EnvironmentDeleteView(ProjectView):
    def post(self, request: Request, organization: str, project: str, environment: str) -> Response:
        """Delete an environment of the project; yes, by POST."""
        found = self.project(project)
        link = self.find(ProjectEnvironment.objects.for_list, environment, project=found)
        remove_environment(actor=self.actor, link=link)
        return self.shown(found)

    delete = post


class EnvironmentConfigView(VersoriView):
    def get(self, request: Request, organization: str, environment: str) -> Response:
        """The config as it was sent."""
        return Response(self._link(environment).config)

    def put(self, request: Request, organization: str, environment: str) -> Response:
        """Replace the config."""
        update_project_environment(actor=self.actor, link=self._link(environment), config=self.said_object())
        return Response(status=204)

    def patch(self, request: Request, organization: str, environment: str) -> Response:
        """Change the config by a JSON merge patch."""
        merge_config(actor=self.actor, link=self._link(environment), patch=self.said_object())
        return Response(status=204)

    def _link(self, text: str) -> ProjectEnvironment:
        return self.find(ProjectEnvironment.objects.for_list, text)


class PoolsView(VersoriView):
    def get(self, request: Request, organization: str) -> Response:
        """Where projects may run."""
        return Response({"executionPools": [{"name": name} for name in settings.EXECUTION_POOLS]})

"""Projects and their environments, in both generations (cycloid.md 2.7, 2.8)."""

from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet, prefetch_related_objects
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.cycloid import places, schemas
from catalog.api.cycloid.base import OrganizationView, member_named
from catalog.api.cycloid.lists import Column, window
from catalog.api.cycloid.words import seconds
from catalog.models import Environment, Project, ProjectEnvironment, ProjectFavorite, Team
from catalog.prepared import look_up, readable, those
from catalog.services.environments import create_environment, delete_environment, update_environment
from catalog.services.project_environments import link_environment, link_named_environment, unlink_environment
from catalog.services.projects import create_project, delete_project, favorites_of, set_favorite, update_project
from config.errors import BadInput, FieldError, NotFound, RuleViolation

PROJECTS = {
    "project_canonical": Column("canonical"),
    "project_name": Column("name", "text"),
    "project_description": Column("description", "text"),
    "project_created_at": Column("created_at", "seconds"),
    "project_config_repository_canonical": Column("config_repository"),
    "environment_canonical": Column("environments__environment__canonical", many=True),
    "user_canonical": Column("owner__email", "text"),
    "member_id": Column("owner__memberships", "id", many=True),
}
ENVIRONMENTS = {
    "environment_canonical": Column("canonical"),
    "environment_created_at": Column("created_at", "seconds"),
}
CLEARED = {"description": "", "color": "", "icon": "", "config_repository": "", "cloud_provider": "", "owner": None}


class PlacesView(OrganizationView):
    """A view of projects or environments."""

    def projects(self) -> Any:
        """The projects, with the environments the caller may see."""
        user = self.actor.user.pk if self.actor.user else None
        return with_favorites(self.rows(Project), user).prefetch_related(*self.beside())

    def beside(self) -> list[Any]:
        """What is read with projects."""
        links = ProjectEnvironment.objects.filter(environment__in=self.environments())
        links = links.select_related("environment__owner", "environment__organization").order_by("pk")
        links = links.prefetch_related("environment__owner__authenticator_set")
        return [Prefetch("environments", queryset=links), "owner__authenticator_set"]

    def environments(self) -> Any:
        """The environments, with all that their bodies show."""
        return environments().visible_to(self.actor).filter(organization=self.organization)

    def project(self) -> Project:
        """The project of the path. Raises NotFound."""
        user, canonical = self.actor.user.pk if self.actor.user else None, self.kwargs["project_canonical"]
        rows = _projects(self.actor, organization=self.organization.pk, canonical=canonical, user=user)
        if not rows:
            raise NotFound("There is no such project.")
        prefetch_related_objects(rows, *self.beside())
        return rows[0]

    def environment(self) -> Environment:
        """The environment of the path. Raises NotFound."""
        return self.one_of(environments, "environment", canonical=self.kwargs["environment_canonical"])

    def link(self) -> ProjectEnvironment:
        """What the project of the path is in the environment of the path. Raises NotFound."""
        project, environment = self.project(), self.environment()
        link = those(_links).first(project=project.pk, environment=environment.pk)
        if link is None:
            raise NotFound("There is no such environment of the project.")
        return link

    def changed(self, environment: Environment) -> Response:
        """The environment after what the body says about it."""
        said = places.environment_values(self, self.said(schemas.UpdateEnvironment))
        update_environment(actor=self.actor, environment=environment, **said)
        return self.one(places.environment(self.environment()))


def with_favorites(projects: Any, user: int | None) -> Any:
    """Projects with their people, and whether `user` keeps them at hand."""
    favorite = ProjectFavorite.objects.filter(project=OuterRef("pk"), user=user)
    return projects.select_related("owner", "team").annotate(is_favorite=Exists(favorite))


def _links() -> QuerySet[ProjectEnvironment]:
    return ProjectEnvironment.objects.select_related("project", "environment")


@readable(Project)
def _projects(projects: Any, *, organization: int, canonical: str, user: int | None) -> QuerySet[Project]:
    return with_favorites(projects.filter(organization=organization, canonical=canonical), user)


def environments() -> Any:
    """Environments, with all that their bodies show."""
    rows = Environment.objects.select_related("owner", "organization")
    return rows.prefetch_related("owner__authenticator_set")


class ProjectListView(PlacesView):
    entity = "Project"

    def get(self, request: Request, organization_canonical: str) -> Response:
        """The projects."""
        self.must_list("project")
        rows = self.projects()
        if favorite := request.GET.get("favorite"):
            mine = favorites_of(self.actor.user)
            rows = rows.filter(mine if favorite == "true" else ~mine)
        return self.page(rows, places.project, PROJECTS, "name")

    def post(self, request: Request, organization_canonical: str) -> Response:
        """Make one."""
        said = self.said(schemas.NewProject)
        values = {name: said[name] for name in ("description", "color", "icon") if name in said}
        row = create_project(
            actor=self.actor,
            name=said["name"],
            canonical=said.get("canonical", ""),
            config_repository=said.get("config_repository_canonical", ""),
            owner=member_named(self.organization, said.get("owner", "")),
            team=self.team(said.get("team_canonical", "")),
            **values,
        )
        return self.one(places.project(self.projects().get(pk=row.pk)))

    def team(self, canonical: str) -> Team | None:
        """The team of that canonical; None for none. Raises BadInput."""
        team = self.rows(Team).filter(slug=canonical).first() if canonical else None
        if canonical and team is None:
            raise BadInput("Unknown team.", fields=[FieldError("team_canonical", "is no team here")])
        return team


class ProjectView(PlacesView):
    entity = "Project"

    def get(self, request: Request, organization_canonical: str, project_canonical: str) -> Response:
        """One project."""
        return self.one(places.project(self.project()))

    def put(self, request: Request, organization_canonical: str, project_canonical: str) -> Response:
        """Replace what is said about it: what is left out is cleared; refused when it changed since `updated_at`."""
        project, said = self.project(), self.said(schemas.UpdateProject)
        if said.get("updated_at") not in (None, seconds(project.updated_at)):
            raise RuleViolation(
                "The project was changed meanwhile.", fields=[FieldError("updated_at", "is not the latest")]
            )
        values: dict[str, Any] = {name: said.get(name, empty) for name, empty in CLEARED.items()}
        values["config_repository"] = said.get("config_repository_canonical", "")
        values["owner"] = member_named(self.organization, said.get("owner", ""))
        update_project(actor=self.actor, project=project, name=said["name"], **values)
        return self.one(places.project(self.project()))

    def delete(self, request: Request, organization_canonical: str, project_canonical: str) -> Response:
        """Delete it; its environments stay the organization's."""
        delete_project(actor=self.actor, project=self.project())
        return self.done()


class FavoriteView(PlacesView):
    entity = "Project"

    def post(self, request: Request, organization_canonical: str, project_canonical: str) -> Response:
        """Keep it at hand."""
        set_favorite(actor=self.actor, project=self.project(), is_favorite=True)
        return self.done()

    def delete(self, request: Request, organization_canonical: str, project_canonical: str) -> Response:
        """No longer."""
        set_favorite(actor=self.actor, project=self.project(), is_favorite=False)
        return self.done()


class ProjectEnvironmentListView(PlacesView):
    entity = "Environment"

    def get(self, request: Request, organization_canonical: str, project_canonical: str) -> Response:
        """The environments the project is in."""
        rows = self.environments().filter(links__project=self.project())
        return self.page(rows, places.environment, ENVIRONMENTS)

    def post(self, request: Request, organization_canonical: str, project_canonical: str) -> Response:
        """`environment_canonical` links one that is there; `name` makes one, or takes that of its canonical."""
        project = self.project()
        said = self.said(schemas.LinkOrNewEnvironment)
        if canonical := said.get("environment_canonical"):
            environment = look_up(environments, self.actor, organization=self.organization, canonical=canonical)
            if environment is None:
                raise BadInput("Unknown.", fields=[FieldError("environment_canonical", "is no environment here")])
            link_environment(actor=self.actor, project=project, environment=environment)
            return self.done()
        values = places.environment_values(self, said)
        link = link_named_environment(actor=self.actor, project=project, canonical=said.get("canonical", ""), **values)
        return self.one(places.environment(self.environments().get(pk=link.environment_id)))


class ProjectEnvironmentView(PlacesView):
    entity = "Environment"

    def get(self, request: Request, **where: str) -> Response:
        """One environment of the project."""
        return self.one(places.environment(self.link_environment()))

    def put(self, request: Request, **where: str) -> Response:
        """Change it; what is left out stays."""
        return self.changed(self.link_environment())

    def delete(self, request: Request, **where: str) -> Response:
        """Take the project out of it; the environment stays the organization's."""
        unlink_environment(actor=self.actor, link=self.link())
        return self.done()

    def link_environment(self) -> Environment:
        """The environment of the path, where the project is in it. Raises NotFound."""
        self.link()
        return self.environment()


class EnvironmentListView(PlacesView):
    entity = "Environment"

    def get(self, request: Request, organization_canonical: str) -> Response:
        """The environments of the organization, whatever client made them."""
        self.must_list("environment")
        return self.page(self.environments(), places.environment, ENVIRONMENTS)

    def post(self, request: Request, organization_canonical: str) -> Response:
        """Make one."""
        said = self.said(schemas.NewEnvironment)
        values = places.environment_values(self, said)
        row = create_environment(actor=self.actor, canonical=said.get("canonical", ""), **values)
        return self.one(places.environment(self.environments().get(pk=row.pk)))


class EnvironmentView(PlacesView):
    entity = "Environment"

    def get(self, request: Request, organization_canonical: str, environment_canonical: str) -> Response:
        """One environment."""
        return self.one(places.environment(self.environment()))

    def put(self, request: Request, organization_canonical: str, environment_canonical: str) -> Response:
        """Change it; what is left out stays."""
        return self.changed(self.environment())

    def delete(self, request: Request, organization_canonical: str, environment_canonical: str) -> Response:
        """Delete it; refused while projects are in it or decisions point at it."""
        delete_environment(actor=self.actor, environment=self.environment())
        return self.done()


class EnvironmentTypeListView(PlacesView):
    entity = "EnvironmentType"

    def get(self, request: Request, organization_canonical: str) -> Response:
        """The types environments come in, and how many have each."""
        self.must_list("environment")
        counts = dict(self.rows(Environment).exclude(stage="").order_by().values_list("stage").annotate(Count("pk")))
        types = [places.stage(word, self.organization, counts.get(word, 0)) for word in places.STAGES]
        return Response(window(request.GET, [(types, dict)]))

"""Projects: the list, and one project's page with the panels of other apps."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from catalog.filters import ProjectFilter
from catalog.middleware import PortalRequest
from catalog.models import Project, ProjectVersion
from catalog.ulids import ulid
from catalog.views.access import portal, seen
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page

VERSIONS = 8
FILES = 12


@require_safe
@portal
def project_list(request: PortalRequest) -> HttpResponse:
    """What is configured and run together, and where."""
    projects = Project.objects.visible_to(request.actor).for_list()
    found = ProjectFilter(request.GET, queryset=projects, request=request)
    context = {
        "filter": found,
        "page": keyset_page(found.qs, request),
        "path": f"/api/v2/o/{ulid(request.actor.organization.uid.bytes)}/projects",
    }
    return render_page(request, "catalog/project_list.html", context, partial="rows")


@require_safe
@portal
def project_page(request: PortalRequest, uid: str) -> HttpResponse:
    """Everything about one project, from all apps."""
    project = seen(Project.objects.for_list, request, uid=uid)
    versions = ProjectVersion.objects.visible_to(request.actor).filter(project=project).defer("files")
    context = {
        "project": project,
        "links": project.ordered_environments(),
        "versions": list(versions[: VERSIONS + 1]),
        "shown_versions": VERSIONS,
        "files": project.files[:FILES],
        "more_files": max(0, len(project.files) - FILES),
        "ulid": ulid(project.uid.bytes),
    }
    return render_page(request, "catalog/project.html", context)

"""Stores of keys and values, and the projects of an environment with what their integrations keep there."""

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Left
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_filters import OrderingFilter

from catalog.filters import PortalFilter
from catalog.middleware import PortalRequest
from catalog.models import Environment, Project, ProjectEnvironment
from catalog.ulids import ulid
from catalog.views.access import portal
from catalog.views.paging import COUNT_LIMIT, keyset_page
from catalog.views.rendering import render_page
from integrations.models import Store, StoreEntry
from integrations.models.kv import path_of
from integrations.services.kv import project_keys, projects_of, stores_with_counts

LINKS = 20  # of one environment
PREVIEW = 160  # letters of a value


class StoreFilter(PortalFilter):
    """Stores by name."""

    search_fields = ("name",)
    columns = {"id": "uid", "name": "name", "made": "created_at"}
    sort = OrderingFilter(fields=["name"])

    class Meta:
        model = Store
        fields: list[str] = []


class EntryFilter(PortalFilter):
    """Entries by how their key begins."""

    search_fields = ("path",)
    columns = {"key": "path", "version": "version", "written": "updated_at", "ends": "expires_at"}

    class Meta:
        model = StoreEntry
        fields: list[str] = []

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Entries whose key, with its segments joined by `/`, begins with `value`."""
        return queryset.filter(path__startswith=value.lstrip())


@require_safe
@portal
def store_list(request: PortalRequest) -> HttpResponse:
    """Where integrations keep their state."""
    found = StoreFilter(request.GET, queryset=Store.objects.visible_to(request.actor), request=request)
    path = f"/api/v2/o/{ulid(request.actor.organization.uid.bytes)}/store"
    page = keyset_page(found.qs, request)
    projects = projects_of(request.actor, [each.name for each in page])
    rows = [(each, projects.get(each.name)) for each in page]
    context = {"filter": found, "page": page, "rows": rows, "path": path}
    return render_page(request, "integrations/store_list.html", context, partial="rows")


@require_safe
@portal
def store_page(request: PortalRequest, uid: str) -> HttpResponse:
    """The keys of one store that are there now, the newest first, and how their values begin."""
    store = get_object_or_404(Store.objects.visible_to(request.actor), uid=uid)
    entries = StoreEntry.objects.visible_to(request.actor).filter(store=store).alive(timezone.now())
    shown = entries.annotate(preview=Left("value", PREVIEW)).defer("value").order_by("-pk")
    found = EntryFilter(request.GET, queryset=shown, request=request)
    context = {
        "store": store,
        "project": projects_of(request.actor, [store.name]).get(store.name),
        "filter": found,
        "page": keyset_page(found.qs, request),
        "ulid": ulid(store.uid.bytes),
        "path": f"/api/v2/store/{ulid(store.uid.bytes)}/kv/region/default",
    }
    return render_page(request, "integrations/store.html", context, partial="rows")


def environment_panel(request: PortalRequest, environment: Environment) -> str:
    """The projects that are in an environment, with what runs of them and how many keys they keep there."""
    links = ProjectEnvironment.objects.visible_to(request.actor).for_list().filter(environment=environment)
    found = list(links.order_by("project__name", "pk").defer("deployed_version__files", "project__files")[: LINKS + 1])
    if not found:
        return ""
    context = {"rows": counted(request, found[:LINKS]), "more": len(found) > LINKS}
    return render_to_string("integrations/panels/environment_projects.html", context, request=request)


def project_panel(request: PortalRequest, project: Project) -> str:
    """What a project's integrations keep in each of its environments."""
    links = project.ordered_environments()
    for link in links:
        link.project, link.organization = project, project.organization
    rows = [row for row in counted(request, links) if row["store"]]
    return render_to_string("integrations/panels/project_store.html", {"rows": rows}, request=request) if rows else ""


def counted(request: PortalRequest, links: list[ProjectEnvironment]) -> list[dict[str, Any]]:
    """Each link with its store (None while there is none), how many keys it has there and how they begin."""
    places = [project_keys(link) for link in links]
    found = stores_with_counts(request.actor, links[0].organization_id, places, timezone.now()) if links else []
    return [
        {
            "link": link,
            "store": each[0] if each else None,
            "count": each[1] if each else 0,
            "label": f"{COUNT_LIMIT:,}+" if each and each[1] > COUNT_LIMIT else f"{each[1] if each else 0:,}",
            "prefix": path_of(prefix),
        }
        for link, (_, prefix), each in zip(links, places, found, strict=True)
    ]

"""Environments: the list, and one environment's page with the panels of other apps."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from catalog.filters import EnvironmentFilter
from catalog.middleware import PortalRequest
from catalog.models import Environment
from catalog.views.access import portal, seen
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page


@require_safe
@portal
def environment_list(request: PortalRequest) -> HttpResponse:
    """Where software runs, with the state of its drift."""
    environments = Environment.objects.visible_to(request.actor).for_list()
    found = EnvironmentFilter(request.GET, queryset=environments, request=request)
    context = {"filter": found, "page": keyset_page(found.qs, request)}
    return render_page(request, "catalog/environment_list.html", context, partial="rows")


@require_safe
@portal
def environment_page(request: PortalRequest, uid: str) -> HttpResponse:
    """Everything about one environment, from all apps."""
    environment = seen(Environment.objects.for_list, request, uid=uid)
    return render_page(request, "catalog/environment.html", {"environment": environment})

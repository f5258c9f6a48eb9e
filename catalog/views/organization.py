"""Choosing the organization a person works in."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from catalog.middleware import ORGANIZATION, PortalRequest
from catalog.views.appearance import way_back


@require_POST
@login_required
def switch_organization(request: PortalRequest) -> HttpResponse:
    """Work in another organization one belongs to from now on, starting at the page that is asked for, else at home."""
    slug = request.POST.get("organization", "")
    chosen = next((each for each in request.actor.organizations if each.slug == slug), None) if request.actor else None
    if chosen is None:
        raise Http404
    request.session[ORGANIZATION] = chosen.pk
    return HttpResponseRedirect(way_back(request))

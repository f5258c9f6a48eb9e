"""How the portal looks and listens for one person: theme, density and single keys, kept in the session."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from catalog.context import DENSITIES, KEYS, THEMES


@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """Keep what was chosen and go back; anything unknown means the default. Open to everyone."""
    for key, allowed in (("theme", THEMES), ("density", DENSITIES), ("keys", KEYS)):
        if key in request.POST:
            value = request.POST[key]
            if value in allowed:
                request.session[key] = value
            else:
                request.session.pop(key, None)
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204)
    return HttpResponseRedirect(way_back(request))


def way_back(request: HttpRequest) -> str:
    """The page a form came from (`next`), if it is one of ours; else home."""
    page = request.POST.get("next", "")
    own = url_has_allowed_host_and_scheme(page, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return page if own else reverse("catalog:home")

"""How a portal view answers: htmx gets the partial, everyone else the page."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from catalog.filters import PortalFilter
from catalog.middleware import PortalRequest
from catalog.views.export import KINDS, exported


def render_page(
    request: PortalRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    partial: str | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render `template`, or only its `partial` for an htmx request that is not a history restore.

    `Vary` names the headers that decide, so a cache never hands a fragment to a browser that wants the page. A list,
    whose `filter` names columns, is a file when `?export=` asks for one.
    """
    found, kind = (context or {}).get("filter"), request.GET.get("export")
    if kind in KINDS and status == 200 and isinstance(found, PortalFilter) and found.columns:
        return exported(found, kind)  # type: ignore[return-value]
    fragment = partial and request.htmx and not request.htmx.history_restore_request
    response = render(request, f"{template}#{partial}" if fragment else template, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-History-Restore-Request"])
    return response

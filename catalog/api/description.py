"""The description of all API routes as OpenAPI, and a page to read and try it."""

from functools import cache
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from rest_framework.request import Request

from catalog.api.views import DialectView
from config.api.dialects import OURS
from config.api.schema import Generator


class Description(DialectView):
    """The OpenAPI document, for whoever has a credential of our own API or is signed in."""

    dialect = OURS
    schema = None  # it describes the routes of the dialects, not itself

    def get(self, request: Request) -> HttpResponse:
        """The document as JSON."""
        return JsonResponse(described())


@cache
def described() -> dict[str, Any]:
    """The OpenAPI document; the routes of a process never change, so it is made once."""
    return Generator().get_schema(public=True)


@require_GET
@login_required
@csp_update({"style-src": [SELF, UNSAFE_INLINE]})  # Swagger UI writes style attributes; scripts stay ours alone
def reader(request: HttpRequest) -> HttpResponse:
    """Swagger UI, from files of our own."""
    return render(request, "catalog/api_docs.html")

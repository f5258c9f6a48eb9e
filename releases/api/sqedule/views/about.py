"""What answers here."""

from rest_framework.request import Request
from rest_framework.response import Response

from config.version import VERSION
from releases.api.sqedule.views.base import SqeduleView


class AboutView(SqeduleView):
    public = True

    def get(self, request: Request) -> Response:
        """The version; the only call that needs no credential."""
        return Response({"version": VERSION})

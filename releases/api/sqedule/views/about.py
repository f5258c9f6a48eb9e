"""What answers here."""

import tomllib

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from releases.api.sqedule.views.base import SqeduleView

VERSION = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]["version"]


class AboutView(SqeduleView):
    public = True

    def get(self, request: Request) -> Response:
        """The version; the only call that needs no credential."""
        return Response({"version": VERSION})

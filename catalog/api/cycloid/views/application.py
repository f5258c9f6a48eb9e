"""What the installation is and how it feels. None of this needs a credential (cycloid.md 2.1)."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.cycloid.base import CycloidView
from catalog.services.probes import PROBES, Report
from config.errors import NotFound
from config.version import VERSION

STATUS = {True: "Success", False: "Error", None: "Unknown"}
PACKAGED = {"branch": "packaged", "revision": "packaged"}  # there is no repository to ask


class PublicView(CycloidView):
    """Open to everybody."""

    public = True


class VersionView(PublicView):
    def get(self, request: Request) -> Response:
        """The version, and the commit where the installation is a repository."""
        return self.one({"version": VERSION, **revision(settings.BASE_DIR)})


class StatusView(PublicView):
    def get(self, request: Request) -> Response:
        """All checks, and the worst of them; always 200."""
        checks = [check(probe()) for probe in PROBES.values()]
        worst = next(
            (word for word in ("Error", "Unknown") if any(each["status"] == word for each in checks)), "Success"
        )
        said = [each["message"] for each in checks if each["status"] == worst]
        message = "Everything works." if worst == "Success" else " ".join(said)
        return self.one({"status": worst, "message": message, "checks": checks})


class ServiceStatusView(PublicView):
    entity = "Service"

    def get(self, request: Request, service_status_canonical: str) -> Response:
        """One check: 200 when good, 500 when bad, with the same body."""
        probe = PROBES.get(service_status_canonical)
        if probe is None:
            raise NotFound("There is no such service.")
        report = probe()
        return Response({"data": check(report)}, status=200 if report.ok else 500)


class ConfigView(PublicView):
    def get(self, request: Request) -> Response:
        """What can be logged in with: local accounts; neither SAML nor OAuth is connected."""
        return self.one(
            {
                "sentry_enabled": "sentry_sdk" in settings.INSTALLED_APPS,
                "authentication": {"local": {"enabled": True}, "saml2": [], "oauth": []},
                "cyclobot_enabled": False,
                "cyclobot_api_url": "",
                "cyclobot_graph_id": "",
            }
        )


class CountriesView(PublicView):
    def get(self, request: Request) -> Response:
        """ISO 3166's countries, by name."""
        return self.one(countries())


def check(report: Report) -> dict[str, Any]:
    """One check in Cycloid's words."""
    return {
        "canonical": report.canonical,
        "category": report.category,
        "status": STATUS[report.ok],
        "message": report.message,
    }


@cache
def countries() -> list[dict[str, str]]:
    """Codes and names from the time zone database's table of ISO 3166-1."""
    table = (files("tzdata.zoneinfo") / "iso3166.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return sorted(({"code": code, "name": name} for code, name in rows), key=lambda country: country["name"])


@cache
def revision(folder: Path) -> dict[str, str]:
    """Branch and commit of the repository in `folder`, read from its files; a packaged one has neither."""
    head = folder / ".git" / "HEAD"
    if not head.is_file():
        return PACKAGED
    said = head.read_text().strip()
    if not said.startswith("ref: "):
        return {"branch": "detached", "revision": said[:40]}
    name = said.removeprefix("ref: ")
    loose, packed = folder / ".git" / name, folder / ".git" / "packed-refs"
    if loose.is_file():
        commit = loose.read_text().strip()
    else:
        lines = packed.read_text().splitlines() if packed.is_file() else []
        commit = next((line.split(" ")[0] for line in lines if line.endswith(f" {name}")), "")
    return {"branch": name.removeprefix("refs/heads/"), "revision": commit[:40]} if commit else PACKAGED

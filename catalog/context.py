"""What the shell around every page needs, read only when a template asks for it."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.functional import cached_property

from catalog import slots
from catalog.middleware import PortalRequest
from catalog.models import Organization

THEMES = ("light", "dark")
DENSITIES = ("compact",)
KEYS = ("off",)


class Shell:
    """Theme, navigation and counts of the page at hand; each is computed once and only if printed."""

    def __init__(self, request: PortalRequest):
        self._request = request
        self._actor = getattr(request, "actor", None)

    @property
    def theme(self) -> str:
        """ "light", "dark" or "" to follow the system."""
        return self._chosen("theme", THEMES)

    @property
    def density(self) -> str:
        """ "compact" or "" for comfortable."""
        return self._chosen("density", DENSITIES)

    @property
    def keys(self) -> str:
        """ "off" for somebody who wants no single-key shortcuts (WCAG 2.1.4), else ""."""
        return self._chosen("keys", KEYS)

    @property
    def zone(self) -> str:
        """The time zone of every moment on the pages of the organization at hand."""
        return str(self.organization.zone()) if self.organization else timezone.get_current_timezone_name()

    @property
    def organization(self) -> Organization | None:
        """The organization at hand; None for somebody who belongs to none."""
        return self._actor.organization if self._actor else None

    @property
    def nowhere(self) -> bool:
        """Whether somebody is signed in who belongs to no organization: all they can do is leave."""
        return self._request.user.is_authenticated and not self._actor

    @property
    def organizations(self) -> list[Organization]:
        """The organizations this person can switch to."""
        return self._actor.organizations if self._actor else []

    @property
    def role(self) -> str:
        """The role this person has here, in words."""
        return self._actor.role.replace("-", " ") if self._actor else ""

    @property
    def search_url(self) -> str:
        """Where everything is found; nothing for somebody who belongs to no organization."""
        return slots.page_url("catalog:search") if self._actor else ""

    @property
    def palette_url(self) -> str:
        """What the palette offers."""
        return slots.page_url("catalog:palette")

    @property
    def appearance_url(self) -> str:
        """Where theme and density are kept."""
        return slots.page_url("catalog:appearance")

    @property
    def switch_url(self) -> str:
        """Where another organization is chosen."""
        return slots.page_url("catalog:organization-switch")

    @property
    def sign_out_url(self) -> str:
        """Where one leaves."""
        return slots.page_url("account_logout")

    @property
    def mail(self) -> str:
        """Where mail goes: "console", "nowhere", or "" for a mail server."""
        backend = settings.EMAIL_BACKEND.rsplit(".", 2)[1]
        return {"console": "console", "filebased": "console", "dummy": "nowhere"}.get(backend, "")

    @property
    def profile_url(self) -> str:
        """One's own account."""
        return slots.page_url("catalog:profile")

    @property
    def admin_url(self) -> str:
        """Django's admin."""
        return slots.page_url("admin:index")

    @cached_property
    def nav(self) -> list[slots.NavLink]:
        """The rail."""
        return slots.nav(self._request) if self._actor else []

    @cached_property
    def gates(self) -> list[slots.Gate]:
        """Environments in the rail, with the state of their gates."""
        return slots.gates(self._request) if self._actor else []

    @cached_property
    def waiting(self) -> slots.Waiting | None:
        """What waits for this person."""
        return slots.waiting(self._request) if self._actor else None

    def _chosen(self, key: str, allowed: tuple[str, ...]) -> str:
        session = getattr(self._request, "session", None)
        value = session.get(key, "") if session is not None else ""
        return value if value in allowed else ""


def shell(request: PortalRequest) -> dict[str, Any]:
    """Context processor: `shell`, see `Shell`."""
    return {"shell": Shell(request)}

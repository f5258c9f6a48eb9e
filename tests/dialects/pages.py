"""Every page of the portal, found in the URL resolver, and the things of the walked world that they show."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from catalog.models import (
    ApiKey,
    BulkJob,
    Component,
    Environment,
    Event,
    Invitation,
    Membership,
    Project,
    Role,
    SavedView,
    ServiceAccount,
    Team,
    WebhookToken,
)
from catalog.views.saved_view import SALT
from compliance.models import AllowlistEntry, Artifact, Attestation, Evidence, Flow, Snapshot, Trail
from integrations.models import Delivery, Notification, NotificationRule, Store, Webhook
from releases.models import Application, ApprovalRequest, Binding, Release, Ruleset
from tests.dialects.known import World
from tests.dialects.routes import PARAMETER

QUERIES = {
    "releases:approval-list": "?view=open",  # the view that has rows
    "catalog:search": "?q=main",
    "catalog:palette": "?q=main",
    "catalog:saved-view-new": "?of=" + signing.dumps(["/catalog/components", "q=pay", "Search: pay"], salt=SALT),
}
NOBODY = "00000000-0000-7000-8000-000000000000"
OURS = ("catalog", "compliance", "releases", "integrations")
ACCOUNT = (  # of django-allauth, with our templates: what somebody who is signed in can open
    "account_logout", "account_change_password", "account_reauthenticate", "account_inactive",
    "account_email_verification_sent", "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key_done",
)  # fmt: skip


@dataclass(frozen=True)
class Page:
    """One address of the portal."""

    pattern: str
    name: str

    @property
    def parameters(self) -> list[str]:
        return PARAMETER.findall(self.pattern)

    def path(self, things: dict[str, Any]) -> str:
        """The address about the thing whose word its name begins with."""
        word = next((each for each in sorted(things, key=len, reverse=True) if self.name.startswith(each)), "")
        known = {match: things.get(f"{word} {match}") or things.get(word, NOBODY) for match in self.parameters}
        path = PARAMETER.sub(lambda match: str(known[match[1]]), self.pattern)
        return f"/{path}{QUERIES.get(self.name, '')}"

    def __str__(self) -> str:
        return self.name


def walk(patterns: list, prefix: str = "", app: str = "") -> Iterator[Page]:
    """All function views of our apps below `patterns`."""
    for each in patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from walk(each.url_patterns, path, each.namespace or app)
        elif isinstance(each, URLPattern) and app in OURS and not hasattr(each.callback, "cls"):
            yield Page(path, f"{app}:{each.name}")


PAGES = [*walk(get_resolver().url_patterns), *(Page(reverse(name).removeprefix("/"), name) for name in ACCOUNT)]


def things_of(world: World) -> dict[str, Any]:
    """By the word that names of pages begin with, what stands in their addresses."""
    release = Release.objects.get()
    rows = {
        "catalog:component": Component.objects.get(slug="payments"),
        "catalog:environment": Environment.objects.get(name="production"),
        "catalog:project": Project.objects.get(),
        "catalog:member": Membership.objects.get(pk=world.values["cycloid.member_id"]),
        "catalog:event": Event.objects.get(uid=world.values["openfactstore.audit"]),
        "catalog:invitation": Invitation.objects.get(),
        "catalog:team": Team.objects.get(),
        "catalog:bulk-job": BulkJob.objects.get(),
        "catalog:saved-view": SavedView.objects.get(),
        "catalog:role": Role.objects.get(organization=world.organization, canonical="viewer"),
        "catalog:service-account": ServiceAccount.objects.get(name="robot"),
        "catalog:key": ApiKey.objects.get(canonical="walking"),
        "catalog:webhook-token": WebhookToken.objects.get(label="walk"),
        "compliance:flow": Flow.objects.get(name="payments"),
        "compliance:trail": Trail.objects.get(),
        "compliance:artifact": Artifact.objects.first(),
        "compliance:attestation": Attestation.objects.get(),
        "compliance:evidence": Evidence.objects.get(),
        "compliance:environment": Environment.objects.get(name="production"),
        "compliance:allowlist": Environment.objects.get(name="production"),
        "compliance:allowlist-remove": AllowlistEntry.objects.get(),
        "compliance:snapshot": Snapshot.objects.get(index=2),
        "releases:approval": ApprovalRequest.objects.exclude(release=None).get(),
        "releases:release": release,
        "releases:application": Application.objects.get(key="payments"),
        "releases:ruleset": Ruleset.objects.get(key="rules"),
        "releases:binding": Binding.objects.get(ruleset__key="rules"),
        "integrations:webhook": Webhook.objects.get(),
        "integrations:delivery": Delivery.objects.filter(rule=None).get(),
        "integrations:notification-rule": NotificationRule.objects.get(),
        "integrations:store": Store.objects.get(),
        "integrations:notification": Notification.objects.get(user=world.admin.user),
    }
    rows["releases:binding-new"] = rows["releases:application"]
    proposals = {f"releases:{word} number": 3 for word in ("application", "ruleset", "binding")}
    more = {
        "releases:release number": release.number,
        "catalog:invitation token": world.values["cycloid.verification_token"],
    }
    return {word: row.uid for word, row in rows.items()} | proposals | more

"""What may run in an environment all the same, on the wire (contract 7.5)."""

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.openfactstore.base import find
from compliance.api.openfactstore.mapping_environments import from_allowlist_entry
from compliance.api.openfactstore.schemas_environments import AllowlistSchema
from compliance.api.openfactstore.views.environments import EnvironmentView
from compliance.models import AllowlistEntry
from compliance.services.allowlist import add_to_allowlist, remove_from_allowlist


class Allowlist(EnvironmentView):
    def get(self, request: Request, id: str) -> Response:
        """All entries, removed and expired ones too."""
        environment, now = self.environment(id), timezone.now()
        entries = AllowlistEntry.objects.visible_to(self.actor).filter(environment=environment)
        return Response([from_allowlist_entry(environment, each, now) for each in entries])

    def post(self, request: Request, id: str) -> Response:
        environment = self.environment(id)
        said = {"approved_by": self.actor.label} | AllowlistSchema.read(request.data)
        entry = add_to_allowlist(actor=self.actor, environment=environment, **said)
        return Response(from_allowlist_entry(environment, entry, entry.created_at), status=201)


class AllowlistDetail(EnvironmentView):
    def delete(self, request: Request, id: str, entry: str) -> Response:
        """The entry as it is now, with 200."""
        environment = self.environment(id)
        found = find(with_environments, self.actor, entry, "entryId", environment=environment)
        removed = remove_from_allowlist(actor=self.actor, entry=found)
        return Response(from_allowlist_entry(environment, removed, timezone.now()))


def with_environments() -> QuerySet[AllowlistEntry]:
    """Entries with where they hold."""
    return AllowlistEntry.objects.select_related("environment")

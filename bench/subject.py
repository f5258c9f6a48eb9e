"""What is measured: the organization `scale`, whoever calls in it, and the server they call."""

from dataclasses import dataclass, field
from functools import cached_property

from django.test import Client

from catalog.models import Environment, Role, User
from catalog.services.keys import issue_api_key
from catalog.services.people import add_member, create_service_account
from compliance.models import Flow
from config.scale.world import World

USEFUL = 0.001  # the part of a full run under which only the measuring itself is tried


@dataclass
class Subject:
    """`size` is a part of the full run, of a million trails. `url` and `processes` (ids by name) are the server's."""

    size: float
    url: str
    processes: dict[str, int]
    world: World = field(default_factory=World)

    def of(self, full: int, least: int = 5) -> int:
        """How many of what a full run has `full` of."""
        return max(least, int(full * self.size))

    def turns(self, full: int) -> int:
        """How often something is timed: as often as in a full run, or once where the numbers are of no use anyway."""
        return full if self.size >= USEFUL else 1

    @cached_property
    def approver(self) -> User:
        """A person who may approve, and sees everything."""
        user = User.objects.create_user("bench@scale.example", None, name="Bench")
        add_member(actor=self.world.actor, user=user, role=self._role("change-manager"))
        return user

    @cached_property
    def machine_key(self) -> str:
        """The API key of a build server."""
        account = create_service_account(actor=self.world.actor, name="bench-ci", role=self._role("ci"))
        return issue_api_key(actor=self.world.actor, label="bench", service_account=account)[1]

    @cached_property
    def machine(self) -> Client:
        """Calls of the build server, in this process."""
        return Client(headers={"Authorization": f"Bearer {self.machine_key}"})

    @cached_property
    def person(self) -> Client:
        """Calls of the approver by their own key, in this process."""
        key = issue_api_key(actor=self.world.actor, label="bench", user=self.approver)[1]
        return Client(headers={"Authorization": f"Bearer {key}"})

    @cached_property
    def browser(self) -> Client:
        """The approver signed in to the portal, in this process."""
        client = Client()
        client.force_login(self.approver)
        return client

    @property
    def flow(self) -> Flow:
        """The one in which nearly all trails lie."""
        return Flow.objects.select_related("component").get(pk=self.world.flows[0][0])

    @property
    def production(self) -> Environment:
        """Where the gate guards."""
        return Environment.objects.get(organization=self.world.organization, name="production")

    def _role(self, canonical: str) -> Role:
        return Role.objects.get(organization=self.world.organization, canonical=canonical)

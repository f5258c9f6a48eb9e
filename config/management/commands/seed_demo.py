"""`manage.py seed_demo`: an organization with ninety days behind it, to look at and to try things on."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.utils import timezone

from catalog.models import Organization
from catalog.ulids import ulid
from compliance.models import Artifact
from compliance.services.standards import default_baseline
from config.demo import world
from config.demo.history import History, moment
from config.demo.setup import Demo, found
from config.garbage import settle
from config.jobs import held


class Command(BaseCommand):
    """Writes everything through the services, in one transaction; does nothing when the organization is there."""

    help = "Make the demo organization, with random passwords and keys that are printed once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object with logins, keys and ids")
        parser.add_argument("--seed", type=int, default=7, help="of the random choices (not of the secrets)")
        parser.add_argument("--trails", type=int, default=world.TRAILS, help="how many builds there were")

    def handle(self, *args: Any, **options: Any) -> None:
        if Organization.objects.filter(slug=world.SLUG).exists():
            self.stderr.write(f"The organization {world.SLUG} is there already; nothing was changed.")
            return
        settle()
        with held(), transaction.atomic(), without_savepoints():
            now = timezone.now()
            with moment(now - timedelta(days=world.DAYS + 1)):
                demo = found()
            random = Random(options["seed"])  # noqa: S311  what happens in the demo is no secret
            History(demo, now, random, self.progress).play(options["trails"])
        if options["json"]:
            self.stdout.write(json.dumps(summary(demo), indent=2))
        else:
            self.tell(demo)

    def progress(self, done: int, total: int) -> None:
        """A percentage on the terminal, if there is one."""
        if sys.stderr.isatty() and (done == total or done % 20 == 0):
            self.stderr.write(f"\rSeeding {world.ORGANIZATION}: {100 * done // total} %", ending="")
            if done == total:
                self.stderr.write("")

    def tell(self, demo: Demo) -> None:
        """Print the logins and the key, once."""
        self.stdout.write(f"{world.ORGANIZATION} is ready. Sign in as:")
        for name, role in world.PEOPLE:
            self.stdout.write(f"  {world.email(name):32} {demo.passwords[name]}  ({role})")
        self.stdout.write(f"API key (admin): {demo.api_key}")


@contextmanager
def without_savepoints() -> Iterator[None]:
    """Let services make no savepoints inside: whatever they refuse ends the whole transaction anyway."""
    connection.features.uses_savepoints = False
    try:
        yield
    finally:
        connection.features.uses_savepoints = True


def summary(demo: Demo) -> dict[str, Any]:
    """Logins, keys and ids for scripts that try the dialects; nothing of it can be printed again."""
    if demo.webhook is None:
        raise AssertionError("the demo has no webhook token")
    checkout = demo.components["checkout-api"]
    newest = Artifact.objects.filter(trail__flow=demo.flows["checkout-api"]).order_by("-created_at", "-pk").first()
    return {
        "organization": demo.organization.slug,
        "organization_id": ulid(demo.organization.uid.bytes),
        "users": [
            {"email": world.email(name), "password": demo.passwords[name], "role": role} for name, role in world.PEOPLE
        ],
        "api_key": demo.api_key,
        "phaset": {
            "org_id": demo.organization.public_id,
            "record_id": checkout.record_id,
            "webhook_token": demo.webhook[1],
            "baseline_id": default_baseline(demo.organization.pk).public_id,
        },
        "sqedule": {"application_id": demo.applications["checkout-api"].key},
        "environment_id": str(demo.environments["production"].uid),
        "flow_id": str(demo.flows["checkout-api"].uid),
        "digest": newest.digest if newest else "",
    }

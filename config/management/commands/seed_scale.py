"""`manage.py seed_scale`: an organization of any size, to measure on."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.scale.world import SLUG, World

BAR = 30  # letters


class Command(BaseCommand):
    """Brings the organization `scale` to the counts that are asked for, by COPY; what is there stays."""

    help = "Make or grow the organization `scale`: rows by COPY, without the events their services would record."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--trails", type=int, default=100_000, help="each with an artifact and one fact")
        parser.add_argument("--components", type=int, default=1_000, help="each with a flow")
        parser.add_argument("--releases", type=int, default=1_000)
        parser.add_argument("--documents", type=int, default=30_000, help="that search finds, of what there is most")

    def handle(self, *args: Any, **options: Any) -> None:
        counts = {name: options[name] for name in ("components", "trails", "releases", "documents")}
        if any(count < 0 for count in counts.values()) or not counts["components"]:
            raise CommandError("Counts are whole numbers from 0, and there is one component at least.")
        World(self.progress).grow(**counts)
        self.stdout.write(f"The organization {SLUG} has {', '.join(f'{n:,} {name}' for name, n in counts.items())}.")

    def progress(self, what: str, done: int, total: int) -> None:
        """A bar on the terminal, if there is one."""
        if sys.stderr.isatty():
            bar = "#" * (BAR * done // total)
            self.stderr.write(f"\r{what:12} [{bar:{BAR}}] {100 * done // total:3} %", ending="")
            if done == total:
                self.stderr.write("")

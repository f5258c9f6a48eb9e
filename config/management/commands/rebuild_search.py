"""`manage.py rebuild_search`: make what search reads anew from the rows, while everything goes on."""

from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand

from catalog.search import sources
from catalog.services.search import rebuild


class Command(BaseCommand):
    """Goes through each kind in chunks; stopped half way it is simply started again."""

    help = "Make the search documents anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kinds", nargs="*", help=f"only these of: {', '.join(sources())}")

    def handle(self, *args: Any, **options: Any) -> None:
        kinds = options["kinds"] or list(sources())
        if unknown := sorted(set(kinds) - set(sources())):
            self.stderr.write(f"Nothing is found as: {', '.join(unknown)}")
            raise SystemExit(2)
        for kind in kinds:
            source = sources()[kind]
            total = source.model._default_manager.count()
            count = rebuild(source, told=partial(self._told, source.plural, total))
            self.stdout.write(f"{source.plural}: {count:,}")

    def _told(self, plural: str, total: int, done: int) -> None:
        self.stderr.write(f"{plural}: {done:,} of {total:,}", ending="\r")

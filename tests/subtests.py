"""Plugin: subtests report what fails and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


class Failing:
    """Subtests that are silent where they pass: to make a report of each, and to send it to the process that leads the
    run, took longer than many a case."""

    def __init__(self, subtests: pytest.Subtests):
        self.subtests = subtests

    @contextmanager
    def test(self, name: str | None = None, **case: object) -> Iterator[None]:
        """One case; where it fails that is reported, and the next ones are still looked at."""
        try:
            yield
        except (Exception, pytest.fail.Exception, pytest.skip.Exception):
            with self.subtests.test(name, **case):
                raise


@pytest.fixture
def subtests(subtests) -> Failing:
    """In the place of pytest's own."""
    return Failing(subtests)

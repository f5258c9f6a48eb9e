"""Creating many models at once: Django makes all models of a migration's state anew for each one it creates."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.db.migrations import CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class CreateModels(Operation):
    """Create some models, each of which may refer to those before it."""

    def __init__(self, creations: list[CreateModel]):
        self.creations = creations

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Add the models to the state; they are made when somebody asks for them."""
        state.__dict__.pop("apps", None)
        for each in self.creations:
            each.state_forwards(app_label, state)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Create their tables, in order."""
        for each in self.creations:
            each.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drop their tables, the last first."""
        for each in reversed(self.creations):
            each.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        """What `migrate` says of it."""
        return f"Create models {', '.join(each.name for each in self.creations)}"


def at_once(operations: Iterable[Operation]) -> list[Operation]:
    """The same operations, with creations that follow one another in one."""
    together: list[Operation] = []
    for are_creations, some in groupby(operations, lambda each: isinstance(each, CreateModel)):
        each = list(some)
        together += [CreateModels(each)] if are_creations else each  # type: ignore[arg-type]
    return together

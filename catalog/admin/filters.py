"""The filters beside the admin's lists, in words."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import CharField, Field


class InWords(admin.AllValuesFieldListFilter):
    """Every value of a text that occurs. Nothing is called "None", and a related row's text by the relation's name."""

    def __init__(self, field: Field, request: Any, params: Any, model: Any, model_admin: Any, field_path: str):
        super().__init__(field, request, params, model, model_admin, field_path)
        relation, joined, _ = field_path.partition("__")
        if joined:
            self.title = relation.replace("_", " ")

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Django's choices, made readable."""
        for choice in super().choices(changelist):
            text = str(choice["display"]).replace("_", " ").replace("-", " ")
            yield {**choice, "display": text[:1].upper() + text[1:] or "None"}


def _is_open_text(field: Field) -> bool:
    """A text of which no list of possible values exists."""
    return isinstance(field, CharField) and not field.choices


admin.FieldListFilter.register(_is_open_text, InWords, take_priority=True)

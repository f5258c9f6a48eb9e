"""Bodies as forms (`application/x-www-form-urlencoded`), read as the JSON they stand for."""

from typing import Any

from django.http import QueryDict
from rest_framework import serializers

from config.api.parsers import parse_json
from config.api.serializers import Flag, Objects, Whole, WireSerializer
from config.errors import InvalidJSON

Plain = (Flag, Whole, Objects, serializers.Serializer)  # fields whose JSON is no string


def from_form(schema: type[WireSerializer], body: bytes) -> dict[str, Any]:
    """The fields of `schema` in a form: repeated keys are lists, and whatever is no text is written as JSON."""
    form = QueryDict(body)
    said: dict[str, Any] = {}
    for name, field in schema().fields.items():
        if name in form:
            texts = form.getlist(name)
            if isinstance(field, serializers.ListField):
                said[name] = [_value(field.child, each) for each in texts if each]
            else:
                said[name] = _value(field, texts[-1])
    return said


def _value(field: Any, text: str) -> Any:
    if not isinstance(field, Plain):
        return text
    try:
        return parse_json(text.encode())
    except (InvalidJSON, UnicodeEncodeError):
        return text

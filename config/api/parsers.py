"""Reading request bodies: JSON that any reader would understand the same way, or a clear refusal."""

import json
import math
import re
from typing import IO, Any

from django.http import HttpRequest
from rest_framework.parsers import BaseParser

from config.errors import InvalidJSON, TooLarge

MAX_DEPTH = 50
# Possessive, and an unterminated string runs to the end: one pass over the body, whatever it holds.
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def read_body(request: HttpRequest, limit: int) -> bytes:
    """Return the raw body, of at most `limit` bytes. Raises TooLarge above it, before reading what was announced."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if announced.isdigit() and int(announced) > limit:
        raise TooLarge(f"The body is larger than {limit:,} bytes.")
    body = request.read(limit + 1)
    if len(body) > limit:
        raise TooLarge(f"The body is larger than {limit:,} bytes.")
    return body


def read_json(request: HttpRequest, limit: int) -> Any:
    """Parse the raw body of at most `limit` bytes. Raises TooLarge, and InvalidJSON, also for an empty body."""
    body = read_body(request, limit)
    if not body.strip():
        raise InvalidJSON("A JSON body is needed.")
    return parse_json(body)


def parse_json(body: bytes) -> Any:
    """Parse UTF-8 JSON (RFC 8259).

    Raises InvalidJSON for NaN and infinities, numbers no double holds, NUL characters, lone surrogates
    and nesting deeper than 50, which other readers refuse or read differently.
    """
    _refuse_deep(body)
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise InvalidJSON("The body is not UTF-8.") from error
    except ValueError as error:  # JSONDecodeError, and integers of more digits than Python reads
        raise InvalidJSON(f"The body is not JSON: {error}.") from error
    if rb"\u" in body or b"\0" in body:
        _refuse_characters(value)
    return value


def _refuse_deep(body: bytes) -> None:
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(body):
        token = match[0]
        depth += (token in b"[{") - (token in b"]}")
        if depth > MAX_DEPTH:
            raise InvalidJSON(f"The body is nested deeper than {MAX_DEPTH} levels.")


def _refuse_constant(word: str) -> None:
    raise InvalidJSON(f"{word} is not JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise InvalidJSON("A number is too large.")
    return number


def _refuse_characters(value: Any) -> None:
    """Walk a parsed value (of bounded depth) and refuse strings that PostgreSQL can't hold."""
    if isinstance(value, str):
        if "\0" in value:
            raise InvalidJSON("A string contains a NUL character.")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise InvalidJSON("A string contains a lone surrogate.")
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_characters(key)
            _refuse_characters(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_characters(item)


class StrictJSONParser(BaseParser):
    """Reads JSON whatever the Content-Type says; a dialect that minds the type refuses it before (DialectView)."""

    media_type = "*/*"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the parsed body. Raises InvalidJSON, also for an empty body, and TooLarge."""
        return read_json(parser_context["request"]._request, parser_context["view"].dialect.max_body)

"""Every route of every dialect, found in the URL resolver: a new one is tested without anybody adding it here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

from config.api.dialects import Dialect, dialect_of
from tests.people import ApiClient

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Route:
    """One method on one path of one dialect."""

    method: str
    pattern: str
    view: type

    @property
    def dialect(self) -> Dialect:
        return self.view.dialect

    @property
    def template(self) -> str:
        """The path as OpenAPI and the contracts write it."""
        return "/" + PARAMETER.sub(r"{\1}", self.pattern)

    @property
    def parameters(self) -> list[str]:
        return PARAMETER.findall(self.pattern)

    def path(self, **values: str) -> str:
        """The path with `values`, and `default` where there is none, in its parameters."""
        return "/" + PARAMETER.sub(lambda match: values.get(match[1], values.get("default", "")), self.pattern)

    @property
    def is_open(self) -> bool:
        """Whether the contract lets anybody in; Phaset's routes carry their credential in the path."""
        return self.view.public or self.method.lower() in self.view.open_methods

    def call(self, client: ApiClient, path: str, body: bytes = b"{}"):
        """Call it with a body of the media type it takes."""
        kind = next(iter(self.dialect.media_types), "application/json")
        if self.view.uploads:
            kind = "multipart/form-data; boundary=x"
        return client.generic(self.method, path, body if self.method != "GET" else b"", content_type=kind)

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


def walk(patterns: list, prefix: str = "") -> Iterator[Route]:
    """All methods of all class-based API views below `patterns`."""
    for each in patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from walk(each.url_patterns, path)
        elif isinstance(each, URLPattern) and dialect_of("/" + path) and hasattr(each.callback, "cls"):
            yield from (
                Route(method, path, each.callback.cls) for method in METHODS if takes(each.callback.cls, method)
            )


def takes(view: type, method: str) -> bool:
    return hasattr(view, method.lower()) and method.lower() in view.http_method_names


ROUTES = list(walk(get_resolver().url_patterns))

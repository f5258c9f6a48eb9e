"""The OpenAPI description of every route: from the view, its dialect, its body's serializer and its source.

A new view needs nothing for it. What its source does not show it may say by class attributes: `path_patterns`
(parameter to regular expression), `errors` (more statuses it answers), `error_schema` (another than its dialect's).
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance
from rest_framework import serializers

from config.api.dialects import Dialect
from config.api.reading import Reading, read
from config.api.serializers import Flag, Objects, Whole
from config.api.shapes import Schema
from config.errors import BadInput, FieldError, GatehouseError
from config.version import VERSION

WITH_BODY = ("POST", "PUT", "PATCH")
MEANINGS = {
    400: "What was sent can't be read, or breaks a rule of a field.",
    401: "No credential, or one that does not count.",
    403: "The caller lacks the right.",
    404: "There is no such thing for this caller.",
    405: "This path does not take the method; `Allow` lists those it takes.",
    409: "It exists already, or its state does not allow this.",
    411: "The body comes without its length.",
    413: "The body is too large.",
    415: "The body is of a media type that is not read here.",
    422: "Well-formed, but a rule forbids it.",
    429: "Too many calls by one credential; `Retry-After` says when to come back.",
}
SCHEMES: dict[str, Schema] = {
    "api_key_query": {"type": "apiKey", "in": "query", "name": "api_key"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "api_key_header": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "api_key_scheme": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`ApiKey`, a space and the key.",
    },
    "basic_password": {"type": "http", "scheme": "basic", "description": "The password is the key, the name is free."},
    "session": {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "Signed in to the portal."},
}
UNKNOWN_SCHEME: Schema = {"type": "apiKey", "in": "header", "name": "Authorization"}
PATTERNS = {  # what a path parameter looks like, by dialect
    "openfactstore": {"index": "^[0-9]{1,18}$", "sha256": "^[0-9a-fA-F]{64}$"},
    "phaset": {"org_id": "^[A-Za-z0-9_-]{8}$", "record_id": "^[A-Za-z0-9_-]{10}$", "token": "^[A-Za-z0-9_-]+$"},
    "sqedule": {"id": "^[0-9]{1,18}$", "version_number": "^[0-9]{1,9}$", "version_id": "^[0-9]{1,9}$"},
}
SEGMENT = "^[^/\\x00]+$"


DRY_RUN: Schema = {
    "type": "object",
    "properties": {"dryRun": {"const": True}, "dryRunMessage": {"type": "string"}},
    "required": ["dryRun", "dryRunMessage"],
}
REHEARSAL = {"name": "dryRun", "in": "query", "description": "Do it, tell what it did, and take it all back."}


def statuses(view: type, method: str) -> set[int]:
    """All statuses a method (`get`, `post`, …) of a view answers, but for defects of ours."""
    rehearsed = {200} if rehearses(view, method) else set()
    return {status for status, _ in read(view, method).answers} | errors_of(view, method) | rehearsed


def rehearses(view: type, method: str) -> bool:
    """Whether a method can be asked for a dry run."""
    return method.lower() != "get" and view.dialect.dry_run  # type: ignore[attr-defined]


def errors_of(view: type, method: str) -> set[int]:
    """The refusals of a method: those of every call, those its services raise, and those its view adds."""
    dialect: Dialect = view.dialect  # type: ignore[attr-defined]
    found = {400, 404, 405} | read(view, method).raised | set(getattr(view, "errors", ()))
    if not (view.public or method in view.open_methods):  # type: ignore[attr-defined]
        found |= {401, 403, 429}
    if method != "get":
        found |= {409, 422}
    if method.upper() in WITH_BODY:
        found |= {413, 415} if dialect.media_types or view.uploads else {413}  # type: ignore[attr-defined]
    return {dialect.statuses.get(status, status) for status in found}


class DialectSchema(AutoSchema):
    """Describes one method of a DialectView."""

    view: Any

    @property
    def reading(self) -> Reading:
        """What the method's source says."""
        return read(type(self.view), self.method.lower())  # type: ignore[arg-type]  # a class is hashable

    @property
    def dialect(self) -> Dialect:
        """Whose words the route speaks."""
        return self.view.dialect

    def get_operation(self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any) -> Any:
        """The operation of one method on one path."""
        self.registry, self.path, self.path_regex = registry, path, path_regex
        self.path_prefix, self.method = path_prefix, method.upper()
        words = getattr(self.view, method.lower()).__doc__ or f"{method.capitalize()}: {_in_words(type(self.view))}."
        operation: dict[str, Any] = {
            "operationId": re.sub(r"\W+", "_", f"{method.lower()}_{path}").strip("_"),
            "summary": words.strip().partition("\n")[0],
            "tags": [self.dialect.name],
            "parameters": [*self._path_parameters(), *self._query_parameters()],
            "security": self.get_auth(),
            "responses": self._responses(),
        }
        body = self._body()
        return operation | ({"requestBody": body} if body else {})

    def get_auth(self) -> list[Any]:
        """The carriers of the dialect, any one of them; none for an open route or a token in the path."""
        if self.view.public or self.method.lower() in self.view.open_methods or not self.dialect.carriers:
            return [{}]
        names = [carrier.__name__ for carrier in self.dialect.carriers] + ["session"] * self.dialect.session
        return [{name: []} for name in names]

    def _path_parameters(self) -> list[Schema]:
        known = PATTERNS.get(self.dialect.name, {}) | getattr(self.view, "path_patterns", {})
        return [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string", "pattern": known.get(name, SEGMENT), "minLength": 1},
            }
            for name in re.findall(r"{(\w+)}", self.path)
        ]

    def _query_parameters(self) -> list[Schema]:
        found = [{"name": name, "in": "query", "schema": schema} for name, schema in self.reading.query.items()]
        if rehearses(type(self.view), self.method):
            found.append(REHEARSAL | {"schema": {"type": "boolean"}})
        return found

    def _body(self) -> Schema | None:
        if self.method not in WITH_BODY:
            return None
        if self.view.uploads:
            part = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
            return {"required": True, "content": {"multipart/form-data": {"schema": part | {"required": ["file"]}}}}
        if not self.reading.reads_body:
            return None
        schema: Schema = {}
        if self.reading.body is not None:
            serializer = self.reading.body(partial=self.reading.partial)
            schema = self.resolve_serializer(serializer, "request").ref
        kinds = self.dialect.media_types or ("application/json",)
        return {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}

    def _responses(self) -> Schema:
        found: dict[str, Any] = {}
        for (status, is_json), schema in sorted(self.reading.answers.items(), key=lambda each: each[0]):
            answer = found.setdefault(str(status), {"description": HTTPStatus(status).phrase})
            if is_json:
                answer.setdefault("content", {})["application/json"] = {"schema": schema}
            elif status not in (204, 304):
                answer.setdefault("content", {})["*/*"] = {"schema": {}}
        if rehearses(type(self.view), self.method):
            answer = found.setdefault("200", {"description": "A dry run: what would be there."})
            content = answer.setdefault("content", {}).setdefault("application/json", {})
            content["schema"] = {"anyOf": [content["schema"], DRY_RUN]} if "schema" in content else DRY_RUN
        error = getattr(self.view, "error_schema", {"$ref": f"#/components/schemas/{_error_name(self.dialect)}"})
        for status in sorted(errors_of(type(self.view), self.method.lower())):
            found[str(status)] = {
                "description": MEANINGS.get(status, HTTPStatus(status).phrase),
                "content": {"application/json": {"schema": error}},
            }
        return found

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """A serializer's name with its dialect's before it: two dialects may use one word."""
        return self.dialect.name.capitalize() + super().get_serializer_name(serializer, direction)

    def _map_serializer(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> Schema:
        """The keys a body has, with the other spellings it is read with."""
        schema = super()._map_serializer(serializer, direction, bypass_extensions)
        aliases: Mapping[str, str] = getattr(force_instance(serializer), "aliases", {})
        for alias, name in aliases.items():
            if name in schema.get("properties", {}):
                schema["properties"].setdefault(
                    alias, {"description": f"The same as `{name}`, which counts if both are sent."}
                )
        return schema

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Schema:
        """The schema of a field; a class of ours that the generator can't know is described by its docstring."""
        match field:
            case Flag():
                return {"type": "boolean"}
            case Whole():
                return {"type": "integer", "minimum": field.least, "maximum": field.most}
            case Objects():
                return {"type": "object", "additionalProperties": True}
            case serializers.Field() if serializers.Field in type(field).__bases__ and self._is_ours(field):
                items = getattr(field, "child", None)
                if items is not None:
                    return {"type": "array", "items": self._map_serializer_field(items, direction)}
                return {"description": (type(field).__doc__ or "").strip()}
        return super()._map_serializer_field(field, direction, bypass_extensions)

    @staticmethod
    def _is_ours(field: serializers.Field) -> bool:
        return not type(field).__module__.startswith("rest_framework.")


def _in_words(view: type) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", view.__name__.removesuffix("View")).lower()


class Generator(SchemaGenerator):
    """Makes the document of all routes that belong to a dialect."""

    endpoints: Any

    def get_schema(self, request: Any = None, public: bool = False) -> Schema:
        """The document, with each dialect's error body as it prints one, and the carriers of credentials."""
        result: Schema = super().get_schema(request, public)
        dialects = {each[3].cls.dialect.name: each[3].cls.dialect for each in self.endpoints}
        carriers = {carrier.__name__: carrier for each in dialects.values() for carrier in each.carriers}
        result["info"] = {"title": "Gatehouse", "version": VERSION}
        errors = {_error_name(dialect): error_schema(dialect) for dialect in dialects.values()}
        result["components"]["schemas"].update(errors)
        result["components"]["securitySchemes"] = {"session": SCHEMES["session"]} | {
            name: SCHEMES.get(name, UNKNOWN_SCHEME | {"description": carrier.__doc__ or ""})
            for name, carrier in carriers.items()
        }
        return result

    def _initialise_endpoints(self) -> None:
        super()._initialise_endpoints()
        self.endpoints = [each for each in self.endpoints if hasattr(each[3].cls, "dialect")]


def _error_name(dialect: Dialect) -> str:
    return f"{dialect.name.capitalize()}Error"


def error_schema(dialect: Dialect) -> Schema:
    """The schema of a dialect's error body: what all of its errors have in common."""
    plain, full = GatehouseError("x"), BadInput("x", fields=[FieldError("x", "x")])
    schema = _schema_of(dialect.error_body(full))
    schema["required"] = [name for name in dialect.error_body(plain) if name in schema["properties"]]
    return schema


def _schema_of(value: Any) -> Schema:
    match value:
        case dict():
            return {"type": "object", "properties": {name: _schema_of(each) for name, each in value.items()}}
        case list():
            return {"type": "array", "items": _schema_of(value[0])} if value else {"type": "array"}
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer"}
        case str():
            return {"type": "string"}
    return {}

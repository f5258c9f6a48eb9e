"""What the source of an API view says about its calls: bodies it reads, query parameters, statuses, keys it answers.

The OpenAPI description is made from this, so a route is described as soon as it is written and can't be described as
something else than it does. Only what is certain is read.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from config.api.shapes import DEPTH, Schema, either, shape
from config.api.source import called, choices, named, nodes, tree_of
from config.errors import GatehouseError

PLAIN = (HttpResponse, StreamingHttpResponse, FileResponse)


@dataclass
class Reading:
    """What one method reads and answers."""

    body: type[Serializer] | None = None
    partial: bool = False  # required fields may be left out
    reads_body: bool = False
    query: dict[str, Schema] = field(default_factory=dict)
    answers: dict[tuple[int, bool], Schema] = field(default_factory=dict)  # by status and whether it is JSON
    raised: set[int] = field(default_factory=set)


@cache
def read(view: type, method: str) -> Reading:
    """Read the method (`get`, `post`, …) of a view, with all of our functions that it calls."""
    found = Reading()
    handler = getattr(view, method)
    _note(handler, view, found, {handler})
    for status, is_json, body in _answers(handler, view, DEPTH):
        known = found.answers.get((status, is_json))
        found.answers[status, is_json] = body if known is None else either(known, body)
    return found


@cache
def _telling(function: Any) -> list[ast.AST]:
    """What in a function says something; many views call the same ones."""
    tree = tree_of(function)
    return [node for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Raise | ast.Call)] if tree else []


def _note(function: Any, view: type, found: Reading, seen: set[Any]) -> None:
    for node in _telling(function):
        if isinstance(node, ast.Attribute) and node.attr == "data":
            found.reads_body |= _ends(node.value, "request")
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            raised = named(node.exc.func, function, view)
            if isinstance(raised, type) and issubclass(raised, GatehouseError) and raised.status < 500:
                found.raised.add(raised.status)
        elif isinstance(node, ast.Call):
            _note_call(node, function, view, found)
            follow = called(node, function, view)
            if follow and follow not in seen:
                seen.add(follow)
                _note(follow, view, found, seen)


def _note_call(call: ast.Call, function: Any, view: type, found: Reading) -> None:
    """A body's schema is what has its `read` called or is given to a call; a query parameter is read by its name."""
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    found.reads_body |= name in ("read_json", "read_body")
    for each in [receiver] if receiver is not None and name == "read" else call.args:
        schema = named(each, function, view)
        if found.body is None and isinstance(schema, type) and issubclass(schema, Serializer):
            found.body, found.reads_body = schema, True
            found.partial = any(keyword.arg == "partial" for keyword in call.keywords)
    words = call.args[:1] if receiver is not None and _is_query(receiver) else []
    if any(_is_query(each) for each in call.args):
        words = call.args
    for each in words:
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value:
            found.query.setdefault(each.value, _number(call) if name == "whole_number" else {"type": "string"})
            break


def _number(call: ast.Call) -> Schema:
    bounds = [each.value for each in call.args[-2:] if isinstance(each, ast.Constant)]
    return {"type": "integer"} | (dict(zip(("minimum", "maximum"), bounds, strict=True)) if len(bounds) == 2 else {})


def _is_query(node: ast.AST) -> bool:
    return _ends(node, "query", "query_params", "GET")


def _ends(node: ast.AST, *words: str) -> bool:
    return (isinstance(node, ast.Name) and node.id in words) or (isinstance(node, ast.Attribute) and node.attr in words)


def _answers(function: Any, view: type, depth: int) -> Iterator[tuple[int, bool, Schema]]:
    tree = tree_of(function)
    for node in nodes(tree) if tree and depth else ():
        if isinstance(node, ast.Return) and node.value is not None and tree:
            for each in choices(node.value, tree):
                if isinstance(each, ast.Call):
                    yield from _answer(each, function, view, depth)


def _answer(call: ast.Call, function: Any, view: type, depth: int) -> Iterator[tuple[int, bool, Schema]]:
    status = next((each.value for each in call.keywords if each.arg == "status"), None)
    made = named(call.func, function, view)
    if isinstance(made, type) and issubclass(made, HttpResponseBase):
        body = shape(call.args[0], function, view) if call.args else {}
        is_json = issubclass(made, Response | JsonResponse) or not issubclass(made, PLAIN)
        for code in _codes(status, made):
            yield code, is_json and bool(call.args), body
    elif follow := called(call, function, view):
        for code, is_json, body in _answers(follow, view, depth - 1):
            for said in [code] if status is None else _codes(status):
                yield said, is_json, body


def _codes(status: ast.AST | None, made: type = HttpResponse) -> list[int]:
    """The good statuses an expression can be; without one that of the class of response."""
    numbers = [each.value for each in ast.walk(status) if isinstance(each, ast.Constant)] if status else []
    return [each for each in numbers if isinstance(each, int) and 200 <= each < 400] or [made.status_code]  # type: ignore[attr-defined]

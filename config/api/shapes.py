"""The JSON schema of what a mapping function gives, from its source: the keys, and the types of model fields."""

import ast
import inspect
from typing import Any

from django.db import models

from config.api.source import called, choices, nodes, tree_of

Schema = dict[str, Any]
DEPTH = 8  # calls within calls that are followed
FIELDS: tuple[tuple[type[models.Field], Schema], ...] = (
    (models.BooleanField, {"type": "boolean"}),
    (models.IntegerField, {"type": "integer"}),
    (models.UUIDField, {"type": "string", "format": "uuid"}),
    (models.DateTimeField, {"type": "string", "format": "date-time"}),
    (models.CharField, {"type": "string"}),
    (models.TextField, {"type": "string"}),
)


def shape(expression: ast.AST, function: Any, view: type, depth: int = DEPTH) -> Schema:
    """What an expression in `function` gives; `{}` (anything) where that is not certain."""

    def inner(node: ast.AST) -> Schema:
        return shape(node, function, view, depth)

    match expression:
        case ast.List(elts=[]):
            return {"type": "array"}
        case ast.List(elts=[item, *_]) | ast.ListComp(elt=item):
            return {"type": "array", "items": inner(item)}
        case ast.Dict():
            return _object(expression, function, view, depth)
        case ast.Constant(value=bool()) | ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return {"type": "boolean"}
        case ast.Constant(value=str()) | ast.JoinedStr():
            return {"type": "string"}
        case ast.BinOp(op=ast.BitOr()):
            return _merged(inner(expression.left), inner(expression.right))
        case ast.Subscript(slice=ast.Constant(value=int())):
            return dict(inner(expression.value).get("items", {}))
        case ast.IfExp() | ast.Name():
            tree = tree_of(function)
            found = [each for each in choices(expression, tree) if each is not expression] if tree else []
            return _all_of([inner(each) if not _is_none(each) else {} for each in found])
        case ast.Attribute():
            return _field(expression, function, view)
        case ast.Call():
            return _returned(expression, function, view, depth)
    return {}


def _object(literal: ast.Dict, function: Any, view: type, depth: int) -> Schema:
    shown: Schema = {"type": "object"}
    for key, value in zip(literal.keys, literal.values, strict=True):
        inner = shape(value, function, view, depth)
        if key is None:  # **others
            shown = _merged(shown, inner)
        elif isinstance(key, ast.Constant):
            shown = _merged(shown, {"type": "object", "properties": {key.value: inner}, "required": [key.value]})
    return shown


def _returned(call: ast.Call, function: Any, view: type, depth: int) -> Schema:
    """What a function of ours returns; not certain if that is sometimes nothing."""
    follow = called(call, function, view)
    tree = tree_of(follow) if follow else None
    if tree is None or depth <= 0:
        return {}
    returned = [node.value for node in nodes(tree) if isinstance(node, ast.Return)]
    if any(each is None or _is_none(each) for each in returned):
        return {}
    return _all_of([shape(each, follow, view, depth - 1) for each in returned if each is not None])


def _field(attribute: ast.Attribute, function: Any, view: type) -> Schema:
    """The type of a model's field, where `row.name` is read of a parameter annotated with its model."""
    steps = [attribute.attr]
    base = attribute.value
    while isinstance(base, ast.Attribute):
        steps.append(base.attr)
        base = base.value
    model = inspect.unwrap(function).__annotations__.get(base.id) if isinstance(base, ast.Name) else None
    if not (isinstance(model, type) and issubclass(model, models.Model)):
        return {}
    found: Any = None
    for step in reversed(steps):
        fields = {each.name: each for each in model._meta.concrete_fields} if model else {}
        found = fields.get(step)
        model = getattr(found, "related_model", None)
    for kind, said in FIELDS:
        if isinstance(found, kind):
            return said | {"type": [said["type"], "null"]} if found.null or len(steps) > 1 else dict(said)
    return {}


def _is_none(expression: ast.AST) -> bool:
    return isinstance(expression, ast.Constant) and expression.value is None


def _all_of(shapes: list[Schema]) -> Schema:
    if not shapes:
        return {}
    found = shapes[0]
    for other in shapes[1:]:
        found = either(found, other)
    return found


def _merged(one: Schema, other: Schema) -> Schema:
    """The shape of `one | other`."""
    if "object" not in (one.get("type"), other.get("type")):
        return {}
    properties = one.get("properties", {}) | other.get("properties", {})
    required = dict.fromkeys([*one.get("required", ()), *other.get("required", ())])
    return _of_object(properties, list(required))


def either(one: Schema, other: Schema) -> Schema:
    """What is certain of something that has one of two shapes."""
    if one == other:
        return one
    if not one.get("type") == other.get("type") == "object":
        return {}
    mine, theirs = one.get("properties", {}), other.get("properties", {})
    both = {name: either(mine[name], theirs[name]) if name in mine and name in theirs else {} for name in mine | theirs}
    return _of_object(both, [name for name in one.get("required", ()) if name in other.get("required", ())])


def _of_object(properties: Schema, required: list[str]) -> Schema:
    shown: Schema = {"type": "object"}
    if properties:
        shown["properties"] = properties
    if required:
        shown["required"] = required
    return shown

"""The schema of a project's variables: a JSON Schema that its clients write, and change by one operation at a time."""

import copy
from typing import Any

from django.db import transaction
from jsonschema import Draft7Validator, Draft202012Validator

from catalog.actors import Actor, require
from catalog.models import Project
from catalog.services.documents import check_document
from catalog.services.projects import lock_project, update_project
from config.errors import BadInput, FieldError

Schema = dict[str, Any]


def check_schema(schema: Any) -> Schema:
    """Return `schema` when it is a JSON Schema (2020-12, or draft-07 where it says so) of an object that refers to
    nothing outside itself. Raises BadInput naming what is wrong."""
    kind = Draft7Validator if isinstance(schema, dict) and "draft-07" in str(schema.get("$schema")) else None
    check_document(schema, (kind or Draft202012Validator).META_SCHEMA)
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        raise BadInput("The schema must be one of an object.", fields=[FieldError("type", "must be object, or absent")])
    if any(not reference.startswith("#") for reference in _references(schema)):
        message = "must point into the schema itself"
        raise BadInput("The schema refers to another document.", fields=[FieldError("$ref", message)])
    return schema


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [each for item in node for each in _references(item)]
    if not isinstance(node, dict):
        return []
    found = [str(node[key]) for key in ("$ref", "$dynamicRef") if isinstance(node.get(key), str)]
    return found + [each for item in node.values() for each in _references(item)]


@transaction.atomic
def set_variables_schema(*, actor: Actor, project: Project, schema: Any) -> Project:
    """Replace the schema of a project's variables. Raises Forbidden without `organization:project:update`, BadInput for
    what is no schema. Records `project.updated`, when something changed."""
    require(actor, "organization:project:update", project)
    return update_project(actor=actor, project=project, variables_schema=check_schema(schema))


@transaction.atomic
def patch_variables_schema(*, actor: Actor, project: Project, op: str, path: str, value: Any = None) -> Project:
    """Add, replace or remove one node of the schema of a project's variables; else as `set_variables_schema`."""
    require(actor, "organization:project:update", project)
    schema = patched(lock_project(project).variables_schema, op, path, value)
    return set_variables_schema(actor=actor, project=project, schema=schema)


def patched(schema: Schema, op: str, path: str, value: Any = None) -> Schema:
    """`schema` after `op` (add, replace, remove) at `path` (`/properties/region`, with `~0` and `~1`).

    A value that only repeats the name (`{"region": {…}}` at `/properties/region`) is unwrapped; what lacks above an
    added node is made; a removed property is no longer required. Raises BadInput for a path that is not there.
    """
    steps = [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")]
    if len(steps) < 2 or steps.pop(0) != "":
        raise _no_path(path)
    *above, last = steps
    result = copy.deepcopy(schema)
    parent: Any = result
    for step in above:
        if op == "add" and isinstance(parent, dict):
            parent.setdefault(step, {})
        parent = _inside(parent, step, path)
    if op != "add":
        _inside(parent, last, path)
    if op == "remove":
        del parent[_key(parent, last)]
        _forget(result, above, last)
    else:
        _put(parent, last, _unwrapped(value, last), path, insert=op == "add")
    return result


def _put(parent: Any, last: str, value: Any, path: str, *, insert: bool) -> None:
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list) and insert and last == "-":
        parent.append(value)
    elif isinstance(parent, list) and last.isdecimal() and len(last) < 6:
        parent[int(last) : int(last) + (0 if insert else 1)] = [value]
    else:
        raise _no_path(path)


def _inside(parent: Any, step: str, path: str) -> Any:
    try:
        return parent[_key(parent, step)]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise _no_path(path) from error


def _key(parent: Any, step: str) -> str | int:
    return int(step) if isinstance(parent, list) and step.isascii() and step.isdecimal() and len(step) < 6 else step


def _unwrapped(value: Any, name: str) -> Any:
    repeats = isinstance(value, dict) and list(value) == [name] and isinstance(value[name], dict)
    return value[name] if repeats else value


def _forget(schema: Schema, above: list[str], name: str) -> None:
    if above == ["properties"] and isinstance(schema.get("required"), list):
        schema["required"] = [each for each in schema["required"] if each != name]


def _no_path(path: str) -> BadInput:
    return BadInput("There is no such path.", fields=[FieldError("path", f"{path[:200]} is not in the schema")])

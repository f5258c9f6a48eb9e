"""The source of our functions as syntax trees, and what the names in it stand for."""

import ast
import inspect
import types
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

OURS = ("config", "catalog", "compliance", "releases", "integrations")


@cache
def _functions(path: str) -> dict[int, ast.FunctionDef]:
    """The functions of a file by the line they begin on, decorators included."""
    tree = ast.parse(Path(path).read_text())
    return {
        min([node.lineno, *(each.lineno for each in node.decorator_list)]): node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    }


@cache
def tree_of(function: Any) -> ast.FunctionDef | None:
    """The syntax tree of a function; None when it is not ours."""
    function = inspect.unwrap(function)
    if not isinstance(function, types.FunctionType) or function.__module__.partition(".")[0] not in OURS:
        return None
    return _functions(inspect.getfile(function)).get(function.__code__.co_firstlineno)


def named(expression: ast.AST, function: Any, view: type) -> Any:
    """What a name or dotted name in `function` stands for; None where that is only known when it runs."""
    if isinstance(expression, ast.Name):
        return view if expression.id == "self" else inspect.unwrap(function).__globals__.get(expression.id)
    if isinstance(expression, ast.Attribute):
        base = named(expression.value, function, view)
        return getattr(base, expression.attr, None) if isinstance(base, type | types.ModuleType) else None
    return None


def called(call: ast.Call, function: Any, view: type) -> Any:
    """The function of ours that a call in `function` is of; None for any other."""
    found = named(call.func, function, view)
    if isinstance(found, types.MethodType):
        found = found.__func__
    return found if isinstance(found, types.FunctionType) and tree_of(found) else None


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions inside of it."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            yield node
            yield from nodes(node)


def choices(expression: ast.AST, tree: ast.AST) -> Iterator[ast.AST]:
    """What an expression in a function can be: both sides of a condition, and whatever a variable was set to."""
    if isinstance(expression, ast.IfExp):
        yield from choices(expression.body, tree)
        yield from choices(expression.orelse, tree)
    elif isinstance(expression, ast.Name):
        values = [node.value for node in nodes(tree) if _sets(node, expression.id)]  # type: ignore[attr-defined]
        yield from (each for each in values or [expression] if each is not None)
    else:
        yield expression


def _sets(node: ast.AST, name: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return any(isinstance(each, ast.Name) and each.id == name for each in targets)

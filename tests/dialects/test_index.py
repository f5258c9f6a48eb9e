"""Every route has a test that asserts status and body against stored rows; `index.py` says which."""

import ast
from functools import cache

from config.embedded import BASE_DIR
from tests.dialects.callers import EXEMPT
from tests.dialects.index import INDEX, ROWLESS
from tests.dialects.routes import ROUTES


@cache
def functions(file: str) -> dict[str, str]:
    """The source of each test of a file."""
    text = (BASE_DIR / file).read_text()
    nodes = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    lines = text.splitlines()
    return {node.name: "\n".join(lines[node.lineno - 1 : node.end_lineno]) for node in nodes}


def source(test: str) -> str:
    file, _, name = test.partition("::")
    return functions(file).get(name, "")


def test_every_route_has_a_test_that_is_there(subtests):
    """That it reads a good answer of the route, and rows by itself, the fixture `answered` looks at when it ran."""
    refused = {each.route for each in EXEMPT if each.caller == "admin" and each.status >= 400}
    assert {str(route) for route in ROUTES} - refused == INDEX.keys() - refused
    for route, test in INDEX.items():
        with subtests.test(route):
            assert "assert" in source(test), test


def test_of_few_routes_nothing_is_stored():
    assert len(ROWLESS) == 10
    assert ROWLESS.keys() <= INDEX.keys()

"""The grammar of rights, and that the rows SQL finds are those Python would let through one by one."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.template import Context, Template
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_bakery import baker

from catalog.actors import Actor, resource_path
from catalog.globs import covers
from catalog.models import Component, Environment, Organization, Team
from catalog.models.people import check_glob
from catalog.rights import ACTIONS, BUILT_IN_ROLES, Rule, action_matches, allows, glob_pattern, resource_pattern
from compliance.models import Flow, Trail

PATH = "organization:acme:component:checkout:trail:7"


@pytest.mark.parametrize(
    ("glob", "action", "covered"),
    [
        ("organization:release:approve", "organization:release:approve", True),
        ("organization:release:approve", "organization:release:approved", False),
        ("organization:release:approve", "an organization:release:approve", False),
        ("organization:release:*", "organization:release:approve", True),
        ("organization:release:*", "organization:release:rule:read", False),
        ("organization:*:read", "organization:release:read", True),
        ("organization:*:read", "organization:read", False),
        ("organization:*:read", "organization:release:rule:read", False),
        ("organization:**:read", "organization:release:rule:read", True),
        ("organization:**:read", "organization:read", False),
        ("organization:**", "organization:read", True),
        ("organization:**", "organization", False),
        ("**", "organization:anything:at:all", True),
        ("organization:rel*", "organization:release", True),
        ("organization:rel*", "organization:release:read", False),
        ("organization:release.read", "organization:release:read", False),
        ("organization:release:read", "organization:release:read\n", False),
    ],
)
def test_an_action_glob_covers(glob, action, covered):
    assert action_matches(glob, action) is covered


@pytest.mark.parametrize(
    ("resource", "covered"),
    [
        ("organization:acme", True),
        ("organization:acme:component:checkout", True),
        ("organization:acme:component:checkout:trail:7", True),
        ("organization:acme:component:checkout:trail:77", False),
        ("organization:acme:component:check", False),
        ("organization:acme:component:*", True),
        ("organization:*:component:checkout", True),
        ("organization:acme:component", True),
        ("organization:acme:flow:**", False),
        ("organization:**:trail:7", True),
        ("organization:acm", False),
        ("organization:globex", False),
        ("**", True),
    ],
)
def test_a_resource_glob_covers_what_it_names_and_what_lies_below(resource, covered):
    assert allows([Rule("organization:trail:read", (resource,))], "organization:trail:read", PATH) is covered


def test_a_rule_without_resources_holds_everywhere_and_without_rules_nothing_is_allowed():
    assert allows([Rule("organization:trail:read")], "organization:trail:read", PATH)
    assert not allows([], "organization:trail:read", PATH)
    assert not allows([Rule("organization:trail:create")], "organization:trail:read", PATH)
    assert allows([Rule("organization:x"), Rule("organization:trail:read")], "organization:trail:read", PATH)


def test_what_stands_in_a_glob_is_text_and_no_regular_expression():
    assert resource_pattern("organization:a.c") == r"(?s)^organization:a\.c(:.*)?\Z"
    assert not allows([Rule("**", ("organization:a.c",))], "x", "organization:abc")


@pytest.mark.parametrize(
    "glob", ["organization:read", "organization:**", "**", "organization:a-b_c.d~e:*", "organization:*a*"]
)
def test_a_glob_is_taken(glob):
    check_glob(glob)


@pytest.mark.parametrize(
    "glob",
    [
        "",
        "*",
        "release:read",
        "organization:",
        "organization::read",
        "organization:re ad",
        "organization:(a|b)",
        "organization:é",
        "organization:a\n",
        "organization:***",
        "organization:**:**:**:**",
        "organization:*a*a*",
    ],
)
def test_a_glob_is_refused(glob):
    with pytest.raises(ValidationError):
        check_glob(glob)


def test_built_in_roles_are_globs_that_cover_known_actions():
    for canonical, (_, _, globs) in BUILT_IN_ROLES.items():
        for glob in globs:
            check_glob(glob)
            assert any(action_matches(glob, action) for action in ACTIONS), f"{canonical}: {glob} covers nothing"


def test_every_reading_action_is_a_viewers_and_no_changing_one():
    viewer = [Rule(glob) for glob in BUILT_IN_ROLES["viewer"][2]]
    able = {action for action in ACTIONS if allows(viewer, action, "organization:acme")}

    assert able == {action for action in ACTIONS if action.endswith(":read")} | {"organization:notification:update"}


def test_ci_decides_nothing():
    ci = [Rule(glob) for glob in BUILT_IN_ROLES["ci"][2]]
    able = {action.rpartition(":")[2] for action in ACTIONS if allows(ci, action, "organization:acme")}

    assert able <= {"read", "create", "cancel", "push", "request", "evaluate", "update"}
    assert not allows(ci, "organization:approval:decide", "organization:acme")
    assert not allows(ci, "organization:component:update", "organization:acme")


# SQL and Python agree

WORDS = [
    "checkout",
    "check.out",
    "check:out",
    "a b",
    "line\nend",
    "%",
    "_",
    "-",
    "(x|y)",
    "ünï",
    "\\d",
    "CHECK-OUT",
    "^$",
]
PARTS = [*WORDS, "*", "**", "check*", "*out", "organization", "acme", "component", "environment", "flow", "trail"]
GLOBS = st.lists(st.sampled_from(PARTS), min_size=1, max_size=6).map(
    lambda words: ":".join(word.replace(":", "-") for word in words)
) | st.sampled_from(
    [f"organization:acme:{entity}:{word}" for entity in ("component", "flow") for word in (*WORDS, "*")]
)
ACTION_GLOBS = st.sampled_from(
    ["organization:**", "organization:*:read", "organization:component:read", "**:create", "**"]
)
RESOURCES = st.lists(GLOBS, max_size=3).map(tuple)
RULES = st.lists(st.builds(Rule, ACTION_GLOBS, RESOURCES, st.sampled_from([None, 7, 8])), max_size=4).map(tuple)
LIMITS = st.none() | st.lists(st.builds(Rule, ACTION_GLOBS, RESOURCES), min_size=1, max_size=2).map(tuple)


def rows_of_all_shapes(acme: Organization, globex: Organization) -> list:
    """Components (every second one a team's), environments, flows and trails of odd names, with and without one."""
    rows: list = []
    for organization in (acme, globex):
        team = baker.make(Team, organization=organization, pk=7 if organization == acme else 8)
        for at, word in enumerate(WORDS):
            owner = team if at % 2 else None
            component = baker.make(Component, organization=organization, name=word, slug=word, team=owner)
            flow = baker.make(Flow, organization=organization, name=f"of {word}", component=component)
            loose = baker.make(Flow, organization=organization, name=word)
            rows += [component, flow, loose, baker.make(Environment, organization=organization, name=word)]
            rows += [
                baker.make(Trail, organization=organization, flow=flow, component=component),
                baker.make(Trail, organization=organization, flow=loose),
            ]
    return rows


def test_what_sql_finds_is_what_python_lets_through(acme, globex):
    rows = rows_of_all_shapes(acme, globex)
    models = {type(row) for row in rows}

    asked = Template("{% may action row as yes %}{{ yes }}")

    @settings(
        max_examples=40, deadline=timedelta(seconds=30), suppress_health_check=list(HealthCheck), derandomize=True
    )
    @given(RULES, LIMITS, st.sampled_from([{acme.pk: "acme"}, {acme.pk: "acme", globex.pk: "globex"}]))
    def agree(rules: tuple[Rule, ...], limits: tuple[Rule, ...] | None, reach: dict[int, str]) -> None:
        actor = Actor(kind="system", label="x", organization=acme, reach=reach, rules=rules, limits=limits)
        for model in models:
            action = f"organization:{model.entity}:read"
            mine = [row for row in rows if type(row) is model]
            able = {row for row in mine if actor.may(action, row)}
            assert set(model.objects.visible_to(actor)) == able
            assert actor.may_somewhere(action) or not able
            for row in [each for each in mine if ":check-out" not in resource_path(each, "")][
                :3
            ]:  # the same asked by path, as can_do does, and by a template
                path = resource_path(row, row.organization.slug)
                assert actor.may(action, path) is (row in able) or ":component:-" in path
                said = asked.render(Context({"request": SimpleNamespace(actor=actor), "action": action, "row": row}))
                assert said == str(row in able)

    agree()


@pytest.mark.parametrize(
    ("globs", "glob", "below", "covered"),
    [
        (["organization:**"], "organization:**:read", False, True),
        (["organization:*:read"], "organization:**:read", False, False),
        (["organization:*:*"], "organization:**", False, False),
        (["organization:p*:read"], "organization:project*:read", False, True),
        (["organization:project*:read"], "organization:p*:read", False, False),
        (["organization:a:*", "organization:*:b"], "organization:a:b", False, True),
        (["organization:component:read", "organization:component:create"], "organization:component:*", False, False),
        (["*a", "a*"], "a*", False, True),
        ([], "organization:read", False, False),
        (["organization:acme"], "organization:acme:component:*", True, True),
        (["organization:acme"], "organization:acmes", True, False),
        (["organization:acme:component:checkout"], "organization:acme", True, False),
    ],
)
def test_globs_cover_another(globs, glob, below, covered):
    assert covers(globs, glob, below=below) is covered


SHORT = st.lists(st.sampled_from(["a", "b", ":", "*", "**"]), min_size=1, max_size=4).map("".join)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(SHORT, max_size=3), SHORT, st.lists(st.text("ab:", max_size=5), min_size=20, max_size=20))
def test_what_is_covered_matches_nothing_more(globs, glob, texts):
    """`***` reads alike for both: as `**` and then `*`."""
    matched = [text for text in texts if re.match(glob_pattern(glob), text)]
    beyond = [text for text in matched if not any(re.match(glob_pattern(each), text) for each in globs)]

    assert not (covers(globs, glob) and beyond)


def test_the_path_of_a_row_names_where_it_lies(acme):
    component = baker.make(Component, organization=acme, slug="pay:ments")
    trail = baker.make(Trail, organization=acme, component=component, flow__name="Build", flow__organization=acme)
    loose = baker.make(Trail, organization=acme, flow=trail.flow)

    assert resource_path(component, "acme") == "organization:acme:component:pay-ments"
    assert resource_path(trail, "acme") == f"organization:acme:component:pay-ments:flow:Build:trail:{trail.uid}"
    assert resource_path(loose, "acme") == f"organization:acme:component:-:flow:Build:trail:{loose.uid}"

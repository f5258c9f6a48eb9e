"""The grammar of rights: action globs allowed on resource globs (Cycloid's grammar, for every dialect).

`*` stands for any text inside one word, `**` for any text across words. A resource glob also covers what lies below
the resource it names: `organization:acme:component:checkout` covers the trails and releases of that component. A rule
that comes from a team's role covers only the components of that team and what lies below them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

ACTIONS: dict[str, str] = {}


def register_actions(actions: dict[str, str]) -> None:
    """Make actions known, as {action: what it lets one do}; called by each app when it starts."""
    ACTIONS.update(actions)


@dataclass(frozen=True, slots=True)
class Rule:
    """Allow `action` on `resources`; no resources means everything in the organization.

    `team` is the id of the team to whose components the rule is limited, None for no such limit.
    """

    action: str
    resources: tuple[str, ...] = ()
    team: int | None = None

    def __str__(self) -> str:
        return " ".join([self.action, *self.resources])


@lru_cache(maxsize=4096)
def glob_pattern(glob: str) -> str:
    """The regular expression that matches what `glob` names, anchored at both ends.

    Python and PostgreSQL read it alike: `(?s)` lets `.` match a line's end in both, and `\\Z` is the end of the text.
    """
    parts = (
        ".*" if part == "**" else "[^:]*" if part == "*" else re.escape(part) for part in re.split(r"(\*\*|\*)", glob)
    )
    return rf"(?s)^{''.join(parts)}\Z"


def resource_pattern(glob: str) -> str:
    """Like `glob_pattern`, and also what lies below the named resource."""
    return glob_pattern(glob).removesuffix(r"\Z") + r"(:.*)?\Z"


@lru_cache(maxsize=65536)
def action_matches(glob: str, action: str) -> bool:
    """Whether the action glob covers `action`."""
    return re.match(glob_pattern(glob), action) is not None


def deciding(rules: Iterable[Rule], action: str, path: str, team: int | None = None) -> Rule | None:
    """The first rule that allows `action` on the resource at `path`, which `team` (an id) owns; None when none does."""
    for rule in rules:
        if (
            rule.team in (None, team)
            and action_matches(rule.action, action)
            and (not rule.resources or any(re.match(resource_pattern(glob), path) for glob in rule.resources))
        ):
            return rule
    return None


def allows(rules: Iterable[Rule], action: str, path: str, team: int | None = None) -> bool:
    """Whether some rule allows `action` on the resource at `path`, which `team` (an id) owns."""
    return deciding(rules, action, path, team) is not None


# Role -> (name, description, action globs). Seeded into each organization, not editable there.
BUILT_IN_ROLES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "owner": ("Owner", "Everything, other owners included.", ("organization:**",)),
    "admin": ("Admin", "Everything in the organization.", ("organization:**",)),
    "change-manager": (
        "Change manager",
        "Approves releases and reviews changes of rules.",
        (
            "organization:read",
            "organization:**:read",
            "organization:approval:*",
            "organization:release:*",
            "organization:ruleset:*",
            "organization:binding:*",
            "organization:application:*",
            "organization:baseline:*",
            "organization:allowlist:*",
            "organization:policy:*",
            "organization:gate:evaluate",
            "organization:notification:*",
            "organization:notification_rule:*",
            "organization:saved_view:*",
        ),
    ),
    "maintainer": (
        "Maintainer",
        "Looks after components, projects, flows, environments and releases.",
        (
            "organization:read",
            "organization:**:read",
            "organization:component:*",
            "organization:environment:*",
            "organization:event:create",
            "organization:saved_view:*",
            "organization:project:*",
            "organization:project_environment:*",
            "organization:project_version:*",
            "organization:store:*",
            "organization:flow:*",
            "organization:trail:*",
            "organization:artifact:*",
            "organization:attestation:*",
            "organization:snapshot:*",
            "organization:baseline:*",
            "organization:allowlist:*",
            "organization:drift:*",
            "organization:policy:*",
            "organization:application:create",
            "organization:application:update",
            "organization:ruleset:create",
            "organization:ruleset:update",
            "organization:binding:create",
            "organization:binding:update",
            "organization:release:create",
            "organization:release:update",
            "organization:release:cancel",
            "organization:approval:request",
            "organization:gate:evaluate",
            "organization:notification:*",
            "organization:notification_rule:*",
        ),
    ),
    "ci": (
        "CI",
        "Reports facts and asks the gate; decides nothing.",
        (
            "organization:read",
            "organization:**:read",
            "organization:component:push",
            "organization:event:create",
            "organization:trail:create",
            "organization:artifact:create",
            "organization:attestation:create",
            "organization:snapshot:create",
            "organization:release:create",
            "organization:release:cancel",
            "organization:approval:request",
            "organization:gate:evaluate",
            "organization:notification:update",
        ),
    ),
    "viewer": (
        "Viewer",
        "Reads everything, changes nothing.",
        ("organization:read", "organization:**:read", "organization:notification:update"),
    ),
}

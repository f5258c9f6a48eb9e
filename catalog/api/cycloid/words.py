"""Cycloid's words for ours: roles, verbs of actions, user names, times."""

import re
from datetime import datetime

from django.db.models import F, Func, QuerySet, TextField, Value
from django.db.models.functions import Lower

from catalog.models import Role, User
from catalog.rights import Rule

ROLES = {"organization-admin": "admin", "organization-member": "viewer"}  # Cycloid's two built-in roles
THEIR_ROLES = {ours: theirs for theirs, ours in ROLES.items()}
VERBS = {"edit": "update", "list": "read", "get": "read", "remove": "delete"}
ACTIONS = {
    "organization:member:invite": "organization:member:create",
    "organization:child:create": "organization:create",
    "organization:child:read": "organization:read",
    "organization:api_key:delete": "organization:api_key:revoke",
}


def seconds(moment: datetime | None) -> int:
    """A Unix time in seconds; 0 for never."""
    return int(moment.timestamp()) if moment else 0


def milliseconds(moment: datetime) -> int:
    """A Unix time in milliseconds."""
    return int(moment.timestamp() * 1000)


def role_canonical(role: Role) -> str:
    """What Cycloid calls a role."""
    return THEIR_ROLES.get(role.canonical, role.canonical) if role.built_in else role.canonical


def our_role(canonical: str) -> str:
    """What we call the role that Cycloid's client names; ours are understood too."""
    return ROLES.get(canonical, canonical)


def our_action(action: str) -> str:
    """An action, or a glob of actions, with our verb: `organization:project:edit` is `organization:project:update`."""
    before, colon, verb = action.rpartition(":")
    spoken = f"{before}{colon}{VERBS.get(verb, verb)}"
    return ACTIONS.get(spoken, spoken)


def our_rule(rule: dict) -> Rule:
    """An allow rule as its body says it."""
    return Rule(our_action(rule["action"]), tuple(rule.get("resources", ())))


def username(user: User) -> str:
    """The canonical of a person, made from their address: `ann@acme.example` is `ann-acme-example`."""
    return re.sub(r"[^a-z0-9]+", "-", user.email.lower()).strip("-")


def named(users: QuerySet[User], name: str) -> QuerySet[User]:
    """Those of `users` whose user name is `name`, or whose address."""
    spelled = Func(Lower(F("email")), Value("[^a-z0-9]+"), Value("-"), Value("g"), function="regexp_replace")
    trimmed = Func(spelled, Value("-"), function="btrim", output_field=TextField())
    if "@" in name:
        return users.filter(email__iexact=name)
    return users.annotate(username=trimmed).filter(username=name)


def given_and_family(user: User) -> tuple[str, str]:
    """A name in two parts, as the older generation has it; of one word, it is both."""
    words = (user.name or user.email.split("@", 1)[0]).split(" ", 1)
    return words[0], words[-1].strip()

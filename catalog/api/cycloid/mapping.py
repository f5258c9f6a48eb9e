"""Our rows as Cycloid's models, with what either generation of clients reads; pure functions."""

from collections.abc import Iterable, Sequence
from typing import Any

from allauth.mfa.models import Authenticator

from catalog.actors import Actor, said_rules
from catalog.api.cycloid.words import given_and_family, role_canonical, seconds, username
from catalog.models import ApiKey, Invitation, Membership, Organization, Role, Team, User
from catalog.rights import Rule

Body = dict[str, Any]
PREVIEWED = 6  # members of a team that its list shows


def times(row: Any) -> Body:
    """When a row was made and changed."""
    return {"created_at": seconds(row.created_at), "updated_at": seconds(row.updated_at)}


def organization(row: Organization) -> Body:
    """An organization; `has_children` is annotated. There is no Concourse, so what names one is empty."""
    said = row.preferences
    above = row.parent.preferences if row.parent else None
    allowed = {
        name: above is None or bool(above.get(f"can_children_{flag}"))
        for name, flag in (
            ("can_create_appearance", "create_appearance"),
            ("can_use_dedicated_authentication", "use_dedicated_authentication"),
            ("can_manage_oidc_mapping", "manage_oidc_mapping"),
        )
    }
    body = {
        "id": row.pk,
        "canonical": row.slug,
        "name": row.name,
        "blocked": [],
        "ci_team_name": "",
        "ci_url": "",
        "ci_port": "",
        "has_children": row.has_children,  # type: ignore[attr-defined]
        "is_root": row.parent is None,
        "mfa_enabled": row.require_second_factor,
        "quotas": bool(said.get("quotas")),
        "can_children_create_appearance": bool(said.get("can_children_create_appearance")),
        "can_children_use_dedicated_authentication": bool(said.get("can_children_use_dedicated_authentication")),
        "can_children_manage_oidc_mapping": bool(said.get("can_children_manage_oidc_mapping")),
        "is_using_dedicated_authentication": bool(said.get("is_using_dedicated_authentication")),
        "sso_invite_only": bool(said.get("sso_invite_only")),
        "stack_branch_include_patterns": said.get("stack_branch_include_patterns", []),
        "stack_branch_exclude_patterns": said.get("stack_branch_exclude_patterns", []),
        **allowed,
        **times(row),
    }
    if row.parent:
        body["parent_canonical"] = row.parent.slug
    if said.get("creation_restricted_message"):
        body["creation_restricted_message"] = said["creation_restricted_message"]
    return body


def rules(said: Iterable[Rule], first: int = 1) -> list[Body]:
    """Allow rules, numbered as they stand."""
    return [
        {"id": number, "action": rule.action, "effect": "allow", "resources": list(rule.resources)}
        for number, rule in enumerate(said, first)
    ]


def role(row: Role) -> Body:
    """A role with its (prefetched) rules."""
    return {
        "id": row.pk,
        "canonical": role_canonical(row),
        "name": row.name,
        "description": row.description,
        "default": row.built_in,
        "rules": [
            {"id": rule.pk, "action": rule.action, "effect": "allow", "resources": rule.resources}
            for rule in row.rules.all()
        ],
        **times(row),
    }


def person(row: User) -> Body:
    """What both generations call somebody."""
    given, family = given_and_family(row)
    return {
        "username": username(row),
        "email": row.email,
        "full_name": row.get_full_name(),
        "given_name": given,
        "family_name": family,
        "locale": "en",
        "last_login_at": seconds(row.last_login),
    }


def mfa(row: User) -> bool:
    """Whether somebody signs in with a second factor (prefetched, or one query)."""
    return any(each.type == Authenticator.Type.TOTP for each in row.authenticator_set.all())  # type: ignore[attr-defined]


def user(row: User) -> Body:
    """Somebody as an owner."""
    return {"id": row.pk, **person(row), "mfa_enabled": mfa(row), **times(row)}


def account(row: User) -> Body:
    """Somebody's own account."""
    emails = [{"email": row.email, "purpose": "primary", "verified": True, "created_at": seconds(row.created_at)}]
    said = person(row) | {"last_login": seconds(row.last_login), "emails": emails, "mfa_enabled": mfa(row)}
    return {key: value for key, value in said.items() if key not in ("email", "last_login_at")} | times(row)


def member(row: Membership) -> Body:
    """A member; one who was invited says by whom and when."""
    invitation = getattr(row, "invitation", None)
    body = {"id": row.pk, **person(row.user), "role": role(row.role), "mfa_enabled": mfa(row.user), **times(row)}
    body["invitation_state"] = "accepted"
    return body | (_invited(invitation) if invitation else {})


def invited(row: Invitation) -> Body:
    """Somebody who has not joined, under the id they will have."""
    return {"id": row.member_id, "role": role(row.role), **times(row), "email": row.email, **_invited(row)}


def _invited(row: Invitation) -> Body:
    body: Body = {
        "invitation_email": row.email,
        "invitation_state": row.state,
        "invited_at": seconds(row.created_at),
    }
    if row.resent_at:
        body["invitation_resent_at"] = seconds(row.resent_at)
    if row.invited_by:
        by = row.invited_by
        body["invited_by"] = {"id": by.pk, **person(by), **times(by)}
    return body


def team_member(row: User, member_id: int) -> Body:
    """A member of a team, by the id of their membership of the organization."""
    return {"id": member_id, **person(row), "mfa_enabled": mfa(row), **times(row)}


def api_key(row: ApiKey, token: str = "") -> Body:
    """An API key; its token only where it was made."""
    body: Body = {
        "id": row.pk,
        "canonical": row.canonical or str(row.uid),
        "name": row.label,
        "description": row.description,
        "last_seven": row.last_seven or f"...{row.last_four}",
        "rules": rules(said_rules(row.rules)),
    }
    if row.user:
        body["owner"] = user(row.user)
    if row.last_used_at:
        body["last_used"] = seconds(row.last_used_at)
    return body | ({"token": token} if token else {})


def simple_team(row: Team) -> Body:
    """A team by name."""
    return {"id": row.pk, "canonical": row.slug, "name": row.name, **times(row)}


def team(row: Team, people: Sequence[Membership], count: int) -> Body:
    """A team with a few of its people."""
    preview = [team_member(each.user, each.pk) for each in people[:PREVIEWED]]
    roles = [role(row.role)] if row.role else []
    return {**simple_team(row), "roles": roles, "member_count": count, "members_preview": preview}


def session(token: str, actor: Actor | None, owns: list[str]) -> Body:
    """A login: the token, and what it may do where it is scoped."""
    return {"token": token, "owns": owns, "permissions": permissions(actor.rules) if actor else {}}


def permissions(said: Iterable[Rule]) -> dict[str, Body]:
    """Rules by their action; no resources means all of them."""
    merged: dict[str, set[str] | None] = {}
    for rule in said:
        before = merged.get(rule.action, set())
        merged[rule.action] = None if before is None or not rule.resources else before | set(rule.resources)
    return {
        action: {"id": 0, "action": action, "effect": "allow", "resources": sorted(resources or ())}
        for action, resources in merged.items()
    }

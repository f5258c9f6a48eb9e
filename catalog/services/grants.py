"""Nobody hands out more than they have: asked before a role is written, given to somebody, or lent to a key."""

from collections.abc import Iterable

from catalog.actors import Actor, rules_of, user_actor
from catalog.globs import covers
from catalog.models import Organization, Role, ServiceAccount, User
from catalog.rights import Rule
from config.errors import Forbidden

OWNER = "owner"


def require_rules(actor: Actor, rules: Iterable[Rule]) -> None:
    """Let `actor` write `rules` into a role. Raises Forbidden naming the first that allows more than they may do."""
    _refuse_wider(actor, (rule for rule in dict.fromkeys(rules) if not holds(actor, rule)))


def require_role(actor: Actor, role: Role) -> None:
    """Let `actor` give `role` to somebody, or take it. Raises Forbidden when it allows more than they may do, and for
    owners unless they are one."""
    if role.built_in and role.canonical == OWNER and not is_owner(actor):
        raise Forbidden("Only an owner makes or changes an owner.")
    require_rules(actor, rules_of(role))


def require_key(
    actor: Actor, owner: User | ServiceAccount, organization: Organization, rules: list[Rule]
) -> list[Rule]:
    """Let `actor` issue a key that speaks for `owner`, narrowed by `rules` if there are any; returns the key's rules.

    Raises Forbidden when the key could do more than they, and for an owner's key unless they are one. For oneself a key
    is always allowed; one that a narrowed key issues is no wider than that.
    """
    if owner == actor.user:
        if actor.limits is not None:
            rules = rules or list(actor.limits)
            _refuse_wider(actor, (rule for rule in rules if not _within(actor.limits or (), rule)))
        return rules
    if isinstance(owner, ServiceAccount):
        role, theirs = owner.role.canonical if owner.role.built_in else "", rules_of(owner.role)
    else:
        speaker = user_actor(owner, organization.pk)
        if speaker is None or speaker.organization_id != organization.pk:
            return rules
        role, theirs = OWNER if owner.is_superuser else speaker.role, speaker.rules
    if role == OWNER and not is_owner(actor):
        raise Forbidden("Only an owner issues a key for an owner.")
    require_rules(actor, rules or theirs)
    return rules


def require_account(actor: Actor, user: User) -> None:
    """Let `actor` change what opens an account. Raises Forbidden for an operator's, who may do more than any
    organization grants, unless they are an operator too."""
    if (user.is_superuser or user.is_staff) and not (actor.user and actor.user.is_superuser and actor.limits is None):
        raise Forbidden(f"{user} operates this installation; only a superuser changes that account.")


def is_owner(actor: Actor) -> bool:
    """Whether `actor` is as good as an owner: one, a superuser, or the system; a narrowed key of theirs is not."""
    if actor.limits is not None:
        return False
    return actor.kind == "system" or actor.role == OWNER or bool(actor.user and actor.user.is_superuser)


def holds(actor: Actor, rule: Rule) -> bool:
    """Whether `actor` may do everything that `rule` allows, in their organization as a whole."""
    return _within(actor.rules, rule) and (actor.limits is None or _within(actor.limits, rule))


def _refuse_wider(actor: Actor, wider: Iterable[Rule]) -> None:
    for rule in wider:
        raise Forbidden(f"{actor.label} can't grant {rule}: they may not do all of that themselves.")


def _within(rules: Iterable[Rule], rule: Rule) -> bool:
    """Whether `rules`, those of teams aside, allow all that `rule` does; a narrower union than could be is enough."""
    mine = [each for each in rules if each.team is None]
    return all(
        covers({each.action for each in mine if not each.resources or _spans(each, glob)}, rule.action)
        for glob in rule.resources or ("",)
    )


def _spans(rule: Rule, glob: str) -> bool:
    return bool(glob) and covers(rule.resources, glob, below=True)

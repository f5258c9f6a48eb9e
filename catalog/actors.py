"""Who acts: built once per request from a credential, asked by services, templates and APIs alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, CharField, F, Model, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce, Concat, JSONObject, Replace

from catalog.models import (
    ApiKey,
    Component,
    Membership,
    Organization,
    Role,
    RoleRule,
    ServiceAccount,
    User,
    WebhookToken,
)
from catalog.prepared import prepared
from catalog.rights import Rule, action_matches, allows, deciding, resource_pattern
from config.errors import Forbidden

Kind = Literal["user", "service_account", "webhook_token", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody with rights in one organization and those below it.

    `reach` maps the ids of these organizations to their slugs; `rules` are what the role allows there, and the roles
    of the person's teams on what these own. `limits` are the rules of an API key, which only narrow; None for none.
    """

    kind: Kind
    label: str
    organization: Organization
    reach: dict[int, str]
    rules: tuple[Rule, ...]
    limits: tuple[Rule, ...] | None = None
    role: str = ""
    user: User | None = None
    service_account: ServiceAccount | None = None
    token: WebhookToken | None = None
    memberships: tuple[Membership, ...] = ()
    address: str | None = None
    request_id: str = ""
    region: str = ""  # the caller says it works in

    @property
    def organization_id(self) -> int:
        """The current organization: where new rows go."""
        return self.organization.pk

    @property
    def organizations(self) -> list[Organization]:
        """The organizations a person can switch to."""
        return [membership.organization for membership in self.memberships]

    def may(self, action: str, subject: Model | str | None = None) -> bool:
        """Whether a rule allows `action` on `subject`: a row, a resource path, or nothing for the organization at hand.

        The one question of services, pages, templates and APIs; `allowed` says the same of all rows at once.
        """
        return self.why(action, subject) is not None

    def why(self, action: str, subject: Model | str | None = None) -> Rule | None:
        """The rule by which `may` says yes; None when it says no."""
        if not self._reaches(subject):
            return None
        path = self._path(subject)
        team = self._team(subject) if any(rule.team for rule in self.rules) else None
        if self.limits is not None and not allows(self.limits, action, path):
            return None
        return deciding(self.rules, action, path, team)

    def may_somewhere(self, action: str) -> bool:
        """Whether there can be a resource on which `may` allows `action`."""
        rules = any(action_matches(rule.action, action) for rule in self.rules)
        return rules and (self.limits is None or any(action_matches(rule.action, action) for rule in self.limits))

    def also(self, action: str) -> "Actor":
        """The same with the right `action` on everything besides, for what goes with something it may do."""
        return replace(self, rules=(*self.rules, Rule(action)))

    def readable(self, model: type[Model]) -> Q:
        """The condition on rows of `model` that this actor may read, for SQL."""
        return self.allowed(model, f"organization:{model.entity}:read")  # type: ignore[attr-defined]

    def allowed(self, model: type[Model], action: str) -> Q:
        """The condition on rows of `model` on which this actor may do `action`, for SQL; what `may` says row by row."""
        return Q(organization_id__in=list(self.reach)) & self.narrowed(model, action)

    def narrowed(self, model: type[Model], action: str) -> Q:
        """The condition on rows of `model` in its reach on which it may do `action`; an empty one for all of them."""
        granted = self._granted(model, self.rules, action)
        return granted if self.limits is None else granted & self._granted(model, self.limits, action)

    def _granted(self, model: type[Model], rules: Iterable[Rule], action: str) -> Q:
        """The condition on rows of `model` on which some of `rules` allows `action`."""
        matching = [rule for rule in rules if action_matches(rule.action, action)]
        granted = Q(pk__in=[])
        for team in {rule.team for rule in matching}:
            owned = _owned_by(model, team)
            globs = [rule.resources for rule in matching if rule.team == team]
            if owned is not None and not all(globs):
                if team is None:
                    return Q()
                granted |= owned
            elif owned is not None:
                patterns = [resource_pattern(glob) for each in globs for glob in each]
                granted |= owned & Q(pk__in=_matching(model, self.reach, patterns))
        return granted

    def _reaches(self, subject: Model | str | None) -> bool:
        if subject is None:
            return True
        if isinstance(subject, str):
            return subject.split(":")[1:2] in [[slug] for slug in self.reach.values()]
        organization_id = subject.pk if isinstance(subject, Organization) else getattr(subject, "organization_id", None)
        return organization_id in self.reach

    def _team(self, subject: Model | str | None) -> int | None:
        """The id of the team that owns `subject`."""
        if not isinstance(subject, str):
            return team_of(subject)
        words = subject.split(":")
        if words[2:3] != ["component"] or len(words) < 4 or words[3] == "-":
            return None
        where = [pk for pk, slug in self.reach.items() if slug == words[1]]
        return Component.objects.filter(organization__in=where, slug=words[3]).values_list("team", flat=True).first()

    def _path(self, subject: Model | str | None) -> str:
        if isinstance(subject, str):
            return subject
        if subject is None:
            return f"organization:{self.organization.slug}"
        if isinstance(subject, Organization):
            return f"organization:{subject.slug}"
        return resource_path(subject, self.reach.get(subject.organization_id, "-"))  # type: ignore[attr-defined]


def resource_path(subject: Model, slug: str) -> str:
    """The resource path of a row, e.g. `organization:acme:component:checkout:trail:0190…`.

    Part of the path that is not there (a trail without a component) is written `-`.
    """
    words = ["organization", slug]
    for entity, lookup in subject.resource:  # type: ignore[attr-defined]
        value: Any = subject
        for step in lookup.split("__"):
            value = getattr(value, step, None)
        words += [entity, "-" if value is None else str(value).replace(":", "-")]
    return ":".join(words)


def _owner_lookup(model: type[Model]) -> str | None:
    """The lookup from a row of `model` to the id of the team that owns its component; None where no team does."""
    component = dict(getattr(model, "resource", ())).get("component", "")
    return component.removesuffix("slug") + "team_id" if component.endswith("slug") else None


def team_of(subject: Model | None) -> int | None:
    """The id of the team that owns the component in which `subject` lies, or which it is."""
    lookup = _owner_lookup(type(subject)) if subject is not None else None
    if lookup is None:
        return None
    value: Any = subject
    for step in lookup.split("__"):
        value = getattr(value, step, None)
    return value


def _owned_by(model: type[Model], team: int | None) -> Q | None:
    """The condition on rows of `model` that `team` owns; no condition for no team, None where teams own none."""
    lookup = _owner_lookup(model)
    if team is None:
        return Q()
    return Q(**{lookup: team}) if lookup else None


def _matching(model: type[Model], reach: dict[int, str], patterns: Sequence[str]) -> Any:
    """A subquery of the ids whose resource path matches one of `patterns`; the same path as `resource_path`."""
    path: list[Any] = []
    for entity, lookup in model.resource:  # type: ignore[attr-defined]
        word = Coalesce(Cast(F(lookup), CharField()), Value("-"))
        path += [Value(f":{entity}:"), Replace(word, Value(":"), Value("-"))]
    wanted = Q()
    for pattern in patterns:
        wanted |= Q(_path__regex=pattern)
    slug = Case(*(When(organization_id=pk, then=Value(slug)) for pk, slug in reach.items()), output_field=CharField())
    rows = model._default_manager.filter(organization_id__in=list(reach))
    return rows.annotate(_path=Concat(Value("organization:"), slug, *path)).filter(wanted).values("pk")


def require(actor: Actor, action: str, subject: Model | None = None) -> None:
    """Let `actor` do `action` on `subject`, or raise Forbidden naming the right that is missing."""
    if not actor.may(action, subject):
        refusal = Forbidden(f"{actor.label} lacks the right {action}.")
        refusal.action = action
        raise refusal


def rules_of(role: Role) -> tuple[Rule, ...]:
    """The rules of a role (prefetched, or one query)."""
    return tuple(Rule(rule.action, tuple(rule.resources)) for rule in role.rules.all())


def said_rules(said: Iterable[dict[str, Any]]) -> tuple[Rule, ...]:
    """Rules as a JSON column or a subquery holds them."""
    return tuple(Rule(each["action"], tuple(each["resources"]), each.get("team")) for each in said)


# What the teams of a membership's person, in its organization and below, may do on what they own: no query of its own.
TEAM_RULES = ArraySubquery(
    RoleRule.objects.filter(
        role__teams__members=OuterRef("user"),
        role__teams__organization__path__startswith=OuterRef("organization__path"),
    )
    .order_by("pk")
    .values(said=JSONObject(action="action", resources="resources", team="role__teams__pk"))
)


def role_rules(role: str) -> ArraySubquery:
    """What the role at a lookup allows: found with the row that has it, in one query."""
    rules = RoleRule.objects.filter(role=OuterRef(role)).order_by("pk")
    return ArraySubquery(rules.values(said=JSONObject(action="action", resources="resources")))


def reach_below(path: str) -> ArraySubquery:
    """The organization whose path stands at a lookup and all below it: found with the row that has it, likewise."""
    below = Organization.objects.filter(path__startswith=OuterRef(path)).order_by("pk")
    return ArraySubquery(below.values(said=JSONObject(pk="pk", slug="slug")))


ROLE_RULES, REACH = role_rules("role"), reach_below("organization__path")
# The same of an API key's service account.
MACHINE_RULES, MACHINE_REACH = role_rules("service_account__role"), reach_below("service_account__organization__path")


def membership_rules(membership: Membership) -> tuple[Rule, ...]:
    """What a membership's role allows, and the roles of the person's teams on what these own (both annotated)."""
    return said_rules(membership.role_rules) + said_rules(membership.team_rules)  # type: ignore[attr-defined]


def reach_of(organization: Organization) -> dict[int, str]:
    """The ids and slugs of an organization and all below it."""
    if not organization.path:  # not yet in the tree: everything would start with it
        return {organization.pk: organization.slug}
    return dict(Organization.objects.filter(path__startswith=organization.path).values_list("pk", "slug"))


@prepared
def _memberships(*, user: int) -> QuerySet[Membership]:
    return (
        Membership.objects.filter(user=user)
        .select_related("organization", "role")
        .annotate(role_rules=ROLE_RULES, team_rules=TEAM_RULES, reach=REACH)
        .order_by("organization__name", "pk")
    )


def user_actor(user: User, organization_id: int | None = None, **context: Any) -> Actor | None:
    """The actor for a signed-in person in the organization they chose, else in the one they were in first; None without
    membership."""
    if not user.is_active:
        return None
    memberships = tuple(_memberships(user=user.pk))
    if not memberships:
        return None
    first = min(memberships, key=lambda each: each.pk)  # who is added elsewhere stays where they are
    chosen = next((each for each in memberships if each.organization_id == organization_id), first)
    return Actor(
        kind="user",
        label=user.email,
        organization=chosen.organization,
        reach=_reach(chosen.organization, chosen.reach),  # type: ignore[attr-defined]
        rules=membership_rules(chosen),
        role=chosen.role.canonical,
        user=user,
        memberships=memberships,
        **context,
    )


def _reach(organization: Organization, found: Iterable[dict[str, Any]]) -> dict[int, str]:
    """What REACH found; for one that is not yet in the tree only itself, since every path starts with its empty one."""
    if not organization.path:
        return {organization.pk: organization.slug}
    return {each["pk"]: each["slug"] for each in found}


def service_account_actor(
    account: ServiceAccount,
    *,
    rules: tuple[Rule, ...] | None = None,
    reach: dict[int, str] | None = None,
    **context: Any,
) -> Actor:
    """The actor for a machine with a role of its own; `rules` and `reach` save a query each where they are known."""
    return Actor(
        kind="service_account",
        label=account.name,
        organization=account.organization,
        reach=reach_of(account.organization) if reach is None else reach,
        rules=rules_of(account.role) if rules is None else rules,
        role=account.role.canonical,
        service_account=account,
        **context,
    )


def key_actor(key: ApiKey, **context: Any) -> Actor | None:
    """The actor for whoever owns an API key, in the key's organization, narrowed by the key's own rules."""
    actor: Actor | None = None
    if key.service_account is not None:
        if hasattr(key, "machine_rules"):  # found by a query that brought them
            context |= {
                "rules": said_rules(key.machine_rules),
                "reach": _reach(key.service_account.organization, key.machine_reach),  # type: ignore[attr-defined]
            }
        actor = service_account_actor(key.service_account, **context)
    elif key.user is not None:
        actor = user_actor(key.user, key.organization_id, **context)
    if actor is None or actor.organization_id != key.organization_id:
        return None
    return replace(actor, limits=said_rules(key.rules)) if key.rules else actor


WEBHOOK_RULES = tuple(
    Rule(f"organization:{action}")
    for action in ("component:push", "component:read", "delivery:create", "standards:create")
)


def token_actor(token: WebhookToken, **context: Any) -> Actor:
    """The actor for a Phaset webhook token: it pushes components and reports about them, nothing else."""
    return Actor(
        kind="webhook_token",
        label=token.label,
        organization=token.organization,
        reach={token.organization_id: token.organization.slug},
        rules=WEBHOOK_RULES,
        role="webhook",
        token=token,
        **context,
    )


def system_actor(organization: Organization) -> Actor:
    """The actor for scheduled jobs: everything, in one organization."""
    return Actor(
        kind="system",
        label="system",
        organization=organization,
        reach={organization.pk: organization.slug},
        rules=(Rule("organization:**"),),
        role="system",
    )

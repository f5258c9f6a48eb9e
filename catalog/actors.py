"""Who acts: built once per request from a credential, asked by services, templates and APIs alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Case, CharField, F, Model, Q, Value, When
from django.db.models.functions import Cast, Coalesce, Concat, Replace

from catalog.models import (
    ApiKey,
    Membership,
    Organization,
    Role,
    ServiceAccount,
    User,
    WebhookToken,
)
from catalog.rights import Rule, action_matches, allows, covers, resource_pattern
from config.errors import Forbidden

Kind = Literal["user", "service_account", "webhook_token", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody with rights in one organization and those below it.

    `reach` maps the ids of these organizations to their slugs; `rules` are what the role allows there.
    """

    kind: Kind
    label: str
    organization: Organization
    reach: dict[int, str]
    rules: tuple[Rule, ...]
    role: str = ""
    user: User | None = None
    service_account: ServiceAccount | None = None
    token: WebhookToken | None = None
    memberships: tuple[Membership, ...] = ()
    address: str | None = None
    request_id: str = ""

    @property
    def organization_id(self) -> int:
        """The current organization: where new rows go."""
        return self.organization.pk

    @property
    def organizations(self) -> list[Organization]:
        """The organizations a person can switch to."""
        return [membership.organization for membership in self.memberships]

    def may(self, action: str, subject: Model | None = None) -> bool:
        """Whether a rule allows `action` on `subject` (without one: on the current organization)."""
        return allows(self.rules, action, self._path(subject)) and self._reaches(subject)

    def readable(self, model: type[Model]) -> Q:
        """The condition on rows of `model` that this actor may read, for SQL."""
        return self.allowed(model, f"organization:{model.entity}:read")  # type: ignore[attr-defined]

    def allowed(self, model: type[Model], action: str) -> Q:
        """The condition on rows of `model` on which this actor may do `action`, for SQL; what `may` says row by row."""
        rules = [rule for rule in self.rules if action_matches(rule.action, action)]
        inside = Q(organization_id__in=list(self.reach))
        if any(not rule.resources for rule in rules):
            return inside
        patterns = [resource_pattern(glob) for rule in rules for glob in rule.resources]
        if not patterns:
            return Q(pk__in=[])
        return inside & Q(pk__in=_matching(model, self.reach, patterns))

    def _reaches(self, subject: Model | None) -> bool:
        if subject is None:
            return True
        organization_id = subject.pk if isinstance(subject, Organization) else getattr(subject, "organization_id", None)
        return organization_id in self.reach

    def _path(self, subject: Model | None) -> str:
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
        raise Forbidden(f"{actor.label} lacks the right {action}.")


def require_to_grant(actor: Actor, rules: Iterable[Rule]) -> None:
    """Let `actor` hand on `rules`: nobody gives rights they don't have. Raises Forbidden naming the first."""
    beyond = next((rule for rule in rules if not covers(actor.rules, rule)), None)
    if beyond is not None:
        raise Forbidden(f"{actor.label} can't give the right {beyond.action}, which is more than their own.")


def rules_of(role: Role) -> tuple[Rule, ...]:
    """The rules of a role (prefetched, or one query)."""
    return tuple(Rule(rule.action, tuple(rule.resources)) for rule in role.rules.all())


def reach_of(organization: Organization) -> dict[int, str]:
    """The ids and slugs of an organization and all below it."""
    if not organization.path:  # not yet in the tree: everything would start with it
        return {organization.pk: organization.slug}
    return dict(Organization.objects.filter(path__startswith=organization.path).values_list("pk", "slug"))


def user_actor(user: User, organization_id: int | None = None, **context: Any) -> Actor | None:
    """The actor for a signed-in person in the organization they chose, else their first; None without membership."""
    if not user.is_active:
        return None
    memberships = tuple(
        Membership.objects.filter(user=user)
        .select_related("organization", "role")
        .prefetch_related("role__rules")
        .order_by("organization__name", "pk")
    )
    if not memberships:
        return None
    chosen = next((each for each in memberships if each.organization_id == organization_id), memberships[0])
    return Actor(
        kind="user",
        label=user.email,
        organization=chosen.organization,
        reach=reach_of(chosen.organization),
        rules=rules_of(chosen.role),
        role=chosen.role.canonical,
        user=user,
        memberships=memberships,
        **context,
    )


def service_account_actor(account: ServiceAccount, **context: Any) -> Actor:
    """The actor for a machine with a role of its own."""
    return Actor(
        kind="service_account",
        label=account.name,
        organization=account.organization,
        reach=reach_of(account.organization),
        rules=rules_of(account.role),
        role=account.role.canonical,
        service_account=account,
        **context,
    )


def key_actor(key: ApiKey, **context: Any) -> Actor | None:
    """The actor for whoever owns an API key, in the key's organization."""
    if key.service_account is not None:
        return service_account_actor(key.service_account, **context)
    if key.user is None:
        return None
    actor = user_actor(key.user, key.organization_id, **context)
    return actor if actor and actor.organization_id == key.organization_id else None


def token_actor(token: WebhookToken, **context: Any) -> Actor:
    """The actor for a Phaset webhook token: it pushes components and reports events, nothing else."""
    return Actor(
        kind="webhook_token",
        label=token.label,
        organization=token.organization,
        reach={token.organization_id: token.organization.slug},
        rules=(Rule("organization:component:push"), Rule("organization:component:read")),
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

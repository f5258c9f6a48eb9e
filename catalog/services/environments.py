"""The only writers of environments."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, OperationalError, connection, transaction
from django.db.models import ProtectedError, Q, QuerySet

from catalog.actors import Actor, require
from catalog.models import Environment, ProjectEnvironment
from catalog.models.environment import empty_scope
from catalog.prepared import prepared
from catalog.services.canonicals import free_canonical
from catalog.services.changes import named
from catalog.services.events import record_event
from config.errors import Conflict, FieldError, NotFound

CHANGEABLE = {"name", "kind", "description", "color", "stage", "variables", "owner", "drift_policy", "scope"}
NAMED = 5  # projects that a refusal names
MAX_SCOPE = 200  # names, and patterns, on each side of a scope
MAX_SCOPE_TEXT = 512  # letters of one of them
PATTERN_MILLISECONDS = 2000  # for a snapshot's names against all patterns of a scope
Policy, State = Environment.DriftPolicy, Environment.DriftState
DRIFTED_AS = {Policy.BLOCK: State.DRIFTED, Policy.WARN: State.WARNED, Policy.IGNORE: State.IGNORED}


@transaction.atomic
def create_environment(*, actor: Actor, name: str, canonical: str = "", **values: Any) -> Environment:
    """Make an environment in the actor's organization, or in `organization` when given.

    `values` are kind, description, color, stage, variables, owner, drift_policy, scope; without a canonical it gets
    one from its name. Raises Forbidden without `organization:environment:create`, Conflict for a name or canonical that
    is taken, ValidationError, also for a scope pattern that is no regular expression. Records `environment.created`.
    """
    organization = values.pop("organization", None) or actor.organization
    require(actor, "organization:environment:create", organization)
    environment = Environment(organization=organization, name=name, canonical=canonical, **values)
    if not canonical:
        environment.canonical = free_canonical(name, Environment.objects.filter(organization=organization))
    _check(environment)
    environment.save()
    record_event("environment.created", subject=environment, actor=actor)
    return environment


@transaction.atomic
def update_environment(*, actor: Actor, environment: Environment, **changes: Any) -> Environment:
    """Change what is given of name, kind, description, color, stage, variables, owner, drift_policy, scope.

    Another drift policy takes effect at once on drift that is there. Raises Forbidden without
    `organization:environment:update`, Conflict for a name that is taken, ValidationError. Records
    `environment.updated` with the old and new values, when something changed.
    """
    require(actor, "organization:environment:update", environment)
    environment = lock_environment(environment)
    before = {name: getattr(environment, name) for name in changes if getattr(environment, name) != changes[name]}
    for name in before:
        if name not in CHANGEABLE:
            raise ValueError(f"{name} is not changed through this service")
        setattr(environment, name, changes[name])
    if environment.drift_state in DRIFTED_AS.values():
        environment.drift_state = DRIFTED_AS[Policy(environment.drift_policy)]
    _check(environment)
    if before:
        environment.save()
        after = {name: changes[name] for name in before}
        data = {"before": named(before), "after": named(after)}
        record_event("environment.updated", subject=environment, actor=actor, data=data)
    return environment


@transaction.atomic
def delete_environment(*, actor: Actor, environment: Environment) -> None:
    """Delete an environment with its snapshots, baselines and drift reports.

    Raises Forbidden without `organization:environment:delete`, and Conflict naming the projects that are linked to it
    or what decisions still point at. Records `environment.deleted`.
    """
    require(actor, "organization:environment:delete", environment)
    _refuse_linked(environment)
    record_event("environment.deleted", subject=environment, actor=actor, data={"kind": environment.kind})
    try:
        environment.delete()
    except ProtectedError as error:
        kinds = Counter(each._meta for each in error.protected_objects)
        named = [
            f"{count} {kind.verbose_name if count == 1 else kind.verbose_name_plural}" for kind, count in kinds.items()
        ]
        raise Conflict(f"Environment {environment.name} is still used by {', '.join(sorted(named))}.") from error


def _refuse_linked(environment: Environment) -> None:
    links = ProjectEnvironment.objects.filter(environment=environment).order_by("project__name", "pk")
    names = list(links.values_list("project__name", flat=True)[: NAMED + 1])
    if names:
        said = ", ".join(names[:NAMED]) + (" and more" if len(names) > NAMED else "")
        raise Conflict(f"Environment {environment.name} is linked to {said}. Take it out of the projects first.")


def lock_environment(environment: Environment) -> Environment:
    """The environment as it is now, held until the transaction ends, with its organization.

    Whoever writes its snapshots, baselines or drift takes this lock first. NO KEY: rows that point at the environment
    may be inserted meanwhile. Raises NotFound when it was deleted.
    """
    held = _held.first(pk=environment.pk)
    if held is None:
        raise NotFound(f"Environment {environment.uid} does not exist.")
    return held


@prepared
def _held(*, pk: int) -> QuerySet[Environment]:
    return Environment.objects.for_list().select_for_update(no_key=True, of=("self",)).filter(pk=pk)


def note_snapshot(environment: Environment, *, index: int, at: datetime, by: str, running: int) -> None:
    """Write on the locked environment which snapshot is its latest: `running` artifacts, seen at `at` by `by`."""
    environment.snapshot_index, environment.snapshot_at = index, at
    environment.snapshot_by, environment.running_count = by, running
    environment.save(update_fields=["snapshot_index", "snapshot_at", "snapshot_by", "running_count"])


def note_drift(environment: Environment, has_drift: bool | None, *, at: datetime, allowed: bool = False) -> None:
    """Write on the locked environment whether it drifts (None: nothing to compare), as its policy calls it; `allowed`
    says that what differs is all allow-listed.

    `drifted_at` stays the moment the drift began.
    """
    if has_drift is None:
        state = State.UNKNOWN
    else:
        calm = State.ALLOWED if allowed else State.IN_SYNC
        state = DRIFTED_AS[Policy(environment.drift_policy)] if has_drift else calm
    since = (environment.drifted_at or at) if has_drift else None
    if (environment.drift_state, environment.drifted_at) != (state, since):
        environment.drift_state, environment.drifted_at = state, since
        environment.save(update_fields=["drift_state", "drifted_at"])


def _check(environment: Environment) -> None:
    """Refuse a taken name or canonical (as Conflict) and everything else that breaks a rule of the model or of
    scopes."""
    check_scope(environment.scope)
    where, name, canonical = environment.organization_id, environment.name, environment.canonical
    alike = _alike(organization=where, name=name, canonical=canonical)
    same = next((each for each in alike if each.pk != environment.pk), None)
    if same is not None:
        field = "name" if same.name.lower() == environment.name.lower() else "canonical"
        message = (
            f"An environment {'named' if field == 'name' else 'of the canonical'} {getattr(environment, field)} exists."
        )
        raise Conflict(message, fields=[FieldError(field, message)])
    environment.full_clean(validate_constraints=False)  # the database sees to namesakes made at once


@prepared
def _alike(*, organization: int, name: str, canonical: str) -> QuerySet[Environment]:
    alike = Q(name__spelled=name) | Q(canonical__spelled=canonical)
    return Environment.objects.filter(alike, organization=organization)


def check_scope(scope: Any) -> None:
    """Refuse a scope that is not include/exclude lists of names and patterns, or whose patterns don't compile.

    Patterns are regular expressions of the database, which runs them without stepping back and under a time limit.
    """
    if not _is_scope(scope):
        shape = (
            f"each with `names` and `patterns`, lists of at most {MAX_SCOPE} texts of up to {MAX_SCOPE_TEXT} letters"
        )
        raise ValidationError({"scope": f"A scope has `include` and `exclude`, {shape}."})
    faults = [
        f"Pattern {pattern!r} is not a regular expression: {fault}"
        for pattern in dict.fromkeys([*scope["include"]["patterns"], *scope["exclude"]["patterns"]])
        if (fault := pattern_fault(pattern))
    ]
    if faults:
        raise ValidationError({"scope": faults})


def _is_scope(scope: Any) -> bool:
    wanted = empty_scope()
    if not isinstance(scope, dict) or set(scope) != set(wanted):
        return False
    if not all(isinstance(side, dict) and set(side) == set(wanted["include"]) for side in scope.values()):
        return False
    lists = [texts for side in scope.values() for texts in side.values()]
    return all(
        isinstance(texts, list)
        and len(texts) <= MAX_SCOPE
        and all(isinstance(text, str) and len(text) <= MAX_SCOPE_TEXT and "\0" not in text for text in texts)
        for texts in lists
    )


def pattern_fault(pattern: str, run: Callable[[list[str], list[str]], Any] | None = None) -> str:
    """Why the database can't read a regular expression; '' when it can. `run` is how it will be asked to."""
    try:
        (run or matching)([""], [pattern])
    except (DataError, OperationalError) as error:
        return str(error).splitlines()[0]
    return ""


def matching(names: Sequence[str], patterns: Sequence[str]) -> set[str]:
    """Those of `names` that some pattern matches from end to end.

    PostgreSQL's regular expressions: linear for almost all patterns, where Python's can take for ever. Raises
    OperationalError after two seconds.
    """
    whole = [f"^(?:{pattern})$" for pattern in patterns]
    found = _asked("SELECT name FROM unnest(%s::text[]) AS name WHERE name ~ ANY(%s::text[])", names, whole)
    return {name for (name,) in found}


def found_in(names: Sequence[str], patterns: Sequence[str]) -> set[tuple[str, str]]:
    """The pairs of name and pattern in which the pattern is found anywhere in the name. Raises as `matching` does."""
    pairs = "SELECT name, pattern FROM unnest(%s::text[]) AS name, unnest(%s::text[]) AS pattern WHERE name ~ pattern"
    return set(_asked(pairs, names, patterns))


def _asked(query: str, names: Sequence[str], patterns: Sequence[str]) -> list[tuple[Any, ...]]:
    """The rows of a query about names and regular expressions, under their time limit."""
    if not (names and patterns):
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(PATTERN_MILLISECONDS)])
        cursor.execute(query, [list(names), list(patterns)])
        found = cursor.fetchall()
        transaction.set_rollback(True)  # the limit ends here
    return found

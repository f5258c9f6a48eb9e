"""The only writers of standards baselines and runs."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.actors import Actor, require, system_actor
from catalog.models import Component, Event, Organization, Team
from catalog.prepared import prepared, those
from catalog.services.changes import write_changes
from catalog.services.components import note_baseline_fetch
from catalog.services.events import record_event
from catalog.services.numbers import short_id
from compliance.models import StandardsBaseline, StandardsBaselineRevision, StandardsResult, StandardsRun
from compliance.models.standards import score_of
from compliance.standards import normalised
from config.errors import RuleViolation

DEFAULT = "default"  # the word for the organization's default where an id could stand
CHANGEABLE = ("name", "description", "owner", "config", "archived", "is_default")
TOLD = ("name", "description", "config")  # what a revision keeps


def default_baseline(organization_id: int) -> StandardsBaseline:
    """The organization's default baseline, made from the shipped one when it is asked for the first time.

    Records `standards_baseline.created` when it was made.
    """
    return _default(organization_id) or _make_default(organization_id)


def _default(organization_id: int) -> StandardsBaseline | None:
    return _defaults.first(organization=organization_id)


@prepared
def _defaults(*, organization: int) -> QuerySet[StandardsBaseline]:
    return StandardsBaseline.objects.filter(organization=organization, is_default=True)


@transaction.atomic
def _make_default(organization_id: int) -> StandardsBaseline:
    """Of two who ask at once one waits here; the constraint would refuse the other."""
    organization = Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
    return _default(organization_id) or _added(
        system_actor(organization),
        StandardsBaseline(
            organization=organization, name="Default", description="What every repository should hold.", is_default=True
        ),
    )


def found_default(event: Event) -> None:
    """Subscriber: a new organization gets its default baseline before anybody looks for it."""
    if Organization.objects.filter(pk=event.organization_id).exists():
        default_baseline(event.organization_id)


@transaction.atomic
def create_standards_baseline(
    *,
    actor: Actor,
    name: str,
    config: dict[str, Any] | None = None,
    description: str = "",
    owner: Team | None = None,
    is_default: bool = False,
    archived: bool = False,
) -> StandardsBaseline:
    """Make a baseline; as the default it replaces the one before.

    Raises Forbidden without `organization:standards_baseline:create`, ValidationError naming every fault of `config`
    (without one: the shipped checks). Records `standards_baseline.created`.
    """
    require(actor, "organization:standards_baseline:create")
    baseline = StandardsBaseline(
        organization=actor.organization, name=name, description=description, owner=owner, archived=archived
    )
    if config is not None:
        baseline.config = config
    made = _added(actor, baseline)
    return update_standards_baseline(actor=actor, baseline=made, is_default=True) if is_default else made


@transaction.atomic
def update_standards_baseline(*, actor: Actor, baseline: StandardsBaseline, **changes: Any) -> StandardsBaseline:
    """Change a baseline; what it says to CI is kept as a new revision. As the default it replaces the one before.

    Raises Forbidden without `organization:standards_baseline:update`, RuleViolation for taking the default away
    without another in its place, ValidationError naming every fault. Records `standards_baseline.updated` with the old
    and new values, when something changed.
    """
    require(actor, "organization:standards_baseline:update", baseline)
    # The organization's row is the lock of who is the default.
    Organization.objects.select_for_update(no_key=True).get(pk=baseline.organization_id)
    locked = those(StandardsBaseline.objects.select_for_update).get(pk=baseline.pk)
    if "config" in changes:
        changes["config"] = normalised(changes["config"])
    if changes.get("is_default") is False and locked.is_default:
        raise RuleViolation("An organization needs a default baseline: make another the default instead.")
    if changes.get("is_default") and not locked.is_default:
        StandardsBaseline.objects.filter(organization=baseline.organization_id, is_default=True).update(
            is_default=False, updated_at=timezone.now()
        )
    changed = write_changes(locked, changes, CHANGEABLE)
    if not changed:
        return locked
    if set(changed["after"]) & set(TOLD):
        locked.revision += 1
        locked.save(update_fields=["revision", "updated_at"])
        _keep_revision(actor, locked)
    record_event("standards_baseline.updated", subject=locked, actor=actor, data=changed)
    return locked


def _added(actor: Actor, baseline: StandardsBaseline) -> StandardsBaseline:
    baseline.public_id = short_id(8)
    baseline.put()
    _keep_revision(actor, baseline)
    record_event("standards_baseline.created", subject=baseline, actor=actor)
    return baseline


def _keep_revision(actor: Actor, baseline: StandardsBaseline) -> None:
    said = {name: getattr(baseline, name) for name in TOLD}
    StandardsBaselineRevision.objects.create(
        organization_id=baseline.organization_id,
        baseline=baseline,
        number=baseline.revision,
        made_by=actor.label,
        **said,
    )


def known_baseline(organization_id: int, public_id: str) -> StandardsBaseline | None:
    """The live baseline of this id; None for one that is not known or archived."""
    live = StandardsBaseline.objects.filter(organization=organization_id, archived=False)
    return live.filter(public_id=public_id).first()


def is_known(organization_id: int, public_id: str) -> bool:
    """Whether a manifest may name this baseline, for the warnings of a push."""
    return known_baseline(organization_id, public_id) is not None


def baseline_in_force(component: Component) -> StandardsBaseline:
    """The baseline that a component's manifest names, else the organization's default."""
    return _asked(component, component.references.get("baseline") or DEFAULT)[0]


def fetch_baseline(component: Component, public_id: str) -> tuple[StandardsBaseline, bool]:
    """The baseline CI asks for, and whether it is the default in place of one that is not there.

    The component remembers when it was fetched, and the id that is not there.
    """
    baseline, missing = _asked(component, public_id)
    note_baseline_fetch(component, missing=public_id if missing else "")
    return baseline, missing


def _asked(component: Component, public_id: str) -> tuple[StandardsBaseline, bool]:
    known = None if public_id == DEFAULT else known_baseline(component.organization_id, public_id)
    return known or default_baseline(component.organization_id), known is None and public_id != DEFAULT


@transaction.atomic
def record_standards(
    *,
    actor: Actor,
    component: Component,
    passes: int,
    warnings: int,
    failures: int,
    results: Sequence[dict[str, str]],
) -> StandardsRun:
    """Append one run of checks; identical runs are runs of their own.

    `results` hold name, status (of StandardsResult), message and maybe path. The counts need not agree with them.
    Raises Forbidden without `organization:standards:create` on the component. Records `standards.recorded`.
    """
    require(actor, "organization:standards:create", component)
    baseline = baseline_in_force(component)
    run = StandardsRun(
        organization=actor.organization,
        component=component,
        passes=passes,
        warnings=warnings,
        failures=failures,
        score=score_of(passes, warnings, failures),
        baseline=baseline,
        baseline_revision=baseline.revision,
        reported_by=actor.label,
    )
    run.full_clean(validate_unique=False, validate_constraints=False)
    run.save()
    lines = [StandardsResult(organization=actor.organization, run=run, **each) for each in results]
    StandardsResult.objects.bulk_create(lines)
    score = None if run.score is None else float(run.score)
    record_event("standards.recorded", subject=run, actor=actor, related=[component], data={"score": score})
    return run

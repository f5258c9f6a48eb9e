"""The reviewable pattern: applications, rulesets and bindings change by versions, which are proposals until approved.

A proposal changes by adjustments, which are only added. `propose` starts a version, `approve` numbers it.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Max, QuerySet
from django.utils import timezone

from catalog.actors import Actor
from catalog.services.numbers import next_number
from config.errors import BadInput, FieldError
from releases.models import (
    Application,
    ApplicationAdjustment,
    ApplicationVersion,
    Binding,
    BindingAdjustment,
    BindingVersion,
    ProposalState,
    Ruleset,
    RulesetAdjustment,
    RulesetVersion,
)

ProposalInput = Literal["draft", "final"]
Resource = Application | Ruleset | Binding
Fill = Callable[[Any], None]
KEY_LENGTH = 255


@dataclass(frozen=True)
class Kind:
    """The tables behind one kind of resource; `sequence` numbers its versions on the wire."""

    version: type[Any]
    adjustment: type[Any]
    sequence: str


KINDS: dict[type[Resource], Kind] = {
    Application: Kind(ApplicationVersion, ApplicationAdjustment, "application_version"),
    Ruleset: Kind(RulesetVersion, RulesetAdjustment, "ruleset_version"),
    Binding: Kind(BindingVersion, BindingAdjustment, "binding_version"),
}


def key_fault(key: str) -> str:
    """What makes `key` unfit as the id of a resource: no path can hold it, or nobody can see it. '' when it is fit."""
    if not key.strip():
        return "must not be empty"
    if "/" in key or key in (".", ".."):
        return "must not contain a slash, or be `.` or `..`"
    if any(unicodedata.category(character) == "Cc" for character in key):
        return "must not contain control characters"
    return "" if len(key) <= KEY_LENGTH else f"must not be longer than {KEY_LENGTH} characters"


def check_key(key: str) -> None:
    """Raise BadInput, naming `id`, for an unfit id of a resource."""
    fault = key_fault(key)
    if fault:
        raise BadInput(f"id {fault}", fields=[FieldError("id", fault)])


def propose(
    *,
    actor: Actor,
    resource: Resource,
    state: ProposalInput,
    comments: str = "",
    fill: Fill | None = None,
    **content: Any,
) -> Any:
    """Start a version of `resource` with one adjustment of `content`; `final` approves it at once. Returns the latter.

    Call it in the transaction of the service. `fill` writes what hangs on the adjustment (the rules of a ruleset).
    Raises ValidationError for content the model refuses.
    """
    kind = KINDS[type(resource)]
    organization_id = resource.organization_id
    version = kind.version(
        organization_id=organization_id,
        subject=resource,
        number=next_number(organization_id, kind.sequence),
    )
    version.save()
    adjustment = kind.adjustment(
        organization_id=organization_id,
        version=version,
        number=1,
        proposal_state=ProposalState.APPROVED if state == "final" else ProposalState.DRAFT,
        comments=comments,
        author=actor.label,
        **content,
    )
    adjustment.full_clean()
    adjustment.save()
    if fill is not None:
        fill(adjustment)
    if state == "final":
        approve(resource, adjustment)
    return adjustment


def approve(resource: Resource, adjustment: Any) -> None:
    """Give the version of an approved `adjustment` the next number of its resource, and make it the one that counts.

    The resource's row is locked, so that numbers have no gaps and no doubles.
    """
    type(resource)._default_manager.select_for_update(of=("self",)).get(pk=resource.pk)
    version = adjustment.version
    last = type(version).objects.filter(subject=resource).aggregate(last=Max("version_number"))["last"]
    version.version_number = (last or 0) + 1
    version.approved_at = timezone.now()
    version.save(update_fields=["version_number", "approved_at", "updated_at"])
    resource.latest = adjustment
    resource.save(update_fields=["latest", "updated_at"])


def latest_content(resource: Resource) -> Any:
    """The latest adjustment of the newest version of `resource`, approved or not."""
    return _contents(resource).order_by("-version__number", "-number").first()


def approved_contents(resource: Resource) -> QuerySet[Any]:
    """The adjustment that counts of each approved version of `resource`, newest first."""
    approved = _contents(resource).filter(version__version_number__isnull=False, proposal_state=ProposalState.APPROVED)
    return approved.order_by("-version__version_number")


def _contents(resource: Resource) -> QuerySet[Any]:
    adjustments: QuerySet[Any] = KINDS[type(resource)].adjustment.objects.filter(version__subject=resource)
    return adjustments.select_related("version")


def content_of(adjustment: Any, *names: str) -> dict[str, Any]:
    """What history keeps of a version's content."""
    version = adjustment.version
    return {
        "version": version.number,
        "version_number": version.version_number,
        "proposal_state": str(adjustment.proposal_state),
        "comments": adjustment.comments,
        "enabled": adjustment.enabled,
    } | {name: getattr(adjustment, name) for name in names}

"""What people do to proposals of applications, rulesets and bindings: make, change, review and delete them.

Every verb locks the resource first, so that no two states are decided at a time.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.db import transaction

from catalog.actors import Actor, require
from catalog.prepared import Prepared
from catalog.services.events import record_event
from config.errors import BadInput, Conflict, FieldError, Forbidden, NotFound, RuleViolation
from releases.models import Application, Binding, ProposalState, Ruleset
from releases.services.versions import (
    KINDS,
    ProposalInput,
    Resource,
    add_adjustment,
    approve,
    check_key,
    proposals_of,
    propose,
    record_change,
    related_to,
    set_state,
    settle,
)

WORDS: dict[str, str] = {
    ProposalState.DRAFT: "proposed",
    ProposalState.REVIEWING: "submitted",
    ProposalState.APPROVED: "approved",
    ProposalState.REJECTED: "rejected",
    ProposalState.ABANDONED: "abandoned",
}


@transaction.atomic
def change_resource(
    *,
    actor: Actor,
    resource: Resource,
    key: str | None = None,
    state: ProposalInput = "draft",
    change: Mapping[str, Any] | None = None,
) -> tuple[Any, Any]:
    """Rename `resource` to `key`, and propose a new version that has `change`: its content, `comments` and `rules`.

    Returns the resource and the new content; without `change` the content that counts, or None. Raises Forbidden
    without `organization:<entity>:update`, BadInput for an id no path can hold, Conflict when it is taken,
    ValidationError. Records `<entity>.renamed`, and what became of the proposal.
    """
    require(actor, f"organization:{resource.entity}:update", resource)
    locked = _locked(resource)
    if key is not None and not isinstance(locked, Binding) and key != locked.key:
        _rename(actor, locked, key)
    locked.save(update_fields=["updated_at"])
    if change is None:
        return locked, locked.latest
    if isinstance(locked, Binding) and locked.latest is None and "mode" not in change:
        raise BadInput("A mode is needed.", fields=[FieldError("", "'version.mode' field must be set")])
    content = propose(actor=actor, resource=locked, state=state, **change)
    record_change(WORDS[content.proposal_state], locked, content, actor)
    return locked, content


@transaction.atomic
def adjust_proposal(
    *, actor: Actor, resource: Resource, number: int, state: ProposalInput = "draft", **change: Any
) -> Any:
    """Add a step to the proposal `number`: `change` (content, `comments`, `rules`) and the state asked for.

    Returns the new content. Raises Forbidden without `organization:<entity>:update`, NotFound, ValidationError, and
    RuleViolation for `final` while it is being reviewed. Records what became of the proposal.
    """
    require(actor, f"organization:{resource.entity}:update", resource)
    locked = _locked(resource)
    before = proposal_of(locked, number)
    was_reviewing = before.proposal_state == ProposalState.REVIEWING
    if state == "final" and was_reviewing:
        raise RuleViolation("Cannot finalize a proposal which is already being reviewed")
    content = add_adjustment(before.version, base=before, author=actor.label, **change)
    settle(locked, content, state)
    word = "withdrawn" if was_reviewing and state == "draft" else WORDS[content.proposal_state]
    record_change(word, locked, content, actor)
    return content


@transaction.atomic
def review_proposal(*, actor: Actor, resource: Resource, number: int, approved: bool, comments: str = "") -> Any:
    """Approve or reject the proposal `number`; returns its content.

    Raises Forbidden without `organization:<entity>:review`, and for whoever wrote the last step of it where the
    organization wants four eyes; NotFound; RuleViolation when it is not under review. Records `<entity>.approved` or
    `<entity>.rejected`.
    """
    require(actor, f"organization:{resource.entity}:review", resource)
    locked = _locked(resource)
    before = proposal_of(locked, number)
    if before.proposal_state != ProposalState.REVIEWING:
        raise RuleViolation("This proposal is not awaiting review")
    if is_author(actor, locked, before):
        raise Forbidden(f"{actor.label} proposed this; four-eyes needs somebody else to review it.")
    content = add_adjustment(before.version, base=before, author=actor.label, comments=comments)
    if approved:
        approve(locked, content)
    else:
        set_state(content, ProposalState.REJECTED)
    record_change(WORDS[content.proposal_state], locked, content, actor)
    return content


@transaction.atomic
def delete_proposal(*, actor: Actor, resource: Resource, number: int) -> None:
    """Delete the proposal `number` with its steps and rules; what was recorded about it stays.

    Raises Forbidden without `organization:<entity>:update`, and NotFound. Records `<entity>.proposal_deleted`.
    """
    require(actor, f"organization:{resource.entity}:update", resource)
    locked = _locked(resource)
    content = proposal_of(locked, number)
    record_change("proposal_deleted", locked, content, actor)
    content.version.delete()


def proposal_of(resource: Resource, number: int) -> Any:
    """The latest content of the proposal `number` of `resource`. Raises NotFound, also for an approved version."""
    content = proposals_of(type(resource)).first(version__subject=resource.pk, version__number=number)
    if content is None:
        raise NotFound(f"{KINDS[type(resource)].thing} proposal not found")
    return content


def is_author(actor: Actor, resource: Resource, content: Any) -> bool:
    """Whether `actor` wrote this content and may, where four eyes are needed, not be the one to review it."""
    return resource.organization.four_eyes and content.author.casefold() == actor.label.casefold()


def _locked(resource: Resource) -> Any:
    return _held(type(resource)).get(pk=resource.pk)


@cache
def _held(model: type[Resource]) -> Prepared[..., Any]:
    rows: Any = model._default_manager.select_for_update(of=("self",))
    return Prepared(lambda *, pk: rows.for_list().select_related("organization").filter(pk=pk))


def _rename(actor: Actor, resource: Application | Ruleset, key: str) -> None:
    check_key(key)
    others: Any = type(resource)._default_manager.filter(organization=resource.organization_id)
    if others.exclude(pk=resource.pk).with_key(key).exists():
        raise Conflict(f"An {KINDS[type(resource)].thing} with the id {key} exists.")
    before, resource.key = resource.key, key
    require(actor, f"organization:{resource.entity}:update", resource)
    resource.save(update_fields=["key", "updated_at"])
    data = {"before": {"id": before}, "after": {"id": key}}
    record_event(f"{resource.entity}.renamed", subject=resource, actor=actor, related=related_to(resource), data=data)

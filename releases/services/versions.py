"""The reviewable pattern: applications, rulesets and bindings change by versions, which are proposals until approved.

A proposal changes by adjustments, which are only added. What people do to proposals is in `proposals`.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from django.db.models import Max, Model, QuerySet
from django.utils import timezone

from catalog.actors import Actor, system_actor
from catalog.prepared import Prepared, those
from catalog.services.events import record_event
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
    Rule,
    Ruleset,
    RulesetAdjustment,
    RulesetVersion,
)
from releases.services.rules import copy_rules, rule_said, same_rules, write_rules

ProposalInput = Literal["draft", "final", "abandon"]
Resource = Application | Ruleset | Binding
KEY_LENGTH = 255


@dataclass(frozen=True)
class Kind:
    """The tables behind one kind of resource; `sequence` numbers its versions on the wire, `fields` are its content."""

    version: type[Any]
    adjustment: type[Any]
    sequence: str
    thing: str
    fields: tuple[str, ...]


KINDS: dict[type[Resource], Kind] = {
    Application: Kind(
        ApplicationVersion, ApplicationAdjustment, "application_version", "application", ("display_name", "enabled")
    ),
    Ruleset: Kind(
        RulesetVersion,
        RulesetAdjustment,
        "ruleset_version",
        "approval ruleset",
        ("display_name", "description", "enabled"),
    ),
    Binding: Kind(
        BindingVersion,
        BindingAdjustment,
        "binding_version",
        "application approval ruleset binding",
        ("mode", "enabled"),
    ),
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
    rules: Iterable[Mapping[str, Any]] | None = None,
    **content: Any,
) -> Any:
    """Start a version of `resource` from its latest approved content, with `content` changed. Returns the adjustment.

    Call it in the transaction of the service. `rules` replace those of a ruleset; None copies them. Raises
    ValidationError for content the model refuses.
    """
    kind = KINDS[type(resource)]
    version = kind.version(
        organization_id=resource.organization_id,
        subject=resource,
        number=next_number(resource.organization_id, kind.sequence),
    )
    version.save()
    adjustment = add_adjustment(
        version, base=resource.latest, author=actor.label, comments=comments, rules=rules, **content
    )
    settle(resource, adjustment, state)
    return adjustment


def add_adjustment(
    version: Any,
    *,
    base: Any,
    author: str,
    comments: str = "",
    rules: Iterable[Mapping[str, Any]] | None = None,
    **content: Any,
) -> Any:
    """The next step of a proposal, a draft: the content (and rules) of `base` with `content` changed.

    Raises ValidationError for content the model refuses.
    """
    resource: type[Resource] = type(version.subject)
    kind = KINDS[resource]
    kept = {name: getattr(base, name) for name in kind.fields} if base is not None else {}
    last = _last(resource, "adjustment", "number", "version").first(of=version.pk)
    adjustment = kind.adjustment(
        organization_id=version.organization_id,
        version=version,
        number=(last or 0) + 1,
        comments=comments,
        author=author,
        **kept | content,
    )
    adjustment.put()
    if isinstance(adjustment, RulesetAdjustment):
        known: list[Rule] = list(base.rules.all()) if base is not None else []
        if rules is None:
            copy_rules(adjustment, known)
        else:
            write_rules(adjustment, rules, known)
    return adjustment


def settle(resource: Resource, adjustment: Any, state: ProposalInput) -> None:
    """Give a draft just added the state its author asks for: `final` is approved, or reviewed first where need be."""
    if state == "abandon":
        set_state(adjustment, ProposalState.ABANDONED)
    elif state == "final" and needs_review(resource, adjustment):
        set_state(adjustment, ProposalState.REVIEWING)
    elif state == "final":
        approve(resource, adjustment)


def set_state(adjustment: Any, state: ProposalState) -> None:
    """The state of an adjustment that this transaction has added."""
    adjustment.proposal_state = state
    adjustment.save(update_fields=["proposal_state", "updated_at"])


def needs_review(resource: Resource, adjustment: Any) -> bool:
    """Whether somebody must look at `adjustment` before it counts: never without the organization's review policy.

    An application never; a ruleset that is bound when its rules or its being enabled change; a binding when its mode
    or being enabled change, and a new one when it enforces.
    """
    if not resource.organization.review_policy or isinstance(resource, Application):
        return False
    latest: Any = resource.latest
    if isinstance(resource, Binding):
        if latest is None:
            return bool(adjustment.mode == BindingAdjustment.Mode.ENFORCING)
        return bool(latest.mode != adjustment.mode or latest.enabled != adjustment.enabled)
    if latest is None or not resource.bindings.filter(latest__isnull=False).exists():
        return False
    return latest.enabled != adjustment.enabled or not same_rules(latest.rules.all(), adjustment.rules.all())


def approve(resource: Resource, adjustment: Any) -> None:
    """Give the version of `adjustment` the next number of its resource, and make it the one that counts.

    The resource's row is locked, so that numbers have no gaps and no doubles. Other proposals under review were made
    against an older content: they become drafts. Records `<entity>.withdrawn` for each of them.
    """
    those(type(resource)._default_manager.select_for_update).get(pk=resource.pk)
    set_state(adjustment, ProposalState.APPROVED)
    version = adjustment.version
    last = _last(type(resource), "version", "version_number", "subject").first(of=resource.pk)
    version.version_number = (last or 0) + 1
    version.approved_at = timezone.now()
    version.save(update_fields=["version_number", "approved_at", "updated_at"])
    resource.latest = adjustment
    resource.save(update_fields=["latest"])  # `updated_at` is of changes of the resource itself
    system = system_actor(resource.organization)
    proposed = proposals_of(type(resource))(version__subject=resource.pk)
    for other in [each for each in proposed if each.proposal_state == ProposalState.REVIEWING]:
        reason = f"Version {version.version_number} was approved meanwhile."
        content = add_adjustment(other.version, base=other, author=system.label, comments=reason)
        record_change("withdrawn", resource, content, system)


@cache
def _last(model: type[Resource], table: str, column: str, holder: str) -> Prepared[..., int | None]:
    """The highest number in a column among rows of the same holder; None where there is none."""

    def highest(*, of: int) -> QuerySet[Any, int | None]:
        rows = getattr(KINDS[model], table).objects.filter(**{holder: of}).order_by().values(holder)
        return rows.annotate(last=Max(column)).values_list("last", flat=True)

    return Prepared(highest)


def latest_content(resource: Resource) -> Any:
    """The latest adjustment of the newest version of `resource`, approved or not."""
    return _contents(resource).order_by("-version__number", "-number").first()


def approved_contents(resource: Resource) -> QuerySet[Any]:
    """The adjustment that counts of each approved version of `resource`, newest first."""
    approved = _contents(resource).filter(version__version_number__isnull=False, proposal_state=ProposalState.APPROVED)
    return approved.order_by("-version__version_number")


def proposal_contents(resource: Resource) -> QuerySet[Any]:
    """The latest adjustment of each proposal of `resource`, by the proposal's id."""
    return _proposed(type(resource)).filter(version__subject=resource)


@cache
def proposals_of(model: type[Resource]) -> Prepared[..., Any]:
    """What `proposal_contents` gives of all resources of one kind, to be asked for by values."""
    return Prepared(lambda **values: _proposed(model).filter(**values))


def _proposed(model: type[Resource]) -> QuerySet[Any]:
    proposed = KINDS[model].adjustment.objects.filter(version__version_number=None)
    ordered = proposed.order_by("version__number", "-number").distinct("version__number")
    return ordered.select_related("version__subject")


def _contents(resource: Resource) -> QuerySet[Any]:
    adjustments: QuerySet[Any] = KINDS[type(resource)].adjustment.objects.filter(version__subject=resource)
    return adjustments.select_related("version__subject")


def record_change(word: str, resource: Resource, adjustment: Any, actor: Actor) -> None:
    """Write `<entity>.<word>` into the history of a resource and of all it is about, with the content."""
    record_event(
        f"{resource.entity}.{word}",
        subject=resource,
        actor=actor,
        related=related_to(resource),
        data=content_of(adjustment),
    )


def related_to(resource: Resource) -> list[Model]:
    """What else's timeline shows what happens to a resource."""
    if isinstance(resource, Binding):
        return [resource.application, resource.application.component, resource.ruleset]
    return [resource.component] if isinstance(resource, Application) else []


def content_of(adjustment: Any) -> dict[str, Any]:
    """What history keeps of a version's content."""
    version = adjustment.version
    said = {
        "version": version.number,
        "version_number": version.version_number,
        "proposal_state": str(adjustment.proposal_state),
        "comments": adjustment.comments,
    }
    said |= {name: getattr(adjustment, name) for name in KINDS[type(version.subject)].fields}
    if isinstance(version.subject, Binding):
        said |= {"application": version.subject.application.key, "ruleset": version.subject.ruleset.key}
    if isinstance(adjustment, RulesetAdjustment):
        said["rules"] = [rule_said(rule) for rule in adjustment.rules.order_by("pk")]
    return said

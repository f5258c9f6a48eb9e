"""The only writers of rulesets and their rules."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db import transaction

from catalog.actors import Actor, require
from catalog.services.events import record_event
from catalog.services.numbers import next_number
from config.errors import BadInput, Conflict, FieldError
from releases.models import Rule, Ruleset, RulesetAdjustment
from releases.services import schedule
from releases.services.versions import ProposalInput, check_key, content_of, propose

FIELDS: dict[str, tuple[str, ...]] = {
    Rule.Type.SCHEDULE: schedule.PARTS,
    Rule.Type.MANUAL: ("approval_policy", "minimum"),
}


@transaction.atomic
def create_ruleset(
    *,
    actor: Actor,
    key: str,
    display_name: str = "",
    description: str = "",
    enabled: bool = True,
    rules: Sequence[Mapping[str, Any]] = (),
    proposal_state: ProposalInput = "final",
    comments: str = "",
) -> Ruleset:
    """Make a ruleset. Each of `rules` has `type`, optionally `enabled`, and the FIELDS of its type.

    Raises Forbidden without `organization:ruleset:create`, BadInput for an id no path can hold or a rule that can't
    be evaluated, Conflict when the id is taken (in any letter case). Records `ruleset.created`.
    """
    check_key(key)
    check_rules(rules)
    ruleset = Ruleset(organization=actor.organization, key=key)
    require(actor, "organization:ruleset:create", ruleset)
    if Ruleset.objects.filter(organization=actor.organization).with_key(key).exists():
        raise Conflict(f"An approval ruleset with the id {key} exists.")
    ruleset.full_clean(validate_constraints=False)
    ruleset.save()
    content = propose(
        actor=actor,
        resource=ruleset,
        state=proposal_state,
        comments=comments,
        fill=partial(write_rules, rules=rules),
        display_name=display_name,
        description=description,
        enabled=enabled,
    )
    said = content_of(content, "display_name", "description") | {"rules": [dict(rule) for rule in rules]}
    record_event("ruleset.created", subject=ruleset, actor=actor, data=said)
    return ruleset


def write_rules(adjustment: RulesetAdjustment, *, rules: Sequence[Mapping[str, Any]]) -> None:
    """Write `rules` as new rule objects of one content of a ruleset. Raises ValidationError for what can't be kept."""
    for given in rules:
        _write_rule(adjustment, given)


def check_rules(rules: Sequence[Mapping[str, Any]]) -> None:
    """Raise BadInput naming every part of every rule that could not be evaluated."""
    refused = [
        FieldError(f"approval_rules[{position}].{name}", fault)
        for position, rule in enumerate(rules)
        for name, fault in rule_faults(rule).items()
    ]
    if refused:
        raise BadInput(f"{len(refused)} parts of rules can't be evaluated.", fields=refused)


def rule_faults(rule: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the content of one rule, by field."""
    if rule["type"] == Rule.Type.SCHEDULE:
        return schedule.faults(rule)
    if rule["type"] != Rule.Type.MANUAL:
        return {"type": f"must be one of {', '.join(FIELDS)}"}
    policy, minimum = rule.get("approval_policy"), rule.get("minimum")
    if policy not in Rule.Policy.values:
        return {"approval_policy": f"must be one of {', '.join(Rule.Policy.values)}"}
    if policy == Rule.Policy.MINIMUM and (minimum is None or minimum < 1):
        return {"minimum": "must be at least 1 when approval_policy is minimum"}
    if policy != Rule.Policy.MINIMUM and minimum is not None:
        return {"minimum": "must be set only when approval_policy is minimum"}
    return {}


def _write_rule(adjustment: RulesetAdjustment, given: Mapping[str, Any]) -> None:
    kind = given["type"]
    content = {name: given.get(name) for name in FIELDS[kind]}
    if kind == Rule.Type.SCHEDULE:
        content = dict(schedule.normal(given))
    rule = Rule(
        organization_id=adjustment.organization_id,
        adjustment=adjustment,
        type=kind,
        number=next_number(adjustment.organization_id, f"rule:{kind}"),
        enabled=given.get("enabled", True),
        **content,
    )
    rule.full_clean()
    rule.save()

"""Making rulesets; `proposals` changes them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from catalog.actors import Actor, require
from config.errors import Conflict
from releases.models import Ruleset
from releases.services.rules import check_rules
from releases.services.versions import ProposalInput, check_key, propose, record_change


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
    """Make a ruleset with `rules`, see `rules.write_rules`.

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
        rules=rules,
        display_name=display_name,
        description=description,
        enabled=enabled,
    )
    record_change("created", ruleset, content, actor)
    return ruleset

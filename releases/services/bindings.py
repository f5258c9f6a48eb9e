"""Making bindings; `proposals` changes them."""

from django.db import transaction

from catalog.actors import Actor, require
from config.errors import Conflict
from releases.models import Application, Binding, BindingAdjustment, Ruleset
from releases.services.versions import ProposalInput, propose, record_change


@transaction.atomic
def create_binding(
    *,
    actor: Actor,
    application: Application,
    ruleset: Ruleset,
    mode: str = BindingAdjustment.Mode.ENFORCING,
    enabled: bool = True,
    proposal_state: ProposalInput = "final",
    comments: str = "",
) -> Binding:
    """Let the releases of `application` made from now on pass `ruleset`, with what `mode` makes of a failed rule.

    Raises Forbidden without `organization:binding:create` on the application, ValidationError for an unknown mode or
    another organization's ruleset, Conflict when the two are bound already. Records `binding.created`.
    """
    binding = Binding(organization=application.organization, application=application, ruleset=ruleset)
    require(actor, "organization:binding:create", binding)
    if Binding.objects.filter(application=application, ruleset=ruleset).exists():
        raise Conflict(f"The approval ruleset {ruleset.key} is bound to {application.key} already.")
    binding.full_clean(validate_constraints=False)  # the database sees to pairs made at once
    binding.save()
    content = propose(
        actor=actor, resource=binding, state=proposal_state, comments=comments, mode=mode, enabled=enabled
    )
    record_change("created", binding, content, actor)
    return binding

"""What tests of releases begin with: applications bound to rules, and the wire's view of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from catalog.actors import Actor
from releases.models import Application, Release, ReleaseEvent, Ruleset
from releases.services.applications import create_application
from releases.services.bindings import create_binding
from releases.services.rulesets import create_ruleset

MATCHING: Mapping[str, Any] = {"type": "schedule"}
MISSING: Mapping[str, Any] = {"type": "schedule", "begin_time": "1:00", "end_time": "0:59"}
MANUAL: Mapping[str, Any] = {"type": "manual", "approval_policy": "any"}


def bind(
    actor: Actor,
    application: Application,
    *rules: Mapping[str, Any],
    mode: str = "enforcing",
    key: str = "rules",
) -> Ruleset:
    """Bind a new ruleset with `rules` to the application."""
    ruleset = create_ruleset(actor=actor, key=key, rules=rules)
    create_binding(actor=actor, application=application, ruleset=ruleset, mode=mode)
    return ruleset


def make_application(
    actor: Actor, *rules: Mapping[str, Any], mode: str = "enforcing", key: str = "checkout"
) -> Application:
    """An application whose releases have to pass `rules`."""
    application = create_application(actor=actor, key=key)
    if rules:
        bind(actor, application, *rules, mode=mode)
    return application


def events_of(release: Release) -> Sequence[tuple[str, bool]]:
    """The result of each rule of a release: the state after it, and whether its failure was ignored."""
    rows = release.events.filter(type=ReleaseEvent.Type.RULE_PROCESSED).order_by("pk")
    return list(rows.values_list("result_state", "ignored_error"))

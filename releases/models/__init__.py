from releases.models.application import Application, ApplicationAdjustment, ApplicationVersion
from releases.models.approval import ApprovalRequest, Decision
from releases.models.gate import DeploymentPolicy, GateDecision
from releases.models.release import Outcome, Release, ReleaseBinding, ReleaseEvent, ReleaseJob
from releases.models.ruleset import (
    Binding,
    BindingAdjustment,
    BindingVersion,
    Rule,
    Ruleset,
    RulesetAdjustment,
    RulesetVersion,
)
from releases.models.versioned import ProposalState

__all__ = [
    "Application",
    "ApplicationAdjustment",
    "ApplicationVersion",
    "ApprovalRequest",
    "Binding",
    "BindingAdjustment",
    "BindingVersion",
    "Decision",
    "DeploymentPolicy",
    "GateDecision",
    "Outcome",
    "ProposalState",
    "Release",
    "ReleaseBinding",
    "ReleaseEvent",
    "ReleaseJob",
    "Rule",
    "Ruleset",
    "RulesetAdjustment",
    "RulesetVersion",
]

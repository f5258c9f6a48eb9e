"""Sqedule's request bodies."""

from typing import Any

from rest_framework import serializers

from config.api.errors import drf_fields, refused_fields
from config.api.serializers import Flag, Objects, Text, Whole, WireSerializer
from config.errors import BadInput, FieldError
from releases.models import Rule
from releases.models.ruleset import BindingAdjustment
from releases.services.rulesets import rule_faults
from releases.services.versions import key_fault

MISSING = str(serializers.Field.default_error_messages["required"])
MOST_RULES = 200


class SqeduleInput(WireSerializer):
    """A body whose faults are said as Sqedule says them."""

    @classmethod
    def read(cls, data: Any, **options: Any) -> dict[str, Any]:
        """Validate `data` and return the values by `source` name. Raises BadInput naming all faults."""
        try:
            return super().read(data, **options)
        except serializers.ValidationError as refused:
            raise refused_fields([_in_words(fault) for fault in drf_fields(refused.detail)]) from refused


def _in_words(fault: FieldError) -> FieldError:
    return FieldError("", f"'{fault.path}' field must be set") if fault.message == MISSING else fault


class Key(Text):
    """The id a client chose for a resource."""

    def __init__(self, **options: Any):
        super().__init__(allow_blank=True, **options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Refuse what no path can hold."""
        value = super().run_validation(data)
        fault = key_fault(value)
        if fault:
            raise serializers.ValidationError(fault)
        return value


class ProposalStateWord(serializers.Field):
    """What becomes of a new version: `draft` or `final`."""

    def to_internal_value(self, data: Any) -> str:
        if data == "abandon":
            raise BadInput("version.proposal_state must be either draft or final ('abandon' given)")
        if data not in ("draft", "final"):
            raise BadInput("Unknown proposal state input")
        return str(data)


class Mode(serializers.Field):
    """What a failed rule does."""

    def to_internal_value(self, data: Any) -> str:
        if data not in list(BindingAdjustment.Mode.values):
            raise BadInput("Unknown approval ruleset binding mode")
        return str(data)


class VersionInput(SqeduleInput):
    proposal_state = ProposalStateWord(default="draft")
    comments = Text(required=False, allow_blank=True)
    enabled = Flag(required=False)


class ApplicationVersionInput(VersionInput):
    display_name = Text(max_length=255, required=False, allow_blank=True)


class ApplicationInput(SqeduleInput):
    id = Key(source="key")
    version = ApplicationVersionInput()


class RuleInput(SqeduleInput):
    enabled = Flag(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a rule that could not be evaluated."""
        rule = attrs | {"type": self.type}  # type: ignore[attr-defined]
        faults = rule_faults(rule)
        if faults:
            raise serializers.ValidationError(faults)
        return rule


class ScheduleRuleInput(RuleInput):
    type = Rule.Type.SCHEDULE
    begin_time = Text(max_length=16, required=False, allow_blank=True)
    end_time = Text(max_length=16, required=False, allow_blank=True)
    days_of_week = Text(max_length=255, required=False, allow_blank=True)
    days_of_month = Text(max_length=255, required=False, allow_blank=True)
    months_of_year = Text(max_length=255, required=False, allow_blank=True)


class ManualRuleInput(RuleInput):
    type = Rule.Type.MANUAL
    approval_policy = Text()
    minimum = Whole(least=1, most=2**31 - 1, required=False)


class AnyRule(serializers.Field):
    """One approval rule of any type; keys of other types, and the ids a client read before, are ignored."""

    kinds: dict[Any, type[RuleInput]] = {each.type: each for each in (ScheduleRuleInput, ManualRuleInput)}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("must be an object")
        kind = data.get("type")
        if kind is None:
            raise BadInput("Unspecified approval rule type")
        if not isinstance(kind, str) or kind not in self.kinds:
            why = "is not supported yet" if kind == "http_api" else "is unknown"
            raise BadInput(f"Approval rule type {kind!r} {why}")
        return dict(self.kinds[kind]().run_validation(data))


class RulesetVersionInput(VersionInput):
    display_name = Text(max_length=255, required=False, allow_blank=True)
    description = Text(required=False, allow_blank=True)
    approval_rules = serializers.ListField(child=AnyRule(), source="rules", required=False, max_length=MOST_RULES)


class RulesetInput(SqeduleInput):
    id = Key(source="key")
    version = RulesetVersionInput()


class BindingVersionInput(VersionInput):
    mode = Mode()


class BindingInput(SqeduleInput):
    version = BindingVersionInput()


class ReleaseInput(SqeduleInput):
    source_identity = Text(max_length=2048, required=False, allow_blank=True)
    metadata = Objects(required=False)
    comments = Text(required=False, allow_blank=True)

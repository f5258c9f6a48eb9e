"""Sqedule's request bodies."""

from typing import Any

from rest_framework import serializers

from config.api.errors import drf_fields, refused_fields
from config.api.serializers import Flag, Name, Objects, Text, Whole, WireSerializer
from config.errors import BadInput, FieldError
from releases.models import Rule
from releases.models.ruleset import BindingAdjustment
from releases.services.rules import MOST_RETRIES, rule_faults
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
    """What becomes of a version: `draft`, `final` or `abandon`."""

    def to_internal_value(self, data: Any) -> str:
        if data not in ("draft", "final", "abandon"):
            raise BadInput("Unknown proposal state input")
        return str(data)


class FirstStateWord(serializers.Field):
    """What becomes of the first version: `draft` or `final`."""

    def to_internal_value(self, data: Any) -> str:
        if data == "abandon":
            raise BadInput("version.proposal_state must be either draft or final ('abandon' given)")
        return ProposalStateWord().to_internal_value(data)


class Mode(serializers.Field):
    """What a failed rule does."""

    def to_internal_value(self, data: Any) -> str:
        if data not in list(BindingAdjustment.Mode.values):
            raise BadInput("Unknown approval ruleset binding mode")
        return str(data)


class VersionInput(SqeduleInput):
    proposal_state: serializers.Field = ProposalStateWord(default="draft")
    comments = Text(required=False, allow_blank=True)
    enabled = Flag(required=False)


class ApplicationVersionInput(VersionInput):
    display_name = Text(max_length=255, required=False, allow_blank=True)


class FirstApplicationVersion(ApplicationVersionInput):
    proposal_state = FirstStateWord(default="draft")


class ApplicationInput(SqeduleInput):
    id = Key(source="key")
    version = FirstApplicationVersion()


class ApplicationChange(SqeduleInput):
    id = Key(source="key", required=False)
    version = ApplicationVersionInput(required=False)


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
    time_zone = Text(max_length=64, required=False, allow_blank=True)


class ManualRuleInput(RuleInput):
    type = Rule.Type.MANUAL
    approval_policy = Text()
    minimum = Whole(least=1, most=2**31 - 1, required=False)


class HttpRuleInput(RuleInput):
    type = Rule.Type.HTTP_API
    url = Text(max_length=2048)
    username = Text(max_length=255, required=False, allow_blank=True)
    password = Text(max_length=1024, required=False, allow_blank=True)
    tls_ca_certificate = Text(max_length=65536, required=False, allow_blank=True)
    retry_policy = Text()
    retry_limit = Whole(least=1, most=MOST_RETRIES, required=False)


class AnyRule(serializers.Field):
    """One approval rule of any type; keys of other types are ignored. The id that a client read before says only whose
    password an http_api rule keeps."""

    kinds: dict[Any, type[RuleInput]] = {
        each.type: each for each in (HttpRuleInput, ScheduleRuleInput, ManualRuleInput)
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("must be an object")
        kind = data.get("type")
        if kind is None:
            raise BadInput("Unspecified approval rule type")
        if not isinstance(kind, str) or kind not in self.kinds:
            raise BadInput(f"Approval rule type {repr(kind)[:40]} is unknown")
        return dict(self.kinds[kind]().run_validation(data)) | {"id": data.get("id")}


class RulesetVersionInput(VersionInput):
    display_name = Text(max_length=255, required=False, allow_blank=True)
    description = Text(required=False, allow_blank=True)
    approval_rules = serializers.ListField(child=AnyRule(), source="rules", required=False, max_length=MOST_RULES)


class FirstRulesetVersion(RulesetVersionInput):
    proposal_state = FirstStateWord(default="draft")


class RulesetInput(SqeduleInput):
    id = Key(source="key")
    version = FirstRulesetVersion()


class RulesetChange(SqeduleInput):
    id = Key(source="key", required=False)
    version = RulesetVersionInput(required=False)


class BindingVersionInput(VersionInput):
    mode = Mode(required=False)


class FirstBindingVersion(BindingVersionInput):
    proposal_state = FirstStateWord(default="draft")
    mode = Mode()


class BindingInput(SqeduleInput):
    version = FirstBindingVersion()


class BindingChange(SqeduleInput):
    version = BindingVersionInput(required=False)


class ReviewInput(SqeduleInput):
    state = serializers.CharField()
    comments = Text(required=False, allow_blank=True)

    def to_internal_value(self, data: Any) -> Any:
        """Ask for one of two words; their absence is no rejection."""
        state = data.get("state") if isinstance(data, dict) else None
        if isinstance(data, dict) and state not in ("approved", "rejected"):
            raise BadInput("Invalid review state input")
        return super().to_internal_value(data)


class LoginInput(SqeduleInput):
    organization_id = Text(max_length=255, required=False, allow_blank=True)
    email = Text(max_length=255, required=False, allow_blank=True)
    service_account_name = Text(max_length=255, required=False, allow_blank=True)
    password = Text(max_length=1024, required=False, allow_blank=True)


class OrganizationInput(SqeduleInput):
    id = Text(max_length=64, required=False, allow_blank=True)
    display_name = Name(max_length=255, required=False, source="name")


class VoteWord(serializers.Field):
    """What somebody says to a manual rule: `approve` or `reject`."""

    def to_internal_value(self, data: Any) -> str:
        if data not in ("approve", "reject"):
            raise serializers.ValidationError("must be approve or reject")
        return str(data)


class VoteInput(SqeduleInput):
    rule_id = Whole(least=1, most=2**63 - 1)
    decision = VoteWord()
    comments = Text(required=False, allow_blank=True)


class ReleaseInput(SqeduleInput):
    source_identity = Text(max_length=2048, required=False, allow_blank=True)
    metadata = Objects(required=False)
    comments = Text(required=False, allow_blank=True)

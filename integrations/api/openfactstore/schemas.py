"""What OpenFactstore's clients send about notification rules (contract 21)."""

import json
from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from catalog.api.openfactstore.schemas import Schema, Uid
from config.api.serializers import Flag, Name, Text, Token
from integrations.api.openfactstore.mapping import CHANNELS, SEVERITIES, TRIGGERS
from integrations.services.rule_config import LONGEST


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


class JsonText(Text):
    """A JSON object, written as text; empty text is an empty object."""

    def run_validation(self, data: Any = empty) -> Any:
        """Empty text is an empty object, which a text field would hand on as it is."""
        value = super().run_validation(data)
        return {} if value == "" else value

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            value = json.loads(text, parse_constant=_refuse) if text.strip() else {}
            json.dumps(
                value, ensure_ascii=False
            ).encode()  # half of a character can be written in JSON, and nowhere else
        except (ValueError, RecursionError) as error:
            raise serializers.ValidationError("is not JSON") from error
        if not isinstance(value, dict):
            raise serializers.ValidationError("must be a JSON object")
        return value


class RuleSchema(Schema):
    """A rule to make."""

    blank_is_absent = ("filterFlowId", "filterEnvironmentId")

    name = Name(max_length=255)
    triggerEvent = Token(TRIGGERS, source="trigger")
    channelType = Token(CHANNELS, source="channel")
    channelConfig = JsonText(max_length=LONGEST, allow_blank=True, source="config", required=False)
    filterFlowId = Uid(source="flow", required=False)
    filterEnvironmentId = Uid(source="environment", required=False)
    leastSeverity = Token(SEVERITIES, source="least_severity", required=False)
    isActive = Flag(source="is_active", required=False)


class RuleChangeSchema(RuleSchema):
    """A rule as far as it changes; clearing a filter wins over its value."""

    clearFilterFlowId = Flag(required=False)
    clearFilterEnvironmentId = Flag(required=False)

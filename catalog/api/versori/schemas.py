"""What Versori's clients send about projects: their words and limits."""

import re
from typing import Any

from rest_framework import serializers

from config.api.serializers import Flag, Name, Objects, Text, Whole, WireSerializer

_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,254}")
INT64 = 2**63 - 1
MOST_LABELS = 200


class Labels(Objects):
    """A map of strings; keys begin with a letter and go on in letters, digits and `_`."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        labels = super().to_internal_value(data)
        if len(labels) > MOST_LABELS or not all(_LABEL.fullmatch(key) for key in labels):
            raise serializers.ValidationError("keys must begin with a letter and go on in letters, digits and _")
        if not all(isinstance(value, str) and len(value) <= 4096 for value in labels.values()):
            raise serializers.ValidationError("values must be strings of at most 4,096 letters")
        return labels


class File(WireSerializer):
    filename = Name()
    content = Text(allow_blank=True)


class Files(WireSerializer):
    files = File(many=True)
    labels = Labels(required=False)


class Settings(WireSerializer):
    acceptCodeChangesAutomatically = Flag(required=False)
    testingMockWithAI = Flag(required=False)
    planningChatVersion = Text(required=False, allow_blank=True, max_length=255)
    chatStoredInDB = Flag(required=False)
    defaultEnvironment = Text(required=False, allow_blank=True, max_length=255)


class SentimentSent(WireSerializer):
    sentimentScore = Whole(least=-INT64, most=INT64)
    messageId = Text(max_length=255)


class Sentiment(SentimentSent):
    timestamp = Text(max_length=64)


class Metadata(WireSerializer):
    sentimentHistory = serializers.ListField(child=Sentiment(), required=False, max_length=1000)


class ProjectCreate(WireSerializer):
    name = Name(max_length=255)
    executionPool = Text(required=False, allow_blank=True, default="", source="execution_pool")


class ProjectUpdate(WireSerializer):
    name = Name(max_length=255, required=False)
    settings = Settings(required=False)
    metadata = Metadata(required=False)


class SchemaPatch(WireSerializer):
    op = serializers.ChoiceField(["add", "remove", "replace"])
    path = Text(max_length=2048)
    value = Objects(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["op"] != "remove" and "value" not in attrs:
            raise serializers.ValidationError({"value": ["is needed to add or replace"]})
        return attrs


class VersionCreate(Files):
    name = Name(max_length=255)
    description = Text(required=False, allow_blank=True, default="", max_length=10_000)


class Deploy(WireSerializer):
    files = File(many=True, required=False)
    labels = Labels(required=False)
    versionName = Text(required=False, allow_blank=True, default="", max_length=255, source="name")
    versionDescription = Text(required=False, allow_blank=True, default="", max_length=10_000, source="description")
    environment = Text(required=False, allow_blank=True, default="")


class EnvironmentClone(WireSerializer):
    oldEnvName = Name(max_length=255)
    newEnvName = Name(max_length=255)
    executionPool = Text(required=False, allow_blank=True, default="")
    cloneSystems = Flag(required=False, default=False)
    copyStaticUserVariables = Flag(required=False, default=False)


class EnvironmentSync(WireSerializer):
    sourceEnvName = Name(max_length=255)
    targetEnvName = Name(max_length=255)


class PoolChange(WireSerializer):
    executionPool = Name(max_length=64)

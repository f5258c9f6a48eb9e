"""What OpenFactstore's clients send about people, machines and their keys (contract 16), and what all bodies share."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from rest_framework import serializers

from catalog.api.openfactstore.mapping import OWNERS, ROLES
from config.api.serializers import Name, Text, Token, Whole, WireSerializer


class Uid(Text):
    """A UUID."""

    def to_internal_value(self, data: Any) -> UUID:  # type: ignore[override]
        text = super().to_internal_value(data)
        if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
            raise serializers.ValidationError("must be a UUID")
        return UUID(text)


class Moment(serializers.DateTimeField):
    """A moment with its offset (UTC without one) that every calendar can hold."""

    def to_internal_value(self, value: Any) -> datetime:
        moment = super().to_internal_value(value)
        try:
            return moment.astimezone(UTC)
        except OverflowError as error:
            raise serializers.ValidationError("is out of range") from error


class Schema(WireSerializer):
    """A request body in which an empty id is an absent one (contract 28)."""

    blank_is_absent: tuple[str, ...] = ("orgSlug", "flowId", "trailId", "componentId")

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            data = {key: value for key, value in data.items() if value != "" or key not in self.blank_is_absent}
        return super().to_internal_value(data)


class UserChangeSchema(Schema):
    """A person as far as they change."""

    name = Name(max_length=255)
    githubId = Name(max_length=255, source="github_id", required=False)

    blank_is_absent = ("githubId",)


class UserSchema(UserChangeSchema):
    """A person to make an account for."""

    email = serializers.EmailField(max_length=255)


class ServiceAccountSchema(Schema):
    """A machine to make or, partially, to change; `role` and `orgSlug` are ours."""

    name = Name(max_length=255)
    description = Text(max_length=10_000, allow_blank=True, required=False)
    role = Token(ROLES, required=False)
    orgSlug = Text(max_length=255, source="organization", required=False)


class KeySchema(Schema):
    """A key to issue."""

    aliases = {"name": "label"}

    label = Name(max_length=255)  # type: ignore[assignment]  # DRF takes it off the class
    ttlDays = Whole(least=1, most=36_500, source="ttl_days", required=False)


class OwnedKeySchema(KeySchema):
    """A key to issue for whoever is named."""

    ownerId = Uid(source="owner")
    ownerType = Token(OWNERS, source="kind")

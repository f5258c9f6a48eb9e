"""What Versori's clients send about keys and values."""

import json
from datetime import datetime, timedelta
from typing import Any

from rest_framework import serializers

from config.api.serializers import Flag, Name, Objects, Text, Whole, WireSerializer
from integrations.services.kv import Wish

LONGEST_LIFE = timedelta(days=36500)
MOST_KEYS = 1000


class KeyField(serializers.ListField):
    """A key: its segments; the service says how many and how long."""

    def __init__(self, **options: Any):
        super().__init__(child=Text(allow_blank=True), max_length=MOST_KEYS, **options)


class Milliseconds(serializers.Field):
    """A positive JSON number of milliseconds."""

    def to_internal_value(self, data: Any) -> timedelta:
        if isinstance(data, bool) or not isinstance(data, int | float) or not data > 0:
            raise serializers.ValidationError("must be a number above 0")
        if data > LONGEST_LIFE / timedelta(milliseconds=1):
            raise serializers.ValidationError("must be at most a hundred years")
        return timedelta(milliseconds=data)


class StoreCreate(WireSerializer):
    name = Name(max_length=255)


class SetOptions(WireSerializer):
    expireIn = Milliseconds(required=False)
    expireAt = serializers.DateTimeField(required=False)
    refreshOnAccess = Flag(required=False, default=False)
    ifVersionstamp = Text(required=False, allow_blank=True, max_length=64)
    ifNotExists = Flag(required=False, default=False)
    overwrite = Flag(required=False, default=True)
    metadata = Objects(required=False)


class Valued(WireSerializer):
    """A value with its options; `null` is a value."""

    options = SetOptions(required=False)

    def to_internal_value(self, data: Any) -> Any:
        faults: Any = {}
        said: dict[str, Any] = {}
        try:
            said = super().to_internal_value(data)
        except serializers.ValidationError as error:
            faults = error.detail
        if isinstance(data, dict) and "value" not in data:
            faults = {"value": ["is missing"], **faults}
        if faults:
            raise serializers.ValidationError(faults)
        return said | {"value": json.dumps(data["value"], ensure_ascii=False)}


class BatchEntry(Valued):
    key = KeyField()


class BatchSet(WireSerializer):
    entries = serializers.ListField(child=BatchEntry(), max_length=MOST_KEYS)


class BatchGet(WireSerializer):
    keys = serializers.ListField(child=KeyField(), max_length=MOST_KEYS)


class DeleteOptions(WireSerializer):
    ifVersionstamp = Text(required=False, allow_blank=True, max_length=64, source="expected")
    cascade = Flag(required=False, default=False)


class Delete(WireSerializer):
    options = DeleteOptions(required=False)


class BatchDelete(BatchGet):
    options = DeleteOptions(required=False)


class Filter(WireSerializer):
    createdAfter = serializers.DateTimeField(required=False)
    createdBefore = serializers.DateTimeField(required=False)
    metadata = Objects(required=False)


class Selector(WireSerializer):
    prefix = KeyField(required=False)
    after = Text(required=False, allow_blank=True)
    before = Text(required=False, allow_blank=True)
    filter = Filter(required=False)


class ListOptions(WireSerializer):
    limit = Whole(least=0, most=100, required=False, default=100)
    reverse = Flag(required=False, default=False)


class ListAsked(WireSerializer):
    selector = Selector(required=False)
    options = ListOptions(required=False)


class CountAsked(WireSerializer):
    selector = Selector(required=False)


def to_wish(said: dict[str, Any], key: list[str], at: datetime) -> Wish:
    """What a client wants written at `at`; a lifetime wins over a moment."""
    options = said.get("options", {})
    lifetime = options.get("expireIn")
    if lifetime is None and "expireAt" in options:
        lifetime = options["expireAt"] - at
    return Wish(
        key=key,
        value=said["value"],
        metadata=options.get("metadata", {}),
        lifetime=lifetime,
        is_refreshed=options.get("refreshOnAccess", False),
        expected=options.get("ifVersionstamp"),
        is_new=options.get("ifNotExists", False) or not options.get("overwrite", True),
    )

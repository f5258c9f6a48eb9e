"""The words and limits of a Phaset standards result (phaset.md 6.1)."""

from typing import Any

from rest_framework import serializers

from catalog.api.phaset.schemas import Items, Optional
from compliance.models import StandardsResult
from config.api.serializers import Name, Text, Whole, WireSerializer

MOST = 2**31 - 1
Status = StandardsResult.Status
STATUSES = {  # the document's words and the tool's
    "pass": Status.PASS,
    "warning": Status.WARNING,
    "warn": Status.WARNING,
    "failure": Status.FAILURE,
    "fail": Status.FAILURE,
}


class StatusWord(Text):
    """One of five words for three statuses."""

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if value not in STATUSES:
            raise serializers.ValidationError(f"must be one of {', '.join(STATUSES)}")
        return STATUSES[value].value


class Result(WireSerializer):
    name = Name(max_length=500)
    status = StatusWord()
    message = Text(max_length=500, allow_blank=True)
    path = Optional(max_length=1000)


class Standards(WireSerializer):
    """Counts and the list they were counted from; the two may disagree."""

    passes = Whole(least=0, most=MOST)
    warnings = Whole(least=0, most=MOST)
    failures = Whole(least=0, most=MOST)
    results = Items(Result(), most=500, required=True)

"""The words of a Phaset delivery event (phaset.md section 4): each kind has keys of its own, others are ignored."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from catalog.models import DeliveryEvent
from config.api.serializers import Name, Text, Whole, WireSerializer

Kind = DeliveryEvent.Kind
STAMP = re.compile(r"[0-9]{10}(?:[0-9]{3})?")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AHEAD = timedelta(hours=24)  # how far a sender's clock may be in front
MOST = 2**31 - 1


class Stamp(Text):
    """A string of 10 digits (seconds) or 13 (milliseconds) since 1970 UTC, not more than a day ahead; gives a time."""

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        if not STAMP.fullmatch(value):
            raise serializers.ValidationError("must be a string of 10 (seconds) or 13 (milliseconds) digits")
        at = EPOCH + timedelta(milliseconds=int(value) if len(value) == 13 else int(value) * 1000)
        if at > timezone.now() + AHEAD:
            raise serializers.ValidationError("must not lie more than 24 hours in the future")
        return at


class EventKind(WireSerializer):
    """What every event has."""

    event = serializers.ChoiceField(
        Kind.choices, error_messages={"invalid_choice": f"must be one of {', '.join(Kind)}"}
    )


class Commit(WireSerializer):
    commitSha = Name(max_length=128, source="commit")
    timestamp = Stamp(required=False, source="at")


class Opened(WireSerializer):
    id = Name(max_length=200, source="external_id")
    createdAt = Stamp(source="started_at")


class Resolved(Opened):
    resolvedAt = Stamp(source="ended_at")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """An incident can't end before it begins."""
        if attrs["ended_at"] < attrs["started_at"]:
            raise serializers.ValidationError({"resolvedAt": "must not lie before createdAt"})
        return attrs


class Comment(WireSerializer):
    """Nothing but that there was one."""


class Review(WireSerializer):
    createdAt = Stamp(required=False, source="started_at")
    submittedAt = Stamp(required=False, source="ended_at")


class PullRequestOpened(WireSerializer):
    additions = Whole(least=0, most=MOST, required=False)
    changedFiles = Whole(least=0, most=MOST, required=False, source="changed_files")
    deletions = Whole(least=0, most=MOST, required=False)


class PullRequestClosed(WireSerializer):
    createdAt = Stamp(required=False, source="started_at")
    closedAt = Stamp(required=False, source="ended_at")


class PullRequestMerged(WireSerializer):
    createdAt = Stamp(required=False, source="started_at")
    mergedAt = Stamp(required=False, source="ended_at")


SCHEMAS: dict[str, type[WireSerializer]] = {
    Kind.CHANGE: Commit,
    Kind.DEPLOYMENT: Commit,
    Kind.INCIDENT_OPENED: Opened,
    Kind.INCIDENT_RESOLVED: Resolved,
    Kind.COMMENT: Comment,
    Kind.REVIEW_APPROVED: Review,
    Kind.REVIEW_CHANGES: Review,
    Kind.PR_OPENED: PullRequestOpened,
    Kind.PR_CLOSED: PullRequestClosed,
    Kind.PR_MERGED: PullRequestMerged,
}


def read_event(body: Any) -> tuple[str, dict[str, Any]]:
    """The kind of an event and the values its schema reads. Raises ValidationError naming all faults."""
    kind = EventKind.read(body)["event"]
    return kind, SCHEMAS[kind].read(body)

"""What OpenFactstore's clients send about environments, what runs in them and what should (contract 7)."""

import re
from typing import Any

from rest_framework import serializers

from catalog.api.openfactstore.schemas import Moment, Schema, Uid
from catalog.models import Environment
from catalog.services.environments import MAX_SCOPE, MAX_SCOPE_TEXT
from compliance.services.snapshots import MAX_ARTIFACTS
from config.api.serializers import Name, Text, Texts, Token, Whole

KIND_WORDS = {each.name: each.value for each in Environment.Kind}
POLICY_WORDS = {each.name: each.value for each in Environment.DriftPolicy}


def scope_texts() -> Texts:
    """One list of a scope."""
    return Texts(child=Name(max_length=MAX_SCOPE_TEXT), max_length=MAX_SCOPE, required=False)


class ScopeSideSchema(Schema):
    """What a scope includes, or excludes."""

    names = scope_texts()
    patterns = scope_texts()


class ScopeSchema(Schema):
    """Which artifacts of a snapshot are kept; replaces the stored scope as a whole."""

    include = ScopeSideSchema(required=False)
    exclude = ScopeSideSchema(required=False)


class EnvironmentSchema(Schema):
    """An environment to make or, partially, to change."""

    name = Name(max_length=255)
    type = Token(KIND_WORDS, source="kind", required=False)
    description = Text(max_length=10_000, allow_blank=True, required=False)
    orgSlug = Text(max_length=255, source="organization", required=False)
    driftPolicy = Token(POLICY_WORDS, source="drift_policy", required=False)
    scope = ScopeSchema(required=False)


class RunningSchema(Schema):
    """One artifact of a snapshot; its digest is free form."""

    aliases = {"sha256Digest": "artifactSha256", "name": "artifactName", "tag": "artifactTag"}

    artifactSha256 = Name(max_length=255, source="digest")
    artifactName = Name(max_length=512, source="name")
    artifactTag = Text(max_length=255, source="tag", allow_blank=True)
    instanceCount = Whole(least=0, most=2**31 - 1, source="instances", default=1)


class SnapshotSchema(Schema):
    """All that runs in an environment."""

    recordedBy = Text(max_length=255, source="recorded_by", required=False)
    artifacts = serializers.ListField(child=RunningSchema(), max_length=MAX_ARTIFACTS, default=list)

    blank_is_absent = ("recordedBy",)


class BaselineSchema(Schema):
    """A snapshot to approve; without one the latest."""

    snapshotId = Uid(source="snapshot", required=False)
    approvedBy = Text(max_length=255, source="approved_by", required=False)
    description = Text(max_length=10_000, allow_blank=True, required=False)

    blank_is_absent = ("snapshotId", "approvedBy")


class AllowlistSchema(Schema):
    """What may run in an environment. An artifact's name is a pattern of its letters."""

    aliases = {"sha256Digest": "sha256"}
    blank_is_absent = ("sha256", "sha256Digest", "namePattern", "artifactName", "approvedBy", "expiresAt")

    sha256 = Text(max_length=255, source="digest", required=False)
    namePattern = Text(max_length=512, source="name_pattern", required=False)
    artifactName = Text(max_length=255, required=False)
    reason = Name(max_length=10_000)
    approvedBy = Name(max_length=255, source="approved_by", required=False)
    expiresAt = Moment(source="expires_at", required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Something must be named."""
        name = attrs.pop("artifactName", None)
        if name is not None:
            attrs.setdefault("name_pattern", literally(name))
        if "digest" not in attrs and "name_pattern" not in attrs:
            raise serializers.ValidationError({"sha256": "sha256 or namePattern is required"})
        return attrs


def literally(name: str) -> str:
    """The pattern of these letters."""
    return re.sub(r"([^\w\s])", r"\\\1", name)

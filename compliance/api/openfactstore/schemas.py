"""What OpenFactstore's clients send, in both spellings, with its limits."""

from typing import Any

from rest_framework import serializers

from catalog.api.openfactstore.schemas import Moment, Schema, Uid
from compliance.digests import is_sha256
from compliance.models import Attestation, Flow, Provenance
from config.api.serializers import Flag, Name, Objects, Text, Texts, Token, Whole

ATTESTATION_WORDS = {status.name: status.value for status in Attestation.Status}
VISIBILITY_WORDS = {each.name: each.value for each in Flow.Visibility}


class FlowSchema(Schema):
    """A flow to make or, partially, to change."""

    aliases = {"requiredAttestations": "requiredAttestationTypes"}

    name = Name(max_length=255)
    description = Text(max_length=2048, allow_blank=True, required=False)
    requiredAttestationTypes = Texts(source="required_types", required=False)
    tags = Objects(required=False)
    orgSlug = Text(max_length=255, source="organization", required=False)
    templateYaml = Text(source="template_yaml", allow_blank=True, required=False)
    requiresApproval = Flag(source="requires_approval", required=False)
    requiredApproverRoles = Texts(source="required_approver_roles", required=False)
    visibility = Token(VISIBILITY_WORDS, required=False)
    componentId = Text(max_length=255, source="component", allow_blank=True, required=False)

    blank_is_absent = ("orgSlug",)  # a blank component takes the link away


class TrailSchema(Schema):
    """A trail to begin."""

    flowId = Uid(source="flow")
    gitCommitSha = Name(max_length=255, source="commit")
    gitBranch = Name(max_length=255, source="branch")
    gitAuthor = Name(max_length=255, source="author")
    gitAuthorEmail = serializers.EmailField(max_length=255, source="author_email")
    pullRequestId = Text(max_length=255, source="pull_request_id", allow_blank=True, required=False)
    pullRequestNumber = Whole(least=0, most=2**53, required=False)
    pullRequestReviewer = Text(max_length=255, source="pull_request_reviewer", allow_blank=True, required=False)
    deploymentActor = Text(max_length=255, source="deployment_actor", allow_blank=True, required=False)
    orgSlug = Text(max_length=255, source="organization", required=False)
    templateYaml = Text(source="template_yaml", allow_blank=True, required=False)
    buildUrl = Text(max_length=2048, source="build_url", allow_blank=True, required=False)
    name = Text(max_length=255, allow_blank=True, required=False)

    blank_is_absent = (*Schema.blank_is_absent, "name", "pullRequestId")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The document's number of a pull request is the peer's id in decimal."""
        number = attrs.pop("pullRequestNumber", None)
        if number is not None:
            attrs.setdefault("pull_request_id", str(number))
        return attrs


class ArtifactSchema(Schema):
    """An artifact to register. Only here a digest must be a whole SHA-256."""

    aliases = {"name": "imageName", "tag": "imageTag"}

    imageName = Name(max_length=512, source="name")
    imageTag = Name(max_length=255, source="tag")
    sha256Digest = Text(source="digest")
    registry = Text(max_length=512, allow_blank=True, required=False)
    reportedBy = Name(max_length=255, source="reported_by", required=False)
    orgSlug = Text(max_length=255, source="organization", required=False)
    artifactType = Token({each: each for each in ("FILE", "DIR", "DOCKER", "OCI")}, source="kind", required=False)
    buildUrl = Text(max_length=2048, source="build_url", allow_blank=True, required=False)
    commitUrl = Text(max_length=2048, source="commit_url", allow_blank=True, required=False)

    def validate_sha256Digest(self, digest: str) -> str:
        """`sha256:` and 64 hex letters."""
        if not is_sha256(digest):
            raise serializers.ValidationError("must be sha256: and 64 hex letters")
        return digest


class AttestationSchema(Schema):
    """An attestation to record."""

    type = Name(max_length=255)
    status = Token(ATTESTATION_WORDS, default=Attestation.Status.PENDING)
    name = Text(max_length=255, allow_blank=True, required=False)
    details = Text(allow_blank=True, required=False)
    description = Text(allow_blank=True, required=False)
    metadata = Objects(required=False)
    evidenceUrl = Text(max_length=2048, source="evidence_url", allow_blank=True, required=False)
    orgSlug = Text(max_length=255, source="organization", required=False)
    artifactFingerprint = Text(max_length=255, source="digest", required=False)

    blank_is_absent = (*Schema.blank_is_absent, "name", "artifactFingerprint")


class TrailAttestationSchema(AttestationSchema):
    """An attestation that names its trail in the body."""

    trailId = Uid(source="trail")


class AssertSchema(Schema):
    """A question about a digest, free form."""

    sha256Digest = Name(max_length=255, source="digest")
    flowId = Uid(source="flow")


class ProvenanceSchema(Schema):
    """Where an artifact comes from."""

    blank_is_absent = ("buildStartedOn", "buildFinishedOn")

    builderId = Name(max_length=2048, source="builder_id")
    builderType = Token({each.name: each.value for each in Provenance.Builder}, source="builder_type")
    buildConfigUri = Text(max_length=2048, source="build_config_uri", allow_blank=True, required=False)
    sourceRepositoryUri = Text(max_length=2048, source="source_repository_uri", allow_blank=True, required=False)
    sourceCommitSha = Text(max_length=255, source="source_commit", allow_blank=True, required=False)
    buildStartedOn = Moment(source="started_at", required=False)
    buildFinishedOn = Moment(source="finished_at", required=False)
    provenanceSignature = Text(max_length=2048, source="signature", allow_blank=True, required=False)
    slsaLevel = Token({each.value: each.value for each in Provenance.Level}, source="level", required=False)

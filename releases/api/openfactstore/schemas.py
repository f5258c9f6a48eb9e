"""What OpenFactstore's clients send about approvals, policies and the gate, in both spellings (contract 9, 10)."""

from catalog.api.openfactstore.schemas import Moment, Schema, Uid
from config.api.serializers import Flag, Name, Text, Texts

COMMENT = 10_000  # letters of what somebody says


class ApprovalSchema(Schema):
    """A request for an approval."""

    aliases = {"reason": "comments"}
    blank_is_absent = ("requestedBy", "environmentId", "deadline")

    requiredApprovers = Texts(source="required_approvers", required=False)
    comments = Text(max_length=COMMENT, allow_blank=True, required=False)
    deadline = Moment(required=False)
    requestedBy = Name(max_length=255, source="requested_by", required=False)
    environmentId = Uid(source="environment", required=False)


class DecisionSchema(Schema):
    """What one person says to a request."""

    aliases = {
        "approvedBy": "approverIdentity",
        "rejectedBy": "approverIdentity",
        "comment": "comments",
        "reason": "comments",
    }
    blank_is_absent = ("approverIdentity", "approvedBy", "rejectedBy")

    approverIdentity = Name(max_length=255, source="identity", required=False)
    comments = Text(max_length=COMMENT, allow_blank=True, required=False)


class PolicyChangeSchema(Schema):
    """A deployment policy as far as it changes."""

    aliases = {"requireApproval": "enforceApprovals"}

    name = Name(max_length=255)
    description = Text(max_length=2048, allow_blank=True, required=False)
    enforceProvenance = Flag(source="enforce_provenance", required=False)
    enforceApprovals = Flag(source="enforce_approvals", required=False)
    requiredAttestationTypes = Texts(source="required_types", required=False)
    requireSignature = Flag(source="require_signature", required=False)
    blockOnFailedScan = Flag(source="block_on_failed_scan", required=False)
    isActive = Flag(source="is_active", required=False)


class PolicySchema(PolicyChangeSchema):
    """A deployment policy to make."""

    blank_is_absent = ("environmentId",)

    flowId = Uid(source="flow")
    environmentId = Uid(source="environment", required=False)


class GateSchema(Schema):
    """A question to the gate. The environment goes by id or by name; empty text is no answer."""

    aliases = {"artifactDigest": "artifactSha256", "targetEnvironment": "environment"}
    blank_is_absent = ("environmentId", "environment", "targetEnvironment", "flowId", "requestedBy")

    artifactSha256 = Name(max_length=255, source="digest")
    environmentId = Uid(source="environment_id", required=False)
    environment = Name(max_length=255, required=False)
    flowId = Uid(source="flow", required=False)
    requestedBy = Name(max_length=255, source="requested_by", required=False)

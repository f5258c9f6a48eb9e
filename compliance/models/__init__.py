from compliance.models.allowlist import AllowlistEntry
from compliance.models.flow import Flow
from compliance.models.provenance import Provenance
from compliance.models.snapshot import DriftReport, EnvironmentBaseline, RunningArtifact, Sighting, Snapshot
from compliance.models.standards import StandardsBaseline, StandardsBaselineRevision, StandardsResult, StandardsRun
from compliance.models.trail import Artifact, Attestation, Evidence, Trail

__all__ = [
    "AllowlistEntry",
    "Artifact",
    "Attestation",
    "DriftReport",
    "EnvironmentBaseline",
    "Evidence",
    "Flow",
    "Provenance",
    "RunningArtifact",
    "Sighting",
    "Snapshot",
    "StandardsBaseline",
    "StandardsBaselineRevision",
    "StandardsResult",
    "StandardsRun",
    "Trail",
]

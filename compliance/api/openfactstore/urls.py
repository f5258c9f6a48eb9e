from django.urls import include, path

from compliance.api.openfactstore.views.artifacts import ArtifactSearch, TrailArtifacts
from compliance.api.openfactstore.views.assertion import Assert
from compliance.api.openfactstore.views.attestations import (
    AttestationEvidence,
    AttestationList,
    EvidenceContent,
    EvidenceUpload,
    TrailAttestations,
    TrailEvidence,
)
from compliance.api.openfactstore.views.audit import AuditDetail, AuditList, TrailAudit
from compliance.api.openfactstore.views.dashboard import DashboardStats
from compliance.api.openfactstore.views.flows import FlowDetail, FlowList, FlowTemplate, FlowTrails
from compliance.api.openfactstore.views.provenance import (
    ArtifactProvenance,
    DigestProvenance,
    ProvenanceVerification,
)
from compliance.api.openfactstore.views.search import SearchResults
from compliance.api.openfactstore.views.trails import TrailDetail, TrailList

urlpatterns = [
    path("flows", FlowList.as_view()),
    path("flows/<str:id>", FlowDetail.as_view()),
    path("flows/<str:id>/template", FlowTemplate.as_view()),
    path("flows/<str:id>/trails", FlowTrails.as_view()),
    path("trails", TrailList.as_view()),
    path("trails/<str:id>", TrailDetail.as_view()),
    path("trails/<str:id>/audit", TrailAudit.as_view()),
    path("trails/<str:id>/artifacts", TrailArtifacts.as_view()),
    path("trails/<str:id>/artifacts/<str:artifact>/provenance", ArtifactProvenance.as_view()),
    path("trails/<str:id>/artifacts/<str:artifact>/provenance/verify", ProvenanceVerification.as_view()),
    path("trails/<str:id>/attestations", TrailAttestations.as_view()),
    path("trails/<str:id>/attestations/<str:attestation>/evidence", EvidenceUpload.as_view()),
    path("trails/<str:id>/evidence", TrailEvidence.as_view()),
    path("artifacts", ArtifactSearch.as_view()),
    path("artifacts/<path:sha256>/provenance", DigestProvenance.as_view()),
    path("attestations", AttestationList.as_view()),
    path("attestations/<str:id>/evidence", AttestationEvidence.as_view()),
    path("evidence/<str:sha256>", EvidenceContent.as_view()),
    path("dashboard/stats", DashboardStats.as_view()),
    path("assert", Assert.as_view()),
    path("search", SearchResults.as_view()),
    path("audit", AuditList.as_view()),
    path("audit/<str:id>", AuditDetail.as_view()),
    path("", include("compliance.api.openfactstore.urls_environments")),
]

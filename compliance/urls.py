from django.urls import path

from compliance.views.allowlist import allowlist_page, allowlist_remove
from compliance.views.flow import flow_list, flow_page
from compliance.views.snapshot import environment_snapshots, snapshot_approve, snapshot_page
from compliance.views.trail import artifact_page, attestation_page, evidence_download, trail_page

app_name = "compliance"
urlpatterns = [
    path("compliance/flows", flow_list, name="flow-list"),
    path("compliance/flows/<uuid:uid>", flow_page, name="flow"),
    path("compliance/trails/<uuid:uid>", trail_page, name="trail"),
    path("compliance/artifacts/<uuid:uid>", artifact_page, name="artifact"),
    path("compliance/attestations/<uuid:uid>", attestation_page, name="attestation"),
    path("compliance/evidence/<uuid:uid>", evidence_download, name="evidence"),
    path("environments/<uuid:uid>/snapshots", environment_snapshots, name="environment-snapshots"),
    path("environments/<uuid:uid>/allowlist", allowlist_page, name="allowlist"),
    path("environments/allowlist/<uuid:uid>/remove", allowlist_remove, name="allowlist-remove"),
    path("environments/snapshots/<uuid:uid>", snapshot_page, name="snapshot"),
    path("environments/snapshots/<uuid:uid>/approve", snapshot_approve, name="snapshot-approve"),
]

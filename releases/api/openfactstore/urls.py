from django.urls import path

from releases.api.openfactstore.views.approvals import ApprovalDetail, ApprovalList, Approve, Reject, TrailApprovals
from releases.api.openfactstore.views.gate import GateEvaluate, GateResults
from releases.api.openfactstore.views.policies import PolicyDetail, PolicyList

urlpatterns = [
    path("trails/<str:id>/approvals", TrailApprovals.as_view()),
    path("approvals", ApprovalList.as_view()),
    path("approvals/<str:id>", ApprovalDetail.as_view()),
    path("approvals/<str:id>/approve", Approve.as_view()),
    path("approvals/<str:id>/reject", Reject.as_view()),
    path("deployment-policies", PolicyList.as_view()),
    path("deployment-policies/<str:id>", PolicyDetail.as_view()),
    path("gate/evaluate", GateEvaluate.as_view()),
    path("gate/results", GateResults.as_view()),
]

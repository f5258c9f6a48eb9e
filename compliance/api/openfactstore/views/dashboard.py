"""What the dashboard counts (contract 20)."""

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.openfactstore.base import FactstoreView
from compliance.models import Flow, Trail


class DashboardStats(FactstoreView):
    def get(self, request: Request) -> Response:
        """How many flows and trails there are, and how many of these are compliant."""
        trails = Trail.objects.visible_to(self.actor).tally()
        total, compliant = trails["total"], trails["compliant"]
        return Response(
            {
                "totalFlows": Flow.objects.visible_to(self.actor).count(),
                "totalTrails": total,
                "compliantTrails": compliant,
                "nonCompliantTrails": trails["non_compliant"],
                "pendingTrails": trails["pending"],
                "complianceRate": round(compliant / total * 100, 2) if total else 0.0,
            }
        )

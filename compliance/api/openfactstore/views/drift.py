"""What should run in an environment and how far it is from that, on the wire (contract 7.4)."""

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.openfactstore.base import find
from catalog.models import Environment
from compliance.api.openfactstore.mapping_environments import from_baseline, from_report
from compliance.api.openfactstore.schemas_environments import BaselineSchema
from compliance.api.openfactstore.views.environments import EnvironmentView
from compliance.models import DriftReport, EnvironmentBaseline, Snapshot
from compliance.services.drift import approve_baseline, check_drift, read_drift
from config.api.pagination import whole_number
from config.errors import NotFound


class BaselineList(EnvironmentView):
    def get(self, request: Request, id: str) -> Response:
        environment = self.environment(id)
        baselines = EnvironmentBaseline.objects.visible_to(self.actor).filter(environment=environment)
        return Response([from_baseline(environment, each) for each in baselines.select_related("snapshot")])

    def post(self, request: Request, id: str) -> Response:
        environment = self.environment(id)
        said = BaselineSchema.read(request.data)
        if uid := said.get("snapshot"):
            said["snapshot"] = find(Snapshot.objects.all, self.actor, str(uid), "snapshotId", environment=environment)
        said.setdefault("approved_by", self.actor.label)
        baseline = approve_baseline(actor=self.actor, environment=environment, **said)
        return Response(from_baseline(environment, baseline), status=201)


class BaselineCurrent(EnvironmentView):
    def get(self, request: Request, id: str) -> Response:
        environment = self.environment(id)
        baselines = EnvironmentBaseline.objects.visible_to(self.actor).filter(environment=environment, is_active=True)
        baseline = baselines.select_related("snapshot").first()
        if baseline is None:
            raise NotFound(f"Environment {environment.uid} has no active baseline.")
        return Response(from_baseline(environment, baseline))


class Drift(EnvironmentView):
    bodiless = True

    def get(self, request: Request, id: str) -> Response:
        environment = self.environment(id)
        return answer(environment, read_drift(actor=self.actor, environment=environment))

    def post(self, request: Request, id: str) -> Response:
        environment = self.environment(id)
        return answer(environment, check_drift(actor=self.actor, environment=environment), status=201)


class DriftHistory(EnvironmentView):
    def get(self, request: Request, id: str) -> Response:
        """All reports, newest first; `limit` (ours) keeps the newest."""
        environment = self.environment(id)
        reports = DriftReport.objects.visible_to(self.actor).filter(environment=environment)
        limit = whole_number(request.query_params, "limit", 0, 1, 1000)
        rows = reports.select_related("baseline", "snapshot")
        return Response([from_report(environment, each) for each in (rows[:limit] if limit else rows)])


def answer(environment: Environment, report: DriftReport | None, status: int = 200) -> Response:
    """The report. Raises NotFound when there was nothing to compare."""
    if report is None:
        raise NotFound(
            f"Environment {environment.uid} has nothing to compare: "
            "drift needs an active baseline with a snapshot, and a latest snapshot."
        )
    return Response(from_report(environment, report), status=status)

"""Standards results in, baselines out (phaset.md section 6)."""

import hashlib
import json

from django.utils.http import parse_etags
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.phaset.views import PhasetView
from compliance.api.phaset import mapping
from compliance.api.phaset.schemas import Standards
from compliance.services.standards import fetch_baseline, record_standards


class StandardsView(PhasetView):
    """Takes the results of one StandardLint run."""

    http_method_names = ["post"]

    def post(self, request: Request, org_id: str, record_id: str, token: str) -> Response:
        """Append the run and answer its score."""
        component = self.component(record_id)
        said = Standards.read(self.body())
        run = record_standards(actor=self.actor, component=component, **said)
        return Response(mapping.from_run(component, run))


class BaselineView(PhasetView):
    """The configuration that CI hands to StandardLint, without looking at the status code."""

    http_method_names = ["get", "head"]

    def get(self, request: Request, org_id: str, baseline_id: str, record_id: str, token: str) -> Response:
        """The baseline of that id, else the default: a 404 would make CI skip standards without a word."""
        component = self.component(record_id)
        baseline, missing = fetch_baseline(component, baseline_id)
        config = mapping.from_baseline(baseline)
        tag = f'"{hashlib.sha256(json.dumps(config).encode()).hexdigest()[:32]}"'
        headers = {"ETag": tag} | ({"X-Baseline-Fallback": "default"} if missing else {})
        if is_named(request.headers.get("If-None-Match", ""), tag):
            return Response(status=304, headers=headers)
        return Response(config, headers=headers)


def is_named(header: str, tag: str) -> bool:
    """Whether an If-None-Match header names `tag`, compared weakly (RFC 9110, 13.1.2)."""
    tags = parse_etags(header)
    return tags == ["*"] or tag in [each.removeprefix("W/") for each in tags]

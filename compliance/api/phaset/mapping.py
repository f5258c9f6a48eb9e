"""Between Phaset's standards and ours; pure functions."""

from typing import Any

from catalog.models import Component
from compliance.models import StandardsBaseline, StandardsRun
from compliance.standards import CHECK_KEYS, KEYS


def from_run(component: Component, run: StandardsRun) -> dict[str, Any]:
    """The answer to a submission; the score is null when nothing was checked."""
    score = None if run.score is None else float(run.score)
    return {"status": "ok", "recordId": component.record_id, "score": score}


def from_baseline(baseline: StandardsBaseline) -> dict[str, Any]:
    """The configuration file of StandardLint: its four keys and nothing else, always in the same order."""
    said = {key: baseline.config[key] for key in KEYS}
    said["checks"] = [_check(each) for each in said["checks"]]
    return said


def _check(check: Any) -> Any:
    return {key: check[key] for key in CHECK_KEYS if key in check} if isinstance(check, dict) else check

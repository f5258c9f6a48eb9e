"""Reading what Snyk found: SARIF, or Snyk's own JSON for one project or several."""

from typing import Any

from compliance.processors.documents import read_json
from compliance.processors.finding import Finding, Unreadable


def read(content: bytes) -> Finding:
    """What a scan says: passed when it found nothing.

    All results count, also those a tool suppressed: leaving one out of account is a waiver's business. Raises
    Unreadable for what is neither form, for a scan that failed, and where there is no run at all.
    """
    report = read_json(content)
    if isinstance(report, dict) and "runs" in report:
        return _sarif(_list(report, "runs"))
    projects = report if isinstance(report, list) else [report]
    if not projects:
        raise Unreadable("The report holds no project.")
    found = sum(_of_project(each) for each in projects)
    return Finding(found == 0, {"vulnerabilities": found})


def _sarif(runs: list[Any]) -> Finding:
    if not runs:
        raise Unreadable("The report holds no run.")
    results = [each for run in runs for each in _list(run, "results")]
    suppressed = sum(1 for each in results if isinstance(each, dict) and each.get("suppressions"))
    details = {"vulnerabilities": len(results)} | ({"suppressed": suppressed} if suppressed else {})
    return Finding(not results, details)


def _of_project(project: Any) -> int:
    """Findings of a project and of the applications inside it (container scans)."""
    if isinstance(project, dict) and project.get("error"):
        raise Unreadable(f"The scan failed: {str(project['error'])[:200]}")
    found = len(_list(project, "vulnerabilities"))
    if "applications" in project:
        found += sum(len(_list(each, "vulnerabilities")) for each in _list(project, "applications"))
    if found == 0 and project.get("ok", True) is not True:
        raise Unreadable("The scan says that it is not ok, and names nothing.")
    return found


def _list(holder: Any, key: str) -> list[Any]:
    value = holder.get(key) if isinstance(holder, dict) else None
    if not isinstance(value, list):
        raise Unreadable(f"The report has no list of {key} where one belongs: neither SARIF nor Snyk's JSON.")
    return value

"""Reading SonarQube's quality gate."""

from compliance.processors.documents import read_json
from compliance.processors.finding import Finding, Unreadable

GOOD = ("OK", "PASSED")


def read(content: bytes) -> Finding:
    """What the gate says: `projectStatus.status`, else `status`; passed when it is OK or PASSED. Raises Unreadable."""
    report = read_json(content)
    if not isinstance(report, dict):
        raise Unreadable("The report is not a quality gate.")
    inner = report.get("projectStatus")
    status = inner.get("status") if isinstance(inner, dict) else report.get("status")
    if not isinstance(status, str):
        raise Unreadable("The report names no quality gate status.")
    return Finding(status.upper() in GOOD, {"qualityGateStatus": status[:100]})

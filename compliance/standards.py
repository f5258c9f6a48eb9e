"""StandardLint's checks and configuration (phaset.md section 6): what a baseline says to the tool."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError

ALL = "all"
SEVERITIES = ("error", "warn")
KEYS = ("basePath", "defaultSeverity", "ignorePaths", "checks")
CHECK_KEYS = ("name", "severity", "path")
PATH = 500  # characters
IGNORED = 100  # paths


class Check(NamedTuple):
    """One check: `result` is the name its results bear, `path` where it looks unless it is told otherwise."""

    result: str
    path: str
    movable: bool


CHECKS: dict[str, Check] = {
    "checkForConflictingLockfiles": Check("Lock files", ".", False),
    "checkForConsoleUsage": Check("Console usage", "src", True),
    "checkForDefinedRelations": Check("Relations", "manifest.json", True),
    "checkForDefinedServiceLevelObjectives": Check("SLOs", "manifest.json", True),
    "checkForDefinedTags": Check("Tags", "manifest.json", True),
    "checkForPresenceApiSchema": Check("API schema", "api/schema.json", True),
    "checkForPresenceChangelog": Check("Changelog", "CHANGELOG.md", False),
    "checkForPresenceCiConfig": Check("CI configuration", ".github/workflows/main.yml", True),
    "checkForPresenceCodeowners": Check("Code owners", "CODEOWNERS", False),
    "checkForPresenceContributing": Check("Contribution information", "CONTRIBUTING.md", False),
    "checkForPresenceDiagramsFolder": Check("Diagrams", "diagrams", True),
    "checkForPresenceIacConfig": Check("IAC configuration", "serverless.yml", True),
    "checkForPresenceLicense": Check("License", "LICENSE.md", False),
    "checkForPresenceReadme": Check("Documentation", "README.md", False),
    "checkForPresenceSecurity": Check("Security information", "SECURITY.md", False),
    "checkForPresenceServiceMetadata": Check("Service metadata", "manifest.json", True),
    "checkForPresenceTemplateIssues": Check("Issue template", ".github/ISSUE_TEMPLATE/issue.md", True),
    "checkForPresenceTemplatePullRequests": Check("PR template", ".github/ISSUE_TEMPLATE/pull_request.md", True),
    "checkForPresenceTests": Check("Tests", "tests", True),
    "checkForThrowingPlainErrors": Check("Error handling", "src", True),
}

MANIFEST = "phaset.manifest.json"
SHIPPED: dict[str, Any] = {  # what an organization's default baseline asks for until somebody says otherwise
    "basePath": ".",
    "defaultSeverity": "error",
    "ignorePaths": [],
    "checks": [
        {"name": "checkForPresenceReadme", "severity": "error"},
        {"name": "checkForPresenceLicense", "severity": "error"},
        {"name": "checkForPresenceCiConfig", "severity": "error"},
        {"name": "checkForConflictingLockfiles", "severity": "error"},
        {"name": "checkForPresenceChangelog", "severity": "warn"},
        {"name": "checkForPresenceContributing", "severity": "warn"},
        {"name": "checkForPresenceSecurity", "severity": "warn"},
        {"name": "checkForPresenceCodeowners", "severity": "warn"},
        {"name": "checkForPresenceServiceMetadata", "severity": "warn", "path": MANIFEST},
        {"name": "checkForDefinedServiceLevelObjectives", "severity": "warn", "path": MANIFEST},
    ],
}


def normalised(config: Any) -> dict[str, Any]:
    """`config` as it is stored and served: exactly the four keys, a severity on every check.

    Both versions of the tool read it alike: what one of them would drop silently, or crash on, is refused here.
    Raises ValidationError naming every fault.
    """
    if not isinstance(config, dict):
        raise ValidationError({"config": "must be an object"})
    faults = [f"{key}: is not a key of StandardLint" for key in sorted(set(config) - set(KEYS), key=str)]
    base = config.get("basePath", ".")
    severity = config.get("defaultSeverity", "error")
    ignored = config.get("ignorePaths", [])
    faults += _path_faults("basePath", base)
    if severity not in SEVERITIES:
        faults.append("defaultSeverity: must be error or warn")
    if not isinstance(ignored, list) or len(ignored) > IGNORED:
        faults.append(f"ignorePaths: must be a list of at most {IGNORED} paths")
    else:
        faults += [fault for at, path in enumerate(ignored) for fault in _path_faults(f"ignorePaths[{at}]", path)]
    checks = _checks(config.get("checks"), severity, faults)
    if faults:
        raise ValidationError({"config": faults})
    return {"basePath": base, "defaultSeverity": severity, "ignorePaths": ignored, "checks": checks}


def _checks(said: Any, severity: Any, faults: list[str]) -> list[Any]:
    if not isinstance(said, list) or not said:
        faults.append("checks: must be a list of at least one check")
        return []
    if said == [ALL]:
        return [ALL]
    checks = [{"name": each} if isinstance(each, str) else each for each in said]
    names: set[str] = set()
    for at, check in enumerate(checks):
        name = check.get("name") if isinstance(check, dict) else None
        if name == ALL:
            faults.append(f'checks[{at}]: "{ALL}" stands alone, as a string')
        elif not isinstance(name, str) or name not in CHECKS:
            faults.append(f"checks[{at}]: is no check of StandardLint")
        elif name in names:
            faults.append(f"checks[{at}]: {name} is there twice")
        else:
            names.add(name)
            faults += _check_faults(f"checks[{at}]", check)
    return [_explicit(check, severity) for check in checks if isinstance(check, dict)]


def _explicit(check: dict[str, Any], severity: Any) -> dict[str, Any]:
    """A check with its severity, which one version of the tool would not take from the default."""
    said = {"name": check.get("name"), "severity": check.get("severity", severity)}
    return said | {"path": check["path"]} if "path" in check else said


def _check_faults(where: str, check: dict[str, Any]) -> list[str]:
    faults = [f"{where}.{key}: is no key of a check" for key in sorted(set(check) - set(CHECK_KEYS), key=str)]
    if "severity" in check and check["severity"] not in SEVERITIES:
        faults.append(f"{where}.severity: must be error or warn")
    if "path" in check:
        faults += _path_faults(f"{where}.path", check["path"])
        if not CHECKS[check["name"]].movable:
            faults.append(f"{where}.path: {check['name']} always looks at {CHECKS[check['name']].path}")
    return faults


def _path_faults(where: str, path: Any) -> list[str]:
    if not isinstance(path, str) or not path.strip() or len(path) > PATH or not path.isprintable():
        return [f"{where}: must be a path of at most {PATH} printable characters"]
    return []


def result_names(config: dict[str, Any]) -> list[str]:
    """The names that results of this configuration bear, in its order."""
    named: Iterable[str] = CHECKS if config["checks"] == [ALL] else [check["name"] for check in config["checks"]]
    return [CHECKS[name].result for name in named]

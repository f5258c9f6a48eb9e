"""Evidence that is not JUnit: Snyk, SonarQube, Jira."""

import pytest

from compliance.processors import judge_evidence
from compliance.summaries import summary

FINDINGS = {
    "snyk/all-projects-clean.json": 0,
    "snyk/all-projects-many.json": 4,
    "snyk/container-epss.json": 13,
    "snyk/sarif-container.sarif": 3,
    "snyk/sarif-empty-container.sarif": 0,
    "snyk/sarif-helm.sarif": 5,
    "snyk/sarif-iac.sarif": 126,
    "snyk/sarif-os.sarif": 6,
    "snyk/sarif-serverless.sarif": 7,
    "snyk/single-clean.json": 0,
    "snyk/single-many.json": 41,
    "sarif/codeql.sarif": 72,
    "sarif/suppressions.sarif": 5,
}


@pytest.mark.parametrize("name", FINDINGS)
def test_a_real_scan_passes_when_it_found_nothing(samples, name):
    finding = judge_evidence("snyk", (samples / "scans" / name).read_bytes())

    assert (finding.passed, finding.details["vulnerabilities"]) == (FINDINGS[name] == 0, FINDINGS[name])


def test_suppressed_results_are_counted_and_told(samples):
    finding = judge_evidence("snyk", (samples / "scans/sarif/suppressions.sarif").read_bytes())

    assert finding.details == {"vulnerabilities": 5, "suppressed": 3}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("hostile/snyk-error.json", "Authentication failed"),
        ("hostile/snyk-ok-true-with-findings.json", 1),
        ("hostile/sarif-result-without-level.json", 1),
        ("hostile/html-names-sarif.json", 1),
        ("hostile/json-bom.json", "neither SARIF nor Snyk"),
        ("hostile/json-deep-arrays-10000.json", "nested deeper"),
        ("hostile/json-nan.json", "NaN"),
        ("hostile/json-truncated.json", "not JSON"),
        ("hostile/json-utf16.json", "not UTF-8"),
        ("hostile/json-empty.json", "not JSON"),
        ("hostile/json-null.json", "neither SARIF nor Snyk"),
        ("scans/sarif/no-runs.sarif", "no run"),
        ("scans/sonarqube/quality-gate-error.json", "neither SARIF nor Snyk"),
    ],
)
def test_a_scan_that_failed_or_cannot_be_understood_does_not_pass(samples, name, found):
    finding = judge_evidence("snyk", (samples / name).read_bytes())

    assert not finding.passed
    if isinstance(found, int):
        assert finding.details["vulnerabilities"] == found
    else:
        assert found in finding.details["error"]


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (b"[]", "no project"),
        (b'{"ok": false, "vulnerabilities": []}', "not ok"),
        (b'{"vulnerabilities": 0}', "no list"),
        (b'{"runs": [{}]}', "no list"),
        (b'{"runs": 1}', "no list"),
        (b'{"vulnerabilities": [], "applications": [{}]}', "no list"),
        (b"[1]", "no list"),
    ],
)
def test_an_odd_scan_fails_with_the_reason(report, reason):
    finding = judge_evidence("snyk", report)

    assert not finding.passed
    assert reason in finding.details["error"]


def test_a_real_quality_gate_in_error_fails(samples):
    finding = judge_evidence("SONAR", (samples / "scans/sonarqube/quality-gate-error.json").read_bytes())

    assert (finding.passed, finding.details) == (False, {"qualityGateStatus": "ERROR"})


@pytest.mark.parametrize(
    ("report", "passed", "status"),
    [
        (b'{"projectStatus": {"status": "OK"}}', True, "OK"),
        (b'{"status": "passed"}', True, "passed"),
        (b'{"projectStatus": {"status": "WARN"}, "status": "OK"}', False, "WARN"),
        (b'{"projectStatus": {}, "status": "OK"}', False, None),
        (b"[]", False, None),
        (b"{}", False, None),
        (b'{"status": true}', False, None),
    ],
)
def test_a_quality_gate_passes_when_it_says_ok(report, passed, status):
    finding = judge_evidence("sonar", report)

    assert (finding.passed, finding.details.get("qualityGateStatus")) == (passed, status)


@pytest.mark.parametrize(
    ("report", "passed", "details"),
    [
        (b"PAY-12\n", True, {"issueRef": "PAY-12"}),
        (b'{"issueRef": "PAY-12", "status": "Done"}', True, {"issueRef": "PAY-12", "status": "Done"}),
        (b"pay-12", False, {"issueRef": "pay-12"}),
        (b"PAY-12 and more", False, {"issueRef": "PAY-12 and more"}),
        (b"{}", False, {"error": "The file names no issue."}),
        (b"\xff", False, {"error": "The file is not UTF-8 text."}),
        (b"x" * 2000, False, {"error": "The file names no issue."}),
    ],
)
def test_a_jira_reference_must_be_a_key(report, passed, details):
    finding = judge_evidence("jira", report)

    assert (finding.passed, finding.details) == (passed, details)


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ('{"tests":1714,"failures":441,"errors":4,"skipped":24}', "1,714 tests, 441 failures, 4 errors, 24 skipped"),
        ('{"tests":1,"failures":1,"errors":0,"skipped":0,"flaky":["a"]}', "1 test, 1 failure, 1 flaky"),
        ('{"tests":0,"failures":0,"errors":0,"skipped":0}', "no tests"),
        ('{"vulnerabilities":0}', "no vulnerabilities"),
        ('{"vulnerabilities":1}', "1 vulnerability"),
        ('{"qualityGateStatus":"ERROR"}', "quality gate ERROR"),
        ('{"issueRef":"PAY-1"}', "issue PAY-1"),
        ('{"error":"The report is not XML."}', "The report is not XML."),
        ('{"tests":3,"failures":0,"failedFiles":["a.xml","b.xml"]}', "a.xml, b.xml failed"),
        ('{"tests":"many"}', '{"tests":"many"}'),
        ('{"a":', '{"a":'),
        ("214 packages", "214 packages"),
        (None, ""),
        ("x" * 200, "x" * 159 + "…"),
    ],
)
def test_details_are_said_in_a_few_words(details, words):
    assert summary(details) == words

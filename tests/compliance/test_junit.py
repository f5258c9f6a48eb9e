"""JUnit reports: what many tools write, and what nobody should."""

import pytest

from compliance.processors import judge_evidence

# What a correct reader finds, counted by looking at the files: tests, failures, errors, skipped; and whether it passes.
REAL = {
    "bazel-suite-logs.xml": (1, 0, 1, 0),
    "catalogist-vitest.xml": (37, 0, 0, 0),
    "click-broken.xml": (1714, 441, 4, 24),
    "click-head.xml": (2016, 0, 0, 25),
    "disabled.xml": (31, 19, 1, 5),
    "jenkins-bad-duration.xml": (2, 0, 0, 0),
    "jenkins-flaky.xml": (1, 0, 0, 0),
    "jenkins-nested.xml": (2, 0, 1, 0),
    "jest.xml": (2, 0, 0, 0),
    "kosli-iso8859.xml": (2, 0, 0, 0),
    "kosli-report.xml": (570, 0, 0, 6),
    "kosli-surefire-ancient.xml": (7, 0, 0, 7),
    "mocha.xml": (109, 0, 0, 0),
    "multi-result.xml": (4, 1, 1, 1),
    "nested-suites.xml": (5, 0, 0, 0),
    "no-attributes.xml": (4, 1, 1, 1),
    "no-cases-but-tests.xml": (6, 1, 0, 2),
    "pytest-fail.xml": (5, 1, 0, 1),
    "pytest-horovod-elastic.xml": (22, 0, 0, 2),
    "pytest-horovod-standalone.xml": (97, 0, 0, 17),
    "scalatest.xml": (5, 0, 0, 0),
    "suite-as-root.xml": (5, 0, 0, 0),
    "with-entities.xml": (4, 1, 1, 2),
}
HOSTILE = {
    "xml-lying-counts-junit.xml": (3, 1, 1, 0),
    "xml-negative-counts-junit.xml": (2, 0, 1, 0),
    "xml-external-dtd-junit.xml": (1, 0, 0, 0),
    "xml-many-attributes.xml": (1, 0, 0, 0),
    "html-names-junit.xml": (2, 1, 0, 0),
    "huge-line-junit.xml": (1, 1, 0, 0),
}
REFUSED = {
    "tests/junit/corrupt.xml": "not XML",
    "tests/junit/jenkins-xxe.xml": "entities",
    "tests/junit/non-junit.xml": "root is <suites>",
    "hostile/xml-entity-bomb-junit.xml": "entities",
    "hostile/xml-external-entity-junit.xml": "entities",
    "hostile/xml-parameter-entity.xml": "entities",
    "hostile/xml-quadratic-blowup.xml": "entities",
    "hostile/xml-deep-10000.xml": "nested deeper",
}


def counts(content: bytes) -> tuple[int, ...]:
    finding = judge_evidence("junit", content)
    assert finding is not None
    found = tuple(finding.details[each] for each in ("tests", "failures", "errors", "skipped"))
    assert finding.passed == (found[1:3] == (0, 0))
    return found


@pytest.mark.parametrize("name", REAL)
def test_a_real_report_is_counted_as_its_tool_meant_it(samples, name):
    assert counts((samples / "tests/junit" / name).read_bytes()) == REAL[name]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_report_made_to_deceive_is_counted_by_its_worst(samples, name):
    assert counts((samples / "hostile" / name).read_bytes()) == HOSTILE[name]


@pytest.mark.parametrize("path", REFUSED)
def test_what_is_not_junit_or_declares_entities_fails_with_the_reason(samples, path):
    finding = judge_evidence("junit", (samples / path).read_bytes())

    assert not finding.passed
    assert REFUSED[path] in finding.details["error"]


def test_a_case_that_passed_on_a_re_run_passed_and_is_listed_as_flaky(samples):
    finding = judge_evidence("junit", (samples / "tests/junit/jenkins-flaky.xml").read_bytes())

    assert finding.passed
    assert finding.details["flaky"] == ["io.olamy.FlakyTest.testApp"]


def test_tries_of_a_case_that_failed_in_the_end_hide_nothing():
    report = b"""<testsuite tests="1" failures="2"><testcase name="a">
        <flakyFailure/><failure/></testcase></testsuite>"""

    assert counts(report) == (1, 2, 0, 0)


@pytest.mark.parametrize(
    ("report", "found"),
    [
        (b'<testsuites failures="2"><testsuite tests="1"/></testsuites>', (1, 2, 0, 0)),
        (b'<testsuite tests="2"><testsuite errors="1"/><testsuite errors="1"/></testsuite>', (2, 0, 2, 0)),
        (b'<testsuite failures="1"><testsuite failures="1"/></testsuite>', (0, 1, 0, 0)),
        (b'<testsuites><testcase name="a"/></testsuites>', (1, 0, 0, 0)),
        (b"<testsuite><testcase><testcase/><failure/></testcase></testsuite>", (2, 1, 0, 0)),
        (b"<testsuite><testcase><testcase><error/></testcase></testcase></testsuite>", (2, 0, 1, 0)),
        (b"<testsuite><error/><testcase/></testsuite>", (1, 0, 1, 0)),
        (b'<ns:testsuite xmlns:ns="urn:x"><ns:testcase><ns:failure/></ns:testcase></ns:testsuite>', (1, 1, 0, 0)),
    ],
)
def test_cases_and_claims_are_both_read_and_the_worse_counts(report, found):
    assert counts(report) == found


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (b"", "not XML"),
        (b"<html/>", "root is <html>"),
        (b"<testsuites/>", "no test"),
        (b'<testsuite failures="none"/>', "no count"),
        (b'<testsuite failures="0x1"/>', "no count"),
        (b'<testsuite failures="99999999999999999999"/>', "no count"),
        (b'<?xml version="1.0" encoding="nonsense"?><testsuite/>', "unknown encoding"),
        (b"\xff\xfe\x00", "not XML"),
        (b"PK\x03\x04", "not XML"),
    ],
)
def test_a_report_that_cannot_be_understood_fails(report, reason):
    finding = judge_evidence("junit", report)

    assert not finding.passed
    assert reason in finding.details["error"]


def test_a_report_over_the_limit_is_not_parsed(monkeypatch):
    monkeypatch.setattr("compliance.processors.junit.MAX_SIZE", 10)

    assert "larger" in judge_evidence("junit", b"<testsuite></testsuite>").details["error"]


def test_the_type_is_matched_in_any_letter_case_and_unknown_types_are_not_judged():
    assert judge_evidence("JUnit", b"<testsuite tests='1'/>").passed
    assert judge_evidence("load-test", b"whatever") is None

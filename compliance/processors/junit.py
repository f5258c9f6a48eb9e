"""Reading JUnit XML, as many tools write it: cases, and what suites claim about theirs; the worse of both counts.

Suites may hold cases and suites; a tool may count only some of its cases, hang an error on a suite, or leave the cases
out. A case that passed on a re-run (Surefire's `flakyFailure`, `flakyError`) passed, and is listed as flaky.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from compliance.processors.finding import Finding, Unreadable

MAX_SIZE = 25 * 1024 * 1024  # bytes
MAX_DEPTH = 100
MAX_FLAKY = 50  # names listed
COUNTS = ("tests", "failures", "errors", "skipped")
_COUNT = re.compile(r"[+-]?[0-9]{1,9}")


@dataclass
class Suite:
    """One `testsuite` or `testsuites` while it is read: what it claims, its cases, and the suites inside it."""

    claimed: dict[str, int]
    cases: int = 0
    seen: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    retried: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))

    def worst(self) -> dict[str, int]:
        """Per count the larger of what is claimed and what is inside; failed tries of flaky cases are not claims."""
        return {each: max(self.claimed[each] - self.retried[each], self.seen[each]) for each in COUNTS}

    def add(self, inner: "Suite") -> None:
        """Count an inner suite that is complete."""
        self.cases += inner.cases
        for each, count in inner.worst().items():
            self.seen[each] += count
            self.retried[each] += inner.retried[each]


@dataclass
class Case:
    """One `testcase` while it is read. It may hold several results, of which the worst is its own."""

    name: str
    outcomes: set[str] = field(default_factory=set)
    tries: list[str] = field(default_factory=list)


def read(content: bytes) -> Finding:
    """What a JUnit report says: passed when nothing failed and nothing was in error.

    Raises Unreadable for what is not JUnit XML, declares entities, is over 25 MB or nested deeper than 100.
    """
    if len(content) > MAX_SIZE:
        raise Unreadable(f"The report is larger than {MAX_SIZE:,} bytes.")
    try:
        counts, flaky = _count(_steps(content))
    except Unreadable:
        raise
    except DefusedXmlException as refused:
        raise Unreadable("The report declares entities, which are not read.") from refused
    except ParseError as error:
        raise Unreadable(f"The report is not XML: {error}.") from error
    except (LookupError, ValueError) as error:  # an encoding nobody knows
        raise Unreadable(f"The report can't be read: {error}.") from error
    details: dict[str, object] = dict(counts)
    if flaky:
        details["flaky"] = flaky[:MAX_FLAKY]
    return Finding(passed=counts["failures"] == counts["errors"] == 0, details=details)


def _steps(content: bytes) -> Iterator[tuple[str, str, Element]]:
    """("start" or "end", tag without namespace, element); what has ended is dropped, so memory stays small."""
    path: list[Element] = []
    for event, element in iterparse(BytesIO(content), events=("start", "end")):
        tag = element.tag.rpartition("}")[2]
        if event == "start":
            path.append(element)
            if len(path) > MAX_DEPTH:
                raise Unreadable(f"The report is nested deeper than {MAX_DEPTH} levels.")
            yield event, tag, element
        else:
            path.pop()
            yield event, tag, element
            element.clear()
            if path:
                path[-1].remove(element)


def _count(steps: Iterator[tuple[str, str, Element]]) -> tuple[dict[str, int], list[str]]:
    root = Suite(dict.fromkeys(COUNTS, 0))
    suites, cases = [root], []
    flaky: list[str] = []
    tags: set[str] = set()
    for event, tag, element in steps:
        if not tags and tag not in ("testsuites", "testsuite"):
            raise Unreadable(f"The report is not JUnit: its root is <{tag[:50]}>.")
        tags.add(tag)
        match tag, event:
            case "testsuites" | "testsuite", "start":
                suites.append(Suite(_claims(element)))
            case "testsuites" | "testsuite", _:
                inner = suites.pop()
                suites[-1].add(inner)
            case "testcase", "start":
                cases.append(_case(element))
            case "testcase", _:
                _close(cases.pop(), suites[-1], flaky)
            case _, "end":
                _note(tag, cases[-1] if cases else None, suites[-1])
    if not tags & {"testsuite", "testcase"}:
        raise Unreadable("The report holds no test.")
    counts = root.worst()
    return counts | {"tests": root.cases or counts["tests"]}, flaky


def _note(tag: str, case: Case | None, suite: Suite) -> None:
    """One result element: of a case, or hung directly on a suite."""
    outcome = {"failure": "failures", "error": "errors", "skipped": "skipped"}.get(tag)
    retry = {"flakyFailure": "failures", "flakyError": "errors"}.get(tag)
    if case is not None:
        if outcome:
            case.outcomes.add(outcome)
        if retry:
            case.tries.append(retry)
    elif outcome in ("failures", "errors"):
        suite.seen[outcome] += 1


def _close(case: Case, suite: Suite, flaky: list[str]) -> None:
    suite.cases += 1
    outcome = next((each for each in ("errors", "failures", "skipped") if each in case.outcomes), None)
    if outcome is not None:
        suite.seen[outcome] += 1
    if case.tries and outcome is None:
        flaky.append(case.name)
        for each in case.tries:
            suite.retried[each] += 1


def _claims(element: Element) -> dict[str, int]:
    claimed = {each: _number(element, each) for each in COUNTS}
    claimed["skipped"] = max(claimed["skipped"], _number(element, "skips"), _number(element, "disabled"))
    return claimed


def _number(element: Element, name: str) -> int:
    """The count a suite claims; a negative one claims nothing, one that is not a number can't be judged."""
    text = element.get(name, "").strip()
    if not text:
        return 0
    if not _COUNT.fullmatch(text):
        raise Unreadable(f"A suite says {name}={text[:50]!r}, which is no count.")
    return max(0, int(text))


def _case(element: Element) -> Case:
    name = ".".join(part for part in (element.get("classname"), element.get("name")) if part)
    left_out = element.get("status", "").lower() in ("disabled", "notrun", "skipped")
    return Case(name[:200], {"skipped"} if left_out else set())

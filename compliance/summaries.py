"""The details of an attestation in a few words."""

import json
from contextlib import suppress
from typing import Any

LONGEST = 160


def summary(details: str | None) -> str:
    """What the details say: the counts a reader of evidence wrote, else the text itself, cut short."""
    text = (details or "").strip()
    if text.startswith("{"):
        with suppress(ValueError, RecursionError):
            text = _in_words(json.loads(text)) or text
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _in_words(said: dict[str, Any]) -> str:
    if isinstance(error := said.get("error"), str):
        return error
    if isinstance(failed := said.get("failedFiles"), list) and failed:
        return f"{', '.join(map(str, failed))} failed"
    if isinstance(tests := said.get("tests"), int):
        counts = [_count(said.get(key), one) for key, one in (("failures", "failure"), ("errors", "error"))]
        counts += [f"{said['skipped']:,} skipped"] if _is_some(said.get("skipped")) else []
        counts += [f"{len(said['flaky']):,} flaky"] if isinstance(said.get("flaky"), list) else []
        return ", ".join([_count(tests, "test") or "no tests", *filter(None, counts)])
    if isinstance(found := said.get("vulnerabilities"), int):
        return _count(found, "vulnerability", "vulnerabilities") or "no vulnerabilities"
    if isinstance(status := said.get("qualityGateStatus"), str):
        return f"quality gate {status}"
    if isinstance(issue := said.get("issueRef"), str):
        return f"issue {issue}"
    return ""


def _is_some(count: Any) -> bool:
    return isinstance(count, int) and count > 0


def _count(count: Any, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or f'{one}s'}" if _is_some(count) else ""

"""One thing that must hold: how pages, decisions and the wire say whether it does, and how it would."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict
from urllib.parse import quote

from catalog.requirements import HOLDING
from catalog.services.who import Who


class Fact(TypedDict):
    """What a requirement was judged by, and where it is shown."""

    label: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One requirement of a decision.

    `key` is stable and unique within a decision, `state` a word of the vocabulary's area "requirement"; `request` is
    the curl line that would supply what is missing, `who` may send it, `derived` says which join was not given.
    """

    key: str
    title: str
    state: str
    detail: str
    fact: Fact | None = None
    request: str | None = None
    who: tuple[Who, ...] = ()
    opens_at: datetime | None = None
    derived: str | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing is left to do about it."""
        return self.state in HOLDING

    def as_dict(self) -> dict[str, Any]:
        """The mapping that decisions store and templates read."""
        return {
            "key": self.key,
            "title": self.title,
            "state": self.state,
            "detail": self.detail,
            "fact": dict(self.fact) if self.fact else None,
            "request": self.request,
            "who": [dict(one) for one in self.who],
            "opens_at": self.opens_at.isoformat() if self.opens_at else None,
            "derived": self.derived,
        }


def requirement_key(kind: str, word: str = "") -> str:
    """`kind` or `kind:word`, safe as an element's id and as a link's fragment."""
    return f"{kind}:{quote(word, safe='')}" if word else kind


def curl(method: str, path: str, body: Mapping[str, Any] | None = None, *, file: str = "", base_url: str = "") -> str:
    """The shell line that sends this request, with a JSON body or a file.

    `$TOKEN` (and `$GATEHOUSE` without a base url) are the reader's own.
    """
    address = shlex.quote(f"{base_url}{path}") if base_url else f'"$GATEHOUSE{path}"'
    lines = [f"curl -X {method} {address}", '-H "Authorization: Bearer $TOKEN"']
    if body is not None:
        lines += ['-H "Content-Type: application/json"', f"-d {shlex.quote(json.dumps(body, ensure_ascii=False))}"]
    if file:
        lines.append(f"-F file=@{shlex.quote(file)}")
    return " \\\n  ".join(lines)

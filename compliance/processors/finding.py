"""What a reader of evidence returns or raises."""

import json
from dataclasses import dataclass
from typing import Any


class Unreadable(ValueError):
    """A report that can't be read, or is not what its attestation's type says; the message says why."""


@dataclass(frozen=True)
class Finding:
    """Whether the report proves its attestation, and what it says, JSON-able."""

    passed: bool
    details: dict[str, Any]

    @property
    def text(self) -> str:
        """The details as compact JSON text."""
        return json.dumps(self.details, ensure_ascii=False, separators=(",", ":"))

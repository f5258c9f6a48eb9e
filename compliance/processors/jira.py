"""Reading a reference to a Jira issue."""

import re

from compliance.processors.documents import read_json
from compliance.processors.finding import Finding, Unreadable

_KEY = re.compile(r"[A-Z]+-[0-9]+")
_LONGEST = 1000


def read(content: bytes) -> Finding:
    """Whether the file names an issue: its key as text, or JSON with `issueRef` and `status`. Raises Unreadable."""
    if content.lstrip().startswith(b"{"):
        said = read_json(content)
        key, status = said.get("issueRef"), said.get("status")
    else:
        try:
            key, status = content.decode().strip(), None
        except UnicodeDecodeError as error:
            raise Unreadable("The file is not UTF-8 text.") from error
    if not isinstance(key, str) or len(key) > _LONGEST or "\0" in key:
        raise Unreadable("The file names no issue.")
    details = {"issueRef": key} | ({"status": status} if isinstance(status, str) else {})
    return Finding(_KEY.fullmatch(key) is not None, details)

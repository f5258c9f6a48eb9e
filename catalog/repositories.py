"""Comparing repositories that people spell differently."""

import re

LENGTH = 500
_SCP = re.compile(r"^(?:[\w.-]+@)(?P<host>[\w.-]+):(?P<path>[^:].*)$")
_URL = re.compile(r"^(?:https?|ssh|git|git\+ssh)://(?:[^@/]*@)?(?P<host>[^/:]+)(?::\d+)?/(?P<path>.+)$", re.IGNORECASE)
_BUILD = re.compile(r"^(?P<repository>https?://[^/]+/[^/]+/[^/]+)(?:/|$)")
_KNOWN = re.compile(r"https?://[^\s/]+\S*|ssh://\S+|git@[^\s:/]+:\S+|[\w.-]+(/[\w.-]+)+", re.IGNORECASE)
KNOWN = "http(s)://…, ssh://…, git@host:path or owner/name"


def is_repository(text: str) -> bool:
    """Whether `text` has one of the forms of a repository's address that are KNOWN."""
    return _KNOWN.fullmatch(text) is not None


def repository_key(text: str) -> str:
    """One spelling for all of a repository's: `https://<lower-case host>/<path>`, no `.git`, no trailing slash.

    ssh and scp-like forms are mapped to https; `owner/name` without a host stays as it is; '' gives ''. At most
    500 characters, as the columns hold.
    """
    text = text.strip().rstrip("/")
    match = _URL.match(text) or _SCP.match(text)
    if match is None:
        return text.removesuffix(".git")[:LENGTH]
    path = match["path"].strip("/").removesuffix(".git")
    return f"https://{match['host'].lower()}/{path}"[:LENGTH]


def repository_of_build(url: str) -> str:
    """The key of the repository a build URL lies in (`https://host/owner/name/actions/…`), or ''."""
    match = _BUILD.match(url or "")
    return repository_key(match["repository"]) if match else ""

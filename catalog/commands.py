"""Command lines that a page offers to copy."""

import json
import re
import shlex

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

TOKEN = "$TOKEN"  # noqa: S105 the name of a variable in the reader's shell


def curl(method: str, address: str, *, body: object = None, auth: str = "Bearer") -> str:
    """A curl line for the reader's shell: everything is quoted but `$TOKEN`, which stays a variable.

    `body` is JSON as text or as plain values; `auth` is the scheme of the Authorization header, "" for none.
    """
    quoted = f'"{TOKEN}"'.join(shlex.quote(part) if part else "" for part in address.split(TOKEN))
    lines = [f"curl -X {method} {quoted}"]
    if auth:
        lines.append(f'-H "Authorization: {auth} {TOKEN}"')
    if body is not None:
        lines.append('-H "Content-Type: application/json"')
        lines.append(f"-d {shlex.quote(body if isinstance(body, str) else json.dumps(body, ensure_ascii=False))}")
    return " \\\n  ".join(lines)


def coloured(text: str) -> SafeString:
    """`text` escaped, with variables and quoted strings (class v), line continuations and comments (class c) marked."""
    pieces = re.split(r"('[^']*'|\$\{?[A-Z_][A-Z0-9_]*\}?|\\$|^#.*$)", text, flags=re.MULTILINE)
    kinds = {"'": "v", "$": "v", "\\": "c", "#": "c"}
    spans = [
        format_html('<span class="{}">{}</span>', kinds[piece[0]], piece) if at % 2 else escape(piece)
        for at, piece in enumerate(pieces)
    ]
    return mark_safe("".join(spans))  # noqa: S308 escaped above

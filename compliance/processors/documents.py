"""Reading evidence that is JSON."""

from typing import Any

from compliance.processors.finding import Unreadable
from config.api.parsers import parse_json
from config.errors import InvalidJSON

MAX_SIZE = 10 * 1024 * 1024  # bytes; parsed it can take twenty times as much


def read_json(content: bytes) -> Any:
    """The value in `content`, with or without a byte order mark. Raises Unreadable."""
    if len(content) > MAX_SIZE:
        raise Unreadable(f"The report is larger than {MAX_SIZE:,} bytes.")
    try:
        return parse_json(content.removeprefix(b"\xef\xbb\xbf"))
    except InvalidJSON as error:
        raise Unreadable(error.message.replace("The body", "The report")) from error

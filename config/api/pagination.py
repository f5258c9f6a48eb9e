"""Reading paging parameters as the dialects spell them."""

import re
from collections.abc import Mapping

from config.errors import BadInput, FieldError

_NUMBER = re.compile(r"-?[0-9]{1,18}")


def whole_number(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """The query parameter `name` as an integer within [least, most]. Raises BadInput naming it."""
    text = query.get(name)
    if text is None or text == "":
        return default
    if not (_NUMBER.fullmatch(text) and least <= int(text) <= most):
        raise BadInput(
            f"{name} must be a number from {least} to {most}.",
            fields=[FieldError(name, f"must be a number from {least} to {most}")],
        )
    return int(text)

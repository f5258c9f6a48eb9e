"""Reading paging parameters as the dialects spell them."""

from collections.abc import Mapping

from config.errors import BadInput, FieldError


def whole_number(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """The query parameter `name` as an integer within [least, most]. Raises BadInput naming it."""
    text = query.get(name)
    if text is None or text == "":
        return default
    if not (
        text.lstrip("-").isascii() and text.lstrip("-").isdigit() and len(text) < 19 and least <= int(text) <= most
    ):
        raise BadInput(
            f"{name} must be a number from {least} to {most}.",
            fields=[FieldError(name, f"must be a number from {least} to {most}")],
        )
    return int(text)

"""Documents that are kept as their clients wrote them: what is known of them is checked, the rest is not."""

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator

from config.errors import BadInput, FieldError

MOST_FAULTS = 100
LONGEST = 64 * 1024  # letters of one as JSON


def check_document(document: Any, schema: Mapping[str, Any], *, path: str = "", longest: int = LONGEST) -> Any:
    """Return `document` when it keeps `schema` (JSON Schema 2020-12, ours) and is not too long.

    Raises BadInput naming the places that break it (the first MOST_FAULTS), below `path`.
    """
    if len(json.dumps(document)) > longest:  # first: what is long takes long to check
        faults = [FieldError(path, f"is longer than {longest:,} letters")]
    else:
        found = islice(Draft202012Validator(schema).iter_errors(document), MOST_FAULTS)
        above = [path] if path else []
        faults = [FieldError(_said([*above, *each.absolute_path]), each.message[:200]) for each in found]
    if faults:
        raise BadInput(f"{len(faults)} field{'s are' if len(faults) != 1 else ' is'} not valid.", fields=faults)
    return document


def _said(steps: list[Any]) -> str:
    said = ""
    for step in steps:
        said += f"[{step}]" if isinstance(step, int) else f".{step}" if said else str(step)
    return said

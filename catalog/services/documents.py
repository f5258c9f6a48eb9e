"""Documents that are kept as their clients wrote them: what is known of them is checked, the rest is not."""

import json
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator

from config.errors import BadInput, FieldError

LONGEST = 64 * 1024  # letters of one as JSON


def check_document(document: Any, schema: Mapping[str, Any], *, path: str = "", longest: int = LONGEST) -> Any:
    """Return `document` when it keeps `schema` (JSON Schema 2020-12, ours) and is not too long.

    Raises BadInput naming every place that breaks it, below `path`.
    """
    faults = [
        FieldError(_said([*([path] if path else []), *fault.absolute_path]), fault.message[:200])
        for fault in Draft202012Validator(schema).iter_errors(document)
    ]
    if not faults and len(json.dumps(document)) > longest:
        faults = [FieldError(path, f"is longer than {longest:,} letters")]
    if faults:
        raise BadInput(f"{len(faults)} field{'s are' if len(faults) != 1 else ' is'} not valid.", fields=faults)
    return document


def _said(steps: list[Any]) -> str:
    said = ""
    for step in steps:
        said += f"[{step}]" if isinstance(step, int) else f".{step}" if said else str(step)
    return said

"""How a dry run is answered (contract 0.4): with what would be there, and what would stand in its way."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.http import HttpResponse
from rest_framework.exceptions import APIException
from rest_framework.response import Response

from config.dry_run import dry_run
from config.errors import GatehouseError

Handler = Callable[..., HttpResponse]
REFUSALS = (GatehouseError, ValidationError, APIException, DatabaseError)
PROBLEMS = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)


def rehearsed(method: str, handler: Handler, lookup: Handler | None) -> Handler:
    """`handler` as a dry run: it does what it does, all of it is taken back, and the answer tells what it was.

    `lookup` reads the thing a DELETE is about, where the view can.
    """

    def rehearse(*args: Any, **kwargs: Any) -> HttpResponse:
        with dry_run():
            before = _found(lookup, *args, **kwargs) if method == "DELETE" and lookup else None
            response = handler(*args, **kwargs)
            after = content_of(response)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            return response
        message = f"Dry run: nothing was stored. The request would succeed with status {response.status_code}."
        if method == "DELETE":
            return Response({"dryRun": True, "wouldDelete": after or before or kwargs, "dryRunMessage": message})
        updated = {} if method == "POST" else {"wouldUpdate": after}
        return Response(
            {"dryRun": True, "wouldCreate": after, **updated, "problems": [], "dryRunMessage": message},
        )

    return rehearse


def hindered(problem: GatehouseError, imagined: Any) -> Response:
    """The answer to a POST that would meet a problem: still 200, with what was meant and why it would not be."""
    message = f"Dry run: nothing was stored. The request would be refused with status {problem.status}: {problem}"
    problems = [{"status": problem.status, "message": problem.message}]
    return Response({"dryRun": True, "wouldCreate": imagined, "problems": problems, "dryRunMessage": message})


def content_of(response: HttpResponse) -> Any:
    """What a response says, as data; None for nothing, and for what is not JSON."""
    if isinstance(response, Response):
        return response.data
    is_json = response.get("Content-Type", "").startswith("application/json")
    return json.loads(response.content) if is_json and not response.streaming and response.content else None


def _found(lookup: Handler, *args: Any, **kwargs: Any) -> Any:
    try:
        return content_of(lookup(*args, **kwargs))
    except REFUSALS:
        return None  # what stands in the way of the deletion itself, that says

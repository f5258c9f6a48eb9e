"""The header `Idempotency-Key` of a POST: the first answer is kept and given again, the effect happens once."""

import hashlib
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actors import Actor
from catalog.api.dry_run import REFUSALS
from catalog.services.idempotency import Answer, claim_key, keep_answer
from config.api.renderers import StrictJSONRenderer
from config.crypto import token_digest
from config.errors import BadInput

Handler = Callable[..., HttpResponse]
HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
LONGEST = 255
JSON = f"{StrictJSONRenderer.media_type}; charset={StrictJSONRenderer.charset}"


def once(handler: Handler, refusal: Callable[[Exception], HttpResponse], actor: Actor, key: str) -> Handler:
    """`handler`, done once for each `key` of `actor`: effect and answer are committed together.

    A refusal is an answer too, and `refusal` prints it; an error of ours (5xx) is not, so the next may try again.
    """

    def answer(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        fingerprint = fingerprint_of(request)
        with transaction.atomic():
            found = claim_key(actor=actor, key=key, fingerprint=fingerprint, at=timezone.now())
            if isinstance(found, Answer):
                return replayed(found)
            try:
                with transaction.atomic():
                    response = handler(request, *args, **kwargs)
            except (*REFUSALS, Http404) as error:
                response = refusal(error)
            if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                transaction.set_rollback(True)
            else:
                keep_answer(found, said_by(response))
        return response

    return answer


def read_key(text: str) -> str:
    """The key in the header: a quoted string (RFC 8941), or bare as most clients send it. Raises BadInput."""
    key = text.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not key or len(key) > LONGEST or not (key.isascii() and key.isprintable()):
        raise BadInput(f"{HEADER} must be 1 to {LONGEST} printable ASCII characters.")
    return key


def fingerprint_of(request: Request) -> str:
    """A keyed digest of what is asked: method, path, query and body. Of an upload the parts count, not what divides
    them, which is another each time."""
    sent = request._request
    asked = hashlib.sha256(f"{sent.method} {sent.get_full_path()}\n".encode())
    if (request.content_type or "").startswith("multipart/form-data"):
        parts: Any = request.data
        for name, values in sorted(parts.lists()):
            for value in values:
                asked.update(f"{name} {getattr(value, 'name', '')}\n".encode())
                asked.update(_digest(value))
    else:
        asked.update(sent.body)
    return token_digest(asked.hexdigest())


def _digest(value: Any) -> bytes:
    if isinstance(value, str):
        return hashlib.sha256(value.encode()).digest()
    whole = hashlib.sha256()
    for chunk in value.chunks():
        whole.update(chunk)
    value.seek(0)
    return whole.digest()


def said_by(response: HttpResponse) -> Answer:
    """What a response says, to be said again."""
    headers = {name: value for name, value in response.headers.items() if name != "Set-Cookie"}
    if not isinstance(response, Response):
        return Answer(response.status_code, response.content, headers)
    content = b"" if response.data is None else StrictJSONRenderer().render(response.data)
    return Answer(response.status_code, content, headers | {"Content-Type": JSON})


def replayed(answer: Answer) -> HttpResponse:
    """The answer that was given, marked as given again."""
    response = HttpResponse(answer.content, status=answer.status, headers=answer.headers)
    if not answer.content:
        del response["Content-Type"]
    response[REPLAYED] = "true"
    return response

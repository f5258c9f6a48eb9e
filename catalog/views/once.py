"""Pages that are shown once: a secret that a post made and nobody can look up later.

The post leaves its page in the session, sealed, and leads to it; whoever loads that again makes no second secret.
"""

import zlib
from base64 import b64decode, b64encode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.models.base import uuid7
from config.crypto import Undecipherable, decrypt, encrypt

KEPT = "once"  # session key: when it is forgotten and the sealed page, by id
LIFE = 600  # seconds
MOST = 5  # pages that wait


def show_once(request: HttpRequest, page: HttpResponse) -> HttpResponse:
    """Lead from a post to `page`, which can be opened once, within ten minutes, by this session."""
    uid, now = str(uuid7()), timezone.now().timestamp()
    waiting = [(each, kept) for each, kept in request.session.get(KEPT, {}).items() if kept[0] > now]
    sealed = encrypt(zlib.compress(page.content), _place(request, uid))
    request.session[KEPT] = dict(waiting[1 - MOST :]) | {uid: [now + LIFE, b64encode(sealed).decode()]}
    return redirect("catalog:once", uid)


@require_safe
@never_cache
@login_required
def once(request: HttpRequest, uid: str) -> HttpResponse:
    """A page that is shown once; whoever comes again is told so."""
    waiting = request.session.get(KEPT, {})
    if request.method == "GET" and (kept := waiting.pop(str(uid), None)) is not None:
        request.session.modified = True
        until, sealed = kept
        try:
            page = zlib.decompress(decrypt(b64decode(sealed), _place(request, str(uid))))
        except Undecipherable:  # the installation's key was changed meanwhile
            until = 0
        if until > timezone.now().timestamp():
            return HttpResponse(page)
    return render(request, "catalog/once.html", status=410)


def _place(request: HttpRequest, uid: str) -> str:
    return f"once:{request.user.pk}:{uid}"

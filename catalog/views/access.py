"""The door of every portal page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse

from catalog.middleware import PortalRequest

View = Callable[..., HttpResponse]


def portal(view: View) -> View:
    """Let a signed-in member of an organization in; others go to the login page, or are told they belong nowhere."""

    @wraps(view)
    def guarded(request: PortalRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.actor:
            raise PermissionDenied("You are signed in, but no organization has you as a member. Ask its owner.")
        return view(request, *args, **kwargs)

    return login_required(guarded)

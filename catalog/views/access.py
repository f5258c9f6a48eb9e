"""The door of every portal page."""

from collections.abc import Callable
from contextlib import nullcontext
from copy import copy
from functools import wraps
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from catalog.middleware import PortalRequest
from catalog.prepared import look_up
from catalog.services.changes import hold
from catalog.services.second_factor import lacks_second_factor
from config.errors import GatehouseError

View = Callable[..., HttpResponse]
Row = TypeVar("Row")


def portal(view: View) -> View:
    """Let a signed-in member of an organization in; others go to the login page, or are told they belong nowhere.

    Where the organization asks for a second factor, somebody without one is led to set it up. The page's times are in
    the organization's zone. What a service refuses, and the view does not put beside a field, is a page with the
    refusal's status and words.
    """

    @wraps(view)
    def guarded(request: PortalRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.actor:
            raise PermissionDenied("You are signed in, but no organization has you as a member. Ask its owner.")
        if lacks_second_factor(request.actor):
            messages.warning(request, f"{request.actor.organization} asks its members for a second factor. Set it up.")
            return redirect("mfa_activate_totp")
        request.actor = copy(request.actor)  # what the lazy object holds: a page looks at it hundreds of times
        try:
            with timezone.override(request.actor.organization.zone()):
                return view(request, *args, **kwargs)
        except GatehouseError as error:
            template = {403: "403.html", 404: "404.html"}.get(error.status, "refused.html")
            return render(request, template, {"error": error}, status=error.status)

    return login_required(guarded)


def seen(rows: Callable[[], QuerySet[Any, Row]], request: PortalRequest, **values: Any) -> Row:
    """The one of `rows`, a function as `look_up` takes it, that has these values and that the person may read.

    Raises Http404.
    """
    row = look_up(rows, request.actor, **values)
    if row is None:
        raise Http404
    return row


def editing(view: View) -> View:
    """A page whose form changes a row: a post is one transaction, from `hold_posted` to what the service writes."""

    @wraps(view)
    def edited(request: PortalRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with transaction.atomic() if request.method == "POST" else nullcontext():
            return view(request, *args, **kwargs)

    return edited


def hold_posted(request: PortalRequest, row: Model) -> None:
    """Hold the row that an `editing` page is about, once its form was posted."""
    if request.method == "POST":
        hold(row)

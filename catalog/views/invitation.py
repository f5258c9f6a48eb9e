"""Answering an invitation: a newcomer sets name and password, somebody with an account joins with it."""

from typing import Any

from django import forms
from django.contrib.auth import login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from catalog.account_forms import TWELVE
from catalog.forms import add_refusal
from catalog.middleware import ORGANIZATION, PortalRequest, request_context
from catalog.models import Invitation, User
from catalog.services.invitations import accept_invitation, decline_invitation, open_invitation, sign_up
from config.errors import GatehouseError

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def invitation_link(request: HttpRequest, token: str) -> str:
    """The address at which whoever has `token` answers its invitation."""
    return request.build_absolute_uri(reverse("catalog:invitation", args=[token]))


class NewcomerForm(forms.Form):
    """What an account needs beside the address, which the invitation has."""

    name = forms.CharField(max_length=255, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        strip=False,
        max_length=255,
        help_text=TWELVE,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def invitation(request: PortalRequest, token: str) -> HttpResponse:
    """The one page of an invitation. Open to whoever has its token."""
    try:
        asked = open_invitation(token)
        form = NewcomerForm(request.POST if "name" in request.POST else None)
        known = User.objects.filter(email__iexact=asked.email).exists()
        answered = _answered(request, token, asked, form) if request.method == "POST" else None
    except GatehouseError as error:
        return render(request, "catalog/invitation_refused.html", {"error": error}, status=error.status)
    if answered is not None:
        return answered
    if "decline" in request.GET:
        return render(request, "catalog/invitation_decline.html", {"invitation": asked})
    fits = request.user.is_authenticated and request.user.email.lower() == asked.email.lower()
    context = {"invitation": asked, "form": form, "known": known, "fits": fits}
    return render(request, "catalog/invitation.html", context, status=422 if form.is_bound else 200)


def _answered(request: PortalRequest, token: str, asked: Invitation, form: NewcomerForm) -> HttpResponse | None:
    """Do what the form asks for; None when it needs another look."""
    if "decline" in request.POST:
        decline_invitation(token=token)
        return render(request, "catalog/invitation_declined.html", {"invitation": asked})
    if "join" in request.POST and request.user.is_authenticated:
        accept_invitation(token=token, user=request.user, **request_context(request))
    elif form.is_valid():
        try:
            said: dict[str, Any] = form.cleaned_data | request_context(request)
            user = sign_up(token=token, **said)
        except ValidationError as refusal:
            add_refusal(form, refusal)
            return None
        login(request, user, backend=BACKEND)
    else:
        return None
    request.session[ORGANIZATION] = asked.organization_id
    return redirect("catalog:home")

"""One's own account: name, password, second factor, sessions, keys."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.forms import refusals_on
from catalog.middleware import PortalRequest
from catalog.models import ApiKey
from catalog.services.people import rename_oneself
from catalog.services.sessions import end_sessions, sessions_of
from catalog.settings_forms import NameForm
from catalog.views.access import portal
from catalog.views.rendering import render_page

OWN_KEYS = 50


@require_safe
@portal
def settings_start(request: PortalRequest) -> HttpResponse:
    """Where Settings begins."""
    return redirect("catalog:profile")


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def profile(request: PortalRequest) -> HttpResponse:
    """Who I am here, how I sign in, and where I am signed in."""
    user = request.actor.user
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": user.name if user else ""})
    if form.is_bound and form.is_valid():
        with refusals_on(form):
            rename_oneself(actor=request.actor, **form.cleaned_data)
            messages.success(request, "Saved.")
            return redirect("catalog:profile")
    if not UserSession.objects.filter(session_key=request.session.session_key).exists():
        UserSession.objects.create_from_request(request)  # a session that began without the login page
    context = {
        "form": form,
        "factors": {each.type: each for each in Authenticator.objects.filter(user=request.user)},
        "sessions": sessions_of(request.user, request.session.session_key),
        "keys": ApiKey.objects.filter(user=request.user, organization=request.actor.organization)[:OWN_KEYS],
    }
    return render_page(request, "catalog/settings/profile.html", context, status=422 if form.is_bound else 200)


@require_POST
@portal
def sign_out_elsewhere(request: PortalRequest) -> HttpResponse:
    """End one session of mine (`session`), or all but this."""
    chosen = request.POST.get("session", "")
    if not chosen:
        ended = end_sessions(request.user, but=request.session.session_key)
        messages.success(request, f"Signed out everywhere else ({ended}).")
    elif not (
        chosen.isascii() and chosen.isdigit() and len(chosen) < 19 and end_sessions(request.user, only=int(chosen))
    ):
        raise Http404
    return redirect("catalog:profile")

"""Asking once more before something is gone, and doing what a small form of a list asks for."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect

from catalog.forms import refusals_on
from catalog.middleware import PortalRequest
from catalog.views.rendering import render_page


def confirmed(
    request: PortalRequest, do: Callable[[], object], *, title: str, text: str, verb: str, back: str, done: str
) -> HttpResponse:
    """Ask `title` and `text` with a button `verb`; when it is pressed do it, say `done` and go `back`.

    A refusal of the service is shown on the page that asks.
    """
    form = forms.Form(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        with refusals_on(form):
            do()
            messages.success(request, done)
            return HttpResponseRedirect(back)
    context = {"form": form, "title": title, "text": text, "verb": verb, "back": back}
    return render_page(request, "catalog/settings/confirm.html", context, status=409 if form.is_bound else 200)

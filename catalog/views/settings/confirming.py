"""The two pages that settings share: a form, and asking once more before something is gone."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from catalog.forms import refusals_on
from catalog.middleware import PortalRequest
from catalog.models import TenantModel
from catalog.views.rendering import render_page


def form_page(
    request: PortalRequest,
    form: forms.BaseForm,
    *,
    title: str,
    verb: str,
    back: str,
    delete: tuple[str, TenantModel] | None = None,
    thing: TenantModel | None = None,
) -> HttpResponse:
    """A page of one form: `title`, a button `verb`, the way `back`; 422 when what was sent is refused.

    `delete` names the page that deletes a row, and the row: whoever may is led there. The history of `thing` is shown.
    """
    context: dict[str, Any] = {"form": form, "title": title, "verb": verb, "back": back, "thing": thing}
    if delete is not None and request.actor.may(f"organization:{delete[1].entity}:delete", delete[1]):
        context["delete"] = reverse(delete[0], args=[delete[1].uid])
    status = 422 if form.is_bound else 200
    return render_page(request, "catalog/settings/form.html", context, status=status)


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

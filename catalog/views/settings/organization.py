"""The organization's name and switches."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from catalog.actors import require
from catalog.forms import is_current, refusals_on
from catalog.middleware import PortalRequest
from catalog.models import Organization
from catalog.services.organizations import update_organization
from catalog.settings_forms import OrganizationForm
from catalog.views.access import editing, hold_posted, portal
from catalog.views.rendering import render_page


@require_http_methods(["GET", "HEAD", "POST"])
@portal
@editing
def organization_settings(request: PortalRequest) -> HttpResponse:
    """What the organization is called and how it works; a form for those who may change it."""
    require(request.actor, "organization:read")
    stored = Organization.objects.get(pk=request.actor.organization_id)
    hold_posted(request, stored)
    form = OrganizationForm(request.POST if request.method == "POST" else None, instance=stored)
    if form.is_bound:
        require(request.actor, "organization:update")
    if form.is_bound and form.is_valid() and is_current(form):
        with refusals_on(form):
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            update_organization(actor=request.actor, organization=request.actor.organization, **changes)
            messages.success(request, "Saved.")
            return redirect("catalog:settings-organization")
    allowed = request.actor.may("organization:update")
    for field in form.fields.values():
        field.disabled = not allowed
    context = {"form": form, "allowed": allowed}
    return render_page(request, "catalog/settings/organization.html", context, status=422 if form.is_bound else 200)

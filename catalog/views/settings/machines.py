"""Service accounts: CI, cluster reporters and other machines that act with a role of their own."""

from django.contrib import messages
from django.db.models import Count, Max
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from catalog.actors import require
from catalog.forms import is_current, refusals_on
from catalog.middleware import PortalRequest
from catalog.models import ServiceAccount
from catalog.services.people import create_service_account, delete_service_account, update_service_account
from catalog.settings_filters import MachineFilter
from catalog.settings_forms import ServiceAccountForm
from catalog.views.access import editing, hold_posted, portal
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page
from catalog.views.settings.confirming import confirmed, form_page


@require_safe
@portal
def machine_list(request: PortalRequest) -> HttpResponse:
    """The service accounts."""
    require(request.actor, "organization:service_account:read")
    mine = ServiceAccount.objects.visible_to(request.actor).filter(organization=request.actor.organization)
    rows = mine.select_related("role").annotate(keys=Count("api_keys"), used_at=Max("api_keys__last_used_at"))
    found = MachineFilter(request.GET, queryset=rows.order_by("name", "pk"), request=request)
    context = {"filter": found, "page": keyset_page(found.qs, request)}
    return render_page(request, "catalog/settings/machines.html", context, partial="rows")


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def machine_new(request: PortalRequest) -> HttpResponse:
    """Make a service account."""
    require(request.actor, "organization:service_account:create")
    form = ServiceAccountForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_bound and form.is_valid():
        with refusals_on(form):
            account = create_service_account(actor=request.actor, **form.cleaned_data)
            messages.success(request, f"{account} is there. It needs an API key to act.")
            return redirect("catalog:service-accounts")
    back = reverse("catalog:service-accounts")
    return form_page(request, form, title="New service account", verb="Make it", back=back)


@require_http_methods(["GET", "HEAD", "POST"])
@portal
@editing
def machine_page(request: PortalRequest, uid: str) -> HttpResponse:
    """Change a service account."""
    account = _machine(request, uid)
    require(request.actor, "organization:service_account:update", account)
    hold_posted(request, account)
    now = {"name": account.name, "description": account.description, "role": account.role_id}
    form = ServiceAccountForm(request.POST if request.method == "POST" else None, actor=request.actor, initial=now)
    if form.is_bound and form.is_valid() and is_current(form):
        with refusals_on(form):
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            update_service_account(actor=request.actor, account=account, **changes)
            messages.success(request, "Saved.")
            return redirect("catalog:service-accounts")
    return form_page(
        request,
        form,
        title=account.name,
        thing=account,
        verb="Save",
        back=reverse("catalog:service-accounts"),
        delete=("catalog:service-account-delete", account),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def machine_delete(request: PortalRequest, uid: str) -> HttpResponse:
    """Delete a service account with its keys."""
    account = _machine(request, uid)
    require(request.actor, "organization:service_account:delete", account)
    keys = account.api_keys.count()
    return confirmed(
        request,
        lambda: delete_service_account(actor=request.actor, account=account),
        title=f"Delete {account}?",
        text=f"It takes {keys} key{'' if keys == 1 else 's'} with it. What it did stays in the history.",
        verb="Delete",
        back=reverse("catalog:service-accounts"),
        done=f"{account} is deleted.",
    )


def _machine(request: PortalRequest, uid: str) -> ServiceAccount:
    mine = ServiceAccount.objects.visible_to(request.actor).filter(organization=request.actor.organization)
    return get_object_or_404(mine.select_related("role", "organization"), uid=uid)

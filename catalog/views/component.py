"""Components: the list, one component's page with the panels of other apps, and the forms that add and change one."""

from copy import copy

from django.contrib import messages
from django.db.models import Count, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods, require_safe

from catalog.actors import require
from catalog.filters import ComponentFilter
from catalog.forms import ComponentForm, is_current, refusals_on
from catalog.middleware import PortalRequest
from catalog.models import Component, DeliveryEvent, Incident
from catalog.services.components import create_component, update_component
from catalog.views.access import editing, hold_posted, portal, seen
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page

UPDATE = "organization:component:update"
DELIVERIES = 20  # events of one card
NEIGHBOURS = 120  # a manifest names at most 100


@require_safe
@portal
def component_list(request: PortalRequest) -> HttpResponse:
    """What the organization owns."""
    components = Component.objects.visible_to(request.actor).for_list()
    found = ComponentFilter(request.GET, queryset=components, request=request)
    context = {"filter": found, "page": keyset_page(found.qs, request), "may_add": may_add(request)}
    context["may_change"] = request.actor.may_somewhere(UPDATE)
    return render_page(request, "catalog/component_list.html", context, partial="rows")


@require_safe
@portal
def component_page(request: PortalRequest, uid: str) -> HttpResponse:
    """Everything about one component, from all apps."""
    return render_page(
        request, "catalog/component.html", {"component": seen(Component.objects.for_page, request, uid=uid)}
    )


@require_safe
@portal
def component_reports(request: PortalRequest, uid: str) -> HttpResponse:
    """What was reported about one component: its standards and its deliveries."""
    context = {"component": seen(Component.objects.for_list, request, uid=uid)}
    return render_page(request, "catalog/component_reports.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def component_new(request: PortalRequest) -> HttpResponse:
    """Add a component, so that CI can report about it."""
    require(request.actor, "organization:component:create")
    form = ComponentForm(request.POST or None, actor=request.actor)
    if form.is_valid():
        with refusals_on(form):
            component = create_component(actor=request.actor, **form.cleaned_data)
            messages.success(request, f"Added {component}. CI reports to it under the record id {component.record_id}.")
            return redirect("catalog:component", uid=component.uid)
    return render_page(request, "catalog/component_form.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@portal
@editing
def component_edit(request: PortalRequest, uid: str) -> HttpResponse:
    """Change what people say of a component."""
    component = seen(Component.objects.for_page, request, uid=uid)
    hold_posted(request, component)
    require(request.actor, UPDATE, component)
    form = ComponentForm(request.POST or None, actor=request.actor, instance=copy(component))  # which it writes to
    if form.is_valid() and is_current(form):
        with refusals_on(form):
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            update_component(actor=request.actor, component=component, **changes)
            messages.success(request, "Saved.")
            return redirect("catalog:component", uid=component.uid)
    context = {"form": form, "component": component}
    return render_page(request, "catalog/component_form.html", context, status=422 if form.is_bound else 200)


def may_add(request: PortalRequest) -> bool:
    """Whether this person may add components."""
    return request.actor.may("organization:component:create")


def dependencies_panel(request: PortalRequest, component: Component) -> str:
    """What the component uses and what uses it, by record id; a target nobody registered yet is shown as such."""
    targets = [each["target"] for each in component.dependencies]
    uses_this = Q(dependencies__contains=[{"target": component.record_id}])
    visible = Component.objects.visible_to(request.actor).filter(organization=component.organization_id)
    neighbours = {each.record_id: each for each in visible.filter(Q(record_id__in=targets) | uses_this)[:NEIGHBOURS]}
    used_by = [each for each in neighbours.values() if _names(each, component)]
    uses = [each | {"component": neighbours.get(each["target"])} for each in component.dependencies]
    if not (uses or used_by):
        return ""
    context = {"uses": uses, "used_by": used_by}
    return render_to_string("catalog/panels/dependencies.html", context, request=request)


def _names(component: Component, target: Component) -> bool:
    return any(each["target"] == target.record_id for each in component.dependencies)


def about_panel(request: PortalRequest, component: Component) -> str:
    """People, links, tags and objectives of the component."""
    return render_to_string("catalog/panels/about.html", {"component": component}, request=request)


def deliveries_panel(request: PortalRequest, component: Component) -> str:
    """The newest events that CI, code host and tracker reported, and how many incidents are open."""
    incidents = Incident.objects.filter(component=OuterRef("component"), resolved_at=None).order_by()
    open_now = incidents.values("component").annotate(number=Count("pk")).values("number")
    events = DeliveryEvent.objects.visible_to(request.actor).filter(component=component).newest_first()
    found = list(events.select_related("incident").annotate(open_now=open_now)[: DELIVERIES + 1])
    context = {
        "component": component,
        "events": found[:DELIVERIES],
        "more": len(found) > DELIVERIES,
        "open": found[0].open_now if found else 0,
    }
    return render_to_string("catalog/panels/deliveries.html", context, request=request)


def integration_panel(request: PortalRequest, component: Component) -> str:
    """How CI keeps the component's manifest up to date; only while it never did."""
    if component.pushed_at is not None:
        return ""
    return render_to_string("catalog/panels/integration.html", {"component": component}, request=request)

"""What lists have in common beside their rows: the views that were saved, and saving the one at hand."""

from typing import Any

from django import template

from catalog.views.saved_view import offer, views_of

register = template.Library()


@register.inclusion_tag("components/saved_views.html", takes_context=True)
def saved_views(context: template.Context) -> dict[str, Any]:
    """One's own views of the list at hand and those that others share."""
    return {"views": views_of(context["request"])}


@register.simple_tag(takes_context=True)
def view_offer(context: template.Context) -> str:
    """The list as it is filtered now, for the page that saves it."""
    return offer(context["request"], context["filter"])

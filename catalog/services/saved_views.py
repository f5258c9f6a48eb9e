"""The only writers of saved views. One's own are one's own matter; sharing them is an event of the organization."""

from django.db import transaction

from catalog.actors import Actor, require
from catalog.models import SavedView
from catalog.services.events import record_event
from config.errors import Conflict, Forbidden

MOST = 50  # of one person on one list
SHARE = "organization:saved_view:share"


@transaction.atomic
def save_view(*, actor: Actor, name: str, path: str, query: str, is_shared: bool = False) -> SavedView:
    """Keep the filters `query` of the list at `path` under a name of the actor's.

    Raises Forbidden for who is no person or shares without `organization:saved_view:share`, ValidationError for a name
    they have there, Conflict when they have as many as one may. Records `saved_view.shared` when it is.
    """
    if actor.user is None:
        raise Forbidden("Views are kept by people.")
    if is_shared:
        require(actor, SHARE)
    view = SavedView(
        organization=actor.organization, owner=actor.user, name=name, path=path, query=query, is_shared=is_shared
    )
    view.full_clean()
    if SavedView.objects.filter(organization=view.organization, owner=actor.user, path=path).count() >= MOST:
        raise Conflict(f"You have {MOST} views of this list. Remove one first.")
    view.save()
    if is_shared:
        record_event("saved_view.shared", subject=view, actor=actor, data={"path": path, "query": query})
    return view


@transaction.atomic
def remove_view(*, actor: Actor, view: SavedView) -> None:
    """Forget a view: one's own, or a shared one with `organization:saved_view:share`.

    Raises Forbidden otherwise. Records `saved_view.removed` when it was shared.
    """
    if view.owner != actor.user:
        require(actor, SHARE, view)
    if view.is_shared:
        record_event("saved_view.removed", subject=view, actor=actor, data={"path": view.path, "query": view.query})
    view.delete()

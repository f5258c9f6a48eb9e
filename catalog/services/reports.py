"""Events that others report: kept in the same history as our own."""

from typing import Any

from django.db import transaction

from catalog.actors import Actor, require
from catalog.models import Environment, Event, Project
from catalog.services.events import record_event

KIND = "event.sent"
TAGGED = {"project_canonical": Project, "project": Project, "environment_canonical": Environment, "env": Environment}


@transaction.atomic
def report_event(*, actor: Actor, said: dict[str, Any]) -> Event:
    """Keep what somebody reports about the actor's organization: type, title, message, severity, tags, icon, color.

    Tags that name a project or an environment by its canonical put the event on its timeline. Raises Forbidden without
    `organization:event:create`. Records `event.sent`.
    """
    require(actor, "organization:event:create", actor.organization)
    related = []
    for tag in said["tags"]:
        if model := TAGGED.get(tag["key"]):
            rows = model.objects.visible_to(actor).filter(organization=actor.organization)
            related += list(rows.filter(canonical=tag["value"])[:1])
    return record_event(KIND, subject=actor.organization, actor=actor, data=said, related=related)

"""Making applications; `proposals` changes them."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import Truncator

from catalog.actors import Actor, require, system_actor
from catalog.models import Component, Event
from catalog.prepared import those
from catalog.services.components import create_component
from config.errors import Conflict
from releases.models import Application, ApplicationAdjustment
from releases.services.versions import ProposalInput, check_key, key_fault, propose, record_change

# A component's name may be longer.
DISPLAY_NAME: int = ApplicationAdjustment._meta.get_field("display_name").max_length  # type: ignore[assignment]


@transaction.atomic
def create_application(
    *,
    actor: Actor,
    key: str,
    display_name: str = "",
    enabled: bool = True,
    component: Component | None = None,
    proposal_state: ProposalInput = "final",
    comments: str = "",
) -> Application:
    """Make the release side of a component: of `component`, else of the one whose slug is `key`, else of a new one.

    Letter case does not tell ids apart. The right to create applications is enough for the component too.
    An application that the component was only given is taken over. Raises Forbidden without
    `organization:application:create`, BadInput for an id no path can hold, and Conflict when the id is taken or the
    component has an application. Records `application.created`.
    """
    check_key(key)
    found = component or those(Component.objects.all).first(slug__spelled=key, organization=actor.organization_id)
    application = _given(found) if found and component is None else None
    if application is None:
        owner = found or Component(organization=actor.organization, slug=key)
        application = Application(organization=actor.organization, component=owner)
    application.key, application.given = key, False
    require(actor, "organization:application:create", application)
    refuse_taken(application)
    if found is None:
        creator = actor.also("organization:component:create")
        try:
            application.component = create_component(actor=creator, name=display_name or key, slug=key)
        except ValidationError:
            refuse_taken(application)  # somebody may have made both meanwhile
            raise
    application.full_clean(validate_constraints=False)
    application.save()
    content = propose(
        actor=actor,
        resource=application,
        state=proposal_state,
        comments=comments,
        display_name=display_name,
        enabled=enabled,
    )
    record_change("created", application, content, actor)
    return application


def _given(component: Component) -> Application | None:
    """The application that `component` was given and no client has made yet, locked.

    Whoever reports a component first and then makes its application, as the clients do, meets no conflict.
    """
    return those(Application.objects.select_for_update).first(component=component.pk, given=True)


@transaction.atomic
def give_application(event: Event) -> None:
    """Make the application of a component that was made where nobody speaks of applications: each has one (DESIGN 2).

    Subscribes to the outbox. Nothing happens when the component has one or is gone, or its slug is another's id or no
    id at all.
    """
    component = Component.objects.filter(uid=event.subject_uid).select_related("organization").first()
    if component is None or key_fault(component.slug) or Application.objects.filter(component=component).exists():
        return
    if not Application.objects.filter(organization=component.organization).with_key(component.slug).exists():
        actor = system_actor(component.organization)
        application = create_application(
            actor=actor,
            key=component.slug,
            display_name=Truncator(component.name).chars(DISPLAY_NAME),
            component=component,
        )
        Application.objects.filter(pk=application.pk).update(given=True)


def refuse_taken(application: Application) -> None:
    """Raise Conflict when the id is taken, or the component behind it has an application of another id."""
    others = Application.objects.filter(organization=application.organization).exclude(pk=application.pk)
    if others.with_key(application.key).exists():
        raise Conflict(f"An application with the id {application.key} exists.")
    component = application.component
    other = others.filter(component=component).first() if component.pk else None
    if other is not None:
        raise Conflict(f"The component {component.slug} is behind the application {other.key} already.")

"""Forms of webhook tokens."""

from datetime import datetime, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from catalog.actors import Actor
from catalog.models import Component

LASTS = [("", "Until it is revoked"), ("30", "30 days"), ("90", "90 days"), ("365", "A year")]
GRACES = [("24", "In 24 hours"), ("1", "In an hour"), ("168", "In a week"), ("0", "At once")]


class WebhookTokenForm(forms.Form):
    """What a new token is called, what it opens and for how long."""

    label = forms.CharField(max_length=255, help_text="Where it will be kept, for example the name of the CI system.")
    record = forms.CharField(
        max_length=32,
        required=False,
        label="Only for the record",
        help_text="A component's record id. Left empty, the token reports about every component of the organization.",
    )
    ttl = forms.ChoiceField(choices=LASTS, required=False, label="Ends")

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        self.actor = actor

    def clean_record(self) -> Component | None:
        """The component of that record id."""
        said = self.cleaned_data["record"]
        found = component_of(self.actor, said) if said else None
        if said and found is None:
            raise ValidationError("There is no component with this record id.")
        return found


def ends_at(days: str) -> datetime | None:
    """When a token of that many days ends; None where nothing was said."""
    return timezone.now() + timedelta(days=int(days)) if days else None


def component_of(actor: Actor, record_id: str) -> Component | None:
    """The component of a record id that the actor sees, the organization's own first."""
    found = Component.objects.visible_to(actor).filter(record_id=record_id).select_related("organization")
    return min(found, key=lambda each: each.organization_id != actor.organization_id, default=None)


class RotationForm(forms.Form):
    """When the token that is replaced stops opening anything."""

    grace = forms.ChoiceField(
        choices=GRACES,
        initial="24",
        label="The old token ends",
        help_text="Until then both report. Last use says when nobody needs the old one any more.",
    )

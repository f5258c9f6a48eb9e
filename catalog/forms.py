"""Forms of catalog's pages. Services check again; a form says it beside the field."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from catalog.actors import Actor
from catalog.models import Component, Team
from config.errors import BadInput, Conflict, Forbidden, RuleViolation


def add_refusal(form: forms.BaseForm, refusal: ValidationError) -> None:
    """Say what a service refused beside the fields of `form` it names, and the rest on top."""
    faults = refusal.error_dict if hasattr(refusal, "error_dict") else {NON_FIELD_ERRORS: refusal.error_list}
    for name, errors in faults.items():
        form.add_error(name if name in form.fields else None, errors)


@contextmanager
def refusals_on(form: forms.BaseForm) -> Iterator[None]:
    """Put what a service refuses inside on `form`, beside the field it is about where that is known."""
    try:
        yield
    except ValidationError as refusal:
        add_refusal(form, refusal)
    except (BadInput, Conflict, Forbidden, RuleViolation) as error:
        for each in error.fields:
            form.add_error(each.path if each.path in form.fields else None, each.message)
        if not error.fields:
            form.add_error(None, error.message)


CHOICES = {"kind": Component.Kind, "lifecycle": Component.Lifecycle, "criticality": Component.Criticality}


class ComponentForm(forms.ModelForm):
    """What somebody knows about a component before its CI has said a word."""

    class Meta:
        model = Component
        fields = ["name", "repository", "description", "kind", "lifecycle", "criticality", "team"]
        widgets = {"description": forms.Textarea}
        help_texts = {"repository": "The address its builds come from; trails find the component by it."}

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        for name, choices in CHOICES.items():
            cast(forms.ChoiceField, self.fields[name]).choices = [("", "Not said"), *choices.choices]
        team = cast(forms.ModelChoiceField, self.fields["team"])
        team.empty_label = "None yet"
        team.queryset = Team.objects.visible_to(actor).filter(organization=actor.organization)

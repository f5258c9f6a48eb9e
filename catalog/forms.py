"""Forms of catalog's pages. Services check again; a form says it beside the field."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac
from django.utils.text import Truncator

from catalog.actors import Actor
from catalog.models import Component, Team
from config.errors import BadInput, Conflict, Forbidden, RuleViolation

MADE_OF = {"slug": "name", "canonical": "name"}  # where nobody gives them
VERSION = "form_version"
SHOWN = 200  # letters of a value that a refusal quotes


def add_refusal(form: forms.BaseForm, refusal: ValidationError) -> None:
    """Say what a service refused beside the fields of `form` it names, and the rest on top."""
    faults = refusal.error_dict if hasattr(refusal, "error_dict") else {NON_FIELD_ERRORS: refusal.error_list}
    for name, errors in faults.items():
        form.add_error(_beside(form, name), errors)


def _beside(form: forms.BaseForm, name: str) -> str | None:
    """The field of `form` that a fault of `name` is said beside: it, or what it is made of; None for neither."""
    return next((each for each in (name, MADE_OF.get(name)) if each in form.fields), None)


@contextmanager
def refusals_on(form: forms.BaseForm) -> Iterator[None]:
    """Put what a service refuses inside on `form`, beside the field it is about where that is known."""
    try:
        yield
    except ValidationError as refusal:
        add_refusal(form, refusal)
    except (BadInput, Conflict, Forbidden, RuleViolation) as error:
        for each in error.fields:
            form.add_error(_beside(form, each.path), each.message)
        if not error.fields:
            form.add_error(None, error.message)


def version_of(form: forms.BaseForm) -> str:
    """A short word for what is stored of the fields of `form`, which it carries as VERSION when it is opened.

    Where more than its fields is written with it, `form.based_on` names what that was.
    """
    said = {name: _plain(_stored(form, name)) for name in form.fields} | {"": getattr(form, "based_on", "")}
    return salted_hmac("catalog.forms", json.dumps(said, sort_keys=True)).hexdigest()[:32]


def is_current(form: forms.BaseForm) -> bool:
    """Whether what is stored is still what it was when the (valid) `form` was opened; else each field whose value
    differs says so, and the form, sent once more as it is then drawn, is current.

    Ask it in the transaction that writes, of a form made after `hold`.
    """
    if form.data.get(VERSION, version_of(form)) == version_of(form):
        return True
    differing = [name for name in form.changed_data if name in form.cleaned_data]
    said = {name: (_cleaned(form, name), form.cleaned_data[name]) for name in differing}
    form.add_error(None, "Changed since you opened it. Save it again to have it as it stands here.")
    for name, (now, yours) in said.items():
        field = form.fields[name]
        secret = name in getattr(form, "secret_fields", ())
        form.add_error(
            name, "Changed meanwhile." if secret else f"{_words(field, now)} now, yours: {_words(field, yours)}."
        )
    return False


class CurrentForm:
    """Mixed into a form that has its own way of being saved: valid only while it is current."""

    def clean(self) -> Any:
        """What the form says of itself, then `is_current`."""
        cleaned = super().clean()  # type: ignore[misc]
        is_current(cast(forms.BaseForm, self))
        return cleaned


def _stored(form: forms.BaseForm, name: str) -> Any:
    field = form.fields[name]
    return field.prepare_value(form.get_initial_for_field(field, name))


def _plain(value: Any) -> Any:
    return sorted(map(str, value)) if isinstance(value, (list, tuple, set, QuerySet)) else str(value or "")


def _cleaned(form: forms.BaseForm, name: str) -> Any:
    try:
        return form.fields[name].clean(_stored(form, name))
    except ValidationError:  # what may be stored, but not be chosen here
        return _stored(form, name)


def _words(field: forms.Field, value: Any) -> str:
    """A value of `field` as people read it."""
    if value is None or value == "":
        said = "nothing"
    elif isinstance(value, (list, tuple, set, QuerySet)):
        said = ", ".join(sorted(map(str, value)))
    elif isinstance(value, bool):
        said = "on" if value else "off"
    elif type(field) in (forms.ChoiceField, forms.TypedChoiceField):
        said = str(dict(field.choices).get(value, value))  # type: ignore[attr-defined]
    else:
        said = str(value)
    return Truncator(said).chars(SHOWN) or "nothing"


CHOICES = {"kind": Component.Kind, "lifecycle": Component.Lifecycle, "criticality": Component.Criticality}


class ComponentForm(forms.ModelForm):
    """What people say of a component."""

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
        here = Team.objects.filter(organization=self.instance.organization_id or actor.organization_id)
        team.queryset = here.visible_to(actor) | here.filter(pk=self.instance.team_id)

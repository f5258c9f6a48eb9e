"""Forms of what applications, rulesets and bindings hold: one per kind, and one per type of rule.

Services check again; a form says it beside the field.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.forms import BaseFormSet, formset_factory

from releases.models import Binding, Rule, Ruleset
from releases.models.ruleset import BindingAdjustment
from releases.services.rules import FIELDS, MOST_RETRIES, rule_faults
from releases.services.versions import KEY_LENGTH, key_fault

MOST_RULES = 100  # of one type


class ContentForm(forms.Form):
    """What every version has."""

    enabled = forms.BooleanField(required=False, initial=True, label="Enabled")
    comments = forms.CharField(
        required=False,
        max_length=10_000,
        widget=forms.Textarea,
        label="Why",
        help_text="For reviewers and the history.",
    )

    def clean_key(self) -> str:
        """Refuse an id that no path can hold."""
        fault = key_fault(self.cleaned_data["key"])
        if fault:
            raise forms.ValidationError(f"The id {fault}.")
        return str(self.cleaned_data["key"])


class ApplicationForm(ContentForm):
    key = forms.CharField(max_length=KEY_LENGTH, label="Id", help_text="The component of this id is linked, or made.")
    display_name = forms.CharField(required=False, max_length=255, label="Name")
    field_order = ("key", "display_name", "enabled", "comments")


class RulesetForm(ContentForm):
    key = forms.CharField(max_length=KEY_LENGTH, label="Id")
    display_name = forms.CharField(required=False, max_length=255, label="Name")
    description = forms.CharField(required=False, max_length=10_000, widget=forms.Textarea)
    field_order = ("key", "display_name", "description", "enabled", "comments")


class BindingForm(ContentForm):
    ruleset = forms.ModelChoiceField(queryset=Ruleset.objects.none(), empty_label="Choose one")
    mode = forms.ChoiceField(
        choices=BindingAdjustment.Mode.choices,
        help_text="A failed rule of an enforcing binding rejects the release; of a permissive one it is only recorded.",
    )
    field_order = ("ruleset", "mode", "enabled", "comments")


class RuleForm(forms.Form):
    """One rule; left blank it is none."""

    type: ClassVar[str]
    enabled = forms.BooleanField(required=False, initial=True)

    def add_prefix(self, field_name: str) -> str:
        """Names as form sets make them; `DELETE` is said in other words."""
        if field_name == "DELETE":
            self.fields[field_name].label = "Remove this rule"
        return super().add_prefix(field_name)

    def clean(self) -> dict[str, Any]:
        """Refuse what could not be evaluated."""
        said = super().clean() or {}
        if not said.get("DELETE") and not self.errors:
            for name, fault in rule_faults(self.rule()).items():
                self.add_error(name if name in self.fields else None, fault)
        return said

    def rule(self) -> dict[str, Any]:
        """The rule as the service takes it."""
        said = self.cleaned_data
        return {"type": self.type, "enabled": said["enabled"]} | {
            name: said.get(name) if said.get(name) != "" else None for name in FIELDS[self.type]
        }


class ScheduleRuleForm(RuleForm):
    type = Rule.Type.SCHEDULE
    begin_time = forms.CharField(required=False, max_length=16, label="From", help_text="9:00")
    end_time = forms.CharField(required=False, max_length=16, label="To", help_text="16:30")
    days_of_week = forms.CharField(required=False, max_length=255, help_text="mon tue wed thu")
    days_of_month = forms.CharField(required=False, max_length=255, help_text="1 2 3")
    months_of_year = forms.CharField(required=False, max_length=255, help_text="jan feb")
    time_zone = forms.CharField(required=False, max_length=64, help_text="Europe/Berlin; blank is the organization's.")


class ManualRuleForm(RuleForm):
    type = Rule.Type.MANUAL
    approval_policy = forms.ChoiceField(
        required=False, choices=[("", "No rule"), *Rule.Policy.choices], label="Who must approve"
    )
    minimum = forms.IntegerField(
        required=False, min_value=1, max_value=1000, label="How many", help_text="With “At least” only."
    )


class HttpRuleForm(RuleForm):
    type = Rule.Type.HTTP_API
    url = forms.CharField(required=False, max_length=2048, label="Address")
    username = forms.CharField(required=False, max_length=255)
    password = forms.CharField(
        required=False, max_length=1024, widget=forms.PasswordInput, help_text="Left blank, the one that is kept stays."
    )
    tls_ca_certificate = forms.CharField(
        required=False, max_length=65536, widget=forms.Textarea, label="CA certificate", help_text="PEM"
    )
    retry_policy = forms.ChoiceField(choices=Rule.Retry.choices, initial=Rule.Retry.NEVER)
    retry_limit = forms.IntegerField(
        required=False, min_value=1, max_value=MOST_RETRIES, help_text="With “Retry on failure” only."
    )
    id = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def rule(self) -> dict[str, Any]:
        """The rule as the service takes it, with its password or the id of the one whose password stays."""
        said = super().rule() | {"id": self.cleaned_data.get("id")}
        password = self.cleaned_data.get("password")
        return said | {"password": password} if password else said


RULE_FORMS: dict[str, tuple[str, type[BaseFormSet]]] = {
    form.type: (title, formset_factory(form, extra=1, can_delete=True, max_num=MOST_RULES, validate_max=True))
    for title, form in (
        ("Hours and days", ScheduleRuleForm),
        ("People", ManualRuleForm),
        ("HTTP API", HttpRuleForm),
    )
}
CONTENT_FORMS: dict[str, type[ContentForm]] = {
    "application": ApplicationForm,
    "ruleset": RulesetForm,
    "binding": BindingForm,
}


class Editor:
    """The form of one content: its fields, and the rules of a ruleset by type. `base` is what it starts from."""

    def __init__(self, word: str, data: Mapping[str, Any] | None, base: Any = None, *, new: bool = False):
        self.base = base
        self.form = CONTENT_FORMS[word](data, initial=_initial(word, base))
        self.form.based_on = str(base.uid) if base else ""  # type: ignore[attr-defined]
        if not new:
            for name in ("key", "ruleset"):
                self.form.fields.pop(name, None)
        known = list(base.rules.all()) if word == "ruleset" and base is not None else []
        self.rules = [
            (title, forms_of(data, prefix=kind, initial=[_rule_initial(rule) for rule in known if rule.type == kind]))
            for kind, (title, forms_of) in (RULE_FORMS.items() if word == "ruleset" else ())
        ]

    def is_valid(self) -> bool:
        """Whether all of it can be written; every part is asked, so that all faults are said."""
        return all([self.form.is_valid(), *(each.is_valid() for _, each in self.rules)])

    def said(self) -> dict[str, Any]:
        """The content as the services take it."""
        if not self.rules:
            return dict(self.form.cleaned_data)
        written = [each for _, rules in self.rules for each in rules if each not in rules.deleted_forms]
        return self.form.cleaned_data | {"rules": [each.rule() for each in written if each.cleaned_data]}


def bindable(application: Any, rulesets: Any) -> Any:
    """Those of `rulesets` that are not bound to `application`."""
    bound = Binding.objects.filter(application=application).values("ruleset")
    return rulesets.exclude(pk__in=bound).order_by("key")


def _initial(word: str, base: Any) -> dict[str, Any]:
    names = CONTENT_FORMS[word].base_fields
    return {name: getattr(base, name) for name in names if name != "comments" and hasattr(base, name)} if base else {}


def _rule_initial(rule: Rule) -> dict[str, Any]:
    return {"enabled": rule.enabled, "id": rule.number} | {name: getattr(rule, name) for name in FIELDS[rule.type]}

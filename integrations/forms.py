"""Forms about webhooks and notification rules. Services check again; a form says it beside the field."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.text import Truncator

from catalog.actors import Actor
from catalog.models import Environment
from compliance.models import Flow
from config.outbound import LONGEST_URL
from integrations.models import Notification, NotificationRule
from integrations.models.webhook import KIND_GLOB, callable_url
from integrations.services.rule_config import LONGEST_SECRET, Config, masked_config

SHOWN = 60  # letters of what was wrong
SET_BY = {"webhookUrl": "webhook_url", "secret": "secret", "to": "to"}
Channel = NotificationRule.Channel
NEEDED = {
    Channel.SLACK: ("webhook_url", "Slack needs the address of an incoming webhook."),
    Channel.WEBHOOK: ("webhook_url", "A webhook needs an address."),
    Channel.EMAIL: ("to", "Say whom to write to: e-mail addresses, one a line."),
}


def _texts(error: Any) -> list[str]:
    return error.messages if isinstance(error, ValidationError) else [str(error)]


class Words(forms.CharField):
    """Texts divided by spaces, commas or lines; `each` is what one of them must pass."""

    widget = forms.Textarea

    def __init__(self, *, each: Sequence[Callable[[str], None]] = (), **options: Any):
        self.each = each
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        """One a line; what somebody typed stays as it is."""
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        """The texts, each once and checked."""
        said = list(dict.fromkeys(filter(None, re.split(r"[\s,;]+", super().clean(value)))))
        for text in said:
            for check in self.each:
                try:
                    check(text)
                except ValidationError as wrong:
                    raise ValidationError(f"“{Truncator(text).chars(SHOWN)}”: {' '.join(wrong.messages)}") from wrong
        return said


class WebhookForm(forms.Form):
    """Where events are posted, and which."""

    name = forms.CharField(max_length=255)
    url = forms.CharField(
        max_length=LONGEST_URL,
        validators=[callable_url],
        label="Address",
        widget=forms.URLInput(attrs={"placeholder": "https://…", "autocomplete": "off"}),
        help_text="Public and over https. It gets a POST for each event.",
    )
    kinds = Words(
        label="Kinds of event",
        each=[MaxLengthValidator(64), KIND_GLOB],
        initial=["*"],
        help_text="One a line, such as gate.blocked or release.*; a single * is everything.",
    )
    is_active = forms.BooleanField(required=False, initial=True, label="Switched on")


class RuleForm(forms.Form):
    """What to be told of, and how."""

    secret_fields = ("webhook_url", "secret")  # no refusal quotes them
    name = forms.CharField(max_length=255)
    trigger = forms.ChoiceField(choices=NotificationRule.Trigger, label="When")
    least_severity = forms.ChoiceField(choices=Notification.Severity, label="From this severity on")
    flow = forms.ModelChoiceField(Flow.objects.none(), required=False, empty_label="Any", label="Only this flow")
    environment = forms.ModelChoiceField(
        Environment.objects.none(), required=False, empty_label="Any", label="Only this environment"
    )
    channel = forms.ChoiceField(choices=NotificationRule.Channel, label="Tell it by")
    webhook_url = forms.CharField(
        max_length=LONGEST_URL,
        required=False,
        label="Address",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Slack (an incoming webhook) and webhooks need one. Shown shortened; left as it is, it stays.",
    )
    secret = forms.CharField(
        max_length=LONGEST_SECRET,
        required=False,
        label="Signing secret",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="For webhooks: the body is signed with it, in X-Factstore-Signature-256.",
    )
    to = Words(
        required=False,
        label="People",
        help_text="E-mail addresses, one a line. E-mail needs one; Gatehouse tells all members when this is empty.",
    )
    is_active = forms.BooleanField(required=False, initial=True, label="Switched on")

    def __init__(self, *args: Any, actor: Actor, rule: NotificationRule | None = None, **kwargs: Any):
        if rule is not None:
            config = masked_config(rule)
            kwargs["initial"] = {
                **{name: getattr(rule, name) for name in ("name", "trigger", "least_severity", "channel", "is_active")},
                "flow": rule.flow_id,
                "environment": rule.environment_id,
                "webhook_url": config.get("webhookUrl", ""),
                "secret": config.get("secret", ""),
                "to": config.get("to", []),
            }
        super().__init__(*args, **kwargs)
        for name, model in (("flow", Flow), ("environment", Environment)):
            rows = model._default_manager.visible_to(actor).filter(organization=actor.organization)
            self.fields[name].queryset = rows.order_by("name")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen channel can't do without."""
        said = super().clean() or {}
        name, words = NEEDED.get(said.get("channel", ""), ("", ""))
        if name and not said.get(name) and name not in self.errors:
            self.add_error(name, words)
        return said

    def add_error(self, field: str | None, error: Any) -> None:
        """Say what the service refuses of the channel's settings by the field that sets it, not in the wire's word."""
        if field is not None or isinstance(error, dict):
            return super().add_error(field, error)
        for message in (text for each in (error if isinstance(error, list) else [error]) for text in _texts(each)):
            word, _, rest = message.partition(" ")
            name = SET_BY.get(word.removesuffix(":"))
            said = rest if word.endswith(":") else f"{rest[:1].upper()}{rest[1:]}"
            super().add_error(name, said if name else message)
        return None

    def values(self) -> tuple[dict[str, Any], Config]:
        """What the service takes, and the settings of the channel: of what was filled in, only what it uses."""
        said = dict(self.cleaned_data)
        config = {"webhookUrl": said.pop("webhook_url"), "secret": said.pop("secret"), "to": said.pop("to")}
        used = {"slack": ("webhookUrl",), "webhook": ("webhookUrl", "secret")}.get(said["channel"], ("to",))
        return said, {key: config[key] for key in used if config[key]}

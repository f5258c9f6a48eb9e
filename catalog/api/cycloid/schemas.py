"""Request bodies of Cycloid's clients, of both generations. Null means absent, unknown keys are passed over."""

import re
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import validate_email
from rest_framework import serializers

from catalog.models.people import check_glob
from config.api.serializers import Flag, Name, Text, Whole, WireSerializer

CANONICAL = re.compile(r"[a-z0-9]+[a-z0-9\-_]+[a-z0-9]+")
PROJECT = re.compile(r"[a-z0-9]([a-z0-9\-_]*[a-z0-9])?")
ENVIRONMENT = re.compile(r"[\da-zA-Z]([\da-zA-Z\-._]*[\da-zA-Z])?")
TAG_VALUE = re.compile(r"[\w\-+=.:/@ ]*")
COLOUR = re.compile(
    "aqua|black|blue|fuchsia|gray|green|lime|maroon|navy|olive|orange|purple|red|silver|teal|white|yellow"  # of CSS 2
)
SEVERITIES = ("info", "warn", "err", "crit")
TYPES = ("Cycloid", "AWS", "Monitoring", "Custom")
MOST_TEXT = 10_000


class Optional(Text):
    """A text that may be left out or empty."""

    def __init__(self, **options: Any):
        options.setdefault("max_length", MOST_TEXT)
        super().__init__(required=False, allow_blank=True, **options)


class Canonical(Text):
    """An address: lower case, 3 to 100 characters, unless `pattern` says otherwise."""

    def __init__(self, pattern: re.Pattern[str] = CANONICAL, **options: Any):
        self.pattern = pattern
        options.setdefault("max_length", 100)
        options.setdefault("min_length", 3 if pattern is CANONICAL else 1)
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if not self.pattern.fullmatch(value):
            raise serializers.ValidationError("must be letters and digits, with - or _ between them")
        return value


class Word(Text):
    """One of a closed set of words."""

    def __init__(self, words: tuple[str, ...], **options: Any):
        self.words = words
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if value and value not in self.words:
            raise serializers.ValidationError(f"must be one of {', '.join(self.words)}")
        return value


class Email(Name):
    """An e-mail address."""

    def __init__(self, **options: Any):
        super().__init__(max_length=254, **options)

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        try:
            validate_email(value)
        except DjangoValidationError as error:
            raise serializers.ValidationError("must be an e-mail address") from error
        return value


class Glob(Name):
    """An action or resource glob."""

    def __init__(self, **options: Any):
        super().__init__(max_length=255, **options)

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        try:
            check_glob(value)
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from error
        return value


class Login(WireSerializer):
    """E-mail or, of the older generation, user name; and the password."""

    email = Text(required=False, max_length=254)
    username = Text(required=False, max_length=100)
    password = Text(min_length=8, max_length=255)
    organization_canonical = Canonical(required=False)

    def validate(self, attrs: Any) -> Any:
        """Somebody is named."""
        if not (attrs.get("email") or attrs.get("username")):
            raise serializers.ValidationError({"email": "is needed"})
        return attrs


class SignUp(WireSerializer):
    """A new account. The older generation says the name in two parts."""

    email = Email()
    password = Text(min_length=8, max_length=255)
    username = Canonical(required=False)
    full_name = Name(required=False, min_length=2, max_length=255)
    given_name = Name(required=False, min_length=2, max_length=120)
    family_name = Name(required=False, min_length=2, max_length=120)
    locale = Word(("en", "fr", "es"), required=False)
    country_code = Text(required=False, max_length=2)
    invitation_token = Name(required=False, min_length=5, max_length=255)

    def validate(self, attrs: Any) -> Any:
        """There is a name, in one part or in two."""
        parts = " ".join(attrs[part] for part in ("given_name", "family_name") if part in attrs)
        attrs["name"] = attrs.get("full_name") or parts
        if not attrs["name"]:
            raise serializers.ValidationError({"full_name": "is needed"})
        return attrs


class NewOrganization(WireSerializer):
    name = Name(min_length=3, max_length=255)
    canonical = Canonical(required=False)


class UpdateOrganization(WireSerializer):
    name = Name(min_length=3, max_length=255)
    mfa_enabled = Flag(required=False)
    quotas = Flag(required=False)
    can_children_create_appearance = Flag(required=False)
    can_children_use_dedicated_authentication = Flag(required=False)
    can_children_manage_oidc_mapping = Flag(required=False)
    is_using_dedicated_authentication = Flag(required=False)
    sso_invite_only = Flag(required=False)
    creation_restricted_message = Optional()
    stack_branch_include_patterns = serializers.ListField(child=Name(max_length=255), max_length=50, required=False)
    stack_branch_exclude_patterns = serializers.ListField(child=Name(max_length=255), max_length=50, required=False)


class CanDo(WireSerializer):
    action = Name(max_length=255)
    entity_canonicals = serializers.ListField(child=Text(max_length=255), max_length=1000)


class NewRule(WireSerializer):
    action = Glob()
    effect = Word(("allow",))
    resources = serializers.ListField(child=Glob(), max_length=200, required=False)


class UpdateAPIKey(WireSerializer):
    name = Name(min_length=3, max_length=255)
    description = Optional()
    owner = Optional(max_length=254)


class NewAPIKey(UpdateAPIKey):
    canonical = Canonical(required=False)
    rules = serializers.ListField(child=NewRule(), min_length=1, max_length=200)


class Invite(WireSerializer):
    email = Email()
    role_canonical = Canonical(min_length=2, pattern=PROJECT)


class Assign(WireSerializer):
    role_canonical = Canonical(min_length=2, pattern=PROJECT)


class Tag(WireSerializer):
    key = Name(max_length=254)
    value = Text(max_length=254, allow_blank=True)

    def validate_value(self, value: str) -> str:
        """Words and a few signs."""
        if not TAG_VALUE.fullmatch(value):
            raise serializers.ValidationError("must be words, digits, spaces and - + = . : / @ _")
        return value


class NewEvent(WireSerializer):
    type = Word(TYPES)
    title = Name(max_length=500)
    message = Name(max_length=MOST_TEXT)
    severity = Word(SEVERITIES)
    tags = serializers.ListField(child=Tag(), max_length=100)
    icon = Name(required=False, min_length=3, max_length=100)
    color = Text(required=False)

    def validate_color(self, value: str) -> str:
        """One of CSS 2's colour keywords."""
        if not COLOUR.fullmatch(value):
            raise serializers.ValidationError("must be a colour keyword of CSS 2")
        return value


class NewProject(WireSerializer):
    name = Name(max_length=255)
    canonical = Canonical(PROJECT, required=False)
    config_repository_canonical = Canonical(required=False)
    description = Optional()
    owner = Optional(max_length=254)
    team_canonical = Canonical(PROJECT, required=False)
    color = Optional(max_length=64)
    icon = Optional(max_length=64)


class UpdateProject(WireSerializer):
    name = Name(max_length=255)
    config_repository_canonical = Canonical(required=False)
    cloud_provider = Word(("aws", "google", "azurerm", "flexibleengine", "openstack"), required=False)
    description = Optional()
    owner = Optional(max_length=254)
    color = Optional(max_length=64)
    icon = Optional(max_length=64)
    updated_at = Whole(least=0, most=2**63 - 1, required=False)


class AnyValue(serializers.Field):
    """Any JSON."""

    def to_internal_value(self, data: Any) -> Any:
        return data


class Variable(WireSerializer):
    key = Name(max_length=255)
    type = Word(("string", "boolean", "integer", "float", "array", "map"))
    value = AnyValue()
    sensitive = Flag(required=False)
    description = Optional(max_length=1000)

    def validate(self, attrs: Any) -> Any:
        """The value is of the type, and the key can be one."""
        if not fits(attrs["type"], attrs["value"]):
            raise serializers.ValidationError({"value": f"must be of the type {attrs['type']}"})
        if "." in attrs["key"] or not re.search(r"[A-Za-z0-9]", attrs["key"]):
            raise serializers.ValidationError({"key": "must have a letter or digit, and no dot"})
        return attrs


class UpdateEnvironment(WireSerializer):
    """Both generations' fields; what is left out stays."""

    name = Name(max_length=100)
    color = Optional(max_length=64)
    description = Optional(max_length=1000)
    owner = Optional(max_length=254)
    type = Word(("production", "staging", "development"), required=False, allow_blank=True)
    cloud_account_canonicals = serializers.ListField(child=Text(max_length=100), max_length=100, required=False)
    variables = serializers.ListField(child=Variable(), max_length=200, required=False)


class NewEnvironment(UpdateEnvironment):
    canonical = Canonical(ENVIRONMENT, required=False)


class LinkOrNewEnvironment(NewEnvironment):
    """One that is there, by its canonical, or a new one, by its name."""

    name = Name(max_length=100, required=False)
    environment_canonical = Canonical(ENVIRONMENT, required=False)

    def validate(self, attrs: Any) -> Any:
        """One of the two is said."""
        if not (attrs.get("environment_canonical") or attrs.get("name")):
            raise serializers.ValidationError({"name": "is needed"})
        return attrs


def fits(kind: str, value: Any) -> bool:
    """Whether a variable's value is of its type."""
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case "array":
            return isinstance(value, list)
    return isinstance(value, dict)

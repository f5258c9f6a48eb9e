"""The words and limits of a Phaset record manifest (phaset.md section 2). Lengths count Unicode code points."""

import re
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import validate_email
from rest_framework import serializers

from catalog.models import Component
from catalog.repositories import KNOWN, is_repository
from config.api.serializers import Name, Text, Whole, WireSerializer

TAG = re.compile(r"[A-Za-z0-9._~:-]+")
ID = re.compile(r"[A-Za-z0-9_-]+")
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Optional(Text):
    """A string that may be left out; `""` means that it is."""

    def __init__(self, **options: Any):
        super().__init__(required=False, allow_blank=True, **options)


class Choice(Optional):
    """One of a closed set of words in exactly this letter case."""

    def __init__(self, words: Iterable[str], **options: Any):
        self.words = tuple(words)
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if value not in self.words:
            raise serializers.ValidationError(f"must be one of {', '.join(self.words)}")
        return value


class Reference(Optional):
    """An id of exactly `length` characters, or one of the words `also`; whether it exists is not looked at here."""

    def __init__(self, length: int, *, also: tuple[str, ...] = (), **options: Any):
        self.length, self.also = length, also
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if value not in self.also and not (len(value) == self.length and ID.fullmatch(value)):
            raise serializers.ValidationError(f"must be {self.length} letters, digits, - or _")
        return value


class Target(Name):
    """The record id something depends on."""

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if len(value) != 10 or not ID.fullmatch(value):
            raise serializers.ValidationError("must be 10 letters, digits, - or _")
        return value


class Repository(Name):
    """A repository's address: http(s), ssh, `git@host:path` or `owner/name`."""

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if not is_repository(value):
            raise serializers.ValidationError(f"must be a repository: {KNOWN}")
        return value


class Email(Name):
    """Something that looks like an e-mail address."""

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        try:
            validate_email(value)
        except DjangoValidationError as error:
            raise serializers.ValidationError("must be an e-mail address") from error
        return value


class Tag(Name):
    """A URL-safe word; the colon makes it a facet."""

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if not TAG.fullmatch(value):
            raise serializers.ValidationError("must hold only letters, digits and - . _ ~ :")
        return value


class Link(Name):
    """An address that a page may link to."""

    schemes = ("http:", "https:", "mailto:")

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        scheme = SCHEME.match(value)
        if CONTROL.search(value) or scheme is None or scheme[0].lower() not in self.schemes:
            raise serializers.ValidationError("must be an http, https or mailto address")
        return value


class SchemaPath(Optional):
    """Where an API's schema is: an http(s) URL, or a path in the repository."""

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        scheme = SCHEME.match(value.lstrip())
        if CONTROL.search(value) or (scheme and scheme[0].lower() not in ("http:", "https:")):
            raise serializers.ValidationError("must be an http(s) URL or a path")
        return value


class Items(serializers.Field):
    """A list of at most `most` things; every fault of those is reported, and that there are too many."""

    def __init__(self, child: serializers.Field, *, most: int, **options: Any):
        self.child, self.most = child, most
        options.setdefault("required", False)
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            raise serializers.ValidationError("must be a list")
        faults: dict[Any, Any] = {}
        if len(data) > self.most:
            faults["non_field_errors"] = [f"must hold at most {self.most}"]
        values = []
        for position, item in enumerate(data[: self.most]):
            try:
                values.append(self.child.run_validation(item))
            except serializers.ValidationError as error:
                faults[position] = error.detail
        if faults:
            raise serializers.ValidationError(faults)
        return values


class Metadata(serializers.Field):
    """Free pairs of strings: keys of at most 50, values of at most 500 characters."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("must be an object")
        faults: dict[str, str] = {}
        for key, value in data.items():
            if len(key) > 50:
                faults[key[:50] + "…"] = "the key is longer than 50 characters"
            elif not isinstance(value, str):
                faults[key] = "must be a string"
            elif len(value) > 500:
                faults[key] = "must have at most 500 characters"
        if faults:
            raise serializers.ValidationError(faults)
        return data


class Spec(WireSerializer):
    """What the software is."""

    name = Name(max_length=500)
    repo = Repository(max_length=500)
    description = Optional(max_length=1500)
    version = Optional(max_length=50)
    kind = Choice(Component.Kind.values)
    lifecycleStage = Choice(Component.Lifecycle.values)
    group = Reference(8)
    system = Reference(8)
    domain = Reference(8)
    dataSensitivity = Choice(Component.Sensitivity.values)
    businessCriticality = Choice(Component.Criticality.values)
    sourcingModel = Choice(Component.Sourcing.values)
    deploymentModel = Choice(Component.Deployment.values)


class Baseline(WireSerializer):
    """Which standards apply."""

    id = Reference(8, also=("default",))


class Contact(WireSerializer):
    email = Email(max_length=254)
    relation = Optional(max_length=50)


class Dependency(WireSerializer):
    target = Target()
    description = Optional(max_length=300)
    criticality = Choice(Component.Criticality.values)


class Slo(WireSerializer):
    title = Name()
    description = Name()
    type = Name(max_length=50)
    target = Name()
    period = Whole(least=1, most=365)


class Api(WireSerializer):
    name = Name()
    schemaPath = SchemaPath()


class LinkItem(WireSerializer):
    url = Link()
    title = Name()
    icon = Optional(max_length=50)


class Record(WireSerializer):
    """The whole manifest. Unknown keys, also `id` and `organizationId` that CI adds, are ignored."""

    spec = Spec()
    baseline = Baseline(required=False)
    contacts = Items(Contact(), most=3)
    tags = Items(Tag(max_length=20), most=5)
    dependencies = Items(Dependency(), most=100)
    slo = Items(Slo(), most=20)
    api = Items(Api(), most=20)
    links = Items(LinkItem(), most=20)
    metadata = Metadata(required=False)

    def to_internal_value(self, data: Any) -> Any:
        """A manifest without a spec lacks a name and a repository: say so."""
        if isinstance(data, dict) and data.get("spec") is None:
            data = data | {"spec": {}}
        return super().to_internal_value(data)

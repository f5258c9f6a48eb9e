"""Request schemas: serializers that read a vendor's words and refuse everything wrong at once."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers


class WireSerializer(serializers.Serializer):
    """A request body. An explicit null means the key is absent; unknown keys are ignored.

    `aliases` maps another dialect's spelling of a key to this one's; when both are sent ours wins.
    """

    aliases: Mapping[str, str] = {}

    def to_internal_value(self, data: Any) -> Any:
        """Drop nulls and translate aliases before the fields read `data`."""
        if not isinstance(data, Mapping):
            raise serializers.ValidationError({"non_field_errors": ["must be a JSON object"]})
        present = {key: value for key, value in data.items() if value is not None}
        for alias, name in self.aliases.items():
            if alias in present:
                present.setdefault(name, present.pop(alias))
        return super().to_internal_value(present)

    @classmethod
    def read(cls, data: Any, **options: Any) -> dict[str, Any]:
        """Validate `data` and return the values by `source` name. Raises ValidationError naming all faults."""
        serializer = cls(data=data, **options)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


class Text(serializers.CharField):
    """A string that must be sent as a string: numbers and booleans are refused, not converted."""

    def __init__(self, **options: Any):
        options.setdefault("trim_whitespace", False)
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("must be a string")
        if "\0" in data:
            raise serializers.ValidationError("must not contain a NUL character")
        return super().to_internal_value(data)


class Name(Text):
    """A string that is not blank."""

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if not value.strip():
            raise serializers.ValidationError("must not be blank")
        return value


class Flag(serializers.Field):
    """A JSON boolean and nothing else."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError("must be true or false")
        return data

    def to_representation(self, value: bool) -> bool:
        return value


class Whole(serializers.Field):
    """A JSON integer within [least, most]; booleans, fractions and numbers in strings are refused."""

    def __init__(self, *, least: int, most: int, **options: Any):
        self.least, self.most = least, most
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool) or not self.least <= data <= self.most:
            raise serializers.ValidationError(f"must be a whole number from {self.least} to {self.most}")
        return data

    def to_representation(self, value: int) -> int:
        return value


class Token(serializers.ChoiceField):
    """One of a closed set of upper-case words, read in any letter case and with `-` for `_`; gives the stored value.

    `words` maps the wire's word to the stored value.
    """

    def __init__(self, words: Mapping[str, Any], **options: Any):
        self.words = dict(words)
        super().__init__(choices=list(self.words), **options)

    def to_internal_value(self, data: Any) -> Any:
        word = data.strip().upper().replace("-", "_") if isinstance(data, str) else data
        if not isinstance(word, str) or word not in self.words:
            raise serializers.ValidationError(f"must be one of {', '.join(self.words)}")
        return self.words[word]


class Objects(serializers.Field):
    """A JSON object with any content."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("must be an object")
        return data

    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        return value


class Texts(serializers.ListField):
    """A list of non-blank strings."""

    def __init__(self, **options: Any):
        options.setdefault("child", Name(max_length=255))
        options.setdefault("max_length", 200)
        super().__init__(**options)

"""Names of images, as builds and clusters spell them."""

from typing import Any

from django.db.models import CharField, Func, Value


def short_name(name: str) -> str:
    """The name without registry and path: a mirror's `mirror.example/pay/checkout` is `checkout` too."""
    return name.rpartition("/")[2]


class ShortName(Func):
    """`short_name` of a column, in SQL."""

    function = "regexp_replace"

    def __init__(self, column: Any, **extra: Any):
        super().__init__(column, Value("^.*/"), Value(""), output_field=CharField(), **extra)

"""Text that is the same in any letter case."""

from typing import Any

from django.db import models


@models.CharField.register_lookup
class Spelled(models.Lookup):
    """`slug__spelled=word`: as `iexact`, in the form that finds the indexes on `Lower`."""

    lookup_name = "spelled"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """The condition, with its values."""
        stored, values = self.process_lhs(compiler, connection)
        asked, word = self.process_rhs(compiler, connection)
        return f"LOWER({stored}) = LOWER({asked})", [*values, *word]

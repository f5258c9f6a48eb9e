"""Fields that look their rows up while one types, and show again whatever was sent."""

from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple

LONGEST = 19  # digits of the largest id


class _OfIds:
    """Looks up ids only: Django looks up anything that was sent, and what is no number ends in a 500."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        """The chosen rows; what is no id is none."""
        ids = [each for each in value if str(each).isdecimal() and len(str(each)) <= LONGEST]
        return super().optgroups(name, ids, attr)  # type: ignore[misc]


class Chooser(_OfIds, AutocompleteSelect):
    """One row."""


class ManyChooser(_OfIds, AutocompleteSelectMultiple):
    """Any number of rows."""

"""The words for states, one file for pages, API and messages: area and wire value give tone, icon and word."""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

CALM_TONES = frozenset({"ok", "mute"})


class Word(NamedTuple):
    """How one state is shown: a tone of `tokens.css`, an icon name and the word itself."""

    tone: str
    icon: str
    word: str


@cache
def areas() -> dict[str, dict[str, Word]]:
    """Every area of the vocabulary with its wire values, in the order of the file."""
    raw = json.loads(Path(__file__).with_name("vocabulary.json").read_text())
    return {area: {value: Word(**word) for value, word in words.items()} for area, words in raw.items()}


def look_up(area: str, value: object) -> Word:
    """The word for `value` in `area`; a value nobody described is mute and shown raw, never green by default.

    Raises KeyError for an area that does not exist: that is a mistake in a template, not in the data.
    """
    known = areas()[area]
    raw = "" if value is None else str(value)
    return known.get(raw) or Word("mute", "circle-dashed", raw or "Unknown")

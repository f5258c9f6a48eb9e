"""What can be found: each app registers the kinds of things it has, and what their documents say.

Apps register in `AppConfig.ready()`; nothing here imports upward, nor a model.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

LONGEST = 4_000  # letters of a document: what stands further down in a text is not found
Notes = Callable[[Any, Sequence[UUID]], Mapping[UUID, str]]


@dataclass(frozen=True)
class Source:
    """One kind of thing that can be found, the same word as its `entity` in rights.

    `title` and `text` make its document from a row; `related` are the foreign keys they follow. `page` is the name of
    its page, by its uid; '' for a kind that only the API finds. `shelf` is 0, or that of a kind of which there are very
    many (SearchDocument). `notes(actor, uids)` says something current about each, in a query or two.
    """

    model: type[Any]
    label: str
    plural: str
    icon: str
    page: str
    title: Callable[[Any], str]
    text: Callable[[Any], Iterable[str | None]]
    related: tuple[str, ...] = ()
    shelf: int = 0
    notes: Notes | None = None

    @property
    def kind(self) -> str:
        """Its word: `component`."""
        return self.model.entity

    def said(self, row: Any) -> tuple[str, str, str]:
        """Title and text of the document of `row`, each thing that is said of it on a line of its own, and the words it
        is found by: both, in lower case."""
        parts = (" ".join(part.split()) for part in self.text(row) if part)
        title, text = self.title(row)[:512], "\n".join(parts)[:LONGEST]
        title, text = title.replace("\0", ""), text.replace("\0", "")
        return title, text, f"{title} {text}".replace("\n", " ").lower()


_sources: dict[str, Source] = {}


def register_source(source: Source) -> None:
    """Have what `source` describes found; kinds are listed in the order in which they were registered."""
    _sources[source.kind] = source


def sources() -> Mapping[str, Source]:
    """What can be found, by its word."""
    return _sources


def source_of(row: Any) -> Source | None:
    """What describes `row`; None for what cannot be found."""
    source = _sources.get(getattr(row, "entity", ""))
    return source if source is not None and type(row) is source.model else None

"""Finding: the page that works without scripts, and what the palette offers."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from catalog import slots
from catalog.finding import LONGEST_QUERY, Search
from catalog.middleware import PortalRequest
from catalog.models import SearchDocument
from catalog.search import Source, sources
from catalog.views.access import portal
from catalog.views.paging import query_string
from catalog.views.rendering import render_page

GLANCE, PAGE = 5, 20  # hits of each kind beside others, and of one kind
OFFERED = 4  # hits of each kind in the palette
AROUND = 60  # letters of an excerpt before its first mark
EXCERPT = 180


@dataclass(frozen=True)
class Hit:
    """One thing found: where it is, and how it reads with the words marked."""

    url: str
    title: SafeString
    excerpt: SafeString
    note: str


@dataclass(frozen=True)
class Group:
    """The hits of one kind; `more_url` is where the rest of them are, if there are more."""

    source: Source
    hits: list[Hit]
    more_url: str = ""


@require_safe
@portal
def search_page(request: PortalRequest) -> HttpResponse:
    """Everything with the words of `q`, kind by kind; all of one kind, newest first, with `kind`."""
    query, known = request.GET.get("q", "")[:LONGEST_QUERY], _kinds()
    kind = request.GET.get("kind", "")
    context: dict[str, Any] = {
        "query": query.strip(),
        "kind": known.get(kind),
        "kinds": known.values(),
        "before": _uid(request.GET.get("before", "")),
    }
    if kind in known:
        context |= _of_one_kind(request, query, kind, context["before"])
    else:
        context |= {
            "groups": _groups(request, query, GLANCE),
            "places": _named(slots.deeds(request) + slots.places(request), query),
        }
    return render_page(request, "catalog/search.html", context)


@require_safe
@portal
def palette(request: PortalRequest) -> HttpResponse:
    """What the palette offers for `q`: things, pages and deeds; without words the pages and deeds."""
    query = request.GET.get("q", "")[:LONGEST_QUERY].strip()
    places, deeds = slots.places(request), slots.deeds(request)
    context = {
        "query": query,
        "groups": _groups(request, query, OFFERED),
        "places": _named(places, query) if query else [each for each in places if each.note == "Page"],
        "deeds": _named(deeds, query) if query else deeds[:OFFERED],
        "all_url": f"{reverse('catalog:search')}{query_string(request)}",
    }
    return render(request, "catalog/palette.html", context)


def _kinds() -> dict[str, Source]:
    """What has a page to lead to."""
    return {kind: source for kind, source in sources().items() if source.page}


def _groups(request: PortalRequest, query: str, size: int) -> list[Group]:
    search = Search(request.actor, query, kinds=_kinds(), size=size + 1, best=True)
    return [
        Group(
            sources()[kind],
            _hits(request, rows[:size], search.words),
            query_string(request, kind=kind) if len(rows) > size else "",
        )
        for kind, rows in search.found().items()
    ]


def _of_one_kind(request: PortalRequest, query: str, kind: str, before: UUID | None) -> dict[str, Any]:
    search = Search(request.actor, query, kinds=[kind], size=PAGE + 1, before=before)
    rows = search.found().get(kind, [])
    older = query_string(request, before=rows[PAGE - 1].uid) if len(rows) > PAGE else ""
    groups = [Group(sources()[kind], _hits(request, rows[:PAGE], search.words))] if rows else []
    return {"groups": groups, "older_url": older, "newest_url": query_string(request, before=None)}


def _hits(request: PortalRequest, rows: Sequence[SearchDocument], words: Sequence[str]) -> list[Hit]:
    source = sources()[rows[0].kind]
    notes = source.notes(request.actor, [row.uid for row in rows]) if source.notes else {}
    return [
        Hit(
            reverse(source.page, args=[row.uid]),
            marked(row.title, words),
            excerpt(row.text, [word for word in words if word not in row.title.lower()]),
            notes.get(row.uid, ""),
        )
        for row in rows
    ]


def _named(places: Iterable[slots.Place], query: str) -> list[slots.Place]:
    """Those whose name has every word of the query."""
    words = query.lower().split()
    return [each for each in places if words and all(word in each.label.lower() for word in words)]


def marked(text: str, words: Sequence[str]) -> SafeString:
    """`text` as HTML with every one of `words` (in lower case) in a `mark`."""
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    pieces = re.split(f"({pattern})", text, flags=re.IGNORECASE) if words else [text]
    marks = (format_html("<mark>{}</mark>" if at % 2 else "{}", piece) for at, piece in enumerate(pieces))
    return format_html_join("", "{}", ((each,) for each in marks))


def excerpt(text: str, words: Sequence[str]) -> SafeString:
    """The part of the first line of `text` with one of `words`, as HTML with them marked; nothing without such."""
    text = next((line for line in text.split("\n") if any(word in line.lower() for word in words)), "")
    places = [at for word in words if (at := text.lower().find(word)) >= 0]
    if not places:
        return SafeString("")
    start = max(0, min(places) - AROUND)
    cut = text[start : start + EXCERPT]
    return format_html("{}{}{}", "… " if start else "", marked(cut, words), " …" if start + EXCERPT < len(text) else "")


def _uid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

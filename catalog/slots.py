"""What the apps above hang on catalog's pages: panels, navigation, gates in the rail, things waiting, words for events.

Apps register in `AppConfig.ready()`; catalog renders by name, so nothing here imports upward (DESIGN section 6).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.safestring import SafeString, mark_safe

from catalog.middleware import PortalRequest

Panel = Callable[[PortalRequest, Any], str]
Counter = Callable[[PortalRequest], int]


class Gate(NamedTuple):
    """One environment in the rail: `state` is a value of the vocabulary's `gate` area."""

    name: str
    url: str
    state: str

    @property
    def glyph(self) -> str:
        """The icon: a gate that is up, down, or half way."""
        return {"open": "gate-open", "waived": "gate-open", "blocked": "gate-shut", "error": "gate-shut"}.get(
            self.state, "gate"
        )


@dataclass(frozen=True)
class Waiting:
    """How many things wait for this person, and where the first of them is."""

    count: int
    url: str


@dataclass(frozen=True)
class NavLink:
    """One resolved entry of the rail; `current` is what `aria-current` gets: "page", "true" or nothing.

    `key` is the letter that goes there after `g`: the first of the label that no entry above took.
    """

    label: str
    url: str
    icon: str
    current: str
    count: int
    key: str


class EventWords(NamedTuple):
    """How a timeline shows one kind of event.

    `text` is what somebody did; it may name `{subject}` and any key of the event's data. `url_name` is the page of the
    subject, by its uid; with `linked`, of the other thing whose name stands in the data under that key, and its uid
    under the same key with `_id`.
    """

    tone: str
    icon: str
    text: str
    url_name: str = ""
    linked: str = ""


class Tile(NamedTuple):
    """A figure on the home page: `note` is the link to the rows that were counted, `url` where they are.

    `series` (oldest first) draws a sparkline of `kind` "line" or "bars"; `said` tells it in words.
    """

    label: str
    value: str
    note: str
    url: str
    unit: str = ""
    series: tuple[float, ...] = ()
    said: str = ""
    kind: str = "line"


class Place(NamedTuple):
    """Somewhere one can go by name; `note` says where that is."""

    label: str
    url: str
    icon: str
    note: str


@dataclass(frozen=True)
class _NavEntry:
    label: str
    url_name: str
    icon: str
    count: Counter | None


_panels: dict[str, list[tuple[int, Panel]]] = defaultdict(list)
_nav: list[tuple[int, _NavEntry]] = []
_gates: list[Callable[[PortalRequest], Iterable[Gate]]] = []
_waiting: list[tuple[str, Counter]] = []
_tiles: list[tuple[int, Callable[[PortalRequest], Tile | None]]] = []
_events: dict[str, EventWords] = {}
_settings: list[tuple[int, str, str, str]] = []
_deeds: list[tuple[str, str, str]] = []


def register(slot: str, panel: Panel, *, order: int = 50) -> None:
    """Hang `panel(request, subject) -> html` on `slot`; lower orders come first, an empty string hangs nothing."""
    _panels[slot].append((order, panel))
    _panels[slot].sort(key=lambda entry: entry[0])


def render(slot: str, request: PortalRequest, subject: Any = None) -> list[SafeString]:
    """The panels of `slot` for `subject`, in order, without the empty ones."""
    drawn = (panel(request, subject) for _, panel in _panels.get(slot, ()))
    return [mark_safe(html) for html in drawn if html.strip()]  # noqa: S308 panels render templates, which escape


def registered() -> frozenset[str]:
    """The slots somebody hung a panel on."""
    return frozenset(_panels)


def register_nav(label: str, url_name: str, icon: str, *, order: int, count: Counter | None = None) -> None:
    """Add an entry to the rail; `count(request)` is printed beside it when it is not 0."""
    _nav.append((order, _NavEntry(label, url_name, icon, count)))
    _nav.sort(key=lambda entry: entry[0])


def nav(request: PortalRequest) -> list[NavLink]:
    """The rail for this request. An entry whose page is not routed is left out."""
    links: list[NavLink] = []
    taken: set[str] = set()
    for _, entry in _nav:
        if url := page_url(entry.url_name):
            count = entry.count(request) if entry.count else 0
            key = next((letter for letter in entry.label.lower() if letter.isalpha() and letter not in taken), "")
            taken.add(key)
            links.append(NavLink(entry.label, url, entry.icon, _current(request.path, url), count, key))
    return links


def register_settings(label: str, url_name: str, action: str = "", *, order: int) -> None:
    """Add a page below Settings, shown to whoever may do `action` somewhere; without one to everybody."""
    _settings.append((order, label, url_name, action))
    _settings.sort()


def settings_tabs(request: PortalRequest) -> list[NavLink]:
    """The pages below Settings that this person may open."""
    tabs = []
    for _, label, url_name, action in _settings:
        url = page_url(url_name)
        if url and (not action or request.actor.may_somewhere(action)):
            below = request.path == url or request.path.startswith(f"{url}/")
            tabs.append(NavLink(label, url, "", "page" if request.path == url else "true" if below else "", 0, ""))
    return tabs


def places(request: PortalRequest) -> list[Place]:
    """Every page of the rail and below Settings, which this person may open."""
    found = [(entry.label, page_url(entry.url_name), entry.icon, "Page") for _, entry in _nav]
    found += [(tab.label, tab.url, "settings", "Settings") for tab in settings_tabs(request)]
    return [Place(*each) for each in found if each[1]]


def register_deed(label: str, url_name: str, action: str) -> None:
    """Offer the page on which one does `label` ("Add a component") to whoever may do `action` here."""
    _deeds.append((label, url_name, action))


def deeds(request: PortalRequest) -> list[Place]:
    """What this person may do, each with the page it is done on."""
    found = [(label, page_url(name)) for label, name, action in _deeds if request.actor.may(action)]
    return [Place(label, url, "plus", "") for label, url in found if url]


def page_url(name: str) -> str:
    """The address of a page by its name, or nothing: a page that is not routed must not break the shell."""
    return _page_url(name, get_script_prefix(), settings.ROOT_URLCONF)


@cache
def _page_url(name: str, *served: str) -> str:
    """Each page asks for thirty; they differ only by where the portal is served."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _current(path: str, url: str) -> str:
    """ "page" on the entry's own page, "true" below the same first segment (`/releases/…`), else nothing."""
    if path.rstrip("/") == url.rstrip("/"):
        return "page"
    area = url.split("/")[1]
    return "true" if area and path.split("/")[1] == area else ""


def register_gates(provider: Callable[[PortalRequest], Iterable[Gate]]) -> None:
    """`provider(request)` names the environments of the rail with the state of their gates."""
    _gates.append(provider)


def gates(request: PortalRequest) -> list[Gate]:
    """Every gate of the rail, in the order of registration."""
    return [gate for provider in _gates for gate in provider(request)]


def register_waiting(url_name: str, count: Counter) -> None:
    """`count(request)` things wait for this person; `url_name` is where they are."""
    _waiting.append((url_name, count))


def waiting(request: PortalRequest) -> Waiting | None:
    """What waits for this person; None when nobody counts."""
    counted = [(count(request), url) for url_name, count in _waiting if (url := page_url(url_name))]
    if not counted:
        return None
    where = next((url for count, url in counted if count), counted[0][1])
    return Waiting(sum(count for count, _ in counted), where)


def register_tile(provider: Callable[[PortalRequest], Tile | None], *, order: int = 50) -> None:
    """`provider(request)` is a figure of the home page, or None."""
    _tiles.append((order, provider))
    _tiles.sort(key=lambda entry: entry[0])


def tiles(request: PortalRequest) -> list[Tile]:
    """The figures of the home page, in order."""
    return [tile for _, provider in _tiles if (tile := provider(request)) is not None]


def register_events(words: Mapping[str, EventWords]) -> None:
    """Say how timelines show these kinds of event."""
    _events.update(words)


def event_kinds() -> list[str]:
    """The kinds of event somebody described."""
    return sorted(_events)


def event_words(kind: str) -> EventWords:
    """How a timeline shows `kind`; a kind nobody described is mute and says its own name."""
    return _events.get(kind) or EventWords("mute", "activity", kind.replace(".", " ").replace("_", " ") + " {subject}")

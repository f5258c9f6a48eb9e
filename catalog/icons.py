"""Icons as inline SVG: lucide's by name, and four drawings of our own. The sheet gives size and stroke."""

import re
from functools import cache
from importlib.resources import files
from zipfile import ZipFile

from django.utils.safestring import SafeString, mark_safe

ARCH = '<path d="M2.5 14V7.5a5.5 5.5 0 0 1 11 0V14"/>'
OURS = {  # on a 16 px grid
    "gate": ARCH + '<path d="M5.8 3v7M8 2v8M10.2 3v7M3.5 7h9"/>',
    "gate-open": ARCH + '<path d="M5.8 3v2.5M8 2v3.5M10.2 3v2.5"/>',
    "gate-shut": ARCH + '<path d="M5.8 3v11M8 2v12M10.2 3v11M2.5 8h11M2.5 11h11"/>',
    "drift": '<path d="M2 5.5c2-2 4-2 6 0s4 2 6 0M2 10.5h3.5M8 10.5h1.5M12 10.5h2"/>',
}
SIZES = {"": "icon", "sm": "icon icon--sm", "lg": "icon icon--lg"}


@cache
def svg(name: str, size: str = "") -> SafeString:
    """The icon `name` at `size` ("", "sm" or "lg"), hidden from assistive technology: the word beside it speaks.

    Raises KeyError for names nobody drew.
    """
    grid, paths = (16, OURS[name]) if name in OURS else (24, _lucide(name))
    frame = f'<svg class="{SIZES[size]}" viewBox="0 0 {grid} {grid}" width="16" height="16" aria-hidden="true">'
    return mark_safe(f"{frame}{paths}</svg>")  # noqa: S308 constant drawings, no user data


@cache
def _drawings() -> ZipFile:
    """What lucide has, opened once: its own tag reads the list of all 1,700 again for each icon."""
    return ZipFile(files("lucide").joinpath("lucide.zip").open("rb"))


def _lucide(name: str) -> str:
    drawn = re.sub(r"\s+", " ", _drawings().read(f"{name}.svg").decode())
    inside = drawn[drawn.index(">", drawn.index("<svg")) + 1 : drawn.rindex("</svg>")]
    return re.sub(r"> <", "><", inside).replace(" />", "/>").strip()

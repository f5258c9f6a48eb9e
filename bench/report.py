"""Taking all figures in turn, and telling them."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from bench import approvals, gate, home, ingest, lists, memory, search
from bench.measuring import Figure
from bench.subject import Subject

PARTS = (gate, lists, home, search, approvals, ingest, memory)  # the first fills the database


def measure(subject: Subject, told: Callable[[str], object] = lambda line: None) -> list[Figure]:
    """All figures; `told` hears each as a line of the table as soon as it is known."""
    found = []
    for part in PARTS:
        for figure in part.measure(subject):
            found.append(figure)
            told(line(figure))
    return found


def line(figure: Figure) -> str:
    """One line of the table."""
    bound = f"≤ {figure.most:g}" if figure.most is not None else f"≥ {figure.least:g}" if figure.least else ""
    ratio = f"{figure.ratio:.2f} x {_number(figure.floor)}" if figure.floor else ""
    word = {None: "", True: "holds", False: "MISSED"}[figure.holds]
    return f"{figure.name:9} {figure.what:52} {_number(figure.value):>9} {figure.unit:7} {ratio:22} {bound:7} {word}"


def write(path: Path, size: float, figures: Iterable[Figure]) -> None:
    """The JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"scale": size, "figures": [each.as_dict() for each in figures]}, indent=2) + "\n")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"

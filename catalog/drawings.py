"""Geometry of what the portal draws: the portcullis, as a 40 px meter and as the gate of a decision, and sparklines.

In a portcullis each requirement is one bar, in the order of the decision: up when it holds, down when it does not.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

from catalog.requirements import Requirement, holds
from catalog.vocabulary import look_up

MAX_BARS = 12


class Bar(NamedTuple):
    """One bar: where it hangs, how far it comes down, and what it stands for."""

    x: float
    top: float
    end: float
    tone: str
    width: float
    requirement: Requirement

    @property
    def left(self) -> float:
        """Its left edge."""
        return round(self.x - self.width / 2, 1)

    @property
    def reach(self) -> float:
        """From its top to the road: how tall the area is that takes a click in the 132 units of the gate."""
        return round(132 - self.top, 1)


class Beam(NamedTuple):
    """A cross-beam between two neighbours that are both down."""

    x: float
    width: float


def meter(requirements: Sequence[Requirement]) -> list[Bar]:
    """Bars of the 40 by 22 meter, whose arch is half an ellipse of radii 19 and 10 around (20, 11)."""
    shown = _merge(requirements)
    step = min(6.0, 31 / max(len(shown) - 1, 1))
    width = 2.2 if len(shown) < 8 else 1.9 if len(shown) < 10 else 1.5
    bars = []
    for x, requirement in zip(_spread(20, step, len(shown)), shown, strict=True):
        top = round(11 - 10 * sqrt(1 - ((x - 20) / 19) ** 2) + 1.8, 1)
        end = round(top + 3.4, 1) if holds(requirement) else 20.5
        bars.append(Bar(x, top, end, _tone(requirement), width, requirement))
    return bars


def gate(requirements: Sequence[Requirement]) -> list[Bar]:
    """Bars of the 204 by 132 gate, whose opening is 136 wide with an arch of radii 68 and 40 around (102, 66)."""
    shown = _merge(requirements)
    step = min(14.0, 112 / max(len(shown) - 1, 1))
    bars = []
    for x, requirement in zip(_spread(102, step, len(shown)), shown, strict=True):
        top = round(66 - 40 * sqrt(1 - ((x - 102) / 68) ** 2), 1)
        end = round(top + 15, 1) if holds(requirement) else 123
        bars.append(Bar(x, top, end, _tone(requirement), 6, requirement))
    return bars


def beams(bars: Sequence[Bar]) -> list[Beam]:
    """Cross-beams of the gate."""
    down = [(a, b) for a, b in pairwise(bars) if a.end == b.end == 123]
    return [Beam(round(a.x + a.width / 2, 1), round(b.x - a.x - a.width, 1)) for a, b in down]


def gap(bars: Sequence[Bar]) -> float:
    """Room between two neighbours, which takes clicks too; 6 where there is one bar."""
    return round(bars[1].x - bars[0].x - bars[0].width, 1) if len(bars) > 1 else 6


def _spread(centre: float, step: float, number: int) -> list[float]:
    return [round(centre + step * (at - (number - 1) / 2), 1) for at in range(number)]


def _tone(requirement: Requirement) -> str:
    return look_up("requirement", requirement["state"]).tone


def _merge(requirements: Sequence[Requirement]) -> list[Requirement]:
    """At most MAX_BARS bars: those that hold are merged first, so that nothing open is hidden before them."""
    surplus = len(requirements) - MAX_BARS
    shown: list[Requirement] = []
    for requirement in requirements:
        if surplus > 0 and holds(requirement):
            surplus -= 1
        else:
            shown.append(requirement)
    return shown[:MAX_BARS]


class Column(NamedTuple):
    """One bar of a bar sparkline."""

    x: float
    y: float
    width: float
    height: float


def spark_columns(values: Sequence[float]) -> list[Column]:
    """Bars of a 100 by 28 sparkline, from nought; a value of 0 keeps a hair line."""
    step, scale = 100 / len(values), 26 / (max(values) or 1)
    heights = [round(max(value * scale, 1.0), 1) for value in values]
    width = round(step * 0.76, 1)
    return [Column(round(step * (at + 0.12), 1), round(28 - tall, 1), width, tall) for at, tall in enumerate(heights)]


def spark_line(values: Sequence[float]) -> list[tuple[float, float]]:
    """Points of a 100 by 28 sparkline between the lowest and the highest value."""
    low = min(values)
    step, scale = 100 / max(len(values) - 1, 1), 22 / ((max(values) - low) or 1)
    return [(round(at * step, 1), round(26 - (value - low) * scale, 1)) for at, value in enumerate(values)]

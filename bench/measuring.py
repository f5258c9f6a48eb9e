"""What a figure is, and how one is taken."""

import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

RUNS = 5  # at the least, of which the median counts
BOUNDS = re.compile(r"BEGIN|COMMIT|SAVEPOINT|RELEASE|ROLLBACK")  # of transactions: no queries of ours


@dataclass(frozen=True)
class Figure:
    """One measured value. With a `floor` (what bare SQL took) its multiple of that is judged, else the value itself."""

    name: str
    what: str
    value: float
    unit: str = ""
    floor: float | None = None
    most: float | None = None
    least: float | None = None

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of its floor."""
        return self.value / self.floor if self.floor else None

    @property
    def holds(self) -> bool | None:
        """Whether it is within its bounds; None for a figure that has none."""
        judged = self.value if self.ratio is None else self.ratio
        if self.most is None and self.least is None:
            return None
        return (self.most is None or judged <= self.most) and (self.least is None or judged >= self.least)

    def as_dict(self) -> dict[str, Any]:
        """For the JSON file."""
        return asdict(self) | {"ratio": self.ratio, "holds": self.holds}


def timed(act: Callable[[], object]) -> float:
    """How many milliseconds `act` took."""
    begun = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - begun)


def side_by_side(*acts: Callable[[], object], runs: int = RUNS) -> list[list[float]]:
    """The milliseconds of each of `acts` in `runs` turns, each turn all of them, after one turn that does not count."""
    turns = [[timed(act) for act in acts] for _ in range(runs + 1)]
    return [list(times) for times in zip(*turns[1:], strict=True)]


def median(times: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(times)


def p95(times: Sequence[float]) -> float:
    """The time that one in twenty exceeds, of few the worst."""
    return sorted(times)[min(len(times) - 1, round(0.95 * len(times)))]


def queries(act: Callable[[], object]) -> int:
    """How many statements `act` sends, without the bounds of transactions."""
    with CaptureQueriesContext(connection) as captured:
        act()
    return sum(not BOUNDS.match(each["sql"]) for each in captured)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The steepness of the line closest to the points; 0 for points above each other."""
    xs, ys = zip(*points, strict=True)
    return statistics.linear_regression(xs, ys).slope if len(set(xs)) > 1 else 0.0


def rows(sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """What a bare statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()

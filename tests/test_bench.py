"""The measurement takes every figure; at a size where none means anything."""

import json

from bench.measuring import Figure, p95, slope
from bench.report import PARTS, line, measure, write
from bench.subject import Subject


def test_a_run_takes_every_figure_and_writes_them_down(transactional_db, stack, tmp_path):
    stack.start("web")
    told: list[str] = []

    figures = measure(Subject(0.0001, stack.url, {"web": stack.processes["web"].pid}), told.append)
    write(tmp_path / "bench.json", 0.0001, figures)

    said = json.loads((tmp_path / "bench.json").read_text())
    assert {each["name"] for each in said["figures"]} == {
        "gate",
        "list",
        "home",
        "search",
        "approval",
        "ingest",
        "memory",
    }
    assert len({each["name"] for each in said["figures"]}) == len(PARTS)
    assert len(told) == len(said["figures"]) == len({(each["name"], each["what"]) for each in said["figures"]})
    counted = {each["name"]: each["value"] for each in said["figures"] if each["what"].startswith("queries")}
    assert counted.keys() == {"gate", "list", "home", "search", "approval", "ingest"}
    assert all(each["value"] > 0 for each in said["figures"] if each["unit"] in ("ms", "/s", "KB", "MB"))
    assert all((each["ratio"] is None) == (each["floor"] is None) for each in said["figures"])
    assert [each["what"] for each in said["figures"] if each["holds"] is False and "queries" in each["what"]] == []


def test_a_figure_is_judged_by_its_ratio_where_it_has_a_floor():
    slow = Figure("list", "fifty", 60, "ms", 20, most=2)
    assert (slow.ratio, slow.holds) == (3, False)
    assert Figure("list", "fifty", 60, "ms", 30, most=2).holds
    assert not Figure("ingest", "rate", 10, "/s", 100, least=0.15).holds
    assert Figure("gate", "p95", 29, "ms", most=30).holds
    assert Figure("gate", "median", 29, "ms").holds is None
    assert "MISSED" in line(slow)
    assert "3.00 x 20" in line(slow)


def test_the_growth_exponent_is_the_slope_over_the_logarithms_and_p95_leaves_out_one_in_twenty():
    assert slope([(4, 1.0), (5, 1.5), (6, 2.0)]) == 0.5
    assert slope([(4, 1.0), (4, 2.0)]) == 0
    assert p95([*range(1, 101)]) == 96
    assert p95([3.0, 1.0, 2.0]) == 3.0

"""`.env.example` names every variable that is read, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READ_BY_SETTINGS = re.compile(r"\benv\.\w+\(\s*\"([A-Z_]+)\"")
READ_ELSEWHERE = re.compile(r"os\.environ(?:\.get\(|\[)\"([A-Z_]+)\"")
# the system's, and what the tests set themselves
OTHERS = {"PATH", "GATEHOUSE_TEST_RUN", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"}


def test_example_names_every_variable():
    sources = [*(ROOT / "config").rglob("*.py"), *(ROOT / "tests").glob("*.py")]
    read = set(READ_BY_SETTINGS.findall((ROOT / "config/settings.py").read_text()))
    read |= {name for source in sources for name in READ_ELSEWHERE.findall(source.read_text())}

    named = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)

    assert sorted(named) == sorted(read - OTHERS)

"""The lock files name what is installed and its hashes, and no place it comes from."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock"]


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", (ROOT / lock).read_text(), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_address(lock):
    text = (ROOT / lock).read_text()

    assert not re.findall(r"https?:|file:|//|--(?:extra-)?index|--find-links|#", text)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes(lock):
    entries = re.findall(r"^[a-z0-9-]+==.*(?:\n    .*)*", (ROOT / lock).read_text(), re.MULTILINE)

    assert len(entries) == len(pins(lock))
    assert all("--hash=sha256:" in entry for entry in entries)


def test_development_lock_contains_the_runtime_lock():
    runtime = pins("requirements.lock")

    assert runtime.items() <= pins("requirements-dev.lock").items()


def test_locks_hold_the_versions_the_project_declares():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["embedded"]]
    exact = dict(re.fullmatch(r"([\w-]+)(?:\[.*\])?==(.+)", line).groups() for line in declared if "==" in line)

    assert exact
    assert exact.items() <= pins("requirements.lock").items()

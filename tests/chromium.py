"""Fixtures: a page in a real Chromium, where one is found; where none is, the tests that need it are skipped loudly."""

import os
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from config.embedded import BASE_DIR

SCREENSHOTS = BASE_DIR / "var" / "screenshots"
# The first has no windows to draw, and takes a fifth less time.
NAMES = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
# Takes the place of Playwright's own list, which the first line repeats as far as it concerns these pages and programs.
# A frame anew for each document costs a seventh of a page load.
OFF = [
    "AvoidUnnecessaryBeforeUnloadCheckSync", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "MediaRouter",
    "OptimizationHints", "PaintHolding",
    "RenderDocument",
]  # fmt: skip
ABSENT = "no Chromium found: install it, or name one in CHROMIUM"
FAILED = pytest.StashKey[bool]()


@cache
def find_chromium() -> str | None:
    """Return the program: `$CHROMIUM`, else one on the path, else the newest that Playwright has downloaded."""
    if named := os.environ.get("CHROMIUM"):
        return named
    downloaded = Path.home() / ".cache" / "ms-playwright"
    found = [path for name in NAMES if (path := shutil.which(name))]
    found += [str(path) for path in sorted(downloaded.glob("chromium-*/chrome-linux*/chrome"), reverse=True)]
    return next(iter(found), None)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright, whose loop runs in the thread of the tests until they end: there Django has another connection."""
    with sync_playwright() as playwright:
        yield playwright
        connections.close_all()


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """One Chromium for the whole test process."""
    arguments = ["--no-sandbox", f"--disable-features={','.join(OFF)}"]
    browser = playwright.chromium.launch(executable_path=find_chromium(), args=arguments)
    yield browser
    browser.close()


@pytest.fixture
def page(request: pytest.FixtureRequest, chromium: Browser, live_stack) -> Iterator[Page]:
    """A page of a fresh visitor on the live server; a failing test leaves its screenshot in `var/screenshots`."""
    context = chromium.new_context(base_url=live_stack.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    page = context.new_page()
    yield page
    if request.node.stash.get(FAILED, False):
        page.screenshot(path=screenshot(f"failed {request.node.name}"), full_page=True)
    context.close()


def screenshot(name: str) -> Path:
    """Return where the screenshot `name` is kept."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.png"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a browser. One test process runs those that need no other: it starts one Chromium."""
    for item in items:
        needed = getattr(item, "fixturenames", ())
        if "chromium" in needed:
            item.add_marker("browser")
            if "stack" not in needed:
                item.add_marker(pytest.mark.xdist_group("browser"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a browser test where there is none; with GATEHOUSE_REQUIRE_BROWSER=1 fail it."""
    if item.get_closest_marker("browser") and find_chromium() is None:
        if os.environ.get("GATEHOUSE_REQUIRE_BROWSER") == "1":
            pytest.fail(ABSENT, pytrace=False)
        pytest.skip(ABSENT)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Remember a failure for the fixtures that end after it."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


def pytest_terminal_summary(terminalreporter) -> None:
    """Say at the end, in red, that browser tests did not run."""
    skipped = [report for report in terminalreporter.stats.get("skipped", ()) if ABSENT in str(report.longrepr)]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} BROWSER TESTS DID NOT RUN: {ABSENT}", red=True, bold=True)

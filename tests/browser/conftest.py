"""Fixture: the portal in a real Chromium, on a server in this process: no worker runs beside it."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


class Portal:
    """The portal as the person sees whom `client` is signed in as; it keeps what was requested and complained about."""

    def __init__(self, browser: Browser, address: str, client: Client):
        self.browser, self.address, self.client = browser, address, client
        self.contexts: list[BrowserContext] = []
        self.requests: list[str] = []
        self.complaints: list[str] = []

    def open(self, path: str, *, width: int = 1280, theme: str = "light", scripts: bool = True) -> Page:
        """`path` in a window of its own, of that width and colour scheme."""
        context = self.browser.new_context(
            base_url=self.address,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
            java_script_enabled=scripts,
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(10_000)
        self.contexts.append(context)
        if session := self.client.cookies.get(django_settings.SESSION_COOKIE_NAME):
            context.add_cookies([{"name": session.key, "value": session.value, "url": self.address}])
        page = context.new_page()
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(path)
        return page

    def close(self) -> None:
        """Close the windows."""
        for context in self.contexts:
            context.close()
        self.contexts.clear()


@pytest.fixture
def portal(browser, live_server, client, settings) -> Iterator[Portal]:
    """The portal for whoever `client` is signed in as."""
    # the test server serves static files from their sources, which have no hashed names
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    portal = Portal(browser, live_server.url, client)
    yield portal
    portal.close()


def faults(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA and its best practices on `page`."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

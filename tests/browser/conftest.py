"""Fixture: the portal in a real Chromium, on a server in this process: no worker runs beside it."""

from collections.abc import Iterator, Sequence

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

Look = tuple[int, str]  # the width of the window, and the colour scheme of its system
STILL = """() => {
    const still = new CSSStyleSheet();  // the content security policy forbids style elements, not this
    still.replaceSync("*, ::before, ::after { transition: none !important; animation: none !important }");
    document.adoptedStyleSheets = [still];
}"""
SHOW = """markup => {
    const shown = new DOMParser().parseFromString(markup, "text/html");
    const sheets = of => [...of.querySelectorAll("link[rel=stylesheet]")].map(link => link.href).join();
    if (sheets(document) !== sheets(shown)) throw new Error(`another page has other style sheets: ${sheets(shown)}`);
    shown.querySelectorAll(":is([popover], dialog):not(main *)").forEach(each => each.replaceChildren());
    for (const [old, next] of [[document.documentElement, shown.documentElement], [document.body, shown.body]]) {
        for (const { name } of [...old.attributes]) old.removeAttribute(name);
        for (const { name, value } of next.attributes) old.setAttribute(name, value);
    }
    document.body.replaceChildren(...shown.body.childNodes);
}"""
OVERTAKEN = ("htmx:afterRequest", "htmx:sendAbort")  # one that got no answer says htmx:sendError beside the first
RULES = {
    "resultTypes": ["violations"],  # what passes is not described in full
    "preload": False,  # no rule of these reads the style sheets
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
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
        page.on("console", self.note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(path)
        return page

    def note(self, message: ConsoleMessage) -> None:
        """Keep an error, but for the two that htmx says of a request that a newer one or another page overtook."""
        if message.type == "error" and not message.text.startswith(OVERTAKEN):
            self.complaints.append(message.text)

    def close(self) -> None:
        """Close the windows."""
        for context in self.contexts:
            context.close()
        self.contexts.clear()


@pytest.fixture
def portal(chromium, live_server, client, settings) -> Iterator[Portal]:
    """The portal for whoever `client` is signed in as."""
    # the test server serves static files from their sources, which have no hashed names
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    portal = Portal(chromium, live_server.url, client)
    yield portal
    portal.close()


def wear(page: Page, look: Look) -> None:
    """Give the open window another width and colour scheme, without loading the page again."""
    width, theme = look
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(STILL)
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")


def show(page: Page, markup: str) -> None:
    """Have the open window show the content of another page, without loading it: axe stays, and is quick by then.

    The rail, and what is closed beside `main`, stay empty: they are the same on every page.
    """
    page.evaluate(SHOW, markup)


def assert_fits(page: Page, looks: Sequence[Look]) -> None:
    """The page has no fault and is never wider than its window, in each of `looks`."""
    for look in looks:
        wear(page, look)
        assert (faults(page), overflow(page)) == ([], 0), (page.url, look)


def faults(page: Page, inside: str = "html") -> list[str]:
    """What axe finds against WCAG 2.2 AA and its best practices inside of such an element of `page`."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("async ([inside, rules]) => (await axe.run(inside, rules)).violations", [inside, RULES])
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

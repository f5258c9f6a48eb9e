"""Fixture: the portal in a real Chromium, on a server in this process: no worker runs beside it."""

from collections.abc import Iterator, Sequence

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page

EMPTY = "/-/healthz"  # has no scripts, and the policy of the pages about openers: without it, another process shows it
Look = tuple[int, str]  # the width of the window, and the colour scheme of its system
STILL = """() => {
    const still = new CSSStyleSheet();  // the content security policy forbids style elements, not this
    still.replaceSync("*, ::before, ::after { transition: none !important; animation: none !important }");
    document.adoptedStyleSheets = [still];
}"""
KEEP = """name => {
    const kept = document.importNode(loaded.document.documentElement, true);
    kept.querySelectorAll(":is([popover], dialog):not(main *)").forEach(each => each.replaceChildren());
    (window.pages ??= {})[name] = kept;
}"""
SHOW = """name => {
    const shown = pages[name];
    const sheets = of => [...of.querySelectorAll("link[rel=stylesheet]")].map(link => link.href).join();
    if (sheets(document) !== sheets(shown)) throw new Error(`another page has other style sheets: ${sheets(shown)}`);
    const body = shown.querySelector("body").cloneNode(true);
    for (const [old, next] of [[document.documentElement, shown], [document.body, body]]) {
        for (const { name } of [...old.attributes]) old.removeAttribute(name);
        for (const { name, value } of next.attributes) old.setAttribute(name, value);
    }
    document.body.replaceChildren(...body.childNodes);
}"""
# what fades in has no contrast yet
RUN = f"""async ([inside, rules]) => {{
    ({STILL})();
    return "axe" in window ? (await axe.run(inside, rules)).violations : null;
}}"""
# axe reads the same few colours of every element, and takes a sixth of its time for that
REMEMBER = """() => {
    const { prototype } = axe.commons.color.Color, known = new Map(), { parseString } = prototype;
    prototype.parseString = function (text) {
        if (known.has(text)) return Object.assign(this, known.get(text));
        const { r, g, b, alpha } = parseString.call(this, text);
        known.set(text, { r, g, b, alpha });
        return this;
    };
}"""
OVERTAKEN = ("htmx:afterRequest", "htmx:sendAbort")  # one that got no answer says htmx:sendError beside the first
RULES = {
    "resultTypes": ["violations"],  # what passes is not described in full
    "preload": False,  # no rule of these reads the style sheets
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
}


class Windows:
    """Windows on one server that stay open from test to test: a new one takes a process, which costs as much as to load
    three pages in it. Who needs what nothing takes back, like an init script, makes a context for it.
    """

    def __init__(self, browser: Browser, address: str):
        self.browser, self.address = browser, address
        self.free: dict[bool, list[Page]] = {True: [], False: []}

    def take(self, *, scripts: bool) -> Page:
        """One that nobody uses, as good as new; scripts run in it, or none does."""
        if self.free[scripts]:
            return self.free[scripts].pop()
        context = self.browser.new_context(base_url=self.address, java_script_enabled=scripts)
        context.set_default_timeout(10_000)
        return context.new_page()

    def put_back(self, page: Page, *, scripts: bool) -> None:
        """Leave nothing in it of who used it: what it showed, kept, hears or answers by itself, and other windows."""
        context = page.context
        for other in context.pages:
            if other != page:
                other.close()
        context.unroute_all()
        page.unroute_all()
        page.goto(EMPTY)
        page.mouse.move(0, 0)
        page.evaluate("sessionStorage.clear()")
        context.clear_cookies()
        context.clear_permissions()
        devtools = context.new_cdp_session(page)
        devtools.send("Storage.clearDataForOrigin", {"origin": self.address, "storageTypes": "all"})
        devtools.send("Page.resetNavigationHistory")
        devtools.detach()
        self.free[scripts].append(page)


class Portal:
    """The portal as the person sees whom `client` is signed in as; it keeps what was requested and complained about."""

    def __init__(self, windows: Windows, client: Client):
        self.windows, self.client = windows, client
        self.pages: list[tuple[Page, bool]] = []
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.heard = {
            "request": lambda request: self.requests.append(request.url),
            "console": self.note,
            "pageerror": lambda error: self.complaints.append(str(error)),
        }

    def open(self, path: str, *, width: int = 1280, theme: str = "light", scripts: bool = True) -> Page:
        """`path` in a window of its own, of that width and colour scheme."""
        page = self.windows.take(scripts=scripts)
        self.pages.append((page, scripts))
        page.set_viewport_size({"width": width, "height": 900})
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.emulate_media(media="null", color_scheme="dark" if theme == "dark" else "light")
        if session := self.client.cookies.get(django_settings.SESSION_COOKIE_NAME):
            address = self.windows.address
            page.context.add_cookies([{"name": session.key, "value": session.value, "url": address}])
        for event, heard in self.heard.items():
            page.on(event, heard)
        page.goto(path)
        return page

    def note(self, message: ConsoleMessage) -> None:
        """Keep an error, but for the two that htmx says of a request that a newer one or another page overtook."""
        if message.type == "error" and not message.text.startswith(OVERTAKEN):
            self.complaints.append(message.text)

    def close(self) -> None:
        """Give the windows back."""
        for page, scripts in self.pages:
            for event, heard in self.heard.items():
                page.remove_listener(event, heard)
            self.windows.put_back(page, scripts=scripts)
        self.pages.clear()


@pytest.fixture(scope="session")
def windows(chromium, live_server) -> Windows:
    """Windows of the browser on the test server."""
    return Windows(chromium, live_server.url)


@pytest.fixture
def portal(windows, live_server, client, settings) -> Iterator[Portal]:
    """The portal for whoever `client` is signed in as."""
    # the test server serves static files from their sources, which have no hashed names
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    portal = Portal(windows, client)
    yield portal
    portal.close()


def wear(page: Page, look: Look) -> None:
    """Give the open window another width and colour scheme, without loading the page again."""
    width, theme = look
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(STILL)
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")


def open_beside(page: Page) -> Page:
    """Another window of the same process, whose content `keep` takes over into `page`."""
    with page.expect_popup() as opened:
        page.evaluate("() => { window.loaded = open() }")
    return opened.value


def keep(page: Page, name: str) -> None:
    """Take what the window beside shows over into `page`, which can `show` it from now on.

    The rail, and what is closed beside `main`, stay empty: they are the same on every page.
    """
    page.evaluate(KEEP, name)


def show(page: Page, name: str) -> None:
    """Have the open window show a page that it keeps, without loading it: axe stays, and is quick by then."""
    page.evaluate(SHOW, name)


def assert_fits(page: Page, looks: Sequence[Look]) -> None:
    """The page has no fault and is never wider than its window, in each of `looks`."""
    for look in looks:
        wear(page, look)
        assert (faults(page), overflow(page)) == ([], 0), (page.url, look)


def faults(page: Page, inside: str = "html") -> list[str]:
    """What axe finds against WCAG 2.2 AA and its best practices inside of such an element of `page`."""
    found = page.evaluate(RUN, [inside, RULES])
    if found is None:
        page.evaluate(AXE_SCRIPT)
        page.evaluate(REMEMBER)
        found = page.evaluate(RUN, [inside, RULES])
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

"""The windows that stay open from test to test: nothing of one test may reach the next."""

import pytest
from playwright.sync_api import Page, expect

DOOR = "/accounts/login/"
MARK = """() => {
    document.cookie = "mark=1; path=/";
    localStorage.mark = sessionStorage.mark = 1;
    history.pushState(0, "");
    open("/-/readyz");
}"""
MARKS = """async () => ({
    kept: [document.cookie.includes("mark"), localStorage.length, sessionStorage.length, history.length > 2],
    located: (await navigator.permissions.query({ name: "geolocation" })).state,
    look: [innerWidth, matchMedia("print").matches, matchMedia("(prefers-color-scheme: dark)").matches],
})"""


def marks(page: Page) -> tuple[object, int]:
    """What a page can tell of who had its window before."""
    return page.evaluate(MARKS), len(page.context.pages)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_window_that_was_used_is_as_good_as_new(portal, scripts):
    page = portal.open(DOOR, scripts=scripts)
    new = marks(page)
    page.get_by_role("button").hover()
    expect(page.locator("button:hover")).to_have_count(1)
    page.context.grant_permissions(["geolocation"])
    page.set_viewport_size({"width": 400, "height": 400})
    page.emulate_media(media="print", color_scheme="dark")
    with page.expect_popup():
        page.evaluate(MARK)
    used = marks(page)
    page.context.route("**/login/", lambda route: route.abort())
    page.route("**/login/", lambda route: route.abort())

    portal.close()
    portal.requests.clear()
    again = portal.open(DOOR, scripts=scripts)

    assert again == page
    assert marks(again) == new == ({**new[0], "kept": [False, 0, 0, False]}, 1)
    assert [used[0][each] != new[0][each] for each in new[0]] == [True] * 3
    expect(again.locator("button:hover")).to_have_count(0)
    assert len(portal.requests) == len(set(portal.requests)), "two would hear of each"

"""Empty lists: each says what to post, and the line it offers really makes the first row."""

import html
import re
import shlex
from urllib.parse import urlsplit

from django.test import Client
from django.urls import reverse

from catalog.services.keys import issue_api_key
from tests.catalog.test_pages import sign_in
from tests.compliance.proving import a_flow
from tests.compliance.running import an_environment

IN_ORDER = [  # releases are asked for the application that was made before
    "catalog:keys", "catalog:component-list", "catalog:environment-list", "catalog:project-list", "catalog:teams",
    "catalog:service-accounts", "compliance:flow-list", "releases:ruleset-list", "releases:release-list",
    "integrations:store-list",
]  # fmt: skip


def offered(page: str) -> str:
    """The command of the first block of a page, as copying it gives it."""
    found = re.search(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.DOTALL)
    assert found, "no line to copy"
    return html.unescape(re.sub(r"<[^>]+>", "", found[1]))


def run(command: str, token: str):
    """What the server answers to a curl command in whose shell `TOKEN` is set."""
    words = shlex.split(command.replace("\\\n", " ").replace("$TOKEN", token))
    assert words[:2] == ["curl", "-X"]
    method, address = words[2:4]
    said = dict(zip(words[4::2], words[5::2], strict=True))
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    headers.pop("Content-Type", None)
    return Client().generic(
        method, urlsplit(address).path, said.get("-d", ""), content_type="application/json", headers=headers
    )


def test_the_line_of_each_empty_list_makes_its_first_row(client, admin, subtests):
    browser = sign_in(client, admin)
    lines = {name: offered(browser.get(reverse(name)).text) for name in (*IN_ORDER, "releases:application-list")}
    assert offered(browser.get("/").text) == lines["catalog:component-list"]
    key = issue_api_key(actor=admin, label="mine", user=admin.user)[1]
    assert run(lines["releases:application-list"], key).status_code == 201
    lines["releases:release-list"] = offered(browser.get(reverse("releases:release-list")).text)

    for name in IN_ORDER:
        with subtests.test(name):
            answer = run(lines[name], key)

            assert answer.status_code in (200, 201), answer.content
            page = browser.get(reverse(name))
            assert len(page.context["page"]) >= 1
            assert 'class="empty"' not in page.text


def test_the_line_of_a_thing_that_lacks_something_brings_it(client, admin, subtests):
    browser, key = sign_in(client, admin), issue_api_key(actor=admin, label="mine", user=admin.user)[1]
    flow, environment = a_flow(admin), an_environment(admin)
    snapshots = reverse("compliance:environment-snapshots", args=[environment.uid])
    for page in (reverse("compliance:flow", args=[flow.uid]), snapshots):
        with subtests.test(page):
            answer = run(offered(browser.get(page).text), key)

            assert answer.status_code == 201, answer.content
            assert len(browser.get(page).context["page"]) == 1

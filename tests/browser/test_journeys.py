"""What people come for, in a real browser, and how many clicks it takes at most."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from catalog.models import Environment, Team
from catalog.services.components import update_component
from catalog.services.keys import issue_api_key
from compliance.models import Snapshot
from releases.models import ApprovalRequest, Release
from releases.services.gate import evaluate
from tests.browser.conftest import overflow
from tests.compliance.running import a_snapshot, running
from tests.integrations.news import told
from tests.releases.proofs import (
    ANY_ONE,
    DIGEST,
    OTHER_DIGEST,
    a_flow,
    a_policy,
    a_release,
    a_trail,
    an_application,
    an_environment,
    attest,
    person,
)


@dataclass
class Visit:
    """Somebody in front of a page, and how often they have clicked."""

    page: Page
    clicks: int = 0

    def click(self, target: Locator) -> None:
        """One click, when the target is there."""
        self.clicks += 1
        target.click()

    def link(self, name: str, *, inside: str = "body") -> None:
        """One click on a link."""
        self.click(self.page.locator(inside).get_by_role("link", name=name, exact=True).first)

    def button(self, name: str) -> None:
        """One click on a button."""
        self.click(self.page.get_by_role("button", name=name, exact=True))


@pytest.fixture
def visit(portal, client, acme):
    """`visit(path, clicks=2)`: a change manager comes to a page, and has clicked so often at most when they leave."""
    maeve = person(acme, name="Maeve Donnelly").user

    @contextmanager
    def coming(path: str, *, clicks: int) -> Iterator[Visit]:
        client.force_login(maeve, backend=settings.AUTHENTICATION_BACKENDS[1])
        visit = Visit(portal.open(path))
        yield visit
        assert (visit.clicks, portal.complaints) == (clicks, [])

    return coming


@pytest.fixture
def production(admin) -> Environment:
    return an_environment(admin)


@pytest.fixture
def release(admin, production) -> Release:
    """A release to production whose tests failed; people are asked about it."""
    application = an_application(admin, rules=(ANY_ONE,))
    flow = a_flow(admin, required_types=["junit"], tags={"component": "checkout"})
    attest(admin, a_trail(admin, flow), "junit", "failed", name="Unit tests")
    a_policy(admin, flow, required_types=["junit", "snyk"], enforce_approvals=True)
    return a_release(admin, application, digest=DIGEST, environment="production")


def test_the_link_of_a_closed_gate_shows_what_is_missing(visit, admin, release):
    evaluate(actor=admin, digest=DIGEST, release=release)

    with visit(told("gate.blocked")[-1].url, clicks=0) as look:
        for words in ("No attestation of type snyk", "junit Failed", "Approval 0 of 1 given"):
            expect(
                look.page.get_by_role("listitem").filter(has_text=re.compile(words.replace(" ", r"\s*")))
            ).to_be_visible()
        expect(look.page.get_by_role("region", name="The request that supplies it: snyk")).to_contain_text("curl")


def test_approving_with_the_evidence_in_view(visit, release):
    with visit("/", clicks=2) as look:
        look.click(look.page.locator(".card", has_text="Waiting on me").get_by_role("link", name="checkout").first)
        decision = look.page.locator("#decide")
        expect(decision.get_by_text("Evidence in view")).to_be_visible()
        expect(decision.get_by_text("Unit tests")).to_be_visible()
        look.button("Approve")
        expect(look.page.locator("#decide")).to_contain_text("Approved")

    assert ApprovalRequest.objects.get().decisions.get().user.name == "Maeve Donnelly"


def test_on_paper_a_release_keeps_its_rulesets_and_black_lines_to_copy(portal, client, admin, release):
    client.force_login(admin.user, backend=settings.AUTHENTICATION_BACKENDS[1])
    page = portal.open(reverse("releases:release", args=[release.number]), width=720, theme="dark")
    page.emulate_media(media="print")

    expect(page.locator(".table tbody td a.link").first).to_be_visible()
    expect(page.locator(".block pre .v").first).to_have_css("color", "rgb(0, 0, 0)")
    assert overflow(page) == 0


def test_what_ran_in_production_on_a_day(visit, admin, production):
    for digest, day in ((OTHER_DIGEST, 3), (DIGEST, 5)):
        seen = a_snapshot(admin, production, running("checkout", digest))
        Snapshot.objects.filter(pk=seen.pk).update(created_at=datetime(2026, 3, day, 9, tzinfo=UTC))

    with visit("/", clicks=4) as look:
        look.link("Environments", inside="nav[aria-label=Main]")
        look.link("production", inside="main")
        look.link("Snapshots", inside="main")
        look.page.get_by_label("What ran at the end of").fill("2026-03-04")
        look.button("Show")
        expect(look.page.get_by_role("heading", level=1)).to_contain_text("#1")
        expect(look.page.locator("main")).to_contain_text("This ran on 4 March 2026")
        expect(look.page.locator("main")).to_contain_text(OTHER_DIGEST.removeprefix("sha256:")[:7])


def test_the_owner_by_a_part_of_the_name(visit, admin, release):
    team = Team.objects.create(organization=admin.organization, name="Payments", slug="payments", public_id="payments")
    update_component(actor=admin, component=release.application.component, team=team)

    with visit("/", clicks=0) as look:
        look.page.keyboard.press("/")
        look.page.keyboard.type("heckou")
        expect(look.page.get_by_role("option", name="checkout Component")).to_contain_text("owned by Payments")


def test_from_a_notification_to_the_thing(visit, admin, release):
    told("approval.requested")

    with visit(reverse("integrations:notification-list"), clicks=1) as look:
        look.click(look.page.locator("ol.rows").get_by_role("link", name="checkout").first)
        expect(look.page.locator("#decide")).to_be_visible()


def test_the_line_of_an_empty_list_is_copied_and_works(visit, admin):
    with visit(reverse("catalog:environment-list"), clicks=1) as look:
        look.button("Copy: Make the first one")
        look.page.get_by_text("Copied").wait_for(state="attached")
        line = look.page.evaluate("navigator.clipboard.readText()")
    _, key = issue_api_key(actor=admin, label="mine", user=admin.user)

    said = subprocess.run(["/bin/sh", "-c", f"{line} -sS"], env={"TOKEN": key}, capture_output=True, check=True)

    assert json.loads(said.stdout)["name"] == Environment.objects.get().name == "production"

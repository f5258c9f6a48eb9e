"""What the portal shows of gates: the rail beside every page, and what is blocked."""

import pytest
from django.urls import reverse

from catalog.models import Environment
from releases.models import GateDecision
from releases.services.approvals import request_trail_approval
from releases.services.gate import evaluate
from tests.releases.proofs import (
    DIGEST,
    OTHER_DIGEST,
    a_component,
    a_flow,
    a_policy,
    a_trail,
    an_environment,
    attest,
    person,
)


@pytest.fixture
def browser_of_manager(client, acme):
    client.force_login(person(acme, "change-manager").user)
    return client


@pytest.fixture
def flow(admin):
    a_component(admin)
    return a_flow(admin)


def test_a_gate_that_opened_again_is_blocked_no_more(browser_of_manager, admin, flow):
    production = an_environment(admin)
    a_policy(admin, flow, environment=production, required_types=["junit"])
    trail = a_trail(admin, flow)
    evaluate(actor=admin, digest=DIGEST, environment=production)
    blocked = browser_of_manager.get(reverse("catalog:home")).text
    attest(admin, trail, "junit")
    evaluate(actor=admin, digest=DIGEST, environment=production)

    assert "1 missing" in blocked
    assert "The gate holds nothing back." in browser_of_manager.get(reverse("catalog:home")).text


def test_digests_nobody_reported_are_blocked_each_for_itself(browser_of_manager, admin, flow):
    production = an_environment(admin)
    a_policy(admin, flow, environment=production, required_types=["junit"])
    for unknown in (OTHER_DIGEST, OTHER_DIGEST[:-1] + "7"):
        evaluate(actor=admin, digest=unknown, environment=production)

    blocked = GateDecision.objects.visible_to(admin).denied_at_last()

    assert {each.digest for each in blocked} == {OTHER_DIGEST, OTHER_DIGEST[:-1] + "7"}


@pytest.mark.parametrize(
    ("drift", "verdict", "asks", "glyph"),
    [
        ("drifted", "open", False, "Blocked"),
        ("in_sync", "open", False, "Open"),
        ("in_sync", "open", True, "Awaiting approval"),
        ("in_sync", "blocked", True, "Blocked"),
        ("in_sync", None, False, "No gate"),
    ],
)
def test_the_rail_shows_the_most_alarming_state(browser_of_manager, admin, flow, drift, verdict, asks, glyph):
    environment = an_environment(admin, drift_policy="block")
    trail = a_trail(admin, flow)
    if verdict:
        if verdict == "blocked":
            a_policy(admin, flow, required_types=["junit"])
        evaluate(actor=admin, digest=DIGEST, environment=environment)
    if asks:
        request_trail_approval(actor=admin, trail=trail, environment=environment)
    Environment.objects.update(drift_state=drift)

    page = browser_of_manager.get(reverse("releases:release-list")).text

    rail = page[page.index("rail-group--gates") : page.index("rail-foot")]
    assert glyph in rail

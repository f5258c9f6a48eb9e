"""What the dashboard counts, on the wire (contract 20) and on the home page: real rows, and nobody else's."""

import re
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import Environment, Team
from catalog.services.components import create_component
from compliance.models import Flow, Trail
from releases.models import Release
from releases.services.applications import create_application
from releases.services.releases import create_release
from tests.compliance.proving import a_flow, a_trail
from tests.compliance.running import an_environment
from tests.people import make_actor

STATS = "/api/v1/dashboard/stats"
STATUSES = ["compliant"] * 2 + ["non_compliant"] + ["pending"] * 3


def some_trails(actor) -> None:
    flow = a_flow(actor, actor.organization.slug)
    for at, status in enumerate(STATUSES):
        Trail.objects.filter(pk=a_trail(actor, flow, commit=f"{at}" * 10).pk).update(status=status)


def counted(organization) -> dict:
    """What is stored of an organization, as the wire counts it."""
    trails = list(Trail.objects.filter(organization=organization).values_list("status", flat=True))
    good = trails.count("compliant")
    return {
        "totalFlows": Flow.objects.filter(organization=organization).count(),
        "totalTrails": len(trails),
        "compliantTrails": good,
        "nonCompliantTrails": trails.count("non_compliant"),
        "pendingTrails": trails.count("pending"),
        "complianceRate": round(100 * good / len(trails), 2) if trails else 0.0,
    }


def test_the_stats_count_what_the_caller_may_see(api, api_as, admin, stranger):
    nothing = {
        "totalFlows": 0, "totalTrails": 0, "compliantTrails": 0, "nonCompliantTrails": 0, "pendingTrails": 0,
        "complianceRate": 0.0,
    }  # fmt: skip
    assert api.get(STATS).json() == nothing
    some_trails(stranger)
    assert api.get(STATS).json() == nothing
    some_trails(admin)
    with CaptureQueriesContext(connection) as queries:
        answer = api.get(STATS)
    assert (answer.status_code, answer.json()) == (200, counted(admin.organization))
    assert answer.json() == {
        "totalFlows": 1, "totalTrails": 6, "compliantTrails": 2, "nonCompliantTrails": 1, "pendingTrails": 3,
        "complianceRate": 33.33,
    }  # fmt: skip
    assert len(queries) == 3
    a_trail(stranger, a_flow(stranger, "another"))
    theirs = api_as("stranger").get(STATS).json()
    assert (theirs, theirs["totalTrails"]) == (counted(stranger.organization), 7)


def tiles_of(client, actor) -> dict[str, tuple[str, str, str]]:
    client.force_login(actor.user, backend=settings.AUTHENTICATION_BACKENDS[1])
    page = client.get("/")
    return {tile.label: (tile.value, tile.note, tile.url) for tile in page.context["tiles"]}


def test_home_counts_what_is_there_and_each_figure_opens_its_rows(client, admin, stranger, acme):
    assert tiles_of(client, admin) == {}
    some_trails(stranger)
    some_trails(admin)
    old = a_trail(admin, a_flow(admin, "old"))
    Trail.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31), status="compliant")
    team = Team.objects.create(organization=acme, name="Core", slug="core", public_id="teamcore")
    create_component(actor=admin, name="owned", team=team)
    create_component(actor=admin, name="lost")
    for name, drift in (("dev", "drifted"), ("prod", "in_sync"), ("spare", "unknown")):
        Environment.objects.filter(pk=an_environment(admin, name).pk).update(drift_state=drift)
    application = create_application(actor=admin, key="checkout")
    states = ("approved", "approved", "rejected")
    for state in states:
        Release.objects.filter(pk=create_release(actor=admin, application=application).pk).update(
            state=state, finalized_at=timezone.now()
        )

    tiles = tiles_of(client, admin)

    assert tiles == {
        "Components": ("3", "2 without an owner", reverse("catalog:component-list") + "?team=null"),
        "Environments in sync": ("1", "with their baselines", reverse("catalog:environment-list")),
        "Trails compliant": ("33%", "of 6 in 30 days", reverse("compliance:flow-list")),
        "Releases approved": ("2", "of 3 in 30 days", reverse("releases:release-list") + "?state=approved"),
    }
    unowned = client.get(tiles["Components"][2])
    assert {each.name for each in unowned.context["page"]} == {"lost", "checkout"}
    home = client.get("/").text
    assert "6 trails in 30 days, by day" in home
    assert re.search(r"1<small> of 3</small>", home)


def test_home_costs_few_queries_with_everything_in_it(client, admin, acme):
    create_component(actor=admin, name="lost")
    some_trails(admin)
    an_environment(admin)
    tiles_of(client, make_actor(acme, "owner"))

    with CaptureQueriesContext(connection) as queries:
        client.get("/")

    assert len(queries) <= 15

"""The organization to measure on: rows that were copied in are what the services would have left."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Component, Organization, SearchDocument
from catalog.search import sources
from catalog.services.numbers import next_number
from compliance.models import Artifact, Attestation, Flow, Trail
from compliance.services.joins import Join, join_flow, join_trail
from compliance.services.trails import store_statuses
from config.scale.world import World, digest_of
from releases.models import Release
from releases.services.gate import judge

COUNTS = (Organization, Component, Flow, Trail, Artifact, Attestation, Release)


@pytest.fixture
def world(db) -> World:
    """120 trails over three components, and ten releases."""
    call_command("seed_scale", components=3, trails=120, releases=10, documents=30, stdout=StringIO())
    return World()


def test_what_was_copied_is_what_the_services_would_have_left(world):
    trails = list(Trail.objects.select_related("flow__organization", "flow__component", "component").order_by("pk"))
    said = [(each.status, each.component, each.component_by) for each in trails]
    assert {status for status, _, _ in said} == set(Trail.Status.values)

    store_statuses(trails)
    joins = [join_trail(each.flow, each.build_url) for each in trails]

    assert [(each.status, join.component, join.by) for each, join in zip(trails, joins, strict=True)] == said
    for flow in Flow.objects.select_related("component"):
        given = join_flow(world.organization, flow.name, flow.tags, flow.component)
        assert given == Join(flow.component, flow.component_by)
    found = {each.uid: (each.title, each.text, each.words) for each in SearchDocument.objects.all()}
    for row in (*trails[:10], *Component.objects.all(), *Flow.objects.all()):
        assert found[row.uid] == sources()[row.entity].said(row)
    for model in (Component, Flow, Trail, Artifact, Attestation, Release):
        for row in model._base_manager.all()[:10]:
            row.full_clean()
    assert judge(actor=world.actor, digest=digest_of(0)).trail == trails[0]
    assert next_number(world.organization.pk, "release") == Release.objects.count() + 1


def test_a_second_run_adds_only_what_is_missing(world):
    before = [model._base_manager.count() for model in COUNTS]
    call_command("seed_scale", components=3, trails=100, releases=10, documents=30, stdout=StringIO())
    assert [model._base_manager.count() for model in COUNTS] == before

    call_command("seed_scale", components=5, trails=130, releases=10, documents=0, stdout=StringIO())

    assert [model._base_manager.count() for model in COUNTS] == [*before[:1], 5, 5, 130, 130, 130, 10]
    assert Artifact.objects.values("digest").distinct().count() == 130


@pytest.mark.parametrize("counts", [{"trails": -1}, {"components": 0}])
def test_a_count_that_makes_no_sense_makes_nothing(counts, db):
    with pytest.raises(CommandError, match="whole numbers"):
        call_command("seed_scale", **counts)
    assert not Organization.objects.filter(slug="scale").exists()

"""The page of results and the palette."""

import pytest
from django.conf import settings
from django.urls import reverse
from model_bakery import baker

from catalog.models import Component, SearchDocument, Team
from catalog.services.components import create_component
from catalog.services.environments import create_environment
from catalog.services.groups import create_team
from catalog.services.search import keep
from catalog.views.search import excerpt, marked
from compliance.models import Artifact, RunningArtifact, Snapshot, Trail
from tests.people import make_user

SEARCH, PALETTE = "/search", "/search/palette"
DIGEST = f"sha256:ab12{'0' * 60}"


@pytest.fixture
def reader(client, admin):
    """Acme's admin in a browser."""
    client.force_login(admin.user, backend=settings.AUTHENTICATION_BACKENDS[1])
    return client


@pytest.fixture
def till(admin) -> Component:
    team = create_team(actor=admin, name="Payments Core")
    return create_component(actor=admin, name="till-api", team=team, description="Takes <money> at the till")


@pytest.mark.parametrize("path", [SEARCH, PALETTE])
def test_a_part_of_a_name_tells_the_owner(reader, till, path):
    page = reader.get(path, {"q": "ill-a"}).text

    assert "t<mark>ill-a</mark>pi" in page
    assert "owned by Payments Core" in page
    assert reverse("catalog:component", args=[till.uid]) in page


def test_a_part_of_an_owner_finds_what_they_own(reader, till):
    page = reader.get(PALETTE, {"q": "payments"}).text

    assert "till-api" in page
    assert "<mark>Payments</mark> Core" in page


def test_the_beginning_of_a_digest_finds_the_artifact_and_where_it_runs(reader, admin):
    flow = baker.make("compliance.Flow", organization=admin.organization, name="Build")
    trail = baker.make(Trail, organization=admin.organization, flow=flow)
    artifact = baker.make(
        Artifact, organization=admin.organization, trail=trail, name="acme/till", tag="1.4", digest=DIGEST
    )
    idle = baker.make(
        Artifact, organization=admin.organization, trail=trail, name="old", tag="1.3", digest=DIGEST.replace("12", "13")
    )
    keep([artifact, idle])
    for name in ("production", "staging"):
        environment = create_environment(actor=admin, name=name)
        snapshot = baker.make(Snapshot, organization=admin.organization, environment=environment, index=1)
        environment.snapshot_index = 1
        environment.save()
        baker.make(RunningArtifact, organization=admin.organization, snapshot=snapshot, digest=DIGEST)

    found = reader.get(PALETTE, {"q": "sha256:ab12"}).text
    assert "runs in production, staging" in found
    assert reverse("compliance:artifact", args=[artifact.uid]) in found
    assert "old:1.3" not in found
    assert "runs nowhere" in reader.get(PALETTE, {"q": "sha256:ab13"}).text


def test_the_page_shows_what_matched_and_escapes_the_rest(reader, till):
    page = reader.get(SEARCH, {"q": "<money>"}).text

    assert "Takes <mark>&lt;money&gt;</mark> at the till" in page


def test_one_kind_is_read_page_by_page_from_the_newest(reader, admin):
    teams = [
        Team(organization=admin.organization, name=f"crew {at:02}", slug=f"c{at}", public_id=f"c{at}")
        for at in range(25)
    ]
    keep(Team.objects.bulk_create(teams))

    glance = reader.get(SEARCH, {"q": "crew"})
    first = reader.get(SEARCH, {"q": "crew", "kind": "team"})
    (group,) = first.context["groups"]
    second = reader.get(SEARCH + first.context["older_url"])
    (rest,) = second.context["groups"]

    assert [len(each.hits) for each in glance.context["groups"]] == [5]
    assert "More teams" in glance.text
    assert [each.title for each in group.hits + rest.hits] == [
        f"<mark>crew</mark> {at:02}" for at in reversed(range(25))
    ]
    assert "older_url" in second.context
    assert not second.context["older_url"]
    assert "Newest" in second.text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, "Find anything by a part of its name"),
        ({"q": "  "}, "Find anything by a part of its name"),
        ({"q": "nothing-like-it"}, "Nothing you may see has this word."),
        ({"q": "not there", "kind": "team"}, "Nothing you may see has all of these words."),
        ({"q": "x", "kind": "secret", "before": "7"}, "this word"),
        ({"q": "%_\\'\"<script>" * 40}, "Nothing you may see"),
    ],
)
def test_an_empty_page_says_why(reader, query, said):
    page = reader.get(SEARCH, query)

    assert page.status_code == 200
    assert said in page.text
    assert "<script>%" not in page.text


def test_pages_and_deeds_are_offered_to_who_may(client, reader, admin, acme):
    assert reverse("catalog:member-invite") in reader.get(PALETTE, {"q": "invite"}).text
    assert reverse("catalog:environment-list") in reader.get(SEARCH, {"q": "environ"}).text
    assert reverse("catalog:component-new") in reader.get(PALETTE).text

    client.force_login(make_user(acme, "viewer"), backend=settings.AUTHENTICATION_BACKENDS[1])
    for query in ({}, {"q": "invite"}, {"q": "add"}):
        page = client.get(PALETTE, query).text
        assert reverse("catalog:member-invite") not in page
        assert reverse("catalog:component-new") not in page


def test_somebody_else_finds_nothing_and_nobody_is_sent_to_the_door(client, till, stranger):
    assert client.get(PALETTE, {"q": "till"}).status_code == 302
    client.force_login(stranger.user, backend=settings.AUTHENTICATION_BACKENDS[1])
    for path in (SEARCH, PALETTE):
        assert "till-api" not in client.get(path, {"q": "till"}).text


@pytest.mark.parametrize("path", [SEARCH, PALETTE])
def test_results_cost_the_same_for_any_number(reader, admin, till, path, django_assert_max_num_queries):
    for _ in range(2):
        with django_assert_max_num_queries(15):
            assert "till" in reader.get(path, {"q": "till"}).text
        rows = [
            Component(organization=admin.organization, name=f"till {at}", slug=f"t{at}", record_id=f"t{at}")
            for at in range(20)
        ]
        keep(Component.objects.bulk_create(rows, ignore_conflicts=True))


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("Ada & Bob", ["bob"], "Ada &amp; <mark>Bob</mark>"),
        ("aXa", ["x", "a"], "<mark>a</mark><mark>X</mark><mark>a</mark>"),
        ("a.c", [".", "a.c"], "<mark>a.c</mark>"),
        ("plain", [], "plain"),
    ],
)
def test_words_are_marked(text, words, shown):
    assert marked(text, words) == shown


def test_an_excerpt_shows_what_has_the_word_and_not_all_that_is_indexed(reader, admin, till):
    page = reader.get(SEARCH, {"q": "takes"}).text

    assert '<span class="sub"><mark>Takes</mark> &lt;money&gt; at the till</span>' in page
    assert SearchDocument.objects.get(uid=till.uid).words.count("\n") == 0


def test_an_excerpt_is_cut_around_the_first_word():
    text = f"{'x' * 100} needle {'y' * 300}"

    assert excerpt("nothing", ["needle"]) == ""
    assert excerpt(text, ["needle"]) == f"… {'x' * 59} <mark>needle</mark> {'y' * 113} …"

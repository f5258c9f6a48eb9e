"""Search: documents kept with each change, found by their words, and only by who may see the thing itself."""

import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_bakery import baker

from catalog import finding
from catalog.actors import Actor, system_actor
from catalog.finding import Search
from catalog.models import Component, Environment, SearchDocument
from catalog.rights import Rule
from catalog.search import source_of, sources
from catalog.services.components import create_component, update_component
from catalog.services.environments import create_environment, delete_environment
from catalog.services.groups import create_team, delete_team, update_team
from catalog.services.people import rename_oneself
from catalog.services.search import fill, keep, rebuild
from compliance.models import Artifact, Attestation
from compliance.services.flows import create_flow, delete_flow
from compliance.services.trails import create_trail
from tests.catalog.test_rights import LIMITS, RULES, rows_of_all_shapes
from tests.people import make_actor

COMMIT = "4f1c0ffee4f1c0ffee4f1c0ffee4f1c0ffee4f1c"


def titles(actor: Actor, query: str, *kinds: str, **how) -> list[str]:
    """The titles found, kind by kind."""
    asked = {"kinds": kinds or sources(), "size": 10} | how
    return [each.title for rows in Search(actor, query, **asked).found().values() for each in rows]


def documents() -> list[tuple]:
    return list(SearchDocument.objects.order_by("uid", "kind").values_list("uid", "kind", "title", "text", "words"))


def test_a_thing_is_found_as_soon_as_it_is_there_and_as_it_is_called_now(admin):
    component = create_component(actor=admin, name="checkout-api", description="Takes the money")
    assert titles(admin, "CHECKOUT money") == ["checkout-api"]

    update_component(actor=admin, component=component, name="till", description="")

    assert (titles(admin, "till"), titles(admin, "money")) == (["till"], [])


def test_what_is_rolled_back_or_deleted_is_not_found(admin):
    with transaction.atomic():
        create_environment(actor=admin, name="staging-eu")
        assert titles(admin, "staging-eu") == ["staging-eu"]
        transaction.set_rollback(True)
    assert titles(admin, "staging-eu") == []

    environment = create_environment(actor=admin, name="production-eu")
    delete_environment(actor=admin, environment=environment)
    assert titles(admin, "production") == []


def test_a_deleted_flow_takes_what_was_proven_with_it(admin):
    flow = create_flow(actor=admin, name="Backend")
    trail = create_trail(
        actor=admin, flow=flow, commit=COMMIT, branch="main", author="Ada", author_email="ada@acme.example"
    )
    proven = {"organization": admin.organization, "trail": trail}
    keep([baker.make(Artifact, **proven, digest="sha256:ab12"), baker.make(Attestation, **proven, type="junit")])
    kept = set(SearchDocument.objects.values_list("kind", flat=True))
    assert kept >= {"flow", "trail", "artifact", "attestation"}

    delete_flow(actor=admin, flow=flow, force=True)

    assert set(SearchDocument.objects.values_list("kind", flat=True)) == kept - {
        "flow",
        "trail",
        "artifact",
        "attestation",
    }


def test_what_went_without_a_word_is_not_found(admin):
    create_environment(actor=admin, name="production-eu")
    Environment.objects.all().delete()

    assert SearchDocument.objects.filter(kind="environment").exists()
    assert titles(admin, "production") == []


def test_a_component_is_found_by_the_team_that_owns_it(admin):
    team = create_team(actor=admin, name="Payments Core")
    create_component(actor=admin, name="checkout-api", team=team)
    assert titles(admin, "payments", "component") == ["checkout-api"]

    update_team(actor=admin, team=team, name="Treasury")
    assert titles(admin, "payments", "component") == []
    assert titles(admin, "treasur", "component") == ["checkout-api"]

    delete_team(actor=admin, team=team)
    assert titles(admin, "treasury", "component", "team") == []


def test_a_person_is_found_by_their_new_name(admin):
    rename_oneself(actor=admin, name="Ada Lovelace")

    assert titles(admin, "lovelace") == ["Ada Lovelace"]


def test_a_document_that_says_the_same_is_left_alone(acme):
    component = baker.make(Component, organization=acme, name="checkout-api")
    keep([component])
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin FROM catalog_searchdocument")
        before = cursor.fetchall()
        keep([component])
        cursor.execute("SELECT xmin FROM catalog_searchdocument")
        assert cursor.fetchall() == before


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("4f1c0ff", True),
        ("c0ffee4f", True),
        ("MAIN lace", True),
        ("ada@acme", True),
        ("feature_x%", True),
        ("50%", False),
        ("_x", True),
        ("main nothing", False),
        ("%", True),
        ("\\", False),
        ("lo\0ve", True),
        ("  ", False),
        ("", False),
        ("'):*", False),
    ],
)
def test_every_word_is_looked_for_anywhere_and_means_itself(admin, query, found):
    flow = create_flow(actor=admin, name="Backend")
    create_trail(
        actor=admin,
        flow=flow,
        commit=COMMIT,
        branch="main-feature_x%",
        author="Lovelace",
        author_email="ada@acme.example",
    )

    assert titles(admin, query, "trail") == ["4f1c0ffe on main-feature_x%"] * found


@pytest.fixture
def many(acme, monkeypatch):
    """Five environments, of which only the two newest are read without the index."""
    monkeypatch.setattr(finding, "DEPTH", 2)
    names = ["old rare", "a common", "b common", "c common", "d common"]
    rows = [baker.make(Environment, organization=acme, name=name, canonical=str(at)) for at, name in enumerate(names)]
    keep(rows)
    return rows


def test_rare_words_are_found_by_the_index_and_frequent_ones_newest_first(acme, many):
    anybody = system_actor(acme)

    assert titles(anybody, "rare") == ["old rare"]
    assert titles(anybody, "ra") == ["old rare"]  # where it begins a word
    assert titles(anybody, "ar") == []
    assert titles(anybody, "common", size=2) == ["d common", "c common"]
    assert titles(anybody, "common", size=3) == ["d common", "c common", "b common"]
    assert titles(anybody, "common", size=2, before=many[3].uid) == ["b common", "a common"]
    assert titles(anybody, "nothing") == []


def test_what_is_called_so_comes_first(acme):
    rows = [baker.make(Environment, organization=acme, name=name) for name in ("prod", "prod-eu", "my prod", "x prod")]
    keep(rows)

    assert titles(system_actor(acme), "Prod", best=True) == ["prod", "prod-eu", "x prod", "my prod"]
    assert titles(system_actor(acme), "Prod", best=True, size=1) == ["prod"]


def test_what_is_read_costs_the_same_for_any_number(acme, many, django_assert_num_queries):
    with django_assert_num_queries(6):  # two settings, the newest, whether there are more, the index, the documents
        assert len(titles(system_actor(acme), "rare", "environment", size=2)) == 1
    keep([baker.make(Environment, organization=acme, name=f"rare {at}") for at in range(20)])
    with django_assert_num_queries(4):
        assert len(titles(system_actor(acme), "rare", "environment", size=2)) == 2


def test_a_rare_word_walks_no_index_for_the_newest(acme, many):
    """The hits are sorted by what no index is ordered by; else a plan may read a whole table until it has twenty."""
    with connection.execute_wrapper(explained := Explained()):
        titles(system_actor(acme), "rare", "environment")

    assert "Sort Key: " in explained.plans[-1]
    assert "uuid_send(" in explained.plans[-1].split("Sort Key: ")[1].splitlines()[0]


class Explained:
    """Explains each question that looks for words."""

    def __init__(self):
        self.plans: list[str] = []

    def __call__(self, execute, sql, params, many, context):
        if "words" in sql and sql.startswith("SELECT") and "LIKE" in sql:
            with context["connection"].connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {sql}", params)
                self.plans.append("\n".join(line for (line,) in cursor.fetchall()))
        return execute(sql, params, many, context)


def test_all_documents_are_made_anew_repeatably_and_those_of_nothing_go(admin, capsys):
    create_component(actor=admin, name="checkout-api")
    create_team(actor=admin, name="Payments")
    rebuild(sources()["member"])  # the test's people were made without a service
    before = documents()
    SearchDocument.objects.filter(kind="component").update(words="stale", title="stale")
    SearchDocument.objects.create(
        organization=admin.organization, shelf=0, kind="team", uid=admin.organization.uid, title="gone", words="gone"
    )

    for _ in range(2):
        call_command("rebuild_search")
        assert documents() == before
    assert "Components: 1\n" in capsys.readouterr().out


def test_kinds_without_any_document_are_filled_after_a_migration(admin):
    create_component(actor=admin, name="checkout-api")
    before = documents()
    SearchDocument.objects.filter(kind="component").delete()

    fill()

    assert [each for each in documents() if each[1] != "member"] == before


def test_the_command_refuses_what_is_not_found(db):
    with pytest.raises(SystemExit):
        call_command("rebuild_search", "wishes")


def test_what_is_found_is_what_may_be_seen(acme, globex):
    """Somebody finds the documents of exactly those rows that a list would show them."""
    known = rows_of_all_shapes(acme, globex)
    keep(known)
    models, by_uid = {type(row) for row in known}, {row.uid: row for row in known}

    kinds = {model.entity for model in models}

    @settings(max_examples=8, deadline=timedelta(seconds=30), suppress_health_check=list(HealthCheck), derandomize=True)
    @given(RULES, LIMITS, st.sampled_from([{acme.pk: "acme"}, {acme.pk: "acme", globex.pk: "globex"}]))
    def agree(rules, limits, reach) -> None:
        actor = Actor(kind="system", label="x", organization=acme, reach=reach, rules=rules, limits=limits)
        able = {row for model in models for row in model.objects.visible_to(actor) if row in known}
        assert {by_uid[each.uid] for each in SearchDocument.objects.visible_to(actor, kinds)} == able
        matching = {row for row in able if "check" in source_of(row).said(row)[2]}
        found = Search(actor, "check", kinds=kinds, size=100).found()
        assert {by_uid[each.uid] for documents in found.values() for each in documents} == matching

    agree()


def test_nobody_and_a_stranger_find_nothing(admin, stranger):
    create_component(actor=admin, name="checkout-api")

    assert not SearchDocument.objects.visible_to(None)
    assert titles(stranger, "checkout") == []
    assert titles(make_actor(admin.organization, "viewer"), "checkout") == ["checkout-api"]


def test_a_narrowed_reader_finds_theirs_behind_many_that_are_not(acme, many):
    mine = Rule("organization:environment:read", ("organization:acme:environment:a common",))
    reader = Actor(kind="system", label="x", organization=acme, reach={acme.pk: "acme"}, rules=(mine,))

    assert titles(reader, "common", size=1) == ["a common"]


def test_a_narrowed_reader_is_asked_about_a_bounded_number(acme, many, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(finding, "CANDIDATES", 2)
    mine = Rule("organization:environment:read", ("organization:acme:environment:a common",))
    reader = Actor(kind="system", label="x", organization=acme, reach={acme.pk: "acme"}, rules=(mine,))

    with django_assert_num_queries(4):  # no look further back for what all of the newest have
        assert titles(reader, "common", size=1) == []
    assert titles(reader, "a common", size=1) == ["a common"]


def test_every_kind_says_what_it_is_and_has_a_right_to_be_read():
    for kind, source in sources().items():
        assert re.fullmatch("[a-z_]+", kind)
        assert source.label
        assert source.plural
        assert source.model._meta.get_field("uid")

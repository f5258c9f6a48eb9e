"""Prepared queries give what the queryset gives that they are made from."""

from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.transaction import TransactionManagementError

from catalog.models import Component, Organization, Team
from catalog.prepared import look_through, look_up, prepared, readable, those
from catalog.rights import Rule
from catalog.services.components import create_component
from catalog.services.groups import create_team


def named(slugs: list[str], organization: int, team: int | None) -> QuerySet[Component]:
    """Components with what hangs on them."""
    mine = Component.objects.filter(Q(slug__in=slugs) | Q(name="Extra"), organization=organization)
    first = Team.objects.filter(organization=OuterRef("organization"), pk=team).order_by("pk")
    rows = mine.filter(team=team) if team else mine
    rows = rows.annotate(shout=F("slug"), first=Subquery(first.values("name")[:1]))
    return rows.select_related("organization", "team").order_by("slug", "pk")


@prepared
def ready(*, slugs: list[str], organization: int, team: int | None) -> QuerySet[Component]:
    return named(slugs, organization, team)


@pytest.fixture
def team(admin) -> Team:
    """Owns every other of the components here."""
    team = create_team(actor=admin, name="Owners")
    for number, name in enumerate(["Checkout", "Ledger", "Books", "Extra", "100% 'quoted' %s"]):
        create_component(actor=admin, name=name, team=team if number % 2 else None)
    return team


@pytest.mark.parametrize(
    "slugs", [[], ["ledger"], ["ledger", "books"], ["ledger", "books", "checkout"], ["'; --", "%s", "none"]]
)
@pytest.mark.parametrize("of_team", [True, False])
def test_its_rows_are_those_of_the_queryset(admin, stranger, team, slugs, of_team):
    create_component(actor=stranger, name="Ledger")
    values = {"slugs": slugs, "organization": admin.organization_id, "team": team.pk if of_team else None}

    for _ in range(2):
        rows, expected = ready(**values), list(named(**values))

        assert rows == expected
        assert [each.slug for each in rows] == [each.slug for each in expected]
        for row, twin in zip(rows, expected, strict=True):
            assert {**row.__dict__, "_state": 0} == {**twin.__dict__, "_state": 0}
            assert row._state.fields_cache == twin._state.fields_cache
            assert not row._state.adding


def test_it_sends_one_statement_that_is_built_once(admin, team, django_assert_num_queries):
    built: list[str] = []

    @prepared
    def by_slug(*, slug: str) -> QuerySet[Component]:
        built.append("once")
        return Component.objects.filter(slug=slug)

    for slug in ("ledger", "books", "nobody's"):
        with django_assert_num_queries(1):
            rows = by_slug(slug=slug)
        assert rows == list(Component.objects.filter(slug=slug))

    assert built == ["once"]


def test_values_come_as_the_queryset_gives_them(admin, team):
    @prepared
    def pairs(*, organization: int) -> QuerySet[Component, tuple[str, str]]:
        return Component.objects.filter(organization=organization).order_by("pk").values_list("slug", "tags")

    @prepared
    def flat(*, organization: int) -> QuerySet[Component, str]:
        return Component.objects.filter(organization=organization).order_by("pk").values_list("slug", flat=True)[:2]

    everything = Component.objects.filter(organization=admin.organization).order_by("pk")
    assert pairs(organization=admin.organization_id) == list(everything.values_list("slug", "tags"))
    assert flat(organization=admin.organization_id) == list(everything.values_list("slug", flat=True)[:2])


def test_what_changes_between_two_askings_is_seen(admin, team):
    @prepared
    def by_pk(*, pk: int) -> QuerySet[Organization]:
        return Organization.objects.filter(pk=pk)

    assert by_pk.get(pk=admin.organization_id).name == "Acme"
    Organization.objects.filter(pk=admin.organization_id).update(name="Renamed")

    assert by_pk.get(pk=admin.organization_id).name == "Renamed"
    assert by_pk.first(pk=0) is None
    with pytest.raises(Organization.DoesNotExist):
        by_pk.get(pk=0)


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_inside_a_transaction_only():
    @prepared
    def locked(*, pk: int) -> QuerySet[Organization]:
        return Organization.objects.select_for_update().filter(pk=pk)

    with transaction.atomic():
        assert locked(pk=0) == []
    assert connection.get_autocommit()
    with pytest.raises(TransactionManagementError):
        locked(pk=0)


def test_an_actor_gets_what_they_may_read_or_do_and_nothing_else(admin, stranger, team):
    theirs = create_component(actor=stranger, name="Ledger")
    own = list(Component.objects.filter(organization=admin.organization).order_by("pk"))

    @readable(Component)
    def seen(components: QuerySet[Component], *, slugs: list[str]) -> QuerySet[Component]:
        return components.filter(slug__in=slugs).order_by("pk")

    @readable(Component, "organization:component:update")
    def changeable(components: QuerySet[Component]) -> QuerySet[Component]:
        return components.order_by("pk")

    slugs = [each.slug for each in own]
    narrow = replace(admin, rules=(Rule("organization:component:read", ("organization:acme:component:ledger",)),))
    for _ in range(2):
        assert seen(admin, slugs=slugs) == own
        assert seen(stranger, slugs=slugs) == [theirs]
        assert [each.slug for each in seen(narrow, slugs=slugs)] == ["ledger"]
        assert seen(replace(admin, rules=()), slugs=slugs) == []
        assert changeable(admin) == own
        assert changeable(narrow) == []
        assert [each.slug for each in seen(replace(admin, limits=narrow.rules), slugs=slugs)] == ["ledger"]


def test_a_row_is_looked_up_among_those_one_may_read(admin, stranger, team, django_assert_num_queries):
    theirs = create_component(actor=stranger, name="Ledger")
    own = Component.objects.get(organization=admin.organization, slug="ledger")
    rule = Rule("organization:component:read", ("organization:acme:component:ledger",))
    narrow = replace(admin, rules=(rule,))

    for _ in range(2):
        with django_assert_num_queries(1):
            assert look_up(Component.objects.for_list, admin, uid=own.uid) == own
        assert look_up(Component.objects.for_list, admin, uid=theirs.uid) is None
        assert look_up(Component.objects.all, stranger, slug="ledger") == theirs
        assert look_up(Component.objects.all, narrow, slug="ledger") == own
        assert look_up(Component.objects.all, narrow, slug="books") is None
        assert look_up(Component.objects.all, replace(admin, limits=(rule,)), slug="books") is None
        assert look_up(Component.objects.all, replace(admin, rules=()), slug="ledger") is None
        mine = list(Component.objects.filter(team=team))
        assert look_through(Component.objects.all, admin, team=team) == mine
        assert look_through(Component.objects.all, narrow, team=team) == [each for each in mine if each == own]
        assert look_through(Component.objects.all, stranger, team=team) == []


def test_those_are_what_the_queryset_gives_and_its_own_relations(admin, team):
    for slug in ("ledger", "books"):
        row = those(Component.objects.for_list).get(organization=admin.organization_id, slug=slug)

        assert row == Component.objects.get(organization=admin.organization, slug=slug)
        assert set(row._state.fields_cache) == {"team", "system", "domain"}
        assert those(Component.objects.all).get(pk=row.pk)._state.fields_cache == {}
    with pytest.raises(Team.DoesNotExist):
        those(Team.objects.all).get(pk=0)


def test_a_text_is_the_same_in_any_letter_case(admin, team):
    for word in ("LEDGER", "ledger", "Ledger"):
        assert [each.slug for each in Component.objects.filter(slug__spelled=word)] == ["ledger"]
        assert those(Component.objects.all).get(slug__spelled=word).slug == "ledger"
    assert not Component.objects.filter(slug__spelled="ledge_").exists()

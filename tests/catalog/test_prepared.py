"""Prepared queries give what the queryset gives that they are made from."""

from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.transaction import TransactionManagementError

from catalog.models import Component, Organization, Team
from catalog.prepared import prepared, readable
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

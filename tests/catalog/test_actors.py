"""Who acts: what their membership, role and the tree of organizations make of them."""

import pytest
from model_bakery import baker

from catalog.actors import (
    key_actor,
    reach_of,
    require,
    service_account_actor,
    system_actor,
    token_actor,
    user_actor,
)
from catalog.models import ApiKey, Component, Membership, Organization, Role
from catalog.services.keys import issue_api_key, issue_webhook_token
from catalog.services.organizations import create_organization
from config.errors import Forbidden
from tests.people import make_machine, make_user


def member(organization: Organization, user, role: str = "viewer") -> Membership:
    return Membership.objects.create(
        organization=organization, user=user, role=Role.objects.get(organization=organization, canonical=role)
    )


def test_a_person_acts_in_the_organization_they_chose_else_in_their_first(acme, globex):
    user = make_user(globex, "viewer", "pat@example.org")
    member(acme, user, "owner")  # later, though its name comes first

    first = user_actor(user)
    assert (first.organization, first.role, first.label) == (globex, "viewer", "pat@example.org")
    chosen = user_actor(user, acme.pk)
    assert (chosen.organization, chosen.role) == (acme, "owner")
    assert user_actor(user, 0).organization == globex
    assert chosen.organizations == [acme, globex]


def test_who_is_no_member_or_not_active_is_nobody(acme):
    user = make_user(acme, "owner")
    user.is_active = False
    assert user_actor(user) is None
    user.is_active = True
    Membership.objects.all().delete()
    assert user_actor(user) is None


def test_rights_reach_the_organizations_below_and_none_beside_or_above(acme, globex):
    child = create_organization(name="Lab", slug="lab", parent=acme)
    grandchild = create_organization(name="Bench", slug="bench", parent=child)
    sibling = create_organization(name="Shop", slug="shop", parent=acme)
    owner = user_actor(make_user(acme, "owner"))
    below = user_actor(make_user(child, "owner"))
    rows = {each: baker.make(Component, organization=each) for each in (acme, child, grandchild, sibling, globex)}

    assert owner.reach == {acme.pk: "acme", child.pk: "lab", grandchild.pk: "bench", sibling.pk: "shop"}
    assert below.reach == {child.pk: "lab", grandchild.pk: "bench"}
    assert set(Component.objects.visible_to(below)) == {rows[child], rows[grandchild]}
    assert set(Component.objects.visible_to(owner)) == {row for each, row in rows.items() if each != globex}
    assert below.may("organization:component:update", rows[grandchild])
    assert not below.may("organization:component:update", rows[acme])
    assert not below.may("organization:update", acme)
    assert owner.may("organization:update", child)


def test_a_path_that_begins_alike_is_no_ones_child(acme):
    Organization.objects.filter(pk=acme.pk).update(path="1/")
    other = create_organization(name="Other", slug="other")
    Organization.objects.filter(pk=other.pk).update(path="11/")
    acme.refresh_from_db()

    assert reach_of(acme) == {acme.pk: "acme"}


def test_an_organization_without_a_place_in_the_tree_reaches_itself_alone(acme, globex):
    loose = baker.make(Organization, slug="loose")

    assert reach_of(loose) == {loose.pk: "loose"}
    user = make_user(globex, "viewer")
    baker.make(Membership, organization=loose, user=user)
    assert user_actor(user, loose.pk).reach == {loose.pk: "loose"}


def test_a_machine_acts_with_its_role(acme):
    actor, _ = make_machine(acme, "ci", "builder")

    assert (actor.kind, actor.label, actor.role, actor.user) == ("service_account", "builder", "ci", None)
    assert actor.may("organization:trail:create")
    assert not actor.may("organization:approval:decide")
    assert service_account_actor(actor.service_account) == actor


def test_a_key_is_as_good_as_its_owner_is_now(acme, globex):
    user = make_user(acme, "owner")
    member(globex, user)
    key, _ = issue_api_key(actor=user_actor(user, acme.pk), label="laptop", user=user)

    assert key_actor(key).organization == acme
    Membership.objects.filter(organization=acme).delete()
    assert key_actor(ApiKey.objects.get()) is None


def test_a_webhook_token_pushes_components_and_nothing_else(acme):
    child = create_organization(name="Lab", parent=acme)
    token, _ = issue_webhook_token(actor=system_actor(acme), label="CI")
    actor = token_actor(token)

    assert (actor.kind, actor.label, actor.reach) == ("webhook_token", "CI", {acme.pk: "acme"})
    assert actor.may("organization:component:push")
    for action in ("component:update", "component:create", "trail:create", "environment:read", "read"):
        assert not actor.may(f"organization:{action}")
    assert not actor.may("organization:component:push", baker.make(Component, organization=child))


def test_what_is_missing_is_named(acme):
    viewer = user_actor(make_user(acme, "viewer"))

    with pytest.raises(Forbidden, match=r"viewer@acme.example lacks the right organization:component:create\."):
        require(viewer, "organization:component:create")
    require(viewer, "organization:component:read")


@pytest.mark.parametrize("below", [1, 5])
def test_an_actor_costs_the_same_for_any_number_of_organizations(acme, below, django_assert_num_queries):
    user = make_user(acme, "owner")
    for number in range(below):
        child = create_organization(name=f"Child {number}", parent=acme)
        member(child, user)

    with django_assert_num_queries(1):
        actor = user_actor(user)
    assert len(actor.reach) == len(actor.organizations) == below + 1

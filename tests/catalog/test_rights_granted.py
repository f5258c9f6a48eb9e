"""Roles of teams, rules of keys, and that nobody hands out more than they have."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from catalog.actors import Actor, key_actor, user_actor
from catalog.models import ApiKey, Component, Event, Membership, Role, Team, User
from catalog.rights import Rule
from catalog.services.components import create_component
from catalog.services.groups import create_team, update_team
from catalog.services.keys import authenticate_key, issue_api_key, revoke, rotate_api_key
from catalog.services.organizations import create_organization
from catalog.services.people import (
    add_member,
    change_member_role,
    create_service_account,
    remove_member,
    update_service_account,
)
from catalog.services.roles import create_role, delete_role, update_role
from catalog.services.who import who_may
from compliance.models import Flow, Trail
from config.errors import Conflict, Forbidden, Unauthenticated
from releases.models import ApprovalRequest
from releases.services.electorate import electorate
from tests.people import make_actor, make_machine, make_user

UPDATE = "organization:component:update"


def role(organization, canonical: str) -> Role:
    return Role.objects.get(organization=organization, canonical=canonical)


def test_a_teams_role_reaches_what_the_team_owns_and_nothing_else(acme, admin):
    viewer = make_user(acme, "viewer", name="Vera")
    team = create_team(actor=admin, name="Payments", members=[viewer], role=role(acme, "maintainer"))
    mine = create_component(actor=admin, name="checkout", team=team)
    other = create_component(actor=admin, name="billing")
    trails = {
        each: Trail.objects.create(
            organization=acme,
            flow=Flow.objects.create(organization=acme, name=f"of {each}", component=each),
            component=each,
        )
        for each in (mine, other)
    }
    actor = user_actor(viewer)
    assert actor is not None

    assert actor.may(UPDATE, mine)
    assert actor.may("organization:trail:create", trails[mine])
    assert actor.may(UPDATE, "organization:acme:component:checkout")
    for subject in (other, trails[other], admin.organization, None, "organization:acme:component:billing", team):
        assert not actor.may(UPDATE, subject)
    assert list(Component.objects.filter(actor.allowed(Component, UPDATE))) == [mine]
    assert list(Trail.objects.filter(actor.allowed(Trail, "organization:trail:create"))) == [trails[mine]]
    assert actor.why(UPDATE, mine) == Rule("organization:component:*", team=team.pk)
    assert {"label": "Vera", "kind": "user"} in who_may(acme, UPDATE, mine)
    assert {"label": "Vera", "kind": "user"} not in who_may(acme, UPDATE, other)
    own = create_role(actor=admin, name="Own", rules=[Rule("organization:read")])
    update_team(actor=admin, team=team, role=own)
    with pytest.raises(Conflict, match="Somebody still has"):
        delete_role(actor=admin, role=own)
    update_team(actor=admin, team=team, role=None)
    assert not user_actor(viewer).may(UPDATE, mine)


def test_a_teams_people_approve_what_it_owns(acme, admin):
    approver = make_user(acme, "viewer")
    team = create_team(actor=admin, name="Payments", members=[approver], role=role(acme, "change-manager"))
    mine, other = (create_component(actor=admin, name=name, team=of) for name, of in (("a", team), ("b", None)))

    def voters(component: Component) -> list[str]:
        request = ApprovalRequest(organization=acme, component=component, requested_by="ci")
        return [voter.identity for voter in electorate(request)]

    assert voters(mine) == [admin.label, approver.email]
    assert voters(other) == [admin.label]


def test_a_teams_role_holds_below_the_organization_of_the_membership_alone(acme, globex, admin):
    child = create_organization(name="Lab", slug="lab", parent=acme)
    person = make_user(acme, "viewer")
    Membership.objects.create(organization=globex, user=person, role=role(globex, "viewer"))
    lab = make_actor(child, "owner")
    team = create_team(actor=lab, name="Bench", members=[person], role=role(child, "maintainer"))
    component = create_component(actor=lab, name="scope", team=team)

    assert user_actor(person, acme.pk).may(UPDATE, component)
    assert user_actor(person, globex.pk).rules == user_actor(make_user(globex, "viewer", "x@globex.example")).rules


def test_rules_of_a_key_narrow_and_never_widen(acme, admin):
    checkout, billing = (create_component(actor=admin, name=name) for name in ("checkout", "billing"))
    viewer = make_actor(acme, "viewer")
    wide = [Rule("organization:**", ("organization:acme:component:checkout",))]
    _, admins = issue_api_key(actor=admin, label="a", user=admin.user, rules=wide)
    key, viewers = issue_api_key(actor=viewer, label="v", user=viewer.user, rules=wide)

    narrowed, still = authenticate_key(admins), authenticate_key(viewers)

    assert narrowed.may(UPDATE, checkout)
    assert not narrowed.may(UPDATE, billing)
    assert not narrowed.may("organization:component:create")
    assert list(Component.objects.visible_to(narrowed)) == [checkout]
    assert not still.may(UPDATE, checkout)
    assert list(Component.objects.visible_to(still)) == [checkout]
    assert key.rules == [{"action": "organization:**", "resources": ["organization:acme:component:checkout"]}]
    assert Event.objects.filter(kind="api_key.created").latest("pk").data["rules"] == [
        "organization:** organization:acme:component:checkout"
    ]
    again, _ = issue_api_key(actor=narrowed, label="child", user=admin.user)
    assert key_actor(again).limits == narrowed.limits
    for call in (
        lambda: issue_api_key(actor=narrowed, label="x", user=admin.user, rules=[Rule("organization:**")]),
        lambda: create_role(actor=replace(narrowed, limits=(Rule("organization:role:*"),)), name="x", rules=wide),
    ):
        with pytest.raises(Forbidden, match="can't grant organization"):
            call()
    with pytest.raises(Forbidden, match="organization:api_key:revoke"):
        revoke(actor=narrowed, secret=again)
    for wrong in ([Rule("nonsense")], [Rule("organization:read", ("a b",))], [Rule("organization:read", (7,))]):
        with pytest.raises(ValidationError):
            issue_api_key(actor=admin, label="x", user=admin.user, rules=wrong)


def test_a_key_is_rotated_with_a_grace(admin, time_machine):
    rules = [Rule("organization:**:read")]
    old, old_text = issue_api_key(actor=admin, label="laptop", user=admin.user, ttl_days=30, rules=rules)
    new, new_text = rotate_api_key(actor=admin, key=old, grace=timedelta(minutes=5))

    assert (new.label, new.user, new.ttl_days, new.rules) == (old.label, old.user, 30, old.rules)
    assert authenticate_key(old_text).user == authenticate_key(new_text).user == admin.user
    with pytest.raises(Conflict, match="at its end"):
        rotate_api_key(actor=admin, key=old)
    time_machine.move_to(timezone.now() + timedelta(minutes=5))
    with pytest.raises(Unauthenticated):
        authenticate_key(old_text)
    assert ApiKey.objects.count() == 2
    viewer = make_actor(admin.organization, "viewer")
    with pytest.raises(Forbidden, match="organization:api_key:create"):
        rotate_api_key(actor=viewer, key=new)
    revoke(actor=admin, secret=new)
    assert Event.objects.filter(kind="api_key.revoked").count() == 2


@pytest.fixture
def clerk(acme) -> Actor:
    """Manages people and roles, and reads; nothing else."""
    person = make_user(acme, "viewer", "clerk@acme.example")
    rules = ["member", "role", "team", "service_account", "api_key"]
    made = create_role(
        actor=make_actor(acme, "owner"),
        name="Clerk",
        rules=[Rule("organization:**:read"), *(Rule(f"organization:{entity}:*") for entity in rules)],
    )
    Membership.objects.filter(user=person).update(role=made)
    actor = user_actor(person)
    assert actor is not None
    return actor


def test_nobody_hands_out_more_than_they_have(acme, admin, clerk, subtests):
    ci, viewer, admins, owners = (role(acme, each) for each in ("ci", "viewer", "admin", "owner"))
    clerks = Role.objects.get(name="Clerk")
    narrow = create_role(
        actor=clerk, name="Narrow", rules=[Rule("organization:role:read"), Rule("organization:team:*")]
    )
    membership = add_member(actor=clerk, user=make_user_alone("new@acme.example"), role=narrow)
    machine = create_service_account(actor=clerk, name="robot", role=narrow)
    builder, _ = make_machine(acme, "ci", "builder")
    boss = make_user(acme, "owner", "boss@acme.example")
    above = Membership.objects.get(user=boss)
    team = create_team(actor=admin, name="T", role=ci)
    read = [Rule("organization:read")]
    wide = [Rule("organization:**:create")]
    outside = [Rule("organization:role:*", ("organization:acme",)), Rule("organization:release:read", ("**",))]
    update_role(actor=clerk, role=narrow, rules=outside)
    create_role(actor=admin, name="Wide", rules=wide)
    before = (Role.objects.count(), Membership.objects.count(), ApiKey.objects.count(), Event.objects.count())
    refused = {
        "a role": lambda: create_role(actor=clerk, name="x", rules=wide),
        "the organization itself": lambda: create_role(actor=clerk, name="x", rules=read),
        "a changed role": lambda: update_role(actor=clerk, role=narrow, rules=[*outside, *wide]),
        "everything": lambda: create_role(actor=clerk, name="x", rules=[Rule("**")]),
        "a new member": lambda: add_member(actor=clerk, user=boss, role=ci),
        "another role": lambda: change_member_role(actor=clerk, membership=membership, role=admins),
        "oneself": lambda: change_member_role(actor=clerk, membership=clerk.memberships[0], role=admins),
        "an owner's role": lambda: change_member_role(actor=admin, membership=membership, role=owners),
        "less for an owner": lambda: change_member_role(actor=admin, membership=above, role=viewer),
        "an owner out": lambda: remove_member(actor=admin, membership=above),
        "a machine": lambda: create_service_account(actor=clerk, name="x", role=ci),
        "an owner machine": lambda: create_service_account(actor=admin, name="x", role=owners),
        "a stronger machine": lambda: update_service_account(actor=clerk, account=machine, role=ci),
        "a team": lambda: create_team(actor=clerk, name="x", role=ci),
        "a stronger team": lambda: update_team(actor=clerk, team=team, role=admins),
        "somebody into it": lambda: update_team(actor=clerk, team=team, members=[clerk.user]),
        "a machine's key": lambda: issue_api_key(actor=clerk, label="x", service_account=builder.service_account),
        "an admin's key": lambda: issue_api_key(actor=clerk, label="x", user=admin.user),
        "an owner's key": lambda: issue_api_key(actor=admin, label="x", user=boss, rules=read),
    }
    for what, call in refused.items():
        with subtests.test(what), pytest.raises(Forbidden, match=r"can't grant|Only an owner"):
            call()
    assert before == (Role.objects.count(), Membership.objects.count(), ApiKey.objects.count(), Event.objects.count())

    issue_api_key(actor=clerk, label="own", user=clerk.user)
    issue_api_key(actor=clerk, label="robot's", service_account=machine)
    issue_api_key(
        actor=clerk, label="ci", service_account=builder.service_account, rules=[Rule("organization:team:read")]
    )
    change_member_role(actor=user_actor(boss), membership=membership, role=owners)
    update_role(actor=clerk, role=Role.objects.get(name="Wide"), name="Wider")  # its rules stay as they were
    add_member(actor=clerk, user=make_user_alone("other@acme.example"), role=clerks)
    assert list(Team.objects.get().members.all()) == []


def make_user_alone(email: str) -> User:
    """A person without a membership."""
    return User.objects.create_user(email)

"""Organizations, and who belongs to them: members, roles, machines, teams."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management.sql import emit_post_migrate_signal
from django.db import IntegrityError, transaction

from catalog.actors import user_actor
from catalog.models import Event, Membership, Organization, Role, RoleRule, Team, TeamMember
from catalog.rights import BUILT_IN_ROLES, Rule
from catalog.services.groups import create_domain, create_system, create_team, update_domain, update_system, update_team
from catalog.services.organizations import create_organization, update_organization
from catalog.services.people import (
    add_member,
    change_member_role,
    create_service_account,
    remove_member,
    update_service_account,
)
from catalog.services.roles import create_role, delete_role, seed_roles, update_role
from config.errors import BadInput, Conflict, Forbidden, RuleViolation
from tests.people import make_actor, make_user


def happened(kind: str) -> Event:
    return Event.objects.filter(kind=kind).latest("pk")


def role(organization: Organization, canonical: str) -> Role:
    return Role.objects.get(organization=organization, canonical=canonical)


def test_an_organization_comes_with_its_place_roles_and_history(db):
    acme = create_organization(name="Acme Corp", time_zone="Europe/Berlin")
    lab = create_organization(name="Lab", parent=acme)

    assert (acme.slug, acme.path, len(acme.public_id)) == ("acme-corp", f"{acme.pk}/", 8)
    assert lab.path == f"{acme.pk}/{lab.pk}/"
    assert str(acme.zone()) == "Europe/Berlin"
    for canonical, (_, _, actions) in BUILT_IN_ROLES.items():
        assert {rule.action for rule in role(lab, canonical).rules.all()} == set(actions)
    event = happened("organization.created")
    assert (event.organization_id, event.subject_uid, event.actor_label) == (lab.pk, lab.uid, "system")


def test_an_organization_made_by_somebody_lies_below_theirs(admin, stranger):
    made = create_organization(actor=admin, name="Lab")

    assert made.parent == admin.organization
    with pytest.raises(Forbidden, match="organization:create"):
        create_organization(actor=stranger, name="Lab 2", parent=admin.organization)
    with pytest.raises(Forbidden, match="organization:create"):
        create_organization(actor=make_actor(admin.organization, "maintainer"), name="Lab 3")


@pytest.mark.parametrize(
    "values",
    [
        {"slug": "ACME"},
        {"slug": "acme"},
        {"slug": "-acme"},
        {"slug": "a b"},
        {"slug": "a:b"},
        {"public_id": "acme0001"},
        {"public_id": "a/b"},
        {"time_zone": "Mars/Base"},
        {"name": ""},
    ],
)
def test_a_bad_organization_is_refused(acme, values):
    with pytest.raises(ValidationError):
        create_organization(**({"name": "Other"} | values))
    assert not Organization.objects.exclude(slug__in=("acme", "globex")).exists()


def test_slugs_are_one_whatever_their_case(acme):
    with pytest.raises(IntegrityError, match="organization_slug"), transaction.atomic():
        Organization.objects.create(name="x", slug="ACME", public_id="x")


def test_switches_are_changed_with_old_and_new_values(admin):
    changed = update_organization(actor=admin, organization=admin.organization, four_eyes=False, name="Acme")

    assert changed.four_eyes is False
    assert happened("organization.updated").data == {"before": {"four_eyes": True}, "after": {"four_eyes": False}}
    update_organization(actor=admin, organization=changed, four_eyes=False)
    assert Event.objects.filter(kind="organization.updated").count() == 1
    with pytest.raises(BadInput, match="path"):
        update_organization(actor=admin, organization=changed, path="1/")
    with pytest.raises(Forbidden):
        update_organization(actor=make_actor(admin.organization, "viewer"), organization=changed, name="x")


def test_roles_are_brought_up_to_date_and_ones_own_left_alone(acme, admin):
    own = create_role(actor=admin, name="Own", rules=[Rule("organization:read")])
    viewer = role(acme, "viewer")
    viewer.rules.all().delete()
    RoleRule.objects.create(organization=acme, role=viewer, action="organization:**")
    Role.objects.filter(pk=viewer.pk).update(name="Spoiled")

    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")  # as after each `migrate`
    seed_roles(acme)

    viewer.refresh_from_db()
    assert viewer.name == "Viewer"
    assert sorted(rule.action for rule in viewer.rules.all()) == sorted(BUILT_IN_ROLES["viewer"][2])
    assert Role.objects.filter(organization=acme).count() == len(BUILT_IN_ROLES) + 1
    assert own.rules.get().action == "organization:read"


def test_a_role_of_ones_own(admin):
    made = create_role(
        actor=admin, name="Shipper", rules=[Rule("organization:release:*"), Rule("organization:release:*")]
    )
    assert (made.canonical, made.built_in, made.rules.count()) == ("shipper", False, 1)
    assert happened("role.created").data == {"rules": ["organization:release:*"]}

    update_role(actor=admin, role=made, description="Ships.", rules=[Rule("organization:read", ("organization:acme",))])
    assert happened("role.updated").data == {
        "before": {"description": "", "rules": ["organization:release:*"]},
        "after": {"description": "Ships.", "rules": ["organization:read organization:acme"]},
    }
    with pytest.raises(ValidationError):
        update_role(actor=admin, role=made, rules=[Rule("anything")])
    assert made.rules.get().action == "organization:read"
    with pytest.raises(ValidationError, match="exists"):
        create_role(actor=admin, name="Again", canonical="shipper")
    for built_in in (update_role, delete_role):
        with pytest.raises(Conflict, match="comes with Gatehouse"):
            built_in(actor=admin, role=role(admin.organization, "owner"))
    for change in (create_role, update_role, delete_role):
        with pytest.raises(Forbidden, match="organization:role:"):
            change(actor=_viewer(admin), **({"name": "x"} if change is create_role else {"role": made}))
    account = create_service_account(actor=admin, name="ship", role=made)
    with pytest.raises(Conflict, match="Somebody"):
        delete_role(actor=admin, role=made)
    update_service_account(actor=admin, account=account, role=role(admin.organization, "ci"))
    delete_role(actor=admin, role=made)
    assert happened("role.deleted").subject_uid == made.uid


def _viewer(admin):
    return user_actor(make_user(admin.organization, "viewer", f"v{Membership.objects.count()}@acme.example"))


def test_members_come_change_and_go(admin, globex):
    acme = admin.organization
    user = make_user(globex, "viewer")
    member = add_member(actor=admin, user=user, role=role(acme, "viewer"))
    create_team(actor=admin, name="Payments", members=[user])

    with pytest.raises(ValidationError, match="Already a member"):
        add_member(actor=admin, user=user, role=role(acme, "ci"))
    with pytest.raises(ValidationError, match="another organization"):
        add_member(actor=admin, user=make_user(globex, "ci"), role=role(globex, "ci"))
    with pytest.raises(Forbidden):
        add_member(actor=admin, user=user, role=role(globex, "ci"), organization=globex)

    change_member_role(actor=admin, membership=member, role=role(acme, "ci"))
    assert happened("member.changed").data == {"user": user.email, "before": "viewer", "after": "ci"}
    change_member_role(actor=admin, membership=member, role=role(acme, "ci"))
    assert Event.objects.filter(kind="member.changed").count() == 1

    remove_member(actor=admin, membership=member)
    assert not TeamMember.objects.exists()
    assert Membership.objects.filter(user=user).get().organization == globex
    assert happened("member.removed").data == {"user": user.email, "role": "ci"}


def test_an_organization_keeps_an_owner(admin):
    acme = admin.organization
    first, second = (make_user(acme, "owner", f"{each}@acme.example") for each in ("a", "b"))
    one, two = (Membership.objects.get(user=each) for each in (first, second))

    owner = user_actor(second)
    with pytest.raises(Forbidden, match="Only an owner"):
        remove_member(actor=admin, membership=one)
    remove_member(actor=owner, membership=one)
    for leave in (
        lambda: remove_member(actor=owner, membership=two),
        lambda: change_member_role(actor=owner, membership=two, role=role(acme, "viewer")),
    ):
        with pytest.raises(RuleViolation, match="needs an owner"):
            leave()
    assert Membership.objects.get(user=second).role.canonical == "owner"


def test_machines_have_names_of_their_own(admin, globex):
    acme = admin.organization
    made = create_service_account(actor=admin, name="builder", role=role(acme, "ci"))
    with pytest.raises(ValidationError, match="exists"):
        create_service_account(actor=admin, name="Builder", role=role(acme, "ci"))
    with pytest.raises(ValidationError, match="another organization"):
        update_service_account(actor=admin, account=made, role=role(globex, "viewer"))
    with pytest.raises(Forbidden):
        create_service_account(actor=make_actor(acme, "maintainer"), name="x", role=role(acme, "ci"))

    update_service_account(actor=admin, account=made, description="Builds.", role=role(acme, "viewer"))
    assert set(happened("service_account.updated").data["after"]) == {"description", "role"}


def test_teams_systems_and_domains(admin, stranger):
    inside = make_user(admin.organization, "viewer")
    team = create_team(actor=admin, name="Payments", members=[inside])
    retail = create_domain(actor=admin, name="Retail")
    shop = create_system(actor=admin, name="Shop", domain=retail)

    assert (team.slug, len(team.public_id), list(team.members.all())) == ("payments", 8, [inside])
    assert (shop.slug, shop.domain, retail.slug) == ("shop", retail, "retail")
    update_team(actor=admin, team=team, name="Money", members=[admin.user])
    assert happened("team.updated").data == {
        "before": {"name": "Payments", "members": ["viewer@acme.example"]},
        "after": {"name": "Money", "members": ["admin@acme.example"]},
    }
    update_system(actor=admin, system=shop, domain=None)
    assert happened("system.updated").data == {"before": {"domain": str(retail.uid)}, "after": {"domain": None}}
    update_domain(actor=admin, domain=retail, name="Retail")
    assert not Event.objects.filter(kind="domain.updated").exists()

    for make, taken in ((create_team, "payments"), (create_system, "shop"), (create_domain, "retail")):
        with pytest.raises(ValidationError):
            make(actor=admin, name="New", slug=taken)
        with pytest.raises(Forbidden):
            make(actor=_viewer(admin), name="New")
    with pytest.raises(BadInput, match="Only members") as refused:
        create_team(actor=admin, name="Mixed", members=[inside, stranger.user])
    assert "admin@globex.example" in refused.value.fields[0].message
    assert not Team.objects.filter(name="Mixed").exists()
    with pytest.raises(ValidationError, match="another organization"):
        create_system(actor=admin, name="Theirs", domain=create_domain(actor=stranger, name="Theirs"))


def test_who_belongs_above_can_be_in_a_team_below(acme, admin):
    lab = create_organization(name="Lab", parent=acme)
    owner = user_actor(make_user(lab, "owner"))

    team = create_team(actor=owner, name="Bench", members=[admin.user])

    assert list(team.members.all()) == [admin.user]

"""Who may do what in Django's admin, and that services do the writing."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from model_bakery import baker

from catalog.models import (
    ApiKey,
    Component,
    Environment,
    Event,
    Membership,
    Organization,
    Role,
    ServiceAccount,
    Team,
    User,
    WebhookToken,
)
from catalog.services.organizations import create_organization
from config.crypto import token_digest
from tests.catalog.desk import page_of
from tests.people import PASSWORD, make_user

# Who may


def test_only_staff_get_in(acme):
    client = Client()
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    assert client.get("/admin/login/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    client.force_login(make_user(acme, "owner"))
    assert client.get("/admin/login/", follow=True).status_code == 403
    assert client.get(page_of(Component, "changelist"))["Location"].startswith("/admin/login/")


def test_a_clerk_sees_the_rows_of_their_own_organization(clerk, acme, globex):
    mine, theirs = (baker.make(Component, organization=each, name=f"of-{each.slug}") for each in (acme, globex))

    listed = clerk.get(page_of(Component, "changelist")).text

    assert mine.name in listed
    assert theirs.name not in listed
    assert clerk.get(page_of(Component, "change", mine.pk)).status_code == 200
    assert clerk.get(page_of(Component, "change", theirs.pk), follow=True).redirect_chain
    assert clerk.get(page_of(Component, "history", theirs.pk), follow=True).redirect_chain
    assert theirs.name not in clerk.get(page_of(Component, "change", theirs.pk), follow=True).text


@pytest.mark.parametrize(
    "model", [Organization, Membership, Role, ServiceAccount, User], ids=lambda model: model.__name__
)
def test_a_clerk_sees_no_organization_but_their_own(clerk, acme, stranger, model):
    listed = clerk.get(page_of(model, "changelist")).text

    assert "Acme" in listed or "clerk@acme.example" in listed or model is ServiceAccount
    assert "Globex" not in listed
    assert stranger.label not in listed


def test_a_clerk_can_choose_only_what_they_may_see(clerk, acme, globex):
    globex_role = Role.objects.get(organization=globex, canonical="owner")
    fields = {"organization": acme.pk, "user": make_user(globex, "viewer").pk, "role": globex_role.pk}

    answer = clerk.post(page_of(Membership, "add"), fields)

    errors = answer.context["adminform"].form.errors
    assert set(errors) == {"user", "role"}
    assert clerk.post(page_of(Component, "add"), {"organization": globex.pk, "name": "x"}).status_code == 200
    assert not Component.objects.exists()


def test_a_clerk_does_what_their_role_allows(acme):
    viewer = make_user(acme, "viewer", "viewer-clerk@acme.example")
    viewer.is_staff = True
    viewer.save()
    client = Client()
    client.force_login(viewer)
    component = baker.make(Component, organization=acme)

    assert client.get(page_of(Component, "change", component.pk)).status_code == 200
    assert client.post(page_of(Component, "change", component.pk), {"name": "new"}).status_code == 403
    assert client.get(page_of(Component, "add")).status_code == 403
    assert client.get(page_of(User, "add")).status_code == 403
    assert client.post(page_of(ApiKey, "changelist"), {"action": "revoke_selected"}).status_code in (200, 302)


def test_history_is_not_written_in_the_admin(desk, acme):
    event = Event.objects.first()

    assert desk.get(page_of(Event, "add")).status_code == 403
    assert desk.post(page_of(Event, "change", event.pk), {"kind": "x"}).status_code == 403
    assert desk.post(page_of(Event, "delete", event.pk), {"post": "yes"}).status_code == 403
    assert Event.objects.filter(pk=event.pk, kind=event.kind).exists()


# What is written is written by services


def happened(kind: str) -> Event:
    return Event.objects.filter(kind=kind).latest("pk")


def test_a_component_is_made_and_changed_by_the_services(desk, acme):
    team = baker.make(Team, organization=acme)
    fields = {"organization": acme.pk, "name": "Checkout", "repository": "git@git.example:acme/checkout", "tags": "a,b"}
    assert desk.post(page_of(Component, "add"), fields).status_code == 302
    made = Component.objects.get()
    assert (made.slug, made.tags, made.revision) == ("checkout", ["a", "b"], 1)
    assert made.repository_key == "https://git.example/acme/checkout"
    assert (happened("component.created").actor_label, len(made.record_id)) == ("root@gatehouse.example", 10)

    change = fields | {"slug": "checkout", "team": team.pk, "kind": "service"}
    assert desk.post(page_of(Component, "change", made.pk), change).status_code == 302
    made.refresh_from_db()
    assert (made.team, made.kind, made.revision) == (team, "service", 2)
    assert set(happened("component.updated").data["after"]) == {"team", "kind"}
    history = desk.get(page_of(Component, "history", made.pk)).text
    assert "component.created" in history
    assert "component.updated" in history

    before = Event.objects.count()
    assert desk.post(page_of(Component, "change", made.pk), change).status_code == 302
    assert Event.objects.count() == before


def test_what_a_service_refuses_is_said_on_the_form_and_nothing_is_stored(desk, acme):
    scope = {"include": {"names": [], "patterns": ["["]}, "exclude": {"names": [], "patterns": []}}
    fields = {"organization": acme.pk, "name": "production", "kind": "k8s", "drift_policy": "warn", "scope": "7"}

    for wrong in ("7", "null", "[]", '"x"', "{}", str(scope).replace("'", '"')):
        answer = desk.post(page_of(Environment, "add"), fields | {"scope": wrong})
        assert answer.status_code == 200, wrong
        assert answer.context["adminform"].form.errors, wrong
    assert not Environment.objects.exists()
    assert not Event.objects.filter(kind="environment.created").exists()


def test_what_is_no_id_is_no_choice(desk):
    for sent in ("x", "a\0b", "1" * 5000, "²", "-1"):
        answer = desk.post(page_of(Team, "add"), {"name": "payments", "organization": sent, "people": [sent]})
        assert answer.status_code == 200, sent
        assert {"organization", "people"} <= set(answer.context["adminform"].form.errors), sent
    assert not Team.objects.exists()


def test_an_environment_that_is_still_used_is_not_deleted(desk, acme):
    used, free = (baker.make(Environment, organization=acme, name=name) for name in ("used", "free"))
    baker.make("releases.GateDecision", organization=acme, environment=used)

    answer = desk.post(page_of(Environment, "delete", used.pk), {"post": "yes"}, follow=True)
    assert desk.post(page_of(Environment, "delete", free.pk), {"post": "yes"}).status_code == 302

    assert "Environment used is still used by" in answer.text
    assert list(Environment.objects.all()) == [used]
    assert happened("environment.deleted").subject_uid == free.uid


def test_members_come_and_go_but_never_the_last_owner(desk, acme):
    owner = make_user(acme, "owner")
    roles = {role.canonical: role for role in Role.objects.filter(organization=acme)}
    newcomer = User.objects.create_user("new@acme.example")
    fields = {"organization": acme.pk, "user": newcomer.pk, "role": roles["viewer"].pk}
    assert desk.post(page_of(Membership, "add"), fields).status_code == 302
    member = Membership.objects.get(user=newcomer)
    assert happened("member.added").data == {"user": "new@acme.example", "role": "viewer"}

    desk.post(page_of(Membership, "change", member.pk), {"role": roles["ci"].pk})
    assert happened("member.changed").data["after"] == "ci"
    last = Membership.objects.get(user=owner)
    answer = desk.post(page_of(Membership, "change", last.pk), {"role": roles["ci"].pk})
    assert "needs an owner" in str(answer.context["adminform"].form.errors)
    assert "needs an owner" in desk.post(page_of(Membership, "delete", last.pk), {"post": "yes"}, follow=True).text

    desk.post(page_of(Membership, "delete", member.pk), {"post": "yes"})
    assert list(Membership.objects.all()) == [last]
    assert happened("member.removed").data["user"] == "new@acme.example"


def test_roles_of_ones_own_are_written_and_built_in_ones_only_shown(desk, acme):
    rules = "organization:release:*  organization:acme:component:checkout\n\norganization:read"
    fields = {"organization": acme.pk, "name": "Shipper", "description": "", "allow": rules}
    assert desk.post(page_of(Role, "add"), fields).status_code == 302
    role = Role.objects.get(canonical="shipper")
    assert [(rule.action, rule.resources) for rule in role.rules.all()] == [
        ("organization:release:*", ["organization:acme:component:checkout"]),
        ("organization:read", []),
    ]
    assert (
        "organization:release:* organization:acme:component:checkout" in desk.get(page_of(Role, "change", role.pk)).text
    )
    assert desk.post(page_of(Role, "change", role.pk), fields | {"allow": "organization:read"}).status_code == 302
    assert role.rules.get().action == "organization:read"
    wrong = desk.post(page_of(Role, "change", role.pk), fields | {"allow": "anything goes"})
    assert "anything" in str(wrong.context["adminform"].form.errors["allow"])

    owner = Role.objects.get(organization=acme, canonical="owner")
    assert desk.get(page_of(Role, "change", owner.pk)).status_code == 200
    assert desk.post(page_of(Role, "change", owner.pk), fields).status_code == 403
    assert desk.post(page_of(Role, "delete", owner.pk), {"post": "yes"}).status_code == 403
    assert desk.post(page_of(Role, "delete", role.pk), {"post": "yes"}).status_code == 302
    assert not Role.objects.filter(pk=role.pk).exists()


def test_a_team_has_people_of_its_organization(desk, acme, globex):
    inside, outside = make_user(acme, "viewer"), make_user(globex, "viewer")
    fields = {"organization": acme.pk, "name": "Payments"}
    refused = desk.post(page_of(Team, "add"), fields | {"people": [inside.pk, outside.pk]})
    assert "viewer@globex.example" in str(refused.context["adminform"].form.errors)

    assert desk.post(page_of(Team, "add"), fields | {"people": [inside.pk]}).status_code == 302
    team = Team.objects.get()
    assert list(team.members.all()) == [inside]
    change = fields | {"slug": team.slug, "public_id": team.public_id}
    assert desk.post(page_of(Team, "change", team.pk), change).status_code == 302
    assert list(team.members.all()) == []
    assert happened("team.updated").data["before"] == {"members": ["viewer@acme.example"]}


@pytest.mark.parametrize(("model", "token"), [(ApiKey, r"fss_[0-9a-f]{64}"), (WebhookToken, r"[\w-]{43}")])
def test_a_credential_is_shown_once_and_can_be_revoked(desk, acme, model, token):
    machine = baker.make(ServiceAccount, organization=acme)
    fields = {"organization": acme.pk, "label": "CI"}
    if model is ApiKey:
        fields["service_account"] = machine.pk

    answer = desk.post(page_of(model, "add"), fields, follow=True)

    made = model.objects.get()
    said = [str(each) for each in answer.context["messages"] if "only this once" in str(each)]
    text = re.search(rf"once: ({token})$", said[0])[1]
    assert made.digest == token_digest(text)
    assert text in answer.text
    assert text not in desk.get(page_of(model, "changelist")).text
    assert desk.post(page_of(model, "change", made.pk), fields).status_code == 403

    desk.post(page_of(model, "changelist"), {"action": "revoke_selected", "_selected_action": [made.pk]})
    made.refresh_from_db()
    assert not made.is_in_force()
    assert happened(f"{made.entity}.revoked").actor_label == "root@gatehouse.example"


def test_organizations_and_people_are_made_by_a_superuser(desk, clerk, acme):
    assert desk.post(page_of(Organization, "add"), {"name": "Initech", "time_zone": "UTC"}).status_code == 302
    initech = Organization.objects.get(slug="initech")
    assert Role.objects.filter(organization=initech).count() == 6
    fields = {"name": "Initech lab", "time_zone": "Europe/Berlin", "parent": initech.pk}
    assert desk.post(page_of(Organization, "add"), fields).status_code == 302
    assert Organization.objects.get(slug="initech-lab").path == f"{initech.path}{Organization.objects.latest('pk').pk}/"
    change = {
        "name": "Initech",
        "slug": "initech",
        "public_id": initech.public_id,
        "time_zone": "UTC",
        "four_eyes": "on",
    }
    desk.post(page_of(Organization, "change", initech.pk), change | {"records_by_integrations": "on"})
    assert happened("organization.updated").data["after"] == {
        "records_by_integrations": True,
        "gate_default_allows": False,
    }
    person = {"email": "peter@initech.example", "name": "Peter", "usable_password": "true"}
    assert desk.post(page_of(User, "add"), person | {"password1": PASSWORD, "password2": PASSWORD}).status_code == 302
    assert User.objects.get(email="peter@initech.example").check_password(PASSWORD)

    assert clerk.get(page_of(Organization, "add")).status_code == 403
    assert clerk.get(page_of(Organization, "change", acme.pk)).status_code == 200
    assert clerk.get(page_of(Organization, "change", initech.pk), follow=True).redirect_chain


def test_the_admin_and_the_portal_lead_to_each_other(desk, superuser, acme):
    component = baker.make(Component, organization=acme)

    assert (
        reverse("catalog:component", args=[component.uid]) in desk.get(page_of(Component, "change", component.pk)).text
    )
    assert 'href="/"' in desk.get("/admin/").text


def test_who_is_no_staff_is_told_who_they_are_and_where_to_go(client, acme):
    client.force_login(make_user(acme, "owner"))

    answer = client.get(reverse("admin:index"), follow=True)

    assert answer.status_code == 403
    assert "You are signed in as owner@acme.example" in answer.text
    assert "under Settings in the portal" in answer.text


def test_the_only_organization_is_chosen_and_fields_of_a_key_are_explained(desk, acme):
    form = desk.get(page_of(ApiKey, "add")).context["adminform"].form
    assert form.initial["organization"] == acme.pk
    assert "Empty: it never does." in form.fields["ttl_days"].help_text
    create_organization(name="Second")
    assert "organization" not in desk.get(page_of(ApiKey, "add")).context["adminform"].form.initial

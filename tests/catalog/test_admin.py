"""Who may do what in Django's admin, and that services do the writing."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from model_bakery import baker

from catalog.actors import system_actor
from catalog.models import (
    ApiKey,
    Component,
    Domain,
    Environment,
    Event,
    Membership,
    Organization,
    Role,
    RoleRule,
    ServiceAccount,
    Team,
    User,
    WebhookToken,
)
from catalog.services.groups import create_team, update_team
from config.crypto import token_digest
from releases.models import ReleaseEvent
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


def test_the_page_of_an_event_names_its_organization(desk, acme, admin):
    create_team(actor=admin, name="Core")

    page = desk.get(page_of(Event, "change", Event.objects.latest("pk").pk)).text

    assert re.search(r"Organization:</label>\s*<div class=\"readonly\">Acme<", page)
    assert "Organization id" not in page


def test_a_role_of_another_organization_is_refused_to_a_superuser_too(desk, acme, globex):
    role = Role.objects.get(organization=globex, canonical="viewer")
    fields = {"organization": acme.pk, "user": make_user(globex, "viewer", "g@x.example").pk, "role": role.pk}

    answer = desk.post(page_of(Membership, "add"), fields)

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    assert not Membership.objects.filter(organization=acme, role=role).exists()


@pytest.mark.parametrize("theme", ["dark", ""])
def test_the_theme_that_was_chosen_in_the_portal_is_the_admins(desk, theme):
    desk.post(reverse("catalog:appearance"), {"theme": theme})

    page = desk.get("/admin/").text

    assert ("theme-dark" in page) is bool(theme)
    assert "admin/js/theme" not in page


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


def test_chosen_rows_are_deleted_by_the_service_all_or_none(desk, acme):
    mine = baker.make(Role, organization=acme, built_in=False, _quantity=2)
    built_in = Role.objects.get(organization=acme, canonical="viewer")
    chosen = {"action": "delete_selected", "post": "yes"}

    refused = desk.post(
        page_of(Role, "changelist"), chosen | {"_selected_action": [mine[0].pk, built_in.pk]}, follow=True
    )
    assert f"{built_in} can&#x27;t be deleted." in refused.text
    assert Role.objects.filter(pk__in=[mine[0].pk, built_in.pk]).count() == 2
    desk.post(page_of(Role, "changelist"), chosen | {"_selected_action": [each.pk for each in mine]})
    assert not Role.objects.filter(pk__in=[each.pk for each in mine]).exists()
    assert Event.objects.filter(kind="role.deleted").count() == 2

    admin = make_user(acme, "admin")
    member = admin.memberships.get()
    last = desk.post(page_of(Membership, "changelist"), chosen | {"_selected_action": [member.pk]}, follow=True)
    assert "needs an owner" in last.text
    assert admin.memberships.exists()


def test_what_the_organization_has_already_is_said_beside_its_field(desk, acme):
    fields = {"organization": acme.pk, "name": "Payments", "slug": "", "public_id": ""}
    assert desk.post(page_of(Domain, "add"), fields).status_code == 302

    for slug in ("", "payments"):
        form = desk.post(page_of(Domain, "add"), fields | {"slug": slug}).context["adminform"].form
        assert form.errors == {"slug": ["This slug is taken already."]}


def test_choices_say_whose_they_are_where_several_organizations_are_in_sight(desk, clerk, acme, globex):
    def owners(client: Client) -> list[str]:
        asked = {"app_label": "catalog", "model_name": "membership", "field_name": "role", "term": "owner"}
        return sorted(each["text"] for each in client.get(reverse("admin:autocomplete"), asked).json()["results"])

    assert owners(clerk) == ["Owner"]
    assert owners(desk) == ["Owner, Acme", "Owner, Globex"]


def test_history_reads_what_was_changed(desk, acme):
    team = create_team(actor=system_actor(acme), name="Crew")
    update_team(actor=system_actor(acme), team=team, name="Night crew", members=[make_user(acme, "viewer")])

    shown = desk.get(page_of(Team, "history", team.pk)).text

    assert "<li>name: Crew → Night crew</li>" in shown
    assert "<li>members: \N{EN DASH} → viewer@acme.example</li>" in shown


def test_filters_speak_in_words(desk, acme):
    def filters(model) -> dict[str, list[str]]:
        changes = desk.get(page_of(model, "changelist")).context["cl"]
        return {
            each.title: [str(choice["display"]) for choice in each.choices(changes)] for each in changes.filter_specs
        }

    make_user(acme, "change-manager")
    assert "Change manager" in filters(Membership)["role"]
    baker.make("releases.ReleaseEvent", result_state="", type="created")
    baker.make("releases.ReleaseEvent", result_state="not_yet", type="created")
    assert filters(ReleaseEvent)["result state"] == ["All", "None", "Not yet"]


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
    text = re.search(rf"<code>({token})</code>", answer.text)[1]
    assert made.digest == token_digest(text)
    assert "no-store" in answer["Cache-Control"]
    assert text not in str(desk.cookies)
    assert desk.get(answer.request["PATH_INFO"]).status_code == 410
    assert text not in desk.get(page_of(model, "changelist")).text
    assert desk.post(page_of(model, "change", made.pk), fields).status_code == 403

    chosen = {"action": "revoke_selected", "_selected_action": [made.pk]}
    asked = desk.post(page_of(model, "changelist"), chosen)
    made.refresh_from_db()
    assert made.is_in_force()
    assert "can&#x27;t be brought back" in asked.text
    assert str(made) in asked.text
    desk.post(page_of(model, "changelist"), chosen | {"post": "yes"})
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
    assert "organization" not in desk.get(page_of(ApiKey, "add")).context["adminform"].form.initial
    for model in (RoleRule, Role):
        model.objects.exclude(organization=acme).delete()
    Organization.objects.exclude(pk=acme.pk).delete()
    form = desk.get(page_of(ApiKey, "add")).context["adminform"].form
    assert form.initial["organization"] == acme.pk
    assert "Empty: it never does." in form.fields["ttl_days"].help_text


def test_a_key_made_in_a_window_of_its_own_is_shown_too(desk, acme, admin):
    machine = ServiceAccount.objects.create(
        organization=acme, name="builder", role=Role.objects.get(organization=acme, canonical="ci")
    )
    typed = {"organization": acme.pk, "label": "laptop", "service_account": machine.pk, "_popup": "1"}

    shown = desk.post(page_of(ApiKey, "add"), typed, follow=True)

    assert shown.status_code == 200
    assert reverse("admin:catalog_apikey_changelist") in shown.text
    assert ApiKey.objects.get(label="laptop").last_four in shown.text

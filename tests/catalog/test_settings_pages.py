"""The pages below Settings: who may open them, what their forms do and refuse, and what their lists cost."""

import re
from itertools import count

import pytest
from django.core import mail
from django.urls import reverse

from catalog.models import ApiKey, Invitation, Membership, Organization, Role, ServiceAccount, Team
from catalog.rights import Rule
from catalog.services.components import create_component
from catalog.services.groups import create_team
from catalog.services.invitations import invite_member
from catalog.services.keys import authenticate_key, issue_api_key
from catalog.services.roles import create_role
from config.errors import Unauthenticated
from tests.catalog.test_pages import sign_in
from tests.people import make_actor, make_machine, make_user

NUMBERS = count()
UID = re.compile("-7[0-9a-f]{3}-")
SECRETS = ("Payments", "laptop", "builder", "new@acme")


def url(name: str, *args) -> str:
    return reverse(f"catalog:{name}", args=args)


def role(organization: Organization, canonical: str) -> Role:
    return Role.objects.get(organization=organization, canonical=canonical)


@pytest.fixture
def browser(client, admin):
    """Acme's admin in a browser."""
    return sign_in(client, admin)


def pages_of(actor) -> dict[str, list]:
    """One row of each kind in the actor's organization, and the pages about it with who may open them."""
    acme = actor.organization
    member = Membership.objects.get(user=actor.user, organization=acme)
    machine, _ = make_machine(acme, "ci", "builder")
    team = create_team(actor=actor, name="Payments", members=[actor.user], role=role(acme, "ci"))
    own = create_role(actor=actor, name="Own", rules=[Rule("organization:read")])
    key, _ = issue_api_key(actor=actor, label="laptop", user=actor.user)
    invitation, _ = invite_member(actor=actor, email="new@acme.example", role=own)
    everybody, admins = ["viewer", "admin"], ["admin"]
    return {
        url("settings"): everybody,
        url("profile"): everybody,
        url("settings-organization"): everybody,
        url("members"): everybody,
        url("member-invite"): admins,
        url("member", member.uid): everybody,
        url("member-remove", member.uid): admins,
        url("member-second-factor", member.uid): admins,
        url("invitation-withdraw", invitation.uid): admins,
        url("teams"): everybody,
        url("team-new"): admins,
        url("team", team.uid): admins,
        url("team-delete", team.uid): admins,
        url("roles"): everybody,
        url("role-new"): admins,
        url("role-try"): everybody,
        url("role", own.uid): everybody,
        url("role-delete", own.uid): admins,
        url("service-accounts"): everybody,
        url("service-account-new"): admins,
        url("service-account", machine.service_account.uid): admins,
        url("service-account-delete", machine.service_account.uid): admins,
        url("keys"): everybody,
        url("key-new"): everybody,
        url("key-rotate", key.uid): everybody,  # the service refuses a viewer's post
        url("key-revoke", key.uid): admins,
    }


def test_pages_open_for_those_who_may_and_for_no_stranger(client, admin, acme, stranger, subtests):
    pages = pages_of(admin)
    viewer = make_actor(acme, "viewer")
    for page, allowed in pages.items():
        with subtests.test(page):
            assert client.get(page).headers["Location"].startswith("/accounts/login/")
            if UID.search(page):
                assert sign_in(client, stranger).get(page).status_code == 404
            answer = sign_in(client, viewer).get(page, follow=page == url("settings"))
            assert answer.status_code == (200 if "viewer" in allowed else 403)
            if answer.status_code == 403:
                assert "organization:" not in answer.text
                assert "does not let you" in answer.text
            client.logout()
    shown = sign_in(client, stranger).get(url("keys")).text + client.get(url("members")).text
    assert not any(word in shown for word in SECRETS)


def test_members_are_found_by_their_address(browser, acme):
    for at in range(2):
        make_user(acme, "viewer", f"p{at}@acme.example")

    assert len(browser.get(url("members") + "?q=p1@acme").context["page"]) == 1


def test_the_organization_is_changed_by_who_may(browser, client, admin, acme):
    form = {"name": "Acme Works", "time_zone": "Europe/Berlin", "four_eyes": "on", "require_second_factor": ""}
    bad = browser.post(url("settings-organization"), form | {"time_zone": "Mars", "name": ""})
    assert (bad.status_code, "Not an IANA time zone name." in bad.text) == (422, True)
    assert browser.post(url("settings-organization"), form).status_code == 302
    acme.refresh_from_db()
    assert (acme.name, acme.time_zone, acme.four_eyes, acme.gate_default_allows) == (
        "Acme Works", "Europe/Berlin", True, False,
    )  # fmt: skip
    sign_in(client, make_actor(acme, "viewer"))
    assert "Save</button>" not in client.get(url("settings-organization")).text
    assert client.post(url("settings-organization"), form | {"name": "Mine"}).status_code == 403
    acme.refresh_from_db()
    assert acme.name == "Acme Works"


def test_members_are_invited_changed_and_removed(browser, admin, acme):
    said = {"email": "new@acme.example", "role": role(acme, "ci").pk}
    answer = browser.post(url("member-invite"), said, follow=True)
    invitation = Invitation.objects.get()
    assert "/invitations/inv_" in answer.text
    assert [letter.to for letter in mail.outbox] == [["new@acme.example"]]
    again = browser.post(url("member-invite"), {"email": "new@acme.example", "role": role(acme, "ci").pk})
    assert (again.status_code, "is invited already" in again.text) == (422, True)
    owner = browser.post(url("member-invite"), {"email": "x@acme.example", "role": role(acme, "owner").pk})
    assert (owner.status_code, "Only an owner" in owner.text) == (422, True)
    assert "/invitations/inv_" in browser.post(url("invitation-resend", invitation.uid), follow=True).text
    assert browser.post(url("invitation-withdraw", invitation.uid)).status_code == 302
    assert not Invitation.objects.exists()

    member = Membership.objects.get(user=make_user(acme, "viewer", name="Vera"))
    assert browser.post(url("member", member.uid), {"role": role(acme, "ci").pk}).status_code == 302
    assert browser.post(url("member", member.uid), {"role": "nonsense"}).status_code == 422
    member.refresh_from_db()
    assert member.role.canonical == "ci"
    me = Membership.objects.get(user=admin.user)
    last = browser.post(url("member-remove", me.uid))
    assert (last.status_code, "needs an owner" in last.text) == (409, True)
    assert "Remove Vera?" in browser.get(url("member-remove", member.uid)).text
    assert browser.post(url("member-remove", member.uid)).status_code == 302
    assert list(Membership.objects.values_list("user__email", flat=True)) == [admin.label]


def test_roles_are_copied_changed_tried_and_deleted(browser, admin, acme):
    maintainer = role(acme, "maintainer")
    copied = browser.get(url("role-new") + f"?copy={maintainer.uid}").text
    assert "Maintainer (copy)" in copied
    assert "organization:flow:*" in copied
    for odd in ("x", "01a20000-0000-7000-8000-000000000000"):
        assert browser.get(url("role-new") + f"?copy={odd}").status_code == 200
    bad = browser.post(url("role-new"), {"name": "Mine", "rules": "organization:read\nnonsense x"})
    assert (bad.status_code, "nonsense: A glob is" in bad.text, Role.objects.filter(name="Mine").exists()) == (
        422, True, False,
    )  # fmt: skip
    assert (
        len(browser.post(url("role-new"), {"name": "Mine", "rules": "y" * 9000}).context["form"].errors["rules"][0])
        < 200
    )
    rules = "organization:component:update organization:acme:component:checkout\n\norganization:**:read"
    browser.post(url("role-new"), {"name": "Mine", "rules": rules})
    mine = Role.objects.get(name="Mine")
    assert [(rule.action, rule.resources) for rule in mine.rules.all()] == [
        ("organization:component:update", ["organization:acme:component:checkout"]),
        ("organization:**:read", []),
    ]
    assert browser.post(url("role", maintainer.uid), {"name": "X", "rules": "**"}).status_code == 422
    assert browser.post(url("role-delete", maintainer.uid)).status_code == 409
    assert browser.post(url("role", mine.uid), {"name": "Mine too", "rules": rules}).status_code == 302

    def asked(who: str, action: str, resource: str = "") -> str:
        return browser.get(url("role-try"), {"who": who, "action": action, "resource": resource}).text

    update, checkout = "organization:component:update", "organization:acme:component:checkout"
    assert f"<code>{update} {checkout}</code>" in asked(f"role:{mine.uid}", update, checkout)
    assert "No rule allows it" in asked(f"role:{mine.uid}", update)
    assert "No rule allows it" in asked(f"role:{mine.uid}", update, "organization:globex:component:checkout")
    assert "No such action" in asked(f"role:{mine.uid}", "nonsense")
    assert "A path begins with" in asked(f"role:{mine.uid}", update, "**")
    assert "Select a valid choice" in asked("role:x", update)
    team = create_team(actor=admin, name="Payments", members=[make_user(acme, "viewer", name="Vera")], role=maintainer)
    create_component(actor=admin, name="billing", team=team)
    vera = Membership.objects.get(user__name="Vera")
    assert "of the team Payments" in asked(f"member:{vera.uid}", update, "organization:acme:component:billing")
    assert browser.post(url("role-delete", mine.uid)).status_code == 302
    assert not Role.objects.filter(pk=mine.pk).exists()


def test_keys_are_shown_once_rotated_and_revoked(browser, client, admin, acme):
    machine, _ = make_machine(acme, "ci", "builder")
    ApiKey.objects.all().delete()
    form = {"label": "CI", "owner": machine.service_account.pk, "ttl_days": "30", "rules": "organization:**:read"}
    bad = browser.post(url("key-new"), form | {"rules": "x", "ttl_days": "7", "label": ""})
    assert (bad.status_code, set(bad.context["form"].errors)) == (422, {"label", "ttl_days", "rules"})
    shown = browser.post(url("key-new"), form, follow=True)
    key = ApiKey.objects.get()
    text = shown.text.split("<code>")[1].split("</code>")[0]
    assert authenticate_key(text).service_account == machine.service_account
    assert (key.ttl_days, key.rules) == (30, [{"action": "organization:**:read", "resources": []}])
    assert "no-store" in shown.headers["Cache-Control"]
    assert text not in browser.get(url("keys")).text
    rotated = browser.post(url("key-rotate", key.uid), follow=True)
    successor = ApiKey.objects.exclude(pk=key.pk).get()
    assert authenticate_key(rotated.text.split("<code>")[1].split("</code>")[0]).label == "builder"
    assert browser.post(url("key-rotate", key.uid)).status_code == 409
    browser.post(url("key-revoke", successor.uid))
    assert [each.state for each in browser.get(url("keys") + "?state=over").context["page"]] == ["revoked"]
    assert [each.state for each in browser.get(url("keys") + "?state=open").context["page"]] == ["ending"]

    viewer = make_actor(acme, "viewer")
    sign_in(client, viewer)
    own = client.post(
        url("key-new"), {"label": "mine", "owner": machine.service_account.pk, "ttl_days": ""}, follow=True
    )
    mine = ApiKey.objects.get(label="mine")
    assert (mine.user, mine.expires_at, own.status_code) == (viewer.user, None, 200)
    assert client.post(url("key-rotate", key.uid)).status_code in (403, 409)
    assert client.post(url("key-revoke", key.uid)).status_code == 403
    assert client.post(url("key-revoke", mine.uid)).status_code == 302
    with pytest.raises(Unauthenticated):
        authenticate_key(own.text.split("<code>")[1].split("</code>")[0])


def test_teams_machines_and_ones_name_are_changed(browser, admin, acme):
    vera = make_user(acme, "viewer", name="Vera")
    browser.post(url("team-new"), {"name": "Payments", "add": vera.email.upper(), "role": role(acme, "ci").pk})
    team = Team.objects.get()
    assert (list(team.members.all()), team.role.canonical) == ([vera], "ci")
    taken = browser.post(url("team-new"), {"name": "Payments"})
    assert (taken.status_code, Team.objects.count()) == (422, 1)
    wrong = browser.post(
        url("team", team.uid), {"name": "Payments", "members": [vera.pk], "add": "no@x.example, vera@x.example"}
    )
    assert "No member: no@x.example, vera@x.example." in wrong.text
    both = {"name": "Payments", "members": [vera.pk], "add": f"{admin.user.email}, {vera.email}"}
    browser.post(url("team", team.uid), both)
    assert set(team.members.all()) == {vera, admin.user}
    browser.post(url("team", team.uid), {"name": "Payments core", "role": ""})
    team.refresh_from_db()
    assert (team.name, team.role, list(team.members.all())) == ("Payments core", None, [])
    create_component(actor=admin, name="checkout", team=team)
    assert "1 component will have no owner" in browser.get(url("team-delete", team.uid)).text
    assert browser.post(url("team-delete", team.uid)).status_code == 302
    assert not Team.objects.exists()

    assert browser.get(url("service-account-new")).context["form"].initial == {"role": role(acme, "ci")}
    assert browser.get(url("member-invite")).context["form"].initial == {"role": role(acme, "viewer")}
    form = {"name": "robot", "role": role(acme, "ci").pk}
    assert browser.post(url("service-account-new"), form | {"role": role(acme, "owner").pk}).status_code == 422
    browser.post(url("service-account-new"), form)
    account = ServiceAccount.objects.get()
    again = browser.post(url("service-account-new"), form)
    assert (again.status_code, "This service account exists." in again.text) == (422, True)
    browser.post(url("service-account", account.uid), form | {"description": "Builds."})
    account.refresh_from_db()
    assert account.description == "Builds."
    issue_api_key(actor=admin, label="k", service_account=account)
    assert "It takes 1 key with it" in browser.get(url("service-account-delete", account.uid)).text
    assert browser.post(url("service-account-delete", account.uid)).status_code == 302
    assert not ServiceAccount.objects.exists()

    assert browser.post(url("profile"), {"name": "x" * 256}).status_code == 422
    assert browser.post(url("profile"), {"name": "Ada"}).status_code == 302
    admin.user.refresh_from_db()
    assert admin.user.name == "Ada"
    assert "Ada" in browser.get(url("profile")).text


def test_hostile_forms_are_refused(browser, admin, acme):
    before = [model.objects.count() for model in (Role, Team, ServiceAccount, ApiKey, Invitation)]
    for page in ("team-new", "role-new", "service-account-new", "key-new", "member-invite", "profile"):
        for value in ("\0", "x" * 100_000, "9" * 40):
            names = ("name", "label", "email", "role", "owner", "members", "rules", "ttl_days", "description")
            assert browser.post(url(page), dict.fromkeys(names, value)).status_code in (302, 400, 422), (
                page,
                value[:3],
            )
    assert before == [model.objects.count() for model in (Role, Team, ServiceAccount, ApiKey, Invitation)]

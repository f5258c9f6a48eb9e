"""Two people who change one thing at once: the later one is told, and nothing is lost."""

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest
from django.contrib import admin as site
from django.db import connection, transaction
from django.urls import reverse

from catalog.actors import user_actor
from catalog.admin.base import EditingAdmin
from catalog.models import Component, Membership, Organization, Role, Team, User
from catalog.rights import Rule
from catalog.services.changes import hold
from catalog.services.components import create_component, update_component
from catalog.services.groups import create_team, update_team
from catalog.services.organizations import update_organization
from catalog.services.people import change_member_role, create_service_account, update_service_account
from catalog.services.roles import create_role, update_role
from config.errors import NotFound
from integrations.services.notification_rules import create_notification_rule, update_notification_rule
from integrations.services.webhooks import create_webhook, update_webhook
from tests.catalog.desk import MODELS, page_of
from tests.catalog.test_pages import sign_in
from tests.people import make_user

HOOK = "https://hook.example/"


def opened(browser, page: str) -> dict[str, str]:
    """What a browser would send from the form on `page`, were it sent as it is."""
    answer = browser.get(page)
    version = re.search(r'name="form_version" value="(\w+)"', answer.text)[1]
    form = answer.context["adminform"].form if "adminform" in answer.context else answer.context["form"]
    return {"form_version": version} | {bound.html_name: value for bound in form for value in sent(bound)}


def sent(bound) -> list:
    value = bound.value()
    if value is None or value is False:
        return []
    return [[*value]] if isinstance(value, list | tuple) else ["on" if value is True else value]


def role(organization: Organization, canonical: str) -> Role:
    return Role.objects.get(organization=organization, canonical=canonical)


def things(actor) -> dict:
    """Of each page that changes a row: its address, what somebody else changes meanwhile, what the form says then of
    which field, and what is typed into another."""
    acme = actor.organization
    team = create_team(actor=actor, name="Payments")
    own = create_role(actor=actor, name="Own", rules=[Rule("organization:read")])
    machine = create_service_account(actor=actor, name="builder", role=role(acme, "ci"))
    member = Membership.objects.get(user=make_user(acme, "viewer"), organization=acme)
    webhook, _ = create_webhook(actor=actor, name="Chat", url=HOOK)
    told = {"trigger": "gate_blocked", "channel": "slack", "config": {"webhookUrl": HOOK}}
    rule = create_notification_rule(actor=actor, name="Gates", **told)
    component = create_component(actor=actor, name="Checkout")
    return {
        reverse("catalog:component-edit", args=[component.uid]): (
            lambda: update_component(actor=actor, component=component, team=team),
            ("team", "Payments now, yours: nothing."),
            {"name": "New"},
        ),
        reverse("catalog:settings-organization"): (
            lambda: update_organization(actor=actor, organization=acme, approval_hours=48),
            ("approval_hours", "48 now, yours: nothing."),
            {"name": "New"},
        ),
        reverse("catalog:team", args=[team.uid]): (
            lambda: update_team(actor=actor, team=team, members=[actor.user]),
            ("members", f"{actor.user} now, yours: nothing."),
            {"name": "New"},
        ),
        reverse("catalog:role", args=[own.uid]): (
            lambda: update_role(actor=actor, role=own, rules=[Rule("organization:release:read")]),
            ("rules", "organization:release:read now, yours: organization:read."),
            {"name": "New"},
        ),
        reverse("catalog:service-account", args=[machine.uid]): (
            lambda: update_service_account(actor=actor, account=machine, role=role(acme, "viewer")),
            ("role", "Viewer now, yours: CI."),
            {"name": "New"},
        ),
        reverse("catalog:member", args=[member.uid]): (
            lambda: change_member_role(actor=actor, membership=member, role=role(acme, "maintainer")),
            ("role", "Maintainer now, yours: CI."),
            {"role": role(acme, "ci").pk},
        ),
        reverse("integrations:webhook-edit", args=[webhook.uid]): (
            lambda: update_webhook(actor=actor, webhook=webhook, kinds=["gate.*"]),
            ("kinds", "gate.* now, yours: *."),
            {"name": "New"},
        ),
        reverse("integrations:notification-rule-edit", args=[rule.uid]): (
            lambda: update_notification_rule(actor=actor, rule=rule, least_severity="critical"),
            ("least_severity", "Critical now, yours: Info."),
            {"name": "New"},
        ),
    }


def test_who_saves_an_older_copy_is_told_what_differs_and_may_save_again(client, admin, subtests):
    browser = sign_in(client, admin)
    for page, (meanwhile, (field, said), typed) in things(admin).items():
        with subtests.test(page=page):
            form = opened(browser, page) | typed
            meanwhile()

            refused = browser.post(page, form)

            assert refused.status_code == 422
            errors = refused.context["form"].errors
            assert "Changed since you opened it" in errors["__all__"][0]
            assert errors[field] == [said]
            kept = refused.context["form"]
            assert {name: kept[name].value() for name in typed} == {name: str(value) for name, value in typed.items()}
            again = re.search(r'name="form_version" value="(\w+)"', refused.text)[1]
            assert browser.post(page, form | {"form_version": again}).status_code == 302


def test_what_nobody_else_changed_is_saved_at_once(client, admin, subtests):
    browser = sign_in(client, admin)
    for page, (_, _, typed) in things(admin).items():
        with subtests.test(page=page):
            assert browser.post(page, opened(browser, page) | typed).status_code == 302


def test_whoever_may_by_the_role_of_the_team_may_hand_a_component_over(client, acme, admin):
    viewer = user_actor(make_user(acme, "viewer"))
    mine = create_team(actor=admin, name="Payments", members=[viewer.user], role=role(acme, "maintainer"))
    component = create_component(actor=admin, name="Checkout", team=mine)
    browser, page = sign_in(client, viewer), reverse("catalog:component-edit", args=[component.uid])

    assert browser.post(page, opened(browser, page) | {"team": ""}).status_code == 302
    component.refresh_from_db()
    assert component.team is None
    assert browser.get(page).status_code == 403


def test_no_refusal_quotes_a_secret(client, admin):
    told = {"trigger": "gate_blocked", "channel": "slack", "config": {"webhookUrl": HOOK + "old"}}
    rule = create_notification_rule(actor=admin, name="Gates", **told)
    browser, page = sign_in(client, admin), reverse("integrations:notification-rule-edit", args=[rule.uid])
    form = opened(browser, page)
    update_notification_rule(actor=admin, rule=rule, least_severity="critical")

    refused = browser.post(page, form | {"webhook_url": HOOK + "mine"})

    assert refused.context["form"].errors["webhook_url"] == ["Changed meanwhile."]


def test_an_older_copy_is_refused_in_the_admin_too(desk, acme, admin):
    component = create_component(actor=admin, name="Checkout", version="1")
    page = page_of(Component, "change", component.pk)
    form = opened(desk, page) | {"tags": ""}
    desk.post(page, form | {"kind": "service"})

    refused = desk.post(page, form | {"description": "Mine"})

    errors = refused.context["adminform"].form.errors
    assert errors["kind"] == ["Service now, yours: nothing."]
    component.refresh_from_db()
    assert (component.kind, component.description) == ("service", "")
    again = re.search(r'name="form_version" value="(\w+)"', unescape(refused.text))[1]
    assert desk.post(page, form | {"description": "Mine", "form_version": again}).status_code == 302
    component.refresh_from_db()
    assert (component.kind, component.description) == ("", "Mine")


def test_every_model_that_is_changed_in_the_admin_is_watched(desk, superuser):
    page = page_of(type(superuser), "change", superuser.pk)
    form = opened(desk, page)
    superuser.name = "Root"
    superuser.save()
    assert desk.post(page, form).context["adminform"].form.errors["name"] == ["Root now, yours: nothing."]
    assert [model for model in MODELS if not isinstance(site.site._registry[model], EditingAdmin)] == []


@pytest.mark.django_db(transaction=True)
def test_who_holds_a_row_is_alone_with_it(acme):
    team = Team.objects.create(organization=acme, name="Payments", slug="payments", public_id="abcdefgh")

    def rename() -> None:
        try:
            with transaction.atomic():
                Team.objects.filter(pk=team.pk).update(name="Theirs")
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        with transaction.atomic():
            hold(team)
            other = pool.submit(rename)
            with pytest.raises(TimeoutError):
                other.result(timeout=0.3)
            assert Team.objects.get(pk=team.pk).name == "Payments"
        other.result(timeout=10)
    assert Team.objects.get(pk=team.pk).name == "Theirs"


@pytest.mark.django_db(transaction=True)
def test_a_superuser_sets_a_password_and_renames_somebody(desk, acme):
    user = make_user(acme, "viewer")
    password = {"password1": "a long enough one", "password2": "a long enough one", "usable_password": "true"}

    assert desk.post(reverse("admin:auth_user_password_change", args=[user.pk]), password).status_code == 302
    page = page_of(User, "change", user.pk)
    assert desk.post(page, opened(desk, page) | {"name": "Vera"}).status_code == 302

    user.refresh_from_db()
    assert (user.name, user.check_password("a long enough one")) == ("Vera", True)


def test_what_is_gone_is_not_held(acme):
    team = Team.objects.create(organization=acme, name="Payments", slug="payments", public_id="abcdefgh")
    Team.objects.all().delete()

    with pytest.raises(NotFound, match="deleted meanwhile"):
        hold(team)

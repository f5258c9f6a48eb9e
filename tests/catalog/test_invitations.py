"""Invitations: who may ask, who may answer, once; and the page on which a newcomer does."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.actors import Actor, user_actor
from catalog.mail import send_invitation
from catalog.models import Event, Invitation, Membership, Role, User
from catalog.rights import Rule
from catalog.services.invitations import (
    accept_invitation,
    change_invitation_role,
    decline_invitation,
    invite_member,
    open_invitation,
    resend_invitation,
    sign_up,
    withdraw_invitation,
)
from catalog.services.people import add_member, change_member_role, remove_member
from catalog.services.roles import create_role, delete_role
from catalog.templatetags.ui import breakable
from config.errors import Conflict, Forbidden, NotFound, RuleViolation
from config.logs import redact
from tests.people import PASSWORD, make_actor, make_user

NEW = "new@acme.example"
CHOSEN = "a password nobody knows"


def role(actor: Actor, canonical: str) -> Role:
    return Role.objects.get(organization=actor.organization, canonical=canonical)


def invite(actor: Actor, email: str = NEW, canonical: str = "maintainer") -> tuple[Invitation, str]:
    return invite_member(actor=actor, email=email, role=role(actor, canonical))


def kinds(subject: str) -> list[str]:
    return list(
        Event.objects.filter(kind__startswith="invitation.", subject_label=subject).values_list("kind", flat=True)
    )


def test_a_newcomer_signs_up_and_has_the_id_the_invitation_had(admin):
    invitation, token = invite(admin)
    assert (invitation.state, invitation.invited_by, invitation.created_by) == ("pending", admin.user, admin.label)
    assert token not in str(Invitation.objects.values().get())

    user = sign_up(token=token, name="New Person", password=CHOSEN)

    member = Membership.objects.get(user=user)
    assert (member.pk, member.organization, member.role.canonical) == (
        invitation.member_id,
        admin.organization,
        "maintainer",
    )
    assert (user.email, user.name, user.check_password(CHOSEN)) == (NEW, "New Person", True)
    invitation.refresh_from_db()
    assert (invitation.state, invitation.membership) == ("accepted", member)
    event = Event.objects.get(kind="invitation.accepted")
    assert (event.subject_uid, event.actor_uid, event.data["role"]) == (member.uid, user.uid, "maintainer")
    for answer in (lambda: sign_up(token=token, name="x", password=CHOSEN), lambda: decline_invitation(token=token)):
        with pytest.raises(NotFound):
            answer()


def test_somebody_with_an_account_joins_with_it_and_nobody_else_does(admin, stranger):
    email = stranger.user.email
    _, token = invite(admin, email.upper())

    with pytest.raises(Conflict, match="account"):
        sign_up(token=token, name="x", password=CHOSEN)
    with pytest.raises(Forbidden, match="is for"):
        accept_invitation(token=token, user=admin.user)
    member = accept_invitation(token=token, user=stranger.user)

    assert member.organization == admin.organization
    joined = user_actor(stranger.user, admin.organization_id)
    assert joined is not None
    assert joined.role == "maintainer"
    with pytest.raises(Conflict, match="member"):
        invite(admin, email)


def test_a_disabled_person_does_not_join(admin, stranger):
    _, token = invite(admin, stranger.user.email)
    User.objects.filter(pk=stranger.user.pk).update(is_active=False)
    stranger.user.refresh_from_db()

    with pytest.raises(Forbidden, match="disabled"):
        accept_invitation(token=token, user=stranger.user)
    assert not Membership.objects.filter(user=stranger.user, organization=admin.organization).exists()


def test_an_invitation_ends_after_a_week_and_a_new_token_replaces_the_old(admin):
    invitation, token = invite(admin)
    assert open_invitation(token) == invitation
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1), tick=False), pytest.raises(NotFound):
        open_invitation(token)
    changed, second = resend_invitation(actor=admin, invitation=invitation)

    assert (changed.pk, changed.member_id, changed.resent_at is None) == (invitation.pk, invitation.member_id, False)
    assert open_invitation(second) == invitation
    with pytest.raises(NotFound):
        open_invitation(token)
    declined = decline_invitation(token=second)
    assert declined.state == "declined"
    with pytest.raises(Conflict, match="declined"):
        resend_invitation(actor=admin, invitation=invitation)
    withdraw_invitation(actor=admin, invitation=invitation)
    assert not Invitation.objects.exists()
    assert kinds(NEW) == ["invitation.withdrawn", "invitation.declined", "invitation.resent", "invitation.created"]


def test_rights_and_rules_of_inviting(admin, stranger, subtests):
    invitation, token = invite(admin)
    viewer = make_actor(admin.organization, "viewer")
    clerk = make_user(admin.organization, "ci", "clerk@acme.example")
    rules = [
        Rule("organization:**:read"),
        Rule("organization:read"),
        Rule("organization:member:*"),
        Rule("organization:notification:update"),
    ]
    change_member_role(
        actor=admin,
        membership=Membership.objects.get(user=clerk),
        role=create_role(actor=admin, name="Clerk", rules=rules),
    )
    clerk = user_actor(clerk)
    refused = {
        "viewer invites": (Forbidden, lambda: invite(viewer, "x@acme.example", "viewer")),
        "viewer resends": (Forbidden, lambda: resend_invitation(actor=viewer, invitation=invitation)),
        "viewer withdraws": (Forbidden, lambda: withdraw_invitation(actor=viewer, invitation=invitation)),
        "stranger withdraws": (Forbidden, lambda: withdraw_invitation(actor=stranger, invitation=invitation)),
        "more than one's own": (Forbidden, lambda: invite(clerk, "x@acme.example", "admin")),
        "more, later": (
            Forbidden,
            lambda: change_invitation_role(actor=clerk, invitation=invitation, role=role(admin, "owner")),
        ),
        "more, by adding": (
            Forbidden,
            lambda: add_member(actor=clerk, user=stranger.user, role=role(admin, "maintainer")),
        ),
        "twice": (Conflict, lambda: invite(admin, NEW.upper())),
        "no address": (ValidationError, lambda: invite(admin, "nobody")),
        "another's role": (
            ValidationError,
            lambda: invite_member(actor=admin, email="y@acme.example", role=role(stranger, "viewer")),
        ),
        "another's role, later": (
            ValidationError,
            lambda: change_invitation_role(actor=admin, invitation=invitation, role=role(stranger, "viewer")),
        ),
        "a weak password": (ValidationError, lambda: sign_up(token=token, name="x", password="short")),
        "no name": (ValidationError, lambda: sign_up(token=token, name="x" * 300, password=CHOSEN)),
        "an unknown token": (NotFound, lambda: open_invitation("inv_" + "0" * 43)),
        "its role is deleted": (Conflict, lambda: delete_role(actor=admin, role=invitation.role)),
    }
    for name, (error, call) in refused.items():
        with subtests.test(name), pytest.raises(error):
            call()
    assert list(Invitation.objects.values_list("email", "role__canonical")) == [(NEW, "maintainer")]
    assert invite(clerk, "x@acme.example", "viewer")[0].role.canonical == "viewer"
    assert change_invitation_role(actor=admin, invitation=invitation, role=role(admin, "ci")).role.canonical == "ci"
    with pytest.raises(IntegrityError, match="invitation_once"), transaction.atomic():
        Invitation.objects.create(
            organization=admin.organization, email=NEW, role=role(admin, "ci"), digest="x", member_id=10**9
        )


def test_the_last_administrator_stays(admin):
    me = Membership.objects.get(user=admin.user)
    with pytest.raises(RuleViolation, match="needs an owner"):
        change_member_role(actor=admin, membership=me, role=role(admin, "viewer"))
    with pytest.raises(RuleViolation, match="needs an owner"):
        remove_member(actor=admin, membership=me)
    make_user(admin.organization, "owner")
    remove_member(actor=admin, membership=me)
    assert not Membership.objects.filter(user=admin.user).exists()


def test_a_letter_names_the_link_and_a_lost_mail_server_undoes_nothing(admin, settings):
    invitation, token = invite(admin)

    assert send_invitation(invitation, f"https://portal.example/invitations/{token}")
    (letter,) = mail.outbox
    assert (letter.to, f"/invitations/{token}" in letter.body) == ([NEW], True)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert not send_invitation(invitation, "https://portal.example")
    assert redact(f"GET /invitations/{token}?x=1") == "GET /invitations/[redacted]?x=1"
    assert redact(f"/members/verify/{token}") == "/members/verify/[redacted]"


def test_the_page_of_an_invitation(admin, stranger):
    _, token = invite(admin)
    page, browser = reverse("catalog:invitation", args=[token]), Client()
    assert "Make an account and join" in browser.get(page).text
    for wrong in (
        {"name": "", "password": CHOSEN},
        {"name": "New", "password": "short"},
        {"name": "a\0", "password": "b"},
    ):
        assert browser.post(page, wrong).status_code == 422
    assert not User.objects.filter(email=NEW).exists()

    answer = browser.post(page, {"name": "New Person", "password": CHOSEN})

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert "Acme" in browser.get("/").text
    used = browser.get(page)
    assert (used.status_code, "This link opens nothing" in used.text) == (404, True)
    assert browser.post(page, {"decline": "yes"}).status_code == 404
    again = Client()
    assert again.post(reverse("account_login"), {"login": NEW, "password": CHOSEN}).status_code == 302

    _, token = invite(admin, stranger.user.email)
    page, browser = reverse("catalog:invitation", args=[token]), Client()
    assert "Sign in to join" in browser.get(page).text
    assert browser.post(page, {"join": "yes"}).status_code == 200
    assert browser.post(page, {"name": "x", "password": CHOSEN}).status_code == 409
    browser.post(reverse("account_login"), {"login": stranger.user.email, "password": PASSWORD})
    assert ">Join</button>" in browser.get(page).text
    assert browser.post(page, {"join": "yes"})["Location"] == "/"
    assert Membership.objects.filter(user=stranger.user, organization=admin.organization).exists()

    _, token = invite(admin, "third@acme.example")
    page = reverse("catalog:invitation", args=[token])
    assert f"signed in as <b>{breakable(stranger.user.email)}</b>" in browser.get(page).text
    asked = Client().get(page, {"decline": ""})
    assert "Decline to join Acme?" in asked.text
    assert Invitation.objects.get(email="third@acme.example").state == "pending"
    declined = Client().post(page, {"decline": "yes"})
    assert "You declined" in declined.text
    assert Invitation.objects.get(email="third@acme.example").state == "declined"

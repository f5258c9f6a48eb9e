"""Signing in with a second factor, sessions, passwords, and how all of that ends."""

import re
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from catalog.accounts import SecondFactor, check_password
from catalog.actors import user_actor
from catalog.models import Event, Membership, Role, User
from catalog.services.keys import authenticate_key, issue_api_key
from catalog.services.organizations import update_organization
from catalog.services.second_factor import remove_second_factor
from catalog.services.tokens import authenticate_token, issue
from config.errors import Forbidden, RateLimited, Unauthenticated
from tests.people import PASSWORD, ApiClient, make_actor, make_user

LOGIN, FACTOR = "/accounts/login/", "/accounts/2fa/authenticate/"


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()


def sign_in(user: User, password: str = PASSWORD, agent: str = "Mozilla/5.0 (X11; Linux) Chrome/140") -> Client:
    """A browser in which somebody gave their password."""
    client = Client(HTTP_USER_AGENT=agent)
    client.post(LOGIN, {"login": user.email, "password": password})
    return client


def is_in(client: Client) -> bool:
    return client.get(reverse("catalog:home")).status_code == 200


def code_of(user: User) -> str:
    """What the person's app shows now."""
    stored = Authenticator.objects.get(user=user, type="totp").data["secret"]
    return format_hotp_value(hotp_value(SecondFactor().decrypt(stored), int(time.time()) // 30))


def turn_on(client: Client) -> str:
    """Set up a second factor, for which the password is asked again; the secret."""
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    assert client.post(reverse("mfa_activate_totp"), {"code": code}).headers["Location"].endswith("/recovery-codes/")
    return secret


def own_changes(user: User) -> list[tuple[str, str]]:
    """What the history says about how the person signs in, oldest first, and what the letters begin with."""
    kinds = Event.objects.filter(subject_uid__in=user.memberships.values("uid"), actor_uid=user.uid).order_by("pk")
    letters = [letter.body.partition(":")[0] for letter in mail.outbox if letter.to == [user.email]]
    return list(zip(kinds.values_list("kind", flat=True), letters, strict=True))


def test_a_second_factor_is_set_up_asked_for_and_taken_away(
    acme, globex, admin, time_machine, django_capture_on_commit_callbacks
):
    user = make_user(acme, "viewer")
    client = sign_in(user)
    assert client.get(reverse("mfa_activate_totp")).headers["Location"].startswith("/accounts/reauthenticate/")
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    refused = client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert (refused.status_code, "Incorrect code." in refused.text) == (200, True)
    with django_capture_on_commit_callbacks(execute=True):
        secret = turn_on(client)
    assert own_changes(user) == [("member.second_factor_set_up", "Your second factor was set up")]

    assert not any(secret in str(row) for row in Authenticator.objects.values_list("data", flat=True))
    shown = client.get(reverse("mfa_view_recovery_codes"))
    codes = shown.context["unused_codes"]
    assert (len(codes), codes[0] in shown.text) == (10, True)
    second = sign_in(user)
    assert not is_in(second)
    assert second.get(FACTOR).status_code == 200
    wrong = second.post(FACTOR, {"code": "nonsense"})
    assert (wrong.status_code, 'role="alert"' in wrong.text, is_in(second)) == (200, True, False)
    code = code_of(user)
    second.post(FACTOR, {"code": code})
    assert is_in(second)
    third = sign_in(user)
    third.post(FACTOR, {"code": code})  # one code lets in once
    assert not is_in(third)
    third.post(FACTOR, {"code": codes[0]})
    assert is_in(third)
    fourth = sign_in(user)
    fourth.post(FACTOR, {"code": codes[0]})
    assert not is_in(fourth)

    with pytest.raises(Unauthenticated, match="second factor"):
        check_password(RequestFactory().post("/"), user.email, PASSWORD)
    membership = Membership.objects.get(user=user)
    with pytest.raises(Forbidden):
        remove_second_factor(actor=make_actor(acme, "maintainer"), membership=membership)
    elsewhere = Membership.objects.create(
        organization=globex, user=user, role=Role.objects.get(organization=globex, canonical="viewer")
    )
    with pytest.raises(Forbidden, match="other organizations"):
        remove_second_factor(actor=admin, membership=membership)
    elsewhere.delete()
    assert remove_second_factor(actor=admin, membership=membership)
    assert not remove_second_factor(actor=admin, membership=membership)
    assert Event.objects.filter(kind="member.second_factor_removed").count() == 1
    assert is_in(sign_in(user))


def test_an_organization_can_ask_for_a_second_factor(acme, admin, django_capture_on_commit_callbacks):
    user = make_user(acme, "viewer")
    user.is_staff = True
    user.save()
    update_organization(actor=admin, organization=acme, require_second_factor=True)
    client = sign_in(user)
    _, key = issue_api_key(actor=user_actor(user), label="k", user=user)
    token, _ = issue(audience="cycloid", lifetime=timedelta(hours=1), user=user, organization=acme)

    for page in ("/", "/settings/members", "/admin/"):
        answer = client.get(page, follow=True)
        assert answer.redirect_chain[0][0].endswith("/accounts/2fa/totp/activate/") or page == "/admin/"
        assert answer.redirect_chain[-1][0].startswith("/accounts/reauthenticate/?next=%2Faccounts%2F2fa%2Ftotp")
    assert client.get("/v1/applications").status_code == 401
    assert authenticate_key(key).user == user
    with pytest.raises(Unauthenticated, match="second factor"):
        authenticate_token(token, "cycloid")
    turn_on(client)
    assert is_in(client)
    assert client.get("/admin/").status_code == 200
    assert client.get("/v1/applications").status_code == 200
    client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(user=user, type="totp").exists()
    update_organization(actor=admin, organization=acme, require_second_factor=False)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("mfa_generate_recovery_codes"))
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=user).exists()
    assert own_changes(user) == [
        ("member.recovery_codes_renewed", "You have new recovery codes"),
        ("member.second_factor_turned_off", "Your second factor was turned off"),
    ]


def test_a_session_ends_when_its_time_is_over(client, acme):
    client.force_login(make_user(acme, "viewer"))
    assert client.get("/").status_code == 200

    Session.objects.update(expire_date=timezone.now())

    assert client.get("/")["Location"].startswith(LOGIN)


def test_sessions_are_listed_and_ended(acme, admin, time_machine):
    user = make_user(acme, "viewer")
    stranger = sign_in(make_user(acme, "ci", "other@acme.example"))
    one, two, three = sign_in(user), sign_in(user, agent="Mozilla/5.0 (iPhone) Safari/1"), sign_in(user)
    page = one.get(reverse("catalog:profile"))
    listed = page.context["sessions"]
    assert [each.current for each in listed] == [True, False, False]
    assert {each.browser for each in listed} == {"Chrome on Linux", "Safari on iPhone"}
    phone = next(each.id for each in listed if "iPhone" in each.browser)

    end = reverse("catalog:sessions-end")
    for session in (phone, "x", "9" * 30, "9" * 18):
        assert stranger.post(end, {"session": session}).status_code == 404
    assert all(is_in(each) for each in (one, two, three))
    one.post(end, {"session": phone})
    assert [is_in(each) for each in (one, two, three, stranger)] == [True, False, True, True]
    one.post(end)
    assert [is_in(each) for each in (one, three, stranger)] == [True, False, True]

    four = sign_in(user)
    seen = UserSession.objects.get(session_key=one.session.session_key).last_seen_at
    time_machine.move_to(timezone.now() + timedelta(seconds=301))
    assert is_in(one)
    assert UserSession.objects.get(session_key=one.session.session_key).last_seen_at > seen
    new = {"oldpassword": PASSWORD, "password1": "another long phrase 7", "password2": "another long phrase 7"}
    short = one.post(reverse("account_change_password"), new | {"password1": "short", "password2": "short"})
    assert (short.status_code, "at least 12 characters" in short.text) == (200, True)
    one.post(reverse("account_change_password"), new)
    assert [is_in(one), is_in(four)] == [True, False]
    assert own_changes(user) == [("member.password_changed", "Your password was changed")]
    assert len(one.get(reverse("catalog:profile")).context["sessions"]) == 1


def test_a_disabled_person_is_out_at_the_next_request(acme, admin):
    user = make_user(acme, "admin", "gone@acme.example")
    client = sign_in(user)
    _, key = issue_api_key(actor=user_actor(user), label="k", user=user)
    api = ApiClient(key)
    assert is_in(client)
    assert api.get("/api/v1/environments").status_code == 200

    User.objects.filter(pk=user.pk).update(is_active=False)

    assert not is_in(client)
    assert api.get("/api/v1/environments").status_code == 401
    assert not is_in(sign_in(user))


def test_a_forgotten_password_is_reset_by_mail(acme, settings):
    user = make_user(acme, "viewer")
    old = sign_in(user)
    client = Client()
    asked = {
        address: client.post("/accounts/password/reset/", {"email": address})
        for address in (user.email, "no@x.example")
    }
    assert {answer.headers["Location"] for answer in asked.values()} == {"/accounts/password/reset/done/"}
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == ([user.email], "Reset your password on Gatehouse")
    link = re.search(r"http://testserver(\S+)", letter.body)[1]
    form = client.get(link, follow=True)
    new = {"password1": "another long phrase 7", "password2": "another long phrase 7"}
    done = client.post(form.redirect_chain[-1][0], new, follow=True)
    assert "Your new password is set" in done.text
    mail.outbox.remove(letter)
    assert own_changes(user) == [("member.password_changed", "Your password was reset by a link we had mailed you")]
    assert not is_in(old)
    assert is_in(sign_in(user, "another long phrase 7"))
    assert "This link is over" in Client().get(link, follow=True).text
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert client.post("/accounts/password/reset/", {"email": user.email}).status_code == 302
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert "no mail server" in client.get("/accounts/password/reset/").text


def test_too_many_failures_lock_the_page_and_the_logins_of_dialects_alike(acme):
    user = make_user(acme, "viewer")
    for _ in range(4):
        with pytest.raises(Unauthenticated):
            check_password(RequestFactory().post("/"), user.email.upper(), "wrong")
    client = Client()
    client.post(LOGIN, {"login": user.email, "password": "wrong"})
    locked = client.post(LOGIN, {"login": user.email, "password": PASSWORD})
    assert (locked.status_code, "Locked for a while" in locked.text) == (429, True)
    with pytest.raises(RateLimited):
        check_password(RequestFactory().post("/"), user.email, PASSWORD)


def test_pages_of_accounts_that_are_ours_lead_to_the_profile(acme):
    client = sign_in(make_user(acme, "viewer"))
    for page in ("email", "sessions", "2fa"):
        assert client.get(f"/accounts/{page}/").headers["Location"] == "/settings/profile"
    assert client.post("/accounts/email/", {"action_add": "", "email": "boss@acme.example"}).status_code == 302
    assert not User.objects.filter(email="boss@acme.example").exists()

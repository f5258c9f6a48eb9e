"""Signed tokens of dialect logins: who they speak for, and what ends them."""

from datetime import timedelta

import jwt
import pytest
import time_machine
from django.conf import settings as ours

from catalog.actors import system_actor
from catalog.models import ApiKey, Membership, User
from catalog.services.keys import revoke
from catalog.services.tokens import authenticate, authenticate_token, is_token, issue, read
from config.crypto import derived_key
from config.errors import Unauthenticated
from tests.people import make_machine

HOUR = timedelta(hours=1)


def test_a_token_speaks_for_a_person_in_one_organization(admin):
    text, ends = issue(
        audience="sqedule", user=admin.user, organization=admin.organization, claims={"omt": "user"}, lifetime=HOUR
    )

    token = read(text, "sqedule")
    actor = authenticate(text, "sqedule", address="192.0.2.7")

    assert is_token(text)
    assert (token.user, token.organization, token.key, token.expires_at) == (admin.user, admin.organization, None, ends)
    assert token.claims["omt"] == "user"
    assert (actor.user, actor.organization, actor.role, actor.address) == (
        admin.user,
        admin.organization,
        "admin",
        "192.0.2.7",
    )
    assert ours.SECRET_KEY not in text
    assert admin.user.password not in str(jwt.decode(text, options={"verify_signature": False}))


def test_a_token_of_a_key_speaks_for_its_machine(acme):
    machine, key = make_machine(acme)
    row = ApiKey.objects.get(service_account=machine.service_account)
    text, _ = issue(audience="sqedule", key=row, organization=acme, lifetime=HOUR)

    assert authenticate(text, "sqedule").service_account == machine.service_account
    assert authenticate(key, "sqedule").service_account == machine.service_account
    revoke(actor=system_actor(acme), secret=row)
    with pytest.raises(Unauthenticated):
        read(text, "sqedule")


def test_a_token_that_opens_nothing_is_refused_in_the_same_words(admin, globex, settings, subtests):
    organization = admin.organization
    good, _ = issue(audience="sqedule", user=admin.user, organization=organization, lifetime=HOUR)
    claims = jwt.decode(good, options={"verify_signature": False})
    key = derived_key("token:sqedule")
    without_proof = {name: value for name, value in claims.items() if name != "proof"}
    cases = {
        "nonsense": "eyJ.a.b",
        "empty": "",
        "unsigned": jwt.encode(claims, None, algorithm="none"),
        "signed by another key": jwt.encode(claims, b"x" * 32, algorithm="HS256"),
        "signed by the master key": jwt.encode(claims, settings.SECRET_KEY.ljust(32, "x"), algorithm="HS256"),
        "another algorithm": jwt.encode(claims, key.ljust(64, b"x"), algorithm="HS512"),
        "over": issue(audience="sqedule", user=admin.user, organization=organization, lifetime=-HOUR)[0],
        "another audience": issue(audience="cycloid", user=admin.user, organization=organization, lifetime=HOUR)[0],
        "another tenant": issue(audience="sqedule", user=admin.user, organization=globex, lifetime=HOUR)[0],
        "no organization": issue(audience="sqedule", user=admin.user, lifetime=HOUR)[0],
        "no proof": jwt.encode(without_proof, key, algorithm="HS256"),
        "another's proof": jwt.encode(claims | {"proof": "0" * 32}, key, algorithm="HS256"),
        "no number as its end": jwt.encode(claims | {"exp": "soon"}, key, algorithm="HS256"),
    }
    for name, text in cases.items():
        with subtests.test(name), pytest.raises(Unauthenticated, match=r"^The credential is not valid\.$"):
            authenticate_token(text, "sqedule")
    assert authenticate_token(good, "sqedule").user == admin.user


@pytest.mark.parametrize("what", ["disabled", "other password", "left", "time"])
def test_a_token_dies_with_what_it_was_issued_for(admin, what):
    text, ends = issue(audience="sqedule", user=admin.user, organization=admin.organization, lifetime=HOUR)
    assert authenticate_token(text, "sqedule").user == admin.user

    if what == "disabled":
        User.objects.update(is_active=False)
    elif what == "other password":
        User.objects.update(password="!")
    elif what == "left":
        Membership.objects.all().delete()
    with time_machine.travel(ends if what == "time" else ends - HOUR), pytest.raises(Unauthenticated):
        authenticate_token(text, "sqedule")


def test_a_token_outlives_the_rotation_of_the_secret_key(admin, settings):
    text, _ = issue(audience="sqedule", user=admin.user, organization=admin.organization, lifetime=HOUR)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]

    assert authenticate_token(text, "sqedule").user == admin.user
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(Unauthenticated):
        authenticate_token(text, "sqedule")

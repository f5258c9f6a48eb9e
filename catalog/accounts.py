from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth import authenticate
from django.http import HttpRequest

from catalog.models import User
from config.errors import RateLimited, Unauthenticated


class ClosedSignup(DefaultAccountAdapter):
    """Nobody signs up by themselves: an admin invites them."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def check_password(request: HttpRequest, email: str, password: str) -> User:
    """The active person with this address and password, for the logins of dialects.

    Raises Unauthenticated in the same words (and time) for an unknown address and a wrong password, and RateLimited
    after too many of them; the count is kept with that of the login page.
    """
    user = authenticate(request, login=email, email=email, password=password)
    locked = getattr(request, "axes_locked_out", False)
    request.axes_locked_out = False  # type: ignore[attr-defined]  # or its middleware would answer with a page
    if locked:
        raise RateLimited("Too many failed logins. Try again later.")
    if not isinstance(user, User):
        raise Unauthenticated("The login or the password is not right.")
    return user

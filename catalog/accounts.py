"""How people sign in: allauth's adapters, and the password check that dialects' logins share with the login page."""

import base64
import time
from smtplib import SMTPException
from typing import Any, ClassVar

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth import authenticate
from django.http import HttpRequest

from catalog.mail import send_notice
from catalog.middleware import SEEN, request_context
from catalog.models import User
from catalog.services.people import record_own_change
from catalog.services.second_factor import has_second_factor, must_have_second_factor
from config.crypto import decrypt, encrypt
from config.errors import RateLimited, Unauthenticated

log = structlog.get_logger(__name__)
PLACE = "second factor"
OWN_CHANGES = {  # what allauth calls the letter: the event, and what the letter says
    "account/email/password_changed": ("member.password_changed", "Your password was changed"),
    "account/email/password_set": ("member.password_changed", "Your password was set"),
    "account/email/password_reset": ("member.password_changed", "Your password was reset by a link we had mailed you"),
    "mfa/email/totp_activated": ("member.second_factor_set_up", "Your second factor was set up"),
    "mfa/email/totp_deactivated": ("member.second_factor_turned_off", "Your second factor was turned off"),
    "mfa/email/recovery_codes_generated": ("member.recovery_codes_renewed", "You have new recovery codes"),
}
WRONG_LOGIN = "The login or the password is not right."


class ClosedSignup(DefaultAccountAdapter):
    """Nobody signs up by themselves: an admin invites them."""

    error_messages: ClassVar = DefaultAccountAdapter.error_messages | {"email_password_mismatch": WRONG_LOGIN}

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in, and begin to note when the session is used."""
        super().login(request, user)
        request.session[SEEN] = int(time.time())

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Record and tell the person that they changed how they sign in. Called right after the change is stored."""
        kind, said = OWN_CHANGES[template_prefix]
        record_own_change(user=user, kind=kind, **request_context(self.request))
        send_notice(user, said, address=self.request.META.get("REMOTE_ADDR", ""))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send, or log that the mail server did not take it: the page answers alike, or it would tell who is known."""
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError) as refused:
            log.warning("mail_not_sent", template=template_prefix, error=str(refused))


class SecondFactor(DefaultMFAAdapter):
    """Secrets of authenticator apps are encrypted, and stay while an organization asks for them."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(encrypt(text.encode(), PLACE)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(base64.b64decode(encrypted_text), PLACE).decode()

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        return not must_have_second_factor(authenticator.user)


def counted_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Under which name failed attempts are counted: the address in one spelling, from the page and the dialects."""
    said = credentials or {}
    name = said.get("email") or said.get("login") or request.POST.get("login") or ""
    return str(name).strip().casefold().replace("\0", "")[:255]


def check_password(request: HttpRequest, email: str, password: str) -> User:
    """The active person with this address and password, for the logins of dialects.

    Raises Unauthenticated in the same words (and time) for an unknown address and a wrong password, and for somebody
    with a second factor, which these logins can't ask for; RateLimited after too many failures. The count is kept with
    that of the login page.
    """
    user = authenticate(request, login=email, email=email, password=password)
    locked = getattr(request, "axes_locked_out", False)
    request.axes_locked_out = False  # type: ignore[attr-defined]  # or its middleware would answer with a page
    if locked:
        raise RateLimited("Too many failed logins. Try again later.")
    if not isinstance(user, User):
        raise Unauthenticated(WRONG_LOGIN)
    if has_second_factor(user):
        raise Unauthenticated("This account signs in with a second factor; use an API key of it here.")
    return user

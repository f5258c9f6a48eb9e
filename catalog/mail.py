"""Letters to people. They are sent after the commit of what they tell; a mail server that is away undoes nothing."""

from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone

from catalog.models import Invitation, User

log = structlog.get_logger(__name__)


def is_configured() -> bool:
    """Whether letters leave this installation; without a mail server an administrator hands the links on."""
    return "smtp" in settings.EMAIL_BACKEND or "locmem" in settings.EMAIL_BACKEND


def send_invitation(invitation: Invitation, link: str) -> bool:
    """Send `link`, which answers the invitation, to the invited address; whether it was sent."""
    text = (
        f"{invitation.created_by} invites you to {invitation.organization} on Gatehouse as {invitation.role}.\n\n"
        f"Open this address within a week to join or to decline:\n\n{link}\n\n"
        "It is for you alone. If you don't know what this is about, ignore it.\n"
    )
    return _send(f"Join {invitation.organization} on Gatehouse", text, invitation.email)


def send_notice(user: User, said: str, *, address: str = "", by: str = "") -> bool:
    """Tell a person what happened to their account (`said`, a sentence without its full stop), from which network
    address and by whom, when it was not they themselves; whether it was sent."""
    place = f", from the address {address}" if address else ""
    whom = f" by {by}" if by else ""
    text = (
        f"{said}{whom}: {timezone.now():%d %b %Y, %H:%M} UTC{place}.\n\n"
        "If you know of it, all is well. If not, reset your password on the sign-in page and tell an administrator of "
        "your organization at once.\n"
    )
    return _send("Your account on Gatehouse was changed", text, user.email)


def _send(subject: str, text: str, to: str) -> bool:
    try:
        return bool(send_mail(subject, text, None, [to]))
    except (SMTPException, OSError) as refused:
        log.warning("mail_not_sent", subject=subject, error=str(refused))
        return False

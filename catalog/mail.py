"""Letters to people. They are sent after the commit of what they tell; a mail server that is away undoes nothing."""

from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import send_mail

from catalog.models import Invitation

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
    try:
        sent = send_mail(f"Join {invitation.organization} on Gatehouse", text, None, [invitation.email])
    except (SMTPException, OSError) as refused:
        log.warning("mail_not_sent", invitation=str(invitation.uid), error=str(refused))
        return False
    return bool(sent)

"""The only writers of invitations: asking somebody to join an organization, and their answer."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from catalog.actors import Actor, require, system_actor, user_actor
from catalog.models import Invitation, Membership, Organization, Role, User
from catalog.models.invitation import LASTS
from catalog.services.events import record_event
from catalog.services.grants import require_role
from config.crypto import new_token, token_digest
from config.errors import Conflict, FieldError, Forbidden, NotFound

State = Invitation.State


@transaction.atomic
def invite_member(
    *, actor: Actor, email: str, role: Role, organization: Organization | None = None
) -> tuple[Invitation, str]:
    """Ask whoever has this address to join with a role; returns the invitation and its token, which is shown once.

    Raises Forbidden without `organization:member:create` and for a role that allows more than the actor may, Conflict
    for an address that is a member's or is invited already, ValidationError. Records `invitation.created`.
    """
    organization = organization or actor.organization
    require(actor, "organization:member:create", organization)
    require_role(actor, role)
    if Membership.objects.filter(organization=organization, user__email__iexact=email).exists():
        raise _uninvitable(f"{email} is a member of {organization} already.")
    if Invitation.objects.pending().filter(organization=organization, email__iexact=email).exists():
        raise _uninvitable(f"{email} is invited already.")
    token = new_token("inv_")
    invitation = Invitation(
        organization=organization,
        email=email,
        role=role,
        digest=token_digest(token),
        member_id=_next_member_id(),
        invited_by=actor.user,
        created_by=actor.label,
    )
    invitation.put()
    record_event("invitation.created", subject=invitation, actor=actor, data={"email": email, "role": role.canonical})
    return invitation, token


@transaction.atomic
def resend_invitation(*, actor: Actor, invitation: Invitation) -> tuple[Invitation, str]:
    """Give an unanswered invitation a new token and another week; the old token opens nothing any more.

    Raises Forbidden without `organization:member:create`, Conflict when it was answered. Records `invitation.resent`.
    """
    require(actor, "organization:member:create", invitation)
    locked = _locked(invitation)
    token = new_token("inv_")
    locked.digest, locked.resent_at = token_digest(token), timezone.now()
    locked.expires_at = locked.resent_at + LASTS
    locked.save(update_fields=["digest", "resent_at", "expires_at", "updated_at"])
    record_event("invitation.resent", subject=locked, actor=actor, data={"email": locked.email})
    return locked, token


@transaction.atomic
def change_invitation_role(*, actor: Actor, invitation: Invitation, role: Role) -> Invitation:
    """Invite somebody with another role.

    Raises Forbidden without `organization:member:update` and for a role that allows more than the actor may, Conflict
    when it was answered, ValidationError for another organization's role. Records `invitation.changed`.
    """
    require(actor, "organization:member:update", invitation)
    require_role(actor, role)
    locked = _locked(invitation)
    before = locked.role.canonical
    if role.pk == locked.role_id:
        return locked
    locked.role = role
    locked.put()
    data = {"email": locked.email, "before": before, "after": role.canonical}
    record_event("invitation.changed", subject=locked, actor=actor, data=data)
    return locked


@transaction.atomic
def withdraw_invitation(*, actor: Actor, invitation: Invitation) -> None:
    """Take back an invitation, or forget one that was declined.

    Raises Forbidden without `organization:member:delete`, Conflict when it was accepted: that is a member. Records
    `invitation.withdrawn`.
    """
    require(actor, "organization:member:delete", invitation)
    locked = Invitation.objects.select_for_update(of=("self",)).filter(pk=invitation.pk).first()
    if locked is None:
        raise NotFound("The invitation was taken back.")
    if locked.state == State.ACCEPTED:
        raise Conflict(f"{locked.email} has accepted already; remove the member instead.")
    record_event("invitation.withdrawn", subject=locked, actor=actor, data={"email": locked.email})
    locked.delete()


def open_invitation(token: str, at: datetime | None = None) -> Invitation:
    """The invitation that `token` answers. Raises NotFound alike for an unknown, answered, replaced or expired one."""
    invitation = Invitation.objects.for_list().filter(digest=token_digest(token)).first()
    if invitation is None or not invitation.is_open(at):
        raise NotFound("This invitation is not open: it was answered, replaced or taken back, or a week has passed.")
    return invitation


@transaction.atomic
def accept_invitation(*, token: str, user: User, **context: Any) -> Membership:
    """Let the invited person join.

    Raises NotFound as `open_invitation` does, Forbidden for somebody with another address, Conflict for a member.
    Records `invitation.accepted`.
    """
    invitation = _answerable(token)
    if user.email.lower() != invitation.email.lower():
        raise Forbidden(f"This invitation is for {invitation.email}; you are signed in as {user.email}.")
    if not user.is_active:
        raise Forbidden("This account is disabled.")
    return _join(invitation, user, context)


@transaction.atomic
def sign_up(*, token: str, name: str, password: str, **context: Any) -> User:
    """Make the account of an invited person, with the address that was invited, and let them join.

    Raises NotFound as `open_invitation` does, Conflict when there is an account (who has it signs in and accepts),
    ValidationError for a name or password that is refused. Records `invitation.accepted`.
    """
    invitation = _answerable(token)
    if User.objects.filter(email__iexact=invitation.email).exists():
        raise Conflict(f"There is an account for {invitation.email} already. Sign in with it to join.")
    try:
        validate_password(password, User(email=invitation.email, name=name))
    except ValidationError as refused:
        raise ValidationError({"password": refused.messages}) from refused
    user = User.objects.create_user(invitation.email, password, name=name)
    _join(invitation, user, context)
    return user


@transaction.atomic
def decline_invitation(*, token: str) -> Invitation:
    """Say no. Raises NotFound as `open_invitation` does. Records `invitation.declined`, by the address."""
    invitation = _answerable(token)
    _answer(invitation, State.DECLINED)
    invited = replace(system_actor(invitation.organization), label=invitation.email)
    record_event("invitation.declined", subject=invitation, actor=invited, data={"email": invitation.email})
    return invitation


def _join(invitation: Invitation, user: User, context: dict[str, Any]) -> Membership:
    """Make the invited person a member, under the id that was kept for them. Raises Conflict for a member."""
    if Membership.objects.filter(organization=invitation.organization_id, user=user).exists():
        raise Conflict(f"You are a member of {invitation.organization} already.")
    membership = Membership(
        pk=invitation.member_id, organization=invitation.organization, user=user, role=invitation.role
    )
    membership.full_clean()
    membership.save(force_insert=True)
    invitation.membership = membership
    _answer(invitation, State.ACCEPTED)
    actor = user_actor(user, invitation.organization_id, **context) or system_actor(invitation.organization)
    data = {"user": user.email, "role": invitation.role.canonical}
    record_event("invitation.accepted", subject=membership, actor=actor, data=data, related=[invitation])
    return membership


def _answer(invitation: Invitation, state: State) -> None:
    invitation.state, invitation.answered_at = state, timezone.now()
    invitation.save(update_fields=["state", "answered_at", "membership", "updated_at"])


def _answerable(token: str) -> Invitation:
    """The open invitation of `token`, held until the transaction ends: it is answered once."""
    open_invitation(token)
    Invitation.objects.select_for_update().filter(digest=token_digest(token)).first()
    return open_invitation(token)


def _locked(invitation: Invitation) -> Invitation:
    """The invitation as it is now, held until the transaction ends. Raises Conflict when it was answered."""
    locked = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("role", "organization")
        .filter(pk=invitation.pk)
        .first()
    )
    if locked is None:
        raise NotFound("The invitation was taken back.")
    if locked.state != State.PENDING:
        raise Conflict(f"The invitation of {locked.email} was {locked.state} meanwhile.")
    return locked


def _next_member_id() -> int:
    """The id the next membership would have; nobody else gets it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [Membership._meta.db_table])
        return int(cursor.fetchone()[0])


def _uninvitable(why: str) -> Conflict:
    return Conflict(why, fields=[FieldError("email", why)])

"""Where somebody is signed in, and signing out elsewhere."""

from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from catalog.models import User

MOST = 200


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One browser in which somebody is signed in."""

    id: int
    began_at: datetime
    seen_at: datetime
    address: str
    browser: str
    current: bool


def sessions_of(user: User, current: str | None = None) -> list[SignedIn]:
    """The living sessions of a person, the one with the key `current` first, then the latest. Two queries.

    A session that began before the last change of the password is over, though its row is still there.
    """
    rows = list(UserSession.objects.filter(user_id=user.pk).order_by("-last_seen_at", "-pk")[:MOST])
    stored = Session.objects.filter(session_key__in=[row.session_key for row in rows], expire_date__gt=timezone.now())
    proof = user.get_session_auth_hash()
    alive = {
        each.session_key
        for each in stored
        if constant_time_compare(str(each.get_decoded().get(HASH_SESSION_KEY, "")), proof)
    }
    found = [
        SignedIn(row.pk, row.created_at, row.last_seen_at, row.ip, browser(row.user_agent), row.session_key == current)
        for row in rows
        if row.session_key in alive
    ]
    return sorted(found, key=lambda each: not each.current)


@transaction.atomic
def end_sessions(user: User, *, only: int | None = None, but: str | None = None) -> int:
    """Sign a person out: of the session with the id `only`, or of all but the one with the key `but`; how many."""
    rows = UserSession.objects.filter(user_id=user.pk)
    rows = rows.filter(pk=only) if only is not None else rows.exclude(session_key=but)
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    rows.filter(session_key__in=keys).delete()
    return len(keys)


BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari", "curl": "curl"}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def browser(agent: str) -> str:
    """A browser's name and system in words, from its User-Agent."""
    name, system = _first(BROWSERS, agent), _first(SYSTEMS, agent)
    return f"{name} on {system}" if name and system else name or system or "Unknown browser"


def _first(words: dict[str, str], agent: str) -> str:
    return next((word for sign, word in words.items() if sign in agent), "")

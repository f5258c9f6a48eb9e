"""Sessions in the database, read by a statement that is built once: every request of a signed-in person reads one."""

from datetime import datetime

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from catalog.prepared import prepared


@prepared
def _live(*, key: str, now: datetime) -> QuerySet[Session, Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=now)[:1]


class SessionStore(db.SessionStore):
    """Django's own, whose name it must have: what is stored is signed with it."""

    def _get_session_from_db(self) -> Session | None:
        found = _live.first(key=self.session_key or "", now=timezone.now())
        if found is None:
            self._session_key = None
        return found

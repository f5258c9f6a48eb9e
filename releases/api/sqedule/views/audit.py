"""The audit trail: what was done to applications, rulesets, bindings and releases (and all else), by whom."""

from typing import Any

from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import Event
from config.api.queries import moment, refused
from releases.api.sqedule import mapping
from releases.api.sqedule.views.base import SqeduleView
from releases.models import Application, Binding, Release, Ruleset

TYPES: dict[str, type[Model]] = {
    "application": Application,
    "approval_ruleset": Ruleset,
    "application_approval_ruleset_binding": Binding,
    "release": Release,
}


class AuditRecordsView(SqeduleView):
    def get(self, request: Request) -> Response:
        """What happened, newest first; filtered by `resource_type` and `resource_id`, `member`, `from` and `to`.

        The id of a binding is written `<application>/<ruleset>`.
        """
        query = request.GET
        rows: QuerySet[Event] = Event.objects.visible_to(self.actor).filter(organization_id=self.actor.organization_id)
        kind = query.get("resource_type", "")
        if kind:
            model = TYPES.get(kind)
            rows = rows.filter(subject_type=model._meta.model_name if model else kind)
        if query.get("resource_id"):
            rows = self.about(rows, kind, query["resource_id"])
        if query.get("member"):
            rows = rows.filter(actor_label__iexact=query["member"])
        since, until = moment(query, "from"), moment(query, "to")
        rows = rows.filter(occurred_at__gte=since) if since else rows
        rows = rows.filter(occurred_at__lt=until) if until else rows
        return self.items(rows, mapping.audit_record)

    def about(self, rows: QuerySet[Event], kind: str, key: str) -> QuerySet[Event]:
        """Those about one resource. Raises BadInput for a type whose ids are not known here."""
        if kind not in TYPES:
            raise refused("resource_type", f"must be one of {', '.join(TYPES)} when resource_id is given")
        found: Any = self.rows(TYPES[kind])
        if kind == "application_approval_ruleset_binding":
            application, _, ruleset = key.partition("/")
            found = found.filter(application__key__iexact=application, ruleset__key__iexact=ruleset)
        elif kind == "release":
            found = found.filter(number=int(key)) if key.isascii() and key.isdigit() and len(key) < 19 else found.none()
        else:
            found = found.with_key(key)
        uid = found.values_list("uid", flat=True).first()
        return rows.filter(related__contains=[uid], subject_uid=uid) if uid else rows.none()

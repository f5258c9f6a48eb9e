"""Manual approval rules: what waits for people, and their votes."""

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actors import require
from config.errors import NotFound, RuleViolation
from releases.api.sqedule import mapping, schemas
from releases.api.sqedule.mapping import Body
from releases.api.sqedule.views.base import SqeduleView
from releases.api.sqedule.views.releases import ReleaseRows, release_in_path
from releases.models import ApprovalRequest, Decision, Release, Rule
from releases.models.approval import ApprovalQuerySet
from releases.services.approvals import decide, objection
from releases.services.electorate import DECIDE
from releases.services.engine import rules_of

SAID = {"approve": Decision.Verdict.APPROVED, "reject": Decision.Verdict.REJECTED}


class Questions(SqeduleView):
    """Views of what manual rules ask."""

    def asked(self) -> ApprovalQuerySet:
        """What manual rules ask, or asked, about releases the caller may see."""
        rows: ApprovalQuerySet = self.rows(ApprovalRequest).for_list().filter(rule__isnull=False)
        return rows.select_related("release__application__latest__version")

    def shown(self, row: ApprovalRequest) -> Body:
        """A question, and whether the caller may answer it."""
        return mapping.manual_approval(row, self.pending, may_decide=not objection(self.actor, row))


class ManualApprovalsView(Questions):
    def get(self, request: Request) -> Response:
        """What waits for people, oldest first; `?mine=true` leaves what the caller may decide."""
        rows = self.asked().open(timezone.now()).order_by("created_at", "pk")
        if request.GET.get("mine") == "true":
            rows = rows.waiting_for(self.actor, timezone.now())
        return self.items(rows, self.shown)


class VoteView(ReleaseRows, Questions):
    def post(self, request: Request, application_id: str, id: str) -> Response:
        """Approve or reject a release under a manual rule."""
        release = self.release(application_id, release_in_path(id))
        said = self.said(schemas.VoteInput)
        about = ApprovalRequest(organization=release.organization, component=release.application.component)
        require(self.actor, DECIDE, about)
        question = self.question(release, said["rule_id"])
        verdict, comments = SAID[said["decision"]], said.get("comments")
        decide(actor=self.actor, request=question, verdict=verdict, comments=comments)
        return Response(self.shown(self.asked().get(pk=question.pk)), status=201)

    def question(self, release: Release, rule_id: int) -> ApprovalRequest:
        """What the manual rule with this id asks about `release`.

        Raises NotFound when the release is bound to no such rule; RuleViolation when it is final, or the rule has not
        had its turn.
        """
        if not any(rule.type == Rule.Type.MANUAL and rule.number == rule_id for rule, _ in rules_of(release)):
            raise NotFound("manual approval rule not found")
        if release.is_final:
            raise RuleViolation(f"Release {release.number} is {release.state} already.")
        rows = self.asked().filter(release=release, rule__type=Rule.Type.MANUAL, rule__number=rule_id)
        question: ApprovalRequest | None = rows.order_by("-pk").first()
        if question is None:
            raise RuleViolation("This rule has not had its turn yet: those before it are not decided.")
        return question

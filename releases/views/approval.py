"""The approvals inbox, and one approval's own page."""

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from catalog.middleware import PortalRequest
from catalog.views.access import portal, seen
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page
from releases.filters import ApprovalFilter
from releases.forms import DecisionForm
from releases.models import ApprovalRequest
from releases.models.approval import ApprovalQuerySet
from releases.views.deciding import approval_box, judge_for, subject_of, take_answer
from releases.views.rows import asker, built, with_gates

VIEWS = {"mine": "Waiting on me", "asked": "Asked by me", "open": "All open", "decided": "Decided"}
SAFE_OR_POST = ["GET", "HEAD", "POST"]


@require_http_methods(SAFE_OR_POST)
@portal
def approval_list(request: PortalRequest) -> HttpResponse:
    """Approvals by whom they wait for; the chosen one, else the first, can be decided beside the list."""
    view = request.GET.get("view", "mine")
    view = view if view in VIEWS else "mine"
    form, status = None, 200
    chosen = _chosen(request)
    if request.method == "POST":
        if chosen is None:
            return redirect("releases:approval-list")
        form, status = take_answer(request, chosen)
        if status == 302:
            return redirect(f"{reverse('releases:approval-list')}?view={view}")
    found = ApprovalFilter(request.GET, queryset=_of_view(request, view), request=request)
    page = keyset_page(found.qs, request)
    chosen = chosen or next(iter(page), None) if view != "decided" else chosen
    context = {
        "view": view,
        "tabs": _tabs(request, view),
        "filter": found,
        "page": page,
        "rows": with_gates(request.actor, page),
        "chosen": chosen,
    }
    if chosen is not None:
        context |= _box(request, chosen, f"{request.path}?view={view}&approval={chosen.uid}#decide", form)
    return render_page(request, "releases/approval_list.html", context, status=status)


@require_http_methods(SAFE_OR_POST)
@portal
def approval_page(request: PortalRequest, uid: str) -> HttpResponse:
    """One approval with all that is needed to decide it; works as well from a mail as from the inbox."""
    approval = seen(_shown, request, uid=uid)
    form, status = None, 200
    if request.method == "POST":
        form, status = take_answer(request, approval)
        if status == 302:
            return redirect("releases:approval", uid=uid)
        approval = seen(_shown, request, uid=uid)
    context = {"approval_request": approval, "subject": subject_of(approval)}
    context |= _box(request, approval, f"{request.path}#decide", form)
    return render_page(request, "releases/approval.html", context, status=status)


def _chosen(request: PortalRequest) -> ApprovalRequest | None:
    uid = request.GET.get("approval", "")
    return get_object_or_404(approvals_of(request), uid=uid) if is_uid(uid) else None


def approvals_of(request: PortalRequest) -> ApprovalQuerySet:
    """The approvals this person may see, with all that a row or a page shows."""
    return _shown().visible_to(request.actor)


def _shown() -> ApprovalQuerySet:
    return ApprovalRequest.objects.for_list().annotate(asker=asker("requested_by"), built=built())


def is_uid(text: str) -> bool:
    """Whether `text` is a UUID as our addresses write it."""
    return len(text) == 36 and all(letter in "0123456789abcdef-" for letter in text)


def _box(request: PortalRequest, approval: ApprovalRequest, url: str, form: DecisionForm | None) -> dict[str, Any]:
    judgement = judge_for(request, approval)
    box = approval_box(request.actor, approval, url=url, judgement=judgement, form=form)
    return {"approval": box, "decision": judgement.document if judgement else None}


def _of_view(request: PortalRequest, view: str) -> QuerySet[ApprovalRequest]:
    """The rows of one tab: open ones oldest first, decided ones newest first."""
    now = timezone.now()
    approvals = approvals_of(request)
    if view == "decided":
        return approvals.filter(resolved_at__isnull=False).order_by("-resolved_at", "-pk")
    by_view = {
        "mine": approvals.waiting_for(request.actor, now),
        "asked": approvals.open(now).filter(requested_by__iexact=request.actor.label),
        "open": approvals.open(now),
    }
    return by_view[view].order_by("created_at", "pk")


def _tabs(request: PortalRequest, view: str) -> list[dict[str, Any]]:
    """The tabs with how many are in each that is open. One query."""
    now = timezone.now()
    visible = ApprovalRequest.objects.visible_to(request.actor).open(now)
    mine = ApprovalRequest.objects.waiting_for(request.actor, now).values("pk")
    counts = visible.aggregate(
        mine=Count("pk", filter=Q(pk__in=mine)),
        asked=Count("pk", filter=Q(requested_by__iexact=request.actor.label)),
        open=Count("pk"),
    )
    return [
        {"name": name, "word": word, "count": counts.get(name), "current": name == view} for name, word in VIEWS.items()
    ]

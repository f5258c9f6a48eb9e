"""Proposing a change of an application, a ruleset or a binding, and one proposal's page."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from catalog.actors import require
from catalog.middleware import PortalRequest
from catalog.views.access import editing, hold_posted, portal
from catalog.views.rendering import render_page
from config.errors import BadInput, Forbidden, GatehouseError, RuleViolation
from releases.models import ProposalState
from releases.rule_forms import Editor
from releases.services.proposals import (
    adjust_proposal,
    change_resource,
    delete_proposal,
    is_author,
    proposal_of,
    review_proposal,
)
from releases.services.versions import ProposalInput, Resource
from releases.views.differences import difference, rules_in_words
from releases.views.reviewable import SAFE_OR_POST, VERSIONS, about, one_of, outcome, wanted, written

STATES: dict[str, ProposalInput] = {"draft": "draft", "abandon": "abandon", "final": "final"}
UNSAID = "Say why you reject it."


@require_http_methods(SAFE_OR_POST)
@portal
@editing
def resource_propose(request: PortalRequest, word: str, uid: str) -> HttpResponse:
    """Propose a new version, from the one that counts."""
    row: Any = one_of(request, word, uid)
    require(request.actor, f"organization:{word}:update", row)
    hold_posted(request, row)
    editor = Editor(word, request.POST or None, row.latest)

    def make() -> HttpResponse:
        _, content = change_resource(actor=request.actor, resource=row, state=wanted(request), change=editor.said())
        return _done(request, word, row, content)

    return written(request, editor, make, {"word": word, "row": row, "title": f"Propose a change of {row}"})


@require_http_methods(SAFE_OR_POST)
@portal
@editing
def proposal_edit(request: PortalRequest, word: str, uid: str, number: int) -> HttpResponse:
    """Change a proposal."""
    row: Any = one_of(request, word, uid)
    require(request.actor, f"organization:{word}:update", row)
    hold_posted(request, row)
    editor = Editor(word, request.POST or None, proposal_of(row, number))

    def make() -> HttpResponse:
        state = wanted(request)
        content = adjust_proposal(actor=request.actor, resource=row, number=number, state=state, **editor.said())
        return _done(request, word, row, content)

    return written(request, editor, make, {"word": word, "row": row, "title": f"Edit proposal {number} of {row}"})


@require_http_methods(SAFE_OR_POST)
@portal
def proposal_page(request: PortalRequest, word: str, uid: str, number: int) -> HttpResponse:
    """One proposal with what it changes; a post submits, abandons, withdraws, deletes or reviews it."""
    row: Any = one_of(request, word, uid)
    refused, status = "", 200
    if request.method == "POST":
        try:
            return _act(request, word, row, number)
        except Forbidden:
            raise
        except GatehouseError as error:
            refused, status = error.message, error.status
    content = proposal_of(row, number)
    may_review = request.actor.may(f"organization:{word}:review", row)
    context = {
        "content": content,
        "changes": difference(row.latest, content),
        "rules": rules_in_words(content),
        "steps": list(content.version.adjustments.order_by("-number")[:VERSIONS]),
        "is_open": content.proposal_state == ProposalState.REVIEWING,
        "may_review": may_review and not is_author(request.actor, row, content),
        "is_author": may_review and is_author(request.actor, row, content),
        "refused": refused,
        "unsaid": refused == UNSAID,
        "asks": "delete" in request.GET,
        "comment": request.POST.get("comments", ""),
    }
    return render_page(request, "releases/proposal.html", about(request, word, row) | context, status=status)


def _act(request: PortalRequest, word: str, row: Resource, number: int) -> HttpResponse:
    """Do what was posted to a proposal. Raises GatehouseError."""
    action, comments = request.POST.get("action", ""), request.POST.get("comments", "").strip()[:10_000]
    if action in ("approve", "reject"):
        if action == "reject" and not comments:
            raise RuleViolation(UNSAID)
        approved = action == "approve"
        content = review_proposal(
            actor=request.actor, resource=row, number=number, approved=approved, comments=comments
        )
        messages.success(request, f"{'Approved' if approved else 'Rejected'} proposal {number} of {row}.")
    elif action == "delete":
        delete_proposal(actor=request.actor, resource=row, number=number)
        messages.success(request, f"Deleted proposal {number} of {row}.")
        return redirect(f"releases:{word}", uid=row.uid)
    elif action in STATES:
        content = adjust_proposal(actor=request.actor, resource=row, number=number, state=STATES[action])
    else:
        raise BadInput("Nothing like that can be done to a proposal.")
    return _done(request, word, row, content, said=action in ("approve", "reject"))


def _done(request: PortalRequest, word: str, row: Resource, content: Any, *, said: bool = False) -> HttpResponse:
    """To the proposal, or, when it counts now, to the page of what it is of."""
    if not said:
        messages.success(request, f"Proposal {content.version.number} of {row}{outcome(content)}.")
    if content.proposal_state == ProposalState.APPROVED:
        return redirect(f"releases:{word}", uid=row.uid)
    return redirect(f"releases:{word}-proposal", uid=row.uid, number=content.version.number)

"""Pages of applications, rulesets and bindings: the lists, one thing with its versions, adding one."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from catalog.actors import require
from catalog.forms import add_refusal, is_current
from catalog.middleware import PortalRequest
from catalog.timeline import timeline_of
from catalog.views.access import portal, seen
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page
from config.errors import Forbidden, GatehouseError
from releases.filters import ApplicationFilter, RulesetFilter
from releases.models import Application, Binding, ProposalState, ReleaseBinding, Ruleset
from releases.rule_forms import Editor, bindable
from releases.services.applications import create_application
from releases.services.bindings import create_binding
from releases.services.rulesets import create_ruleset
from releases.services.versions import Resource, approved_contents, latest_content, proposal_contents
from releases.views.differences import details, rules_in_words
from releases.views.release import releases_of

MODELS: dict[str, type[Resource]] = {"application": Application, "ruleset": Ruleset, "binding": Binding}
MAKERS: dict[str, Callable[..., Any]] = {"application": create_application, "ruleset": create_ruleset}
HISTORY, VERSIONS, BOUND, PANEL = 30, 50, 100, 10
SAFE_OR_POST = ["GET", "HEAD", "POST"]


@require_safe
@portal
def application_list(request: PortalRequest) -> HttpResponse:
    """The release side of components, newest first."""
    found = ApplicationFilter(request.GET, queryset=rows_of(request, "application"), request=request)
    may_add = request.actor.may("organization:application:create")
    context = {"filter": found, "page": keyset_page(found.qs, request), "may_add": may_add}
    return render_page(request, "releases/application_list.html", context, partial="rows")


@require_safe
@portal
def ruleset_list(request: PortalRequest) -> HttpResponse:
    """The rules there are, newest first, with how many applications each binds."""
    rows = rows_of(request, "ruleset").annotate(bound=Count("bindings", distinct=True))
    found = RulesetFilter(request.GET, queryset=rows, request=request)
    may_add = request.actor.may("organization:ruleset:create")
    context = {"filter": found, "page": keyset_page(found.qs, request), "may_add": may_add}
    return render_page(request, "releases/ruleset_list.html", context, partial="rows")


@require_safe
@portal
def resource_page(request: PortalRequest, word: str, uid: str) -> HttpResponse:
    """What counts, what is proposed, what it is bound to, and what there was."""
    row: Any = one_of(request, word, uid)
    context = {
        "content": row.latest,
        "details": details(row.latest),
        "rules": rules_in_words(row.latest),
        "proposals": list(proposal_contents(row)[:VERSIONS]),
        "versions": list(approved_contents(row)[:VERSIONS]),
        "bindings": _bindings(request, row),
        "releases": _releases(request, row),
        "events": timeline_of(request.actor, row, HISTORY),
        "may_bind": word == "application" and request.actor.may("organization:binding:create", _bound_to(row)),
    }
    return render_page(request, "releases/resource.html", about(request, word, row) | context)


@require_http_methods(SAFE_OR_POST)
@portal
def resource_new(request: PortalRequest, word: str) -> HttpResponse:
    """Add an application or a ruleset."""
    require(request.actor, f"organization:{word}:create")
    editor = Editor(word, request.POST or None, new=True)

    def make() -> HttpResponse:
        row = MAKERS[word](actor=request.actor, proposal_state=wanted(request), **editor.said())
        messages.success(request, f"Added {row}.")
        return redirect(f"releases:{word}", uid=row.uid)

    return written(request, editor, make, {"word": word, "title": f"Add {word}"})


@require_http_methods(SAFE_OR_POST)
@portal
def binding_new(request: PortalRequest, uid: str) -> HttpResponse:
    """Bind a ruleset to an application."""
    application: Any = one_of(request, "application", uid)
    require(request.actor, "organization:binding:create", _bound_to(application))
    editor = Editor("binding", request.POST or None, new=True)
    editor.form.fields["ruleset"].queryset = bindable(application, rows_of(request, "ruleset"))  # type: ignore[attr-defined]

    def make() -> HttpResponse:
        state = wanted(request)
        binding = create_binding(actor=request.actor, application=application, proposal_state=state, **editor.said())
        messages.success(request, f"Bound {binding}{outcome(latest_content(binding))}.")
        return redirect("releases:application", uid=uid)

    context = {
        "word": "binding",
        "title": f"Bind a ruleset to {application}",
        "row": application,
        "back_to": "application",
    }
    return written(request, editor, make, context)


def outcome(content: Any) -> str:
    """What became of a content, in words that go on from its name."""
    return {
        ProposalState.DRAFT: " is a draft",
        ProposalState.REVIEWING: " waits for a review",
        ProposalState.ABANDONED: " is abandoned",
        ProposalState.APPROVED: f" counts now, as version {content.version.version_number}",
    }.get(content.proposal_state, "")


def written(
    request: PortalRequest, editor: Editor, make: Callable[[], HttpResponse], context: dict[str, Any]
) -> HttpResponse:
    """Write what a form says, or show it again with what was refused."""
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and editor.is_valid() and _is_current(editor):
        try:
            return make()
        except ValidationError as refusal:
            add_refusal(editor.form, refusal)
        except Forbidden:
            raise
        except GatehouseError as refused:
            editor.form.add_error(None, refused.message)
            status = refused.status
    return render_page(request, "releases/resource_form.html", context | {"editor": editor}, status=status)


def _is_current(editor: Editor) -> bool:
    """Whether it starts from what is stored still; else its form says what differs, and which rules there are now."""
    if is_current(editor.form):
        return True
    if editor.rules:
        rules = "; ".join(each["words"] for each in rules_in_words(editor.base) or ())
        editor.form.add_error(None, f"Its rules are now: {rules or 'none'}.")
    return False


def wanted(request: PortalRequest) -> Any:
    """What somebody wants of a version they wrote: `final` or `draft`."""
    return "final" if request.POST.get("state") == "final" else "draft"


def _bound_to(application: Application) -> Binding:
    """A binding there is not yet, to ask rights about."""
    return Binding(organization=application.organization, application=application)


def rows_of(request: PortalRequest, word: str) -> QuerySet[Any]:
    """The rows of one kind that this person may see in the organization at hand."""
    rows: Any = _rows(word)()
    visible = rows.visible_to(request.actor).filter(organization=request.actor.organization_id)
    return visible.order_by("-created_at", "-pk")


def one_of(request: PortalRequest, word: str, uid: str) -> Any:
    """The one of `rows_of` with this id. Raises Http404."""
    return seen(_rows(word), request, organization=request.actor.organization_id, uid=uid)


@cache
def _rows(word: str) -> Callable[[], QuerySet[Any]]:
    return lambda: MODELS[word]._default_manager.for_list().select_related("organization")


def about(request: PortalRequest, word: str, row: Resource) -> dict[str, Any]:
    """What every page about one thing shows."""
    may_propose = request.actor.may(f"organization:{word}:update", row)
    return {"word": word, "row": row, "may_propose": may_propose}


def _bindings(request: PortalRequest, row: Resource) -> list[Any]:
    if isinstance(row, Binding):
        return []
    rows = rows_of(request, "binding")
    found = rows.filter(application=row) if isinstance(row, Application) else rows.filter(ruleset=row)
    return list(found[:BOUND])


def _releases(request: PortalRequest, row: Resource) -> list[Any]:
    """The newest releases of an application, or bound to a ruleset."""
    if isinstance(row, Binding):
        return []
    rows = releases_of(request)
    if isinstance(row, Application):
        return list(rows.filter(application=row)[:PANEL])
    return list(rows.filter(pk__in=ReleaseBinding.objects.filter(ruleset=row).values("release"))[:PANEL])

"""What every view of Sqedule's does: look things up in the caller's organization, page lists, say errors."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import JsonResponse
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.views import DialectView
from catalog.prepared import look_through
from config.api.dialects import SQEDULE
from config.api.pagination import whole_number
from config.errors import BadInput, Forbidden, NotFound
from releases.api.sqedule.mapping import Body, pending_word
from releases.api.sqedule.schemas import SqeduleInput
from releases.models import Application, Binding, Ruleset

M = TypeVar("M", bound=Model)
MOST_PAGES = 10**9


class BadPathNumber(BadInput):
    """A number in the path that can't be read (400); printed without the words that other bad input begins with."""

    def __init__(self, name: str, text: str, bits: int):
        super().__init__(f"Error parsing '{name}' parameter as an integer: {text!r} is no whole number of {bits} bits")


class SqeduleView(DialectView):
    """A view of Sqedule's. Look-ups are always within the caller's organization; letter case of ids is ignored."""

    dialect = SQEDULE

    def handle_exception(self, exc: Exception) -> Any:
        """Print a refusal in Sqedule's words."""
        if isinstance(exc, BadPathNumber):
            return JsonResponse({"error": exc.message}, status=exc.status)
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Name the charset, also of errors."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if response.get("Content-Type") == "application/json":
            response["Content-Type"] = "application/json; charset=utf-8"
        return response

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Which methods there are, in `Allow`."""
        return Response(status=204)

    @property
    def pending(self) -> str:
        """The word this caller gets for a release that is not final."""
        return pending_word(self.request.headers.get("User-Agent", ""), self.request.GET.get("state_vocabulary", ""))

    def said(self, schema: type[SqeduleInput]) -> dict[str, Any]:
        """The request's body as `schema` reads it. Raises BadInput, also for an empty body."""
        if self.request.META.get("CONTENT_LENGTH") in (None, "", "0"):
            raise BadInput("the body is empty; send JSON")
        return schema.read(self.request.data)

    def rows(self, model: type[M]) -> Any:
        """The rows of `model` in the caller's organization that it may read."""
        visible = model._default_manager.visible_to(self.actor)  # type: ignore[attr-defined]
        return visible.filter(organization=self.actor.organization_id)

    def all(self, rows: Callable[[], QuerySet[M]], **values: Any) -> list[M]:
        """What `rows` gives that has these values, of those in the caller's organization that it may read."""
        return look_through(rows, self.actor, organization=self.actor.organization_id, **values)

    def one(self, rows: Callable[[], QuerySet[M]], thing: str, **values: Any) -> M:
        """The only one of `all`. Raises NotFound, which names the thing."""
        return only(self.all(rows, **values), thing)

    def application(self, key: str) -> Application:
        """The application with this id. Raises NotFound."""
        return self.one(Application.objects.for_list, "application", key__spelled=key)

    def ruleset(self, key: str) -> Ruleset:
        """The ruleset with this id. Raises NotFound."""
        return self.one(Ruleset.objects.for_list, "approval ruleset", key__spelled=key)

    def binding(self, application: Application, ruleset: Ruleset) -> Binding:
        """What binds the two. Raises NotFound."""
        thing = "application approval ruleset binding"
        return self.one(Binding.objects.for_list, thing, application=application, ruleset=ruleset)

    def items(self, rows: QuerySet[M], mapped: Callable[[M], Body | None]) -> Response:
        """One page of `rows`. Raises Forbidden when the caller may read none of their kind, BadInput for bad paging."""
        action = f"organization:{rows.model.entity}:read"  # type: ignore[attr-defined]
        if not self.actor.may_somewhere(action):
            raise Forbidden(f"{self.actor.label} lacks the right {action}.")
        page = whole_number(self.request.GET, "page", 1, 1, MOST_PAGES)
        size = whole_number(self.request.GET, "per_page", 100, 1, 1000)
        return Response({"items": [mapped(row) for row in rows[(page - 1) * size : page * size]]})


def only(rows: Iterable[M], thing: str) -> M:
    """The only row of `rows`. Raises NotFound, which names the thing."""
    for row in rows:
        return row
    raise NotFound(f"{thing} not found")


def path_number(name: str, text: str, bits: int) -> int:
    """A number in the path. Raises BadPathNumber for what is no unsigned integer of so many bits."""
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and int(text) < 2**bits):
        raise BadPathNumber(name, text[:40], bits)
    return int(text)


def version_in_path(text: str, name: str = "version_number") -> int:
    """The number, or id, of a version in the path."""
    return path_number(name, text, 32)

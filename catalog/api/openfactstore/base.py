"""What every OpenFactstore view shares: finding what an id names, paging, and field names in the dialect's words."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actors import Actor
from catalog.api.views import DialectView
from catalog.models import Organization, TenantModel
from catalog.prepared import look_up
from config.api.dialects import FACTSTORE
from config.api.pagination import whole_number
from config.errors import BadInput, FieldError, NotFound

MAX_PAGE = 1000
M = TypeVar("M", bound=TenantModel)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


class FactstoreView(DialectView):
    """A view of the OpenFactstore dialect; `words` are its names of model fields, for what a service refuses."""

    dialect = FACTSTORE
    bodiless: ClassVar[bool] = False  # the contract has no body for its POST or PUT
    words: ClassVar[Mapping[str, str]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a change whose body was lost: it is not one that says nothing."""
        super().initial(request, *args, **kwargs)
        empty = request.META.get("CONTENT_LENGTH") in (None, "", "0")
        if empty and request.method in ("POST", "PUT", "PATCH") and not self.bodiless and self._takes(request):
            raise BadInput("The body is empty; send JSON.")

    def handle_exception(self, exc: Exception) -> Any:
        """Name refused fields as the caller wrote them."""
        if isinstance(exc, ValidationError) and hasattr(exc, "error_dict"):
            named = {self.words.get(name, name): errors for name, errors in exc.error_dict.items()}
            exc = ValidationError({name or NON_FIELD_ERRORS: errors for name, errors in named.items()})
        return super().handle_exception(exc)


def read_uid(text: str, name: str = "id") -> UUID:
    """The UUID in `text`. Raises BadInput naming the parameter."""
    if not _UUID.fullmatch(text):
        message = f"is not a UUID: {text[:100]}"
        raise BadInput(f"{name} {message}", fields=[FieldError(name, message)])
    return UUID(text)


def find(rows: Callable[[], QuerySet[M]], actor: Actor, text: str, name: str = "id", **values: Any) -> M:
    """The row with this uid and these values that the actor may read. Raises BadInput for what is no UUID, NotFound."""
    uid = read_uid(text, name)
    found = look_up(rows, actor, uid=uid, **values)
    if found is None:
        raise NotFound(f"No {rows().model._meta.verbose_name} {uid}.")
    return found


def imagine(model: type[M], actor: Actor, **values: Any) -> M:
    """A row that is not stored, for a dry run where something stands in the way of the real one."""
    now = timezone.now()
    return model(organization=actor.organization, created_at=now, updated_at=now, **values)


def find_organization(actor: Actor, slug: str) -> Organization:
    """The organization with this slug, of those the actor reaches. Raises NotFound."""
    found = next((pk for pk, known in actor.reach.items() if known.lower() == slug.lower()), None)
    if found is None:
        raise NotFound(f"No organisation {slug[:100]}.")
    return Organization.objects.get(pk=found)


def paged(rows: QuerySet[M], query: Mapping[str, str], show: Callable[[Sequence[M]], list[dict[str, Any]]]) -> Response:
    """One page of `rows` in the shape `items, page, size, totalItems, totalPages` (contract 0.2, shape A).

    Pages count from 0; more than 1000 rows at once are not given, `size` says how many a page has.
    """
    page = whole_number(query, "page", 0, 0, 10**9)
    size = min(whole_number(query, "size", 20, 1, 10**9), MAX_PAGE)
    total = rows.count()
    items = show(list(rows[page * size : (page + 1) * size])) if page * size < total else []
    return Response({"items": items, "page": page, "size": size, "totalItems": total, "totalPages": -(-total // size)})

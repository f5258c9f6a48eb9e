"""Stores, and the keys and values in them. `batch`, `list` and `count` are keys too, but for the methods they name."""

import json
from typing import Any
from urllib.parse import unquote_to_bytes

from django.db.models import Func, JSONField, QuerySet, Value
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.versori.base import VersoriView, find
from catalog.api.versori.mapping import id_of
from catalog.api.versori.paging import read_cursor, write_cursor
from catalog.prepared import look_through
from config.errors import BadInput, FieldError, NotFound
from integrations.api.versori.mapping import from_entry, from_store, from_value, from_written
from integrations.api.versori.schemas import (
    BatchDelete,
    BatchGet,
    BatchSet,
    CountAsked,
    Delete,
    ListAsked,
    StoreCreate,
    Valued,
    to_wish,
)
from integrations.models import Store, StoreEntry
from integrations.services.kv import Key, check_key, create_store, delete_entries, read_entries, write_entries

SEGMENTS = 6  # of the path before a key: "", api, v2, store, the store's id, kv


def key_in_path(request: HttpRequest) -> Key:
    """The key behind `…/kv/`: the path as it was sent, split at its slashes, each segment decoded; empty ones drop.

    Servers hand the undecoded path on as RAW_URI or REQUEST_URI; the decoded one has lost which slash was a `%2F`.
    Raises BadInput for no segment, or one that is not UTF-8.
    """
    sent = request.META.get("RAW_URI") or request.META.get("REQUEST_URI")
    if not sent:
        return check_key([each for each in request.path.split("/")[SEGMENTS:] if each])
    path = str(sent).partition("?")[0].partition("#")[0]
    if not path.startswith("/"):  # a whole address, as proxies are asked
        path = "/" + path.partition("://")[2].partition("/")[2]
    path = path.removeprefix(request.META.get("SCRIPT_NAME", ""))
    try:
        steps = [unquote_to_bytes(step.encode("latin-1")).decode() for step in path.split("/")]
    except ValueError as error:  # UnicodeError
        raise BadInput("The key is not UTF-8.", fields=[FieldError("key", "is not UTF-8")]) from error
    if steps[:4] != ["", "api", "v2", "store"] or steps[5:6] != ["kv"]:
        raise NotFound("There is nothing at this address.")
    return check_key([step for step in steps[SEGMENTS:] if step])


class StoresView(VersoriView):
    def get(self, request: Request, organization: str) -> Response:
        """All stores."""
        rows = look_through(stores, self.actor, organization=self.actor.organization_id)
        return Response({"stores": [from_store(store) for store in rows]})

    def post(self, request: Request, organization: str) -> Response:
        """Make a store, or name the one that is there."""
        return Response({"id": id_of(create_store(actor=self.actor, **self.said(StoreCreate)))})


class StoreView(VersoriView):
    """What needs a store; its organization is found by its id."""

    def store(self, text: str) -> Store:
        """The store with this id. Raises NotFound."""
        return find(stores, self.actor, text)


class KeyView(StoreView):
    def get(self, request: Request, store: str, key: str = "") -> Response:
        """The value of a key."""
        found = read_entries(
            actor=self.actor, store=self.store(store), keys=[key_in_path(request._request)], at=timezone.now()
        )
        if not found:
            raise NotFound("There is no such key.")
        return Response(from_value(found[0]))

    def put(self, request: Request, store: str, key: str = "") -> Response:
        """Write a value, on conditions; one that does not hold is no error."""
        holder, at = self.store(store), timezone.now()
        wish = to_wish(self.said(Valued), key_in_path(request._request), at)
        [written] = write_entries(actor=self.actor, store=holder, wishes=[wish], at=at)
        return Response(from_written(written))

    def delete(self, request: Request, store: str, key: str = "") -> Response:
        """Delete a key, with `cascade` also all below it."""
        holder = self.store(store)
        options = self.said(Delete).get("options", {}) if self.has_body() else {}
        keys = [key_in_path(request._request)]
        delete_entries(actor=self.actor, store=holder, keys=keys, at=timezone.now(), **options)
        return Response({"status": "ok"})


class BatchView(KeyView):
    def post(self, request: Request, store: str) -> Response:
        """The entries of many keys, without those that are not there."""
        holder, keys = self.store(store), self.said(BatchGet)["keys"]
        found = read_entries(actor=self.actor, store=holder, keys=keys, at=timezone.now())
        return Response({"entries": [from_entry(entry) for entry in found]})

    def put(self, request: Request, store: str, key: str = "") -> Response:
        """Write many entries, each for itself."""
        holder, at = self.store(store), timezone.now()
        said = self.said(BatchSet)["entries"]
        wishes = [to_wish(each, each["key"], at) for each in said]
        results = write_entries(actor=self.actor, store=holder, wishes=wishes, at=at)
        failures = [
            {"key": wish.key, "error": "A condition does not hold."}
            for wish, written in zip(wishes, results, strict=True)
            if not written.committed
        ]
        successes = [from_written(written) for written in results if written.committed]
        return Response({"successes": successes, "failures": failures})

    def delete(self, request: Request, store: str, key: str = "") -> Response:
        """Delete many keys, or none of them."""
        holder, said = self.store(store), self.said(BatchDelete)
        delete_entries(actor=self.actor, store=holder, keys=said["keys"], at=timezone.now(), **said.get("options", {}))
        return Response({"status": "ok"})


class ListView(KeyView):
    def post(self, request: Request, store: str) -> Response:
        """Entries, the newest first, a page at a time."""
        holder = self.store(store)
        said = self.said(ListAsked) if self.has_body() else {}
        options = {"limit": 100, "reverse": False} | said.get("options", {})
        selector = said.get("selector", {})
        rows = filtered(StoreEntry.objects.filter(store=holder), selector)
        return Response(listed(rows, selector, kind=f"kv{holder.pk}", **options))


class CountView(KeyView):
    def post(self, request: Request, store: str) -> Response:
        """How many entries there are below a prefix."""
        holder = self.store(store)
        said = self.said(CountAsked) if self.has_body() else {}
        prefix = said.get("selector", {}).get("prefix", [])
        rows = StoreEntry.objects.filter(store=holder).alive(timezone.now())
        return Response({"count": rows.below(prefix).count()})


def stores() -> QuerySet[Store]:
    """Stores with whose they are."""
    return Store.objects.select_related("organization")


def filtered(rows: QuerySet[StoreEntry], selector: dict[str, Any]) -> QuerySet[StoreEntry]:
    """The entries that are there and that the selector means, without its cursors."""
    wanted = selector.get("filter", {})
    rows = rows.alive(timezone.now()).below(selector.get("prefix", []))  # type: ignore[attr-defined]
    if "createdAfter" in wanted:
        rows = rows.filter(created_at__gte=wanted["createdAfter"])
    if "createdBefore" in wanted:
        rows = rows.filter(created_at__lte=wanted["createdBefore"])
    for place, (name, value) in enumerate(sorted(wanted.get("metadata", {}).items())[:50]):
        member = Func("metadata", Value(name), function="jsonb_extract_path", output_field=JSONField())
        text = Cast(Value(json.dumps(value)), JSONField())
        rows = rows.alias(**{f"member{place}": member}).filter(**{f"member{place}": text})
    return rows


def listed(
    rows: QuerySet[StoreEntry], selector: dict[str, Any], *, kind: str, limit: int, reverse: bool
) -> dict[str, Any]:
    """One page of `rows` with the cursors around it. Raises BadInput for a bad cursor, and for two."""
    after, before = selector.get("after"), selector.get("before")
    if after and before:
        raise BadInput("Send after or before, not both.", fields=[FieldError("selector.before", "excludes after")])
    limit, older, newer = limit or 100, "pk__lt", "pk__gt"
    ahead, behind = (newer, older) if reverse else (older, newer)
    order = "pk" if reverse else "-pk"
    if before:
        place = read_cursor(before, kind, "selector.before")
        back = "-pk" if reverse else "pk"
        page = list(rows.filter(**{behind: place}).order_by(back)[:limit])[::-1]
    else:
        beyond = rows.filter(**{ahead: read_cursor(after, kind, "selector.after")}) if after else rows
        page = list(beyond.order_by(order)[:limit])
    cursors = {"nextCursor": "", "prevCursor": ""}
    if page and rows.filter(**{ahead: page[-1].pk}).exists():
        cursors["nextCursor"] = write_cursor(page[-1].pk, kind)
    if page and rows.filter(**{behind: page[0].pk}).exists():
        cursors["prevCursor"] = write_cursor(page[0].pk, kind)
    return {"data": [from_entry(entry) for entry in page], "pagination": cursors}

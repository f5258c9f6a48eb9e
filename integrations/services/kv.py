"""The only writers of stores and their entries.

Entries are data of integrations and not settings: writing one is no event. Making a store, and clearing all below a
key, is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, transaction
from django.db.models import Case, F, Func, IntegerField, OuterRef, Q, When

from catalog.actors import Actor, require
from catalog.models import Project, ProjectEnvironment
from catalog.services.events import record_event
from catalog.ulids import read_ulid, ulid
from config.errors import BadInput, Conflict, FieldError, NotFound
from integrations.models import Store, StoreEntry
from integrations.models.kv import path_of

READ, WRITE = "organization:store:read", "organization:store:write"
Key = list[str]
OF_PROJECT = "PROJECT_"  # what the name of a project's store begins with
MOST_SEGMENTS = 64
LONGEST_KEY = 2000  # bytes, what an index row of PostgreSQL takes with room to spare
COUNTED = 1001  # pages say "1,000+"
SWEPT = 5000  # rows a statement of the sweep deletes
WRITTEN = ["value", "metadata", "version", "expires_at", "lifetime", "is_refreshed", "updated_at"]


@dataclass(frozen=True)
class Wish:
    """One entry to write. `lifetime` may be negative: such an entry is never there.

    `expected` is the versionstamp it must have now; with `is_new` it must not be there.
    """

    key: Key
    value: str
    metadata: dict[str, Any] = field(default_factory=dict)
    lifetime: timedelta | None = None
    is_refreshed: bool = False
    expected: str | None = None
    is_new: bool = False


@dataclass(frozen=True)
class Written:
    """Whether a wish came true, and the versionstamp that is there now ('' for none)."""

    committed: bool
    versionstamp: str


def check_key(key: Key, path: str = "key") -> Key:
    """Return `key` when it has segments, none empty, and is not too long. Raises BadInput."""
    fault = ""
    if not key or not all(key):
        fault = "must have segments, and none of them empty"
    elif len(key) > MOST_SEGMENTS or len(path_of(key).encode()) > LONGEST_KEY:
        fault = f"must have at most {MOST_SEGMENTS} segments and {LONGEST_KEY:,} bytes"
    if fault:
        raise BadInput(f"{path} {fault}.", fields=[FieldError(path, fault)])
    return key


@transaction.atomic
def create_store(*, actor: Actor, name: str) -> Store:
    """The store of this name in the actor's organization; made when it isn't there.

    Raises Forbidden without `organization:store:create` (or `:read` on the one that is there), ValidationError.
    Records `store.created` when it made one.
    """
    store = Store.objects.filter(organization=actor.organization, name=name).first()
    if store is not None:
        require(actor, READ, store)
        return store
    require(actor, "organization:store:create")
    store = Store(organization=actor.organization, name=name)
    store.full_clean(validate_constraints=False)
    Store.objects.bulk_create([store], ignore_conflicts=True)  # two at once make one
    stored = Store.objects.get(organization=actor.organization, name=name)
    if stored.uid == store.uid:
        record_event("store.created", subject=stored, actor=actor)
    return stored


@transaction.atomic
def write_entries(*, actor: Actor, store: Store, wishes: Sequence[Wish], at: datetime) -> list[Written]:
    """Write what may be written of `wishes`, in their order; a number of statements that does not depend on how many.

    An entry that is overwritten keeps its place and when it was made; an expired one counts as none. Raises Forbidden
    without `organization:store:write`, BadInput for a bad key, NotFound when the store is gone.
    """
    require(actor, WRITE, store)
    for position, wish in enumerate(wishes):
        check_key(wish.key, f"entries[{position}].key" if len(wishes) > 1 else "key")
    if len(wishes) > 1:
        _hold(store)
    done: dict[int, Written] = {}
    pending = list(enumerate(wishes))
    while pending:
        turn = {path_of(wish.key): (place, wish) for place, wish in reversed(pending)}  # the first of each key
        now = {place for place, _ in turn.values()}
        done |= _write(store, turn, at)
        lost = now - set(done)  # somebody else inserted the key meanwhile: now it is there to be looked at
        pending = [each for each in pending if each[0] in lost or each[0] not in now]
    return [done[place] for place in range(len(wishes))]


def _write(store: Store, turn: dict[str, tuple[int, Wish]], at: datetime) -> dict[int, Written]:
    """Decide and write one wish for each of several keys; what lost a race for its key is left out."""
    rows = StoreEntry.objects.filter(store=store, path__in=turn)
    held = {entry.path: entry for entry in rows.select_for_update(no_key=True).order_by("path")}
    gone = [entry.pk for entry in held.values() if not entry.is_alive(at)]
    if gone:
        StoreEntry.objects.filter(pk__in=gone).delete()  # its key begins anew
        held = {path: entry for path, entry in held.items() if entry.pk not in gone}
    versions = iter(_versions(len(turn)))
    done, changed, fresh = {}, [], {}
    for path, (place, wish) in sorted(turn.items()):
        entry = held.get(path)
        stamp = entry.versionstamp if entry else ""
        if (wish.is_new and entry) or (wish.expected is not None and wish.expected != stamp):
            done[place] = Written(committed=False, versionstamp=stamp)
            continue
        if entry is None:
            entry = StoreEntry(organization_id=store.organization_id, store=store, key=wish.key, path=path)
            fresh[path] = entry
        else:
            changed.append(entry)
        _fill(entry, wish, next(versions), at)
        done[place] = Written(committed=True, versionstamp=entry.versionstamp)
    if changed:
        StoreEntry.objects.bulk_update(changed, WRITTEN)
    if fresh:
        StoreEntry.objects.bulk_create(fresh.values(), ignore_conflicts=True)
        mine = [entry.version for entry in fresh.values()]
        stored = set(
            StoreEntry.objects.filter(store=store, version__in=mine, path__in=fresh).values_list("path", flat=True)
        )
        for path in set(fresh) - stored:
            del done[turn[path][0]]
    return done


def _fill(entry: StoreEntry, wish: Wish, version: int, at: datetime) -> None:
    entry.value, entry.metadata, entry.version = wish.value, wish.metadata, version
    entry.lifetime, entry.is_refreshed = wish.lifetime, wish.is_refreshed
    entry.expires_at = None if wish.lifetime is None else at + wish.lifetime
    entry.updated_at = at


def _versions(count: int) -> list[int]:
    """So many numbers that nothing was written under yet, each above all before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('integrations_store_version') FROM generate_series(1, %s)", [count])
        return [row[0] for row in cursor.fetchall()]


def _hold(store: Store) -> None:
    """Let nobody else write several entries of the store at once: they would wait for each other for ever."""
    if not Store.objects.select_for_update(no_key=True).filter(pk=store.pk).exists():
        raise NotFound(f"Store {store.uid} does not exist.")


@transaction.atomic
def read_entries(*, actor: Actor, store: Store, keys: Iterable[Key], at: datetime) -> list[StoreEntry]:
    """The entries of `keys` that are there, in the order of the keys; reading restarts the life of those that ask so.

    Raises Forbidden without `organization:store:read`.
    """
    require(actor, READ, store)
    paths = [path_of(key) for key in keys]
    rows = StoreEntry.objects.filter(store=store, path__in=paths).alive(at)
    found = {entry.path: entry for entry in rows}
    again = [entry.pk for entry in found.values() if entry.is_refreshed and entry.lifetime]
    if again:
        rows.filter(pk__in=again).update(expires_at=at + F("lifetime"))
        found |= {entry.path: entry for entry in rows.filter(pk__in=again)}
    return [found[path] for path in paths if path in found]


@transaction.atomic
def delete_entries(
    *,
    actor: Actor,
    store: Store,
    keys: Sequence[Key],
    at: datetime,
    expected: str | None = None,
    cascade: bool = False,
) -> int:
    """Delete the entries of `keys`, with `cascade` also all below them; how many there were.

    What is not there needs no deleting. Raises Forbidden without `organization:store:write`, BadInput for a bad key,
    Conflict (and deletes nothing) when one of them has not the versionstamp `expected`. Records `store.cleared` for a
    cascade that deleted something.
    """
    require(actor, WRITE, store)
    for position, key in enumerate(keys):
        check_key(key, f"keys[{position}]" if len(keys) > 1 else "key")
    paths = [path_of(key) for key in keys]
    if cascade or len(keys) > 1:
        _hold(store)
    rows = StoreEntry.objects.filter(store=store)
    if expected is not None:
        held = rows.filter(path__in=paths).alive(at).select_for_update().order_by("path")
        other = [str(entry) for entry in held if entry.versionstamp != expected]
        if other:
            raise Conflict(f"{', '.join(other[:5])} was written meanwhile: its versionstamp is another.")
    wanted = Q(path__in=paths)
    for path in paths if cascade else ():
        wanted |= Q(path__startswith=path)
    count, _ = rows.filter(wanted).delete()
    if cascade and count:
        record_event("store.cleared", subject=store, actor=actor, data={"keys": keys[:20], "count": count})
    return count


def sweep_expired(at: datetime) -> int:
    """Delete what expired by `at`, some thousand rows a statement; how many there were."""
    total = 0
    while True:
        due = StoreEntry.objects.filter(expires_at__lte=at).order_by("expires_at").values("pk")[:SWEPT]
        count, _ = StoreEntry.objects.filter(pk__in=due, expires_at__lte=at).delete()
        total += count
        if count < SWEPT:
            return total


def project_keys(link: ProjectEnvironment) -> tuple[str, Key]:
    """Where runners keep what a project knows in an environment: the name of the store, and the prefix in it."""
    organization, project = ulid(link.organization.uid.bytes), ulid(link.project.uid.bytes)
    return f"{OF_PROJECT}{project}", [organization, project, link.name]


def projects_of(actor: Actor, names: Iterable[str]) -> dict[str, Project]:
    """Whose stores these are: by the name of the store the project it is kept for, where the actor may see that. One
    query, or none where no name is a project's."""
    spelled = {name: read_ulid(name.removeprefix(OF_PROJECT)) for name in names if name.startswith(OF_PROJECT)}
    uids = {name: uid for name, uid in spelled.items() if uid is not None}
    if not uids:
        return {}
    found = Project.objects.visible_to(actor).only("uid", "name").in_bulk(uids.values(), field_name="uid")
    return {name: found[uid] for name, uid in uids.items() if uid in found}


def stores_with_counts(
    actor: Actor, organization_id: int, places: Sequence[tuple[str, Key]], at: datetime
) -> list[tuple[Store, int] | None]:
    """For each (name of a store of the organization, prefix) the store, if the actor may read it, and how many entries
    there are below the prefix at `at`, counted up to COUNTED. One query."""
    counts = {}
    for place, (name, prefix) in enumerate(places):
        entries = StoreEntry.objects.filter(store=OuterRef("pk")).below(prefix).alive(at).order_by()
        found = Func(ArraySubquery(entries.values("pk")[:COUNTED]), function="cardinality", output_field=IntegerField())
        counts[f"count{place}"] = Case(When(name=name, then=found), default=0)
    stores = {
        each.name: each
        for each in Store.objects.visible_to(actor)
        .filter(organization=organization_id, name__in={name for name, _ in places})
        .annotate(**counts)
    }
    return [
        (stores[name], getattr(stores[name], f"count{place}")) if name in stores else None
        for place, (name, _) in enumerate(places)
    ]

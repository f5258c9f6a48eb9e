"""Keys and values in Versori's words."""

import json
from typing import Any

from catalog.api.versori.mapping import id_of, moment
from catalog.ulids import ulid
from integrations.models import Store, StoreEntry
from integrations.services.kv import Written

Body = dict[str, Any]


def from_store(store: Store) -> Body:
    """Store."""
    return {"id": id_of(store), "name": store.name, "orgId": ulid(store.organization.uid.bytes)}


def from_value(entry: StoreEntry) -> Body:
    """KVValue."""
    body = {
        "value": json.loads(entry.value),
        "versionstamp": entry.versionstamp,
        "createdAt": moment(entry.created_at),
    }
    return body | ({"expiresAt": moment(entry.expires_at)} if entry.expires_at else {})


def from_entry(entry: StoreEntry) -> Body:
    """KVEntry: where a value says nothing of its end, an entry says null."""
    return {"key": entry.key, "expiresAt": None} | from_value(entry)


def from_written(written: Written) -> Body:
    """What came of a write."""
    return {"ok": written.committed, "versionstamp": written.versionstamp, "committed": written.committed}

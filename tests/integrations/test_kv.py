"""Stores of keys and values: the wire, the conditions under which a write holds, and what time does to entries."""

import re
import threading
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from model_bakery import baker

from catalog.actors import system_actor
from catalog.api.versori.mapping import id_of
from catalog.models import Event
from catalog.services.organizations import create_organization
from catalog.services.projects import create_project
from catalog.ulids import read_ulid
from integrations.models import Store, StoreEntry
from integrations.services.kv import Wish, create_store, project_keys, write_entries
from integrations.tasks import sweep_stores
from tests.dialects.test_walk import HOSTILE_BODIES
from tests.people import make_machine, two_organizations


@pytest.fixture
def store(admin) -> Store:
    return create_store(actor=admin, name="ORG")


@pytest.fixture
def kv(api, store):
    """`kv("GET", ["a", "b/c"])` calls a key's address, or with a text in place of the key an operation's."""
    base = f"/api/v2/store/{id_of(store)}/kv/"

    def call(method, key, data=None, client=api):
        raw = base + (key if isinstance(key, str) else "/".join(quote(each, safe="") for each in key))
        send = {"GET": client.get, "POST": client.post_json, "PUT": client.put_json, "DELETE": client.delete}[method]
        extra = {"content_type": "application/json"} if method == "DELETE" else {}
        answer = send(raw, *([data] if data is not None else []), RAW_URI=raw, **extra)
        call.status = answer.status_code
        return answer.json()

    return call


def put(kv, key, value=1, **options):
    return kv("PUT", key, {"value": value, "options": options})


# Stores


def test_a_store_is_made_once(api, acme, api_as):
    path = f"/api/v2/o/{id_of(acme)}/store"
    first, again = (api.post_json(path, {"name": "ORG"}) for _ in range(2))

    store = Store.objects.get()
    assert (first.status_code, first.json(), again.json()) == (200, {"id": id_of(store)}, {"id": id_of(store)})
    assert api.get(path).json() == {"stores": [{"id": id_of(store), "name": "ORG", "orgId": id_of(acme)}]}
    assert Event.objects.filter(kind="store.created").count() == 1
    for body in ({}, {"name": " "}, {"name": 7}, {"name": "x" * 256}):
        assert api.post_json(path, body).status_code == 400
    viewer = api_as("viewer")
    assert viewer.post_json(path, {"name": "ORG"}).json() == first.json()
    assert viewer.post_json(path, {"name": "other"}).status_code == 403
    with pytest.raises(IntegrityError, match="store_name"), transaction.atomic():
        baker.make(Store, organization=acme, name="ORG")


def test_a_store_is_its_organizations(kv, store, api_as, admin, api):
    put(kv, ["a"])
    viewer = api_as("viewer")
    assert kv("GET", ["a"], client=viewer)["value"] == 1
    for method, body in (("PUT", {"value": 2}), ("DELETE", None)):
        assert (kv(method, ["a"], body, viewer)["code"], kv.status) == ("403000", 403)
    for caller, code in ((api_as("stranger"), "404000"), (api_as(""), "401000")):
        assert kv("GET", ["a"], client=caller)["code"] == code
        assert kv("PUT", ["a"], {"value": 2}, caller)["code"] == code
        assert kv("POST", "list", {}, caller)["code"] == code
    child = create_organization(actor=admin, name="Kid", slug="kid")
    below = create_store(actor=system_actor(child), name="ORG")
    assert api.put_json(f"/api/v2/store/{below.uid}/kv/a", {"value": 2}).json()["committed"] is True
    assert StoreEntry.objects.get(store=below).organization == child
    assert StoreEntry.objects.get(store=store).value == "1"


# Keys and values


@pytest.mark.parametrize("value", [None, 0, -0.5, "", "ü\n", True, [], {"b": [1, {"a": None}]}, '{"text": 1}', 10**30])
def test_a_value_comes_back_as_it_came(kv, store, value):
    written = put(kv, ["org", "a/b", " ü%2F "], value)

    entry = StoreEntry.objects.get()
    assert (kv.status, written) == (200, {"ok": True, "versionstamp": entry.versionstamp, "committed": True})
    assert (entry.store, entry.key) == (store, ["org", "a/b", " ü%2F "])
    assert kv("GET", ["org", "a/b", " ü%2F "]) == {
        "value": value,
        "versionstamp": entry.versionstamp,
        "createdAt": entry.created_at.isoformat().replace("+00:00", "Z"),
    }


def test_keys_differ_by_every_letter_and_slash(kv):
    keys = [["a", "b"], ["a/b"], ["a%2Fb"], ["A", "b"], ["a", "b "], ["list"], ["batch"], ["count"], ["kv"], ["a\nb"]]
    for place, key in enumerate(keys):
        put(kv, key, place) if key != ["batch"] else kv("PUT", "batch", {"entries": [{"key": key, "value": place}]})

    assert StoreEntry.objects.count() == len(keys)
    assert [kv("GET", key)["value"] for key in keys] == list(range(len(keys)))
    assert kv("GET", "a//b/")["value"] == 0
    assert kv("GET", ["none"])["code"] == "404000"
    for key in (["list"], ["count"]):
        assert (kv("DELETE", key), kv.status) == ({"status": "ok"}, 200)
        assert not StoreEntry.objects.filter(key=key).exists()
    assert StoreEntry.objects.count() == len(keys) - 2


def test_bad_keys_and_bodies_are_refused(kv, api, store):
    for key in ("", "%FF", "/".join("a" * 65), "x" * 2500):
        assert (kv("GET", key)["code"], kv.status) == ("400000", 400), key
    for options in (
        {"expireIn": 0},
        {"expireIn": "1"},
        {"expireIn": True},
        {"expireIn": 1e300},
        {"expireAt": "soon"},
        {"expireAt": 7},
        {"ifVersionstamp": 7},
        {"ifNotExists": "yes"},
        {"metadata": []},
    ):
        refused = put(kv, ["a"], 1, **options)
        assert (kv.status, [each["field"] for each in refused["fields"]]) == (400, [f"options.{next(iter(options))}"])
    assert kv("PUT", ["a"], {"options": {"overwrite": 1}})["fields"] == [
        {"field": "value", "message": "is missing"},
        {"field": "options.overwrite", "message": "must be true or false"},
    ]
    for operation, body in (
        ("PUT batch", {"entries": [{"key": ["a", ""], "value": 1}, {"key": ["b"], "value": 1}]}),
        ("PUT batch", {"entries": [{"key": "a", "value": 1}]}),
        ("PUT batch", {"entries": [{"key": [7], "value": 1}, {}]}),
        ("PUT batch", {}),
        ("POST batch", {"keys": [["a"] * 1001]}),
        ("POST list", {"options": {"limit": 101}}),
        ("POST list", {"options": {"limit": -1}}),
        ("POST list", {"selector": {"after": "a"}}),
        ("POST list", {"selector": {"prefix": "a"}}),
        ("POST list", {"selector": {"filter": {"createdAfter": "then"}}}),
        ("POST count", {"selector": []}),
        ("DELETE batch", {"keys": [[]]}),
    ):
        kv(*operation.split(), body)
        assert kv.status == 400, (operation, body)
    for body in HOSTILE_BODIES:
        for method, operation in (("PUT", "a"), ("PUT", "batch"), ("POST", "batch"), ("DELETE", "batch")):
            path = f"/api/v2/store/{id_of(store)}/kv/{operation}"
            refused = api.generic(method, path, body, content_type="application/json")
            assert (refused.status_code, refused.json()["code"]) == (400, "400000"), (operation, body[:30])
    assert not StoreEntry.objects.exists()


# Conditions


def test_a_write_holds_only_on_its_conditions(kv):
    assert put(kv, ["a"], 1, ifVersionstamp="0") == {"ok": False, "versionstamp": "", "committed": False}
    first = put(kv, ["a"], 1, ifNotExists=True, metadata={"x": 1}, expireIn=60_000)
    made = StoreEntry.objects.get()
    for options in ({"ifNotExists": True}, {"overwrite": False}, {"ifVersionstamp": "0"}):
        assert put(kv, ["a"], 2, **options) == first | {"ok": False, "committed": False}
        assert kv.status == 200
    second = put(kv, ["a"], 3, ifVersionstamp=first["versionstamp"])

    entry = StoreEntry.objects.get()
    assert second["committed"] is True
    assert second["versionstamp"] > first["versionstamp"]
    assert (entry.value, entry.metadata, entry.expires_at, entry.created_at, entry.pk) == (
        "3",
        {},
        None,
        made.created_at,
        made.pk,
    )


def test_a_delete_holds_only_on_its_condition(kv):
    stamp = put(kv, ["a"])["versionstamp"]
    for key in (["a", "b"], ["a", "b", "c"], ["ab"]):
        put(kv, key)

    assert kv("DELETE", ["a"], {"options": {"ifVersionstamp": "0"}})["code"] == "409000"
    assert kv("DELETE", ["none"]) == {"status": "ok"}
    assert StoreEntry.objects.count() == 4
    assert kv("DELETE", ["a"], {"options": {"ifVersionstamp": stamp}}) == {"status": "ok"}
    assert kv("DELETE", ["a"], {"options": {"cascade": True}}) == {"status": "ok"}
    assert [entry.key for entry in StoreEntry.objects.all()] == [["ab"]]
    assert Event.objects.get(kind="store.cleared").data == {"keys": [["a"]], "count": 2}


@pytest.mark.django_db(transaction=True)
def test_of_many_conditional_writes_at_once_one_holds():
    acme, _ = two_organizations()
    actor = make_machine(acme, "admin")[0]
    store = create_store(actor=actor, name="ORG")
    start, results = threading.Barrier(6), []

    def write(place):
        now = timezone.now()
        start.wait()
        fresh = [Wish(key=["new"], value=str(place), is_new=True)]
        batch = [Wish(key=[name], value=str(place)) for name in ("x", "y", "z")[:: 1 if place % 2 else -1]]
        done = write_entries(actor=actor, store=store, wishes=fresh, at=now)
        done += write_entries(actor=actor, store=store, wishes=batch, at=now)
        seen = StoreEntry.objects.get(store=store, path="new/").versionstamp
        start.wait()
        wish = Wish(key=["new"], value="next", expected=seen)
        results.append([*done, *write_entries(actor=actor, store=store, wishes=[wish], at=now)])
        connection.close()

    threads = [threading.Thread(target=write, args=[place]) for place in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert [sum(done[position].committed for done in results) for position in range(5)] == [1, 6, 6, 6, 1]
    assert StoreEntry.objects.count() == 4
    assert StoreEntry.objects.get(path="new/").value == "next"


# Time


def test_an_expired_entry_is_not_there(kv, store, time_machine):
    time_machine.move_to("2026-11-22T10:00:00Z", tick=False)
    first = put(kv, ["a"], 1, expireIn=1500.5, expireAt="2027-01-01T00:00:00Z")
    put(kv, ["b"], 1, expireAt="2026-11-22T10:00:02Z", refreshOnAccess=True)
    put(kv, ["late"], 1, expireAt="2026-11-22T09:00:00+00:00")
    assert kv("GET", ["a"])["expiresAt"] == "2026-11-22T10:00:01.500500Z"
    assert kv("GET", ["late"])["code"] == "404000"
    time_machine.move_to("2026-11-22T10:00:01Z", tick=False)
    assert kv("GET", ["b"])["expiresAt"] == "2026-11-22T10:00:03Z"
    time_machine.move_to("2026-11-22T10:00:01.6Z", tick=False)

    assert kv("GET", ["a"])["code"] == "404000"
    assert kv("POST", "batch", {"keys": [["a"], ["b"]]})["entries"][0]["key"] == ["b"]
    assert kv("POST", "count") == {"count": 1}
    assert [each["key"] for each in kv("POST", "list")["data"]] == [["b"]]
    old = StoreEntry.objects.get(key=["a"])
    again = put(kv, ["a"], 2, ifNotExists=True)
    new = StoreEntry.objects.get(key=["a"])
    assert again["committed"] is True
    assert again["versionstamp"] > first["versionstamp"]
    assert new.pk > old.pk
    assert new.created_at > old.created_at
    assert sweep_stores() == 1
    assert set(StoreEntry.objects.values_list("path", flat=True)) == {"a/", "b/"}
    time_machine.move_to("2026-11-22T11:00:00Z", tick=False)
    assert sweep_stores() == 1
    assert StoreEntry.objects.get().key == ["a"]


# Many at once


def test_a_batch_writes_each_entry_for_itself(kv, django_assert_num_queries):
    put(kv, ["old"], 0)
    entries = [
        {"key": ["a"], "value": None, "options": {"metadata": {"x": 1}}},
        {"key": ["old"], "value": 1, "options": {"ifNotExists": True}},
        {"key": ["a"], "value": 2},
        {"key": ["b", "c/d"], "value": [3]},
    ]

    answer = kv("PUT", "batch", {"entries": entries})

    stored = {tuple(entry.key): entry for entry in StoreEntry.objects.all()}
    assert {key: entry.value for key, entry in stored.items()} == {("old",): "0", ("a",): "2", ("b", "c/d"): "[3]"}
    assert answer["failures"] == [{"key": ["old"], "error": "A condition does not hold."}]
    assert [each["committed"] for each in answer["successes"]] == [True, True, True]
    assert answer["successes"][1]["versionstamp"] == stored[("a",)].versionstamp
    read = kv("POST", "batch", {"keys": [["b", "c/d"], ["none"], ["a"]], "options": {"timeout": 1}})
    assert read["entries"] == [
        {
            "key": list(key),
            "value": value,
            "versionstamp": stored[key].versionstamp,
            "createdAt": stored[key].created_at.isoformat().replace("+00:00", "Z"),
            "expiresAt": None,
        }
        for key, value in ((("b", "c/d"), [3]), (("a",), 2))
    ]
    assert kv("DELETE", "batch", {"keys": [["a"], ["none"], ["b", "c/d"]]}) == {"status": "ok"}
    assert [entry.key for entry in StoreEntry.objects.all()] == [["old"]]
    assert kv("PUT", "batch", {"entries": []}) == {"successes": [], "failures": []}
    kv("GET", ["old"])
    for quantity in (1, 20):
        batch = {"entries": [{"key": [str(quantity), str(each)], "value": each} for each in range(quantity)]}
        with django_assert_num_queries(8 + (quantity > 1)):
            kv("PUT", "batch", batch)


def test_a_list_goes_by_age_and_pages_both_ways(kv, django_assert_num_queries):
    for each in range(5):
        put(kv, ["a", str(each)], each, metadata={"even": each % 2 == 0, "0": {"n": each}})
    for key in (["a"], ["ab"], ["a%"]):
        put(kv, key, "x")
    put(kv, ["a", "0"], "again", metadata={"even": True})

    def page(**asked):
        answer = kv("POST", "list", asked)
        return ["/".join(each["key"]) for each in answer["data"]], answer["pagination"]

    everything = ["a%", "ab", "a", "a/4", "a/3", "a/2", "a/1", "a/0"]
    below = [each for each in everything if each == "a" or each.startswith("a/")]
    assert page() == (everything, {"nextCursor": "", "prevCursor": ""})
    assert page(options={"reverse": True, "limit": 0})[0] == everything[::-1]
    first, cursors = page(selector={"prefix": ["a"]}, options={"limit": 2})
    assert (first, cursors["prevCursor"]) == (below[:2], "")
    second, cursors = page(selector={"prefix": ["a"], "after": cursors["nextCursor"]}, options={"limit": 3})
    assert second == below[2:5]
    assert page(selector={"prefix": ["a"], "before": cursors["prevCursor"]}, options={"limit": 1})[0] == below[1:2]
    assert page(selector={"prefix": ["a"], "after": cursors["nextCursor"]})[0] == below[5:]
    back = page(selector={"after": cursors["prevCursor"]}, options={"reverse": True, "limit": 2})[0]
    assert back == everything[::-1][-4:-2]
    assert page(selector={"prefix": ["a"], "filter": {"metadata": {"even": True}}})[0] == ["a/4", "a/2", "a/0"]
    assert page(selector={"filter": {"metadata": {"0": {"n": 3}}}})[0] == ["a/3"]
    assert page(selector={"filter": {"metadata": {"even": None}}})[0] == []
    made = StoreEntry.objects.get(key=["a", "3"]).created_at.isoformat()
    assert page(selector={"filter": {"createdAfter": made, "createdBefore": made}})[0] == ["a/3"]
    assert [kv("POST", "count", {"selector": {"prefix": prefix}})["count"] for prefix in ([], ["a"], ["a%"])] == [
        8,
        6,
        1,
    ]
    for limit in (1, 8):
        with django_assert_num_queries(5):
            kv("POST", "list", {"options": {"limit": limit}})


def test_a_prefix_is_found_by_its_index(store):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    rows = StoreEntry.objects.filter(store=store).below(["org", "100%"]).order_by()

    assert "store_entry_key" in rows.explain()
    assert read_ulid(id_of(store)) == store.uid


# Pages


def test_pages_show_stores_beside_the_projects_of_an_environment(client, kv, api, acme, admin, globex):
    project = create_project(actor=admin, name="shop", environments=["production", "staging"])
    create_project(actor=admin, name="quiet", environments=["production"])
    name, prefix = project_keys(project.ordered_environments()[0])
    store = create_store(actor=admin, name=name)
    wishes = [Wish(key=[*prefix, "region", str(each)], value=f'"eu-{each}"') for each in range(3)]
    expired = Wish(key=[*prefix, "gone"], value="1", lifetime=-timedelta(1))
    write_entries(actor=admin, store=store, wishes=[*wishes, expired], at=timezone.now())
    client.force_login(admin.user)

    environment = client.get(reverse("catalog:environment", args=[project.ordered_environments()[0].environment.uid]))
    page = client.get(reverse("catalog:project", args=[project.uid])).text
    address = re.search(rf'href="({reverse("integrations:store", args=[store.uid])}[^"]+)">3</a>', environment.text)[1]
    shown = client.get(address)
    other = client.get(reverse("integrations:store", args=[store.uid]) + "?q=region")

    assert "no store" in environment.text
    assert "3 keys" in page
    assert "0 keys" in page
    assert len(shown.context["page"]) == 3
    assert "eu-2" in shown.text
    assert "gone" not in shown.text
    assert "No match" in other.text
    theirs = create_store(actor=system_actor(globex), name="secret store")
    assert client.get(reverse("integrations:store", args=[theirs.uid])).status_code == 404
    listed = client.get(reverse("integrations:store-list"))
    assert name in listed.text
    kept_for = f'the project <a href="{reverse("catalog:project", args=[project.uid])}">shop</a>'
    assert kept_for in listed.text
    assert kept_for in shown.text
    assert "secret store" not in listed.text

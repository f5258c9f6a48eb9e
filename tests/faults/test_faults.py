"""What a whole installation bears: processes, database and broker that die, and many callers at once.

Too slow for every run: `make faults` runs them, `make faults TIMES=10` ten times in a row.
"""

import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from random import Random
from typing import Any

import httpx2
import psycopg
import pytest

from tests.faults.conftest import Installation
from tests.receiver import Receiver

KILLS, PAUSE = 20, 1.0  # seconds at most between a worker's start and its end
BROKER_GONE = 60  # seconds
APPROVED_ONCE = "SELECT count(*), count(DISTINCT subject_uid) FROM catalog_event WHERE kind = 'release.approved'"


@pytest.fixture
def application(house: Installation) -> str:
    """The id of an application whose releases a worker approves by itself."""
    name = f"app-{time.time_ns()}"
    final = {"final": True, "enabled": True}
    with house.client() as client:
        rules = {"id": name, "version": final | {"approval_rules": [{"type": "schedule", "enabled": True}]}}
        for path, said in (
            ("applications", {"id": name, "version": final}),
            ("approval-rulesets", rules),
            (f"application-approval-ruleset-bindings/{name}/{name}", {"version": final | {"mode": "enforcing"}}),
        ):
            answer = client.post(f"/v1/{path}", json=said)
            assert answer.status_code == 201, answer.text
    return name


@contextmanager
def told(house: Installation, receiver: Receiver, *paths: str) -> Iterator[dict[str, str]]:
    """The ids of webhooks that tell `paths` of the receiver of releases; they go in the end."""
    made: dict[str, str] = {}
    with house.client() as client:
        try:
            for path in paths:
                said = {"name": f"{path}-{time.time_ns()}", "url": f"{receiver.url}/{path}", "kinds": ["release.*"]}
                answer = client.post("/api/gatehouse/v1/webhooks", json=said)
                assert answer.status_code == 201, answer.text
                made[path] = answer.json()["id"]
            yield made
        finally:
            for each in made.values():
                client.delete(f"/api/gatehouse/v1/webhooks/{each}")


@contextmanager
def ending(over: threading.Event) -> Iterator[None]:
    """Let what waits for `over` end, however this ends."""
    try:
        yield
    finally:
        over.set()


def release(client: httpx2.Client, application: str) -> int:
    """The number of a new release."""
    answer = client.post(f"/v1/applications/{application}/releases", json={})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def states_of(house: Installation, application: str) -> dict[str, int]:
    """How many releases of an application are in which state."""
    query = """
        SELECT state, count(*) FROM releases_release r JOIN releases_application a ON application_id = a.id
        WHERE key = %s GROUP BY state
    """
    return dict(house.rows(query, application))


def test_a_worker_killed_at_twenty_random_points_loses_nothing_and_repeats_nothing(house, application, receiver):
    random = Random(time.time_ns())  # noqa: S311  moments, no secrets
    over = threading.Event()
    made: list[int] = []
    with house.client() as client, told(house, receiver, "hook"):

        def keep_releasing() -> None:
            while not over.wait(0.3):
                made.append(release(client, application))

        with ThreadPoolExecutor(1) as pool, ending(over):
            busy = pool.submit(keep_releasing)
            for _ in range(KILLS):
                time.sleep(random.uniform(0, PAUSE))
                house.kill("worker")
                house.start("worker")
            over.set()
            busy.result(30)
        house.settle()
        states = "SELECT count(*), count(*) FILTER (WHERE state = 'sent') FROM integrations_delivery"
        ids = {each.headers["webhook-id"] for each in receiver.got}
        assert house.rows(states)[0] == (len(ids), len(ids))

    assert len(receiver.got) < 2 * len(ids)  # again, but not always
    assert states_of(house, application) == {"approved": len(made)}
    approved = house.one("SELECT count(*) FROM releases_release WHERE state = 'approved'")
    assert house.rows(APPROVED_ONCE)[0] == (approved, approved)


def test_a_broker_that_is_gone_for_a_minute_holds_nobody_up(house, application):
    if house.broker_port is None:
        pytest.skip("There is no redis-server to kill.")
    last = house.one("SELECT coalesce(max(id), 0) FROM catalog_event")
    house.kill("broker")
    began = time.monotonic()
    with house.client() as client:
        flow = client.post("/api/v1/flows", json={"name": f"flow-{application}"}).json()["id"]
        count = 0
        while time.monotonic() < began + BROKER_GONE:
            asked = time.monotonic()
            release(client, application)
            assert client.put(f"/api/v1/flows/{flow}", json={"name": f"flow-{application}-{count}"}).status_code == 200
            assert time.monotonic() - asked < 10
            count += 1
            time.sleep(1)
    house.start("broker")
    house.settle()

    assert states_of(house, application) == {"approved": count}
    told = "SELECT count(*) FROM catalog_event e JOIN catalog_outboxentry o ON o.event_id = e.id WHERE e.id > %s"
    assert house.one(f"{told} AND done_at IS NOT NULL", last) == house.one(told, last) > 2 * count
    early = """
        SELECT count(*) FROM (
            SELECT done_at < lag(done_at) OVER (PARTITION BY subject_uid ORDER BY e.id) AS is_early
            FROM catalog_event e JOIN catalog_outboxentry o ON o.event_id = e.id WHERE e.id > %s
        ) told WHERE is_early
    """
    assert house.one(early, last) == 0


def test_a_database_killed_under_load_keeps_what_it_acknowledged(house):
    over, known, answers = threading.Event(), [], Counter()
    with house.client() as client:
        flow = client.post("/api/v1/flows", json={"name": f"load-{time.time_ns()}"}).json()["id"]

    def load(number: int) -> None:
        with house.client() as client:
            while not over.is_set():
                said = {"flowId": flow, "gitCommitSha": f"{number}{len(known):07x}", "gitBranch": "main"}
                said |= {"gitAuthor": "Ada", "gitAuthorEmail": "ada@example.com"}
                answer = client.post("/api/v1/trails", json=said)
                answers[answer.status_code] += 1
                if answer.status_code == 201:
                    known.append(answer.json()["id"])

    with ThreadPoolExecutor(4) as pool, ending(over):
        loads = [pool.submit(load, number) for number in range(4)]
        for is_long in (False, True, False):
            before = len(known)
            house.until(lambda before=before: len(known) > before + 20, "writes are acknowledged")
            house.kill_database()
            if is_long:
                with house.client() as client:  # which waits as long as a request waits for the database
                    asked = client.get("/-/readyz").status_code, client.get("/-/healthz").status_code
                assert asked == (503, 200)
            house.start_database()
        before = len(known)
        house.until(lambda: len(known) > before + 20, "writes go on by themselves")
        over.set()
        for each in loads:
            each.result(60)

    assert set(answers) == {201, 503}
    kept = {str(uid) for (uid,) in house.rows("SELECT uid FROM compliance_trail")}
    assert set(known) <= kept
    house.settle()


def test_two_beats_make_no_duplicate(house, application):
    house.start("second beat")
    began = time.time()
    with house.client() as client:
        made = [release(client, application) for _ in range(20)]
    sweep = "Sending due task outbox sweep"
    house.until(lambda: house.log("second beat").read_text().count(sweep) > 5, "the second beat is at work too")
    house.settle()

    assert states_of(house, application) == {"approved": len(made)}
    events = """
        SELECT count(*) FROM catalog_event WHERE kind = 'release.approved' AND occurred_at > to_timestamp(%s)
    """
    assert house.one(events, began) == len(made)
    ticks = "SELECT count(*), count(DISTINCT tick) FROM catalog_jobtick WHERE started_at > to_timestamp(%s)"
    count, different = house.rows(ticks, began)[0]
    assert count == different <= time.time() - began + 1


FINAL = {"version": {"final": True}}
READS = {"name": "twenty", "rules": [{"action": "organization:**:read", "effect": "allow"}]}


@pytest.mark.parametrize(
    ("path", "key", "more", "created", "count"),
    [
        ("/api/v1/flows", "name", {}, 201, "SELECT count(*) FROM compliance_flow WHERE name = %s"),
        ("/api/v1/environments", "name", {}, 201, "SELECT count(*) FROM catalog_environment WHERE name = %s"),
        ("/v1/applications", "id", FINAL, 201, "SELECT count(*) FROM releases_application WHERE key = %s"),
        ("/organizations", "canonical", READS, 200, "SELECT count(*) FROM catalog_organization WHERE slug = %s"),
        (
            "/organizations/{organization}/api_keys",
            "canonical",
            READS,
            200,
            "SELECT count(*) FROM catalog_apikey WHERE canonical = %s",
        ),
    ],
)
def test_of_twenty_creates_of_one_name_one_is_made(house, path, key, more, created, count):
    path = path.format(organization=house.demo["organization"])
    said, start = {key: f"name-{time.time_ns()}"} | more, threading.Barrier(20)

    def create(_: int) -> int:
        with house.client() as client:
            start.wait(20)
            return client.post(path, json=said).status_code

    with ThreadPoolExecutor(20) as pool:
        assert sorted(pool.map(create, range(20))) == [created] + [409] * 19
    assert house.one(count, said[key]) == 1


def test_receivers_that_misbehave_hold_up_no_other(house, application, receiver):
    def act(handler: BaseHTTPRequestHandler) -> None:
        path = handler.path[1:]
        if path == "slow":
            receiver.drip(handler)
        elif path == "huge":
            receiver.flood(handler)
        else:
            first = sum(each.path == handler.path for each in receiver.got) == 1
            handler.send_response({"broken": 500 if first else 204, "gone": 410}.get(path, 204))
            handler.send_header("Content-Length", "0")
            handler.end_headers()

    receiver.act = act
    deliveries = """
        SELECT d.state, d.attempts, d.error, w.is_active, d.tries -> 0 ->> 'is_cut', d.kind
        FROM integrations_delivery d JOIN integrations_webhook w ON webhook_id = w.id WHERE w.uid = %s ORDER BY d.id
    """
    with told(house, receiver, "slow", "huge", "broken", "gone", "good") as hooks:
        with house.client() as client:
            release(client, application)

        def first(path: str) -> tuple[Any, ...]:
            return (*house.rows(deliveries, hooks[path]), ("none yet", 0, "", True, None))[0]

        house.until(lambda: first("good")[0] == "sent", "the good one is told")
        assert first("slow")[2] == ""  # which goes on for as long as we let it
        house.until(lambda: first("huge")[0] == "sent", "the huge one is told")
        assert first("huge")[4] == "true"
        house.until(lambda: first("gone")[0] == "failed", "the gone one is known")
        assert first("gone")[3] is False
        house.until(lambda: first("broken")[:2] == ("sent", 2), "the broken one is told again")
        house.until(lambda: first("slow")[2], "the slow one is left")
        assert first("slow")[0] == "pending"


def test_of_a_hundred_answers_at_once_one_is_final(house):
    approver = next(each["email"] for each in house.demo["users"] if each["role"] == "change-manager")
    start = threading.Barrier(20)
    with house.client() as client:
        said = {"flowId": house.demo["flow_id"], "gitCommitSha": "9f1c0de", "gitBranch": "main"}
        said |= {"gitAuthor": "Ada", "gitAuthorEmail": "ada@example.com"}
        trail = client.post("/api/v1/trails", json=said).json()["id"]
        asked = client.post(
            f"/api/v1/trails/{trail}/approvals", json={"comments": "?", "requestedBy": "ada@example.com"}
        )
        assert asked.status_code == 200, asked.text
        approval = asked.json()["id"]

    def answer(position: int) -> tuple[str, int]:
        verb = "approve" if position % 2 else "reject"
        with house.client() as client:
            if position < 20:
                start.wait(20)
            said = {"approverIdentity": approver, "comments": "at once"}
            return verb, client.post(f"/api/v1/approvals/{approval}/{verb}", json=said).status_code

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(answer, range(100)))

    taken = [verb for verb, status in answers if status == 200]
    assert len(taken) == 1
    assert {status for _, status in answers} == {200, 409}
    with house.client() as client:
        final = client.get(f"/api/v1/approvals/{approval}").json()["status"]
    assert final == {"approve": "APPROVED", "reject": "REJECTED"}[taken[0]]
    decided = (
        "SELECT count(*) FROM releases_decision d JOIN releases_approvalrequest r ON request_id = r.id WHERE r.uid = %s"
    )
    assert house.one(decided, approval) == 1


@pytest.mark.parametrize("change", ["UPDATE catalog_event SET kind = 'x'", "DELETE FROM catalog_event"])
def test_nobody_changes_what_happened(house, change):
    before = house.one("SELECT count(*) FROM catalog_event")
    with pytest.raises(psycopg.Error, match="append-only"):
        house.rows(change)
    with pytest.raises(subprocess.CalledProcessError) as refused:
        house.manage("shell", "-c", f"from django.db import connection; connection.cursor().execute({change!r})")
    assert "append-only" in refused.value.stderr
    assert house.one("SELECT count(*) FROM catalog_event") == before

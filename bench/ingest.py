"""Recording attestations over HTTP, four clients at once, beside four connections that insert the bare row durably."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from django.db import connection

from bench.measuring import RUNS, Figure, median, p95, queries
from bench.subject import Subject
from compliance.models import Trail

CLIENTS = 4
TRAILS = 400  # that share the attestations: what one has is read again with each
EACH = 40  # attestations a client sends in one turn
BARE = 10  # times as many bare rows: a turn of them is short
BODY = {"type": "unit-test", "status": "PASSED", "name": "bench", "details": "200 tests, none failed"}
INSERT = """
INSERT INTO bench_floor
    (uid, organization_id, trail_id, type, status, name, details, recorded_by, created_at, updated_at)
VALUES (%s, %s, %s, 'unit-test', 'passed', 'bench', '200 tests, none failed', 'bench', now(), now())
"""


def measure(subject: Subject) -> Iterator[Figure]:
    """Each client reports to trails of its own, with authentication, event, outbox and the trail's status."""
    trails = list(Trail.objects.filter(flow=subject.flow).order_by("-pk").values_list("uid", "pk")[:TRAILS])
    each = subject.of(EACH, 2)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_floor")
        cursor.execute("CREATE TABLE bench_floor (LIKE compliance_attestation INCLUDING ALL)")
    try:
        times: list[float] = []
        turns = [
            (
                _rate(lambda client: _report(subject, trails[client::CLIENTS], each, times), each),
                _rate(lambda client: _insert(subject, trails[client::CLIENTS], each * BARE), each * BARE),
            )
            for _ in range(subject.turns(RUNS) + 1)
        ][1:]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE bench_floor")
    ours, floor = (median(rates) for rates in zip(*turns, strict=True))
    yield Figure("ingest", f"attestations a second, {CLIENTS} clients", ours, "/s", floor, least=0.15)
    yield Figure("ingest", "p95 of one", p95(times), "ms")
    path = f"/api/v1/trails/{trails[0][0]}/attestations"
    subject.machine.post(path, BODY, content_type="application/json")
    counted = queries(lambda: subject.machine.post(path, BODY, content_type="application/json"))
    yield Figure("ingest", "queries", counted, most=12)


def _rate(work: Callable[[int], None], each: int) -> float:
    """How many a second all clients do together, of `each` a client."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(work, range(CLIENTS)))
    return CLIENTS * each / (time.perf_counter() - begun)


def _report(subject: Subject, trails: list[tuple], count: int, times: list[float]) -> None:
    """Record `count` attestations on one connection."""
    server = http.client.HTTPConnection(urlsplit(subject.url).netloc, timeout=30)
    headers = {"Authorization": f"Bearer {subject.machine_key}", "Content-Type": "application/json"}
    for number in range(count):
        begun = time.perf_counter()
        path = f"/api/v1/trails/{trails[number % len(trails)][0]}/attestations"
        server.request("POST", path, json.dumps(BODY), headers)
        response = server.getresponse()
        said = response.read()
        if response.status != 201:
            raise AssertionError(f"{path} answered {response.status}: {said[:300]!r}")
        times.append(1000 * (time.perf_counter() - begun))
    server.close()


def _insert(subject: Subject, trails: list[tuple], count: int) -> None:
    """Insert `count` rows on one connection, each committed by itself."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as bare:
        for number in range(count):
            bare.execute(INSERT, [uuid4(), subject.world.organization.pk, trails[number % len(trails)][1]])

"""The memory of each process over ten thousand requests."""

import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psutil

from bench.ingest import BODY, CLIENTS, TRAILS
from bench.measuring import Figure, slope
from bench.subject import Subject
from compliance.models import Trail

REQUESTS = 10_000
SECONDS = 150  # at most
MB = 1024 * 1024


def measure(subject: Subject) -> Iterator[Figure]:
    """Reads and writes by four clients; the slope is that of the second half, when everything has been loaded."""
    newest = Trail.objects.filter(flow=subject.flow).order_by("-pk").values_list("uid", flat=True)
    trails = [str(uid) for uid in newest[:TRAILS]]
    count = subject.of(REQUESTS, 40) // CLIENTS
    until = time.monotonic() + SECONDS
    processes = {name: psutil.Process(pid) for name, pid in subject.processes.items()}
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in processes}
    for process in processes.values():
        process.resume()
    with ThreadPoolExecutor(CLIENTS) as clients:
        work = [clients.submit(_call, subject, trails[each::CLIENTS], count, until) for each in range(CLIENTS)]
        while not all(each.done() for each in work):
            for name, process in processes.items():
                seen[name].append((time.monotonic() / 60, process.memory_info().rss / MB))
            time.sleep(0.2)
    done = sum(each.result() for each in work)
    for name, points in seen.items():
        late = points[len(points) // 2 :]
        yield Figure("memory", f"{name} after {done:,} requests", late[-1][1], "MB")
        if done >= REQUESTS // 2:  # fewer say nothing
            yield Figure("memory", f"{name}, slope", slope(late), "MB/min", most=1)


def _call(subject: Subject, trails: list[str], count: int, until: float) -> int:
    """Make `count` requests on one connection, one in four a write; how many were made before `until`."""
    server = http.client.HTTPConnection(urlsplit(subject.url).netloc, timeout=30)
    headers = {"Authorization": f"Bearer {subject.machine_key}", "Content-Type": "application/json"}
    for number in range(count):
        if time.monotonic() > until:
            return number
        trail = f"/api/v1/trails/{trails[number % len(trails)]}"
        if number % 4:
            server.request("GET", trail if number % 2 else f"{trail}/attestations", headers=headers)
        else:
            server.request("POST", f"{trail}/attestations", json.dumps(BODY), headers)
        response = server.getresponse()
        response.read()
        if response.status >= 300:
            raise AssertionError(f"{response.status} from the server")
    return count

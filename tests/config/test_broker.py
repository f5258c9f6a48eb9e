"""The queue: in files a message is there whole or not at all, and nobody waits for one that is gone."""

import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from queue import Empty

from celery import Celery
from django.conf import settings
from kombu import Connection

import config.celery  # noqa: F401  (the mended transport is known from here on)
from config import jobs

SENDER = """
import sys, config.celery
from kombu import Connection
with Connection("filesystem://", transport_options=eval(sys.argv[1])) as sender, sender.SimpleQueue("work") as queue:
    for number in range(int(sys.argv[2])):
        queue.put({"number": number, "weight": "x" * 50000})
"""


def test_messages_are_read_whole_while_another_process_writes_them(tmp_path):
    (tmp_path / "data").mkdir()
    options = {"data_folder_in": str(tmp_path / "data"), "data_folder_out": str(tmp_path / "data")}
    options["control_folder"] = str(tmp_path / "control")
    count, read = 500, 0
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    sender = subprocess.Popen([sys.executable, "-c", SENDER, repr(options), str(count)], env=environment)

    with Connection("filesystem://", transport_options=options) as receiver, receiver.channel() as channel:
        deadline = time.monotonic() + 30
        while read < count and time.monotonic() < deadline:
            with suppress(Empty):
                assert channel._get("work")["body"]  # without SimpleQueue's pauses, so that it is often too quick
                read += 1
    sender.wait(10)

    assert read == count


def test_a_broker_that_is_gone_holds_nobody_up(monkeypatch):
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)  # it would win over the argument
    broker = Celery("gone", broker=f"redis://127.0.0.1:{unused_port()}/0")
    broker.conf.broker_transport_options = settings.REDIS_BROKER
    tried = []
    monkeypatch.setattr(jobs, "_rests_until", 0.0)
    monkeypatch.setattr(jobs, "current_app", broker)
    monkeypatch.setattr(
        broker, "send_task", lambda *args, **how: tried.append(args) or Celery.send_task(broker, *args, **how)
    )
    began = time.monotonic()
    for number in range(5):
        jobs._send("catalog.tell", (number,))
    assert time.monotonic() - began < jobs.REST
    assert tried == [("catalog.tell",)]
    monkeypatch.setattr(jobs, "_rests_until", 0.0)
    jobs._send("catalog.tell", (5,))
    assert len(tried) == 2


def unused_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]

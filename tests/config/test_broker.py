"""The queue in files: a message is there whole or not at all."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from queue import Empty

from kombu import Connection

import config.celery  # noqa: F401  (the mended transport is known from here on)

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

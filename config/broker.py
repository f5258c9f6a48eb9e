"""The queue in files, for installations without a broker."""

from pathlib import Path
from time import monotonic_ns
from typing import Any
from uuid import uuid4

from kombu.transport import filesystem
from kombu.utils.json import dumps

TURN = 0.2  # seconds


class FileChannel(filesystem.Channel):
    """Puts a message into the queue whole: kombu opens its file there first, and a quick reader dies of it empty."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # kombu's two disagree
        folder = Path(self.data_folder_out)
        name = f"{monotonic_ns() // 1_000_000}_{uuid4()}.{queue}.msg"
        draft = folder / f"{name}.part"  # no queue's name ends so
        draft.write_text(dumps(payload))
        draft.replace(folder / name)


class FileTransport(filesystem.Transport):
    """Looks up from the queue often: a worker told to stop hears it in between, and celery waits for two seconds."""

    Channel = FileChannel

    def drain_events(self, connection: Any, timeout: Any = None, **kwargs: Any) -> Any:
        """Read one message; raises TimeoutError when none came for a moment, however long `timeout` is."""
        return super().drain_events(connection, timeout=min(timeout or TURN, TURN), **kwargs)

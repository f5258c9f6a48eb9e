"""Child processes that don't outlive their parent for long: each dies with it, and can be found again by its mark."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO

import psutil

MARK = "GATEHOUSE_CHILD_OF"
PATIENCE = 6.0  # seconds for what is under way; work cut off is done again by whoever starts next
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def spawn(
    command: Sequence[str | Path],
    *,
    output: IO[bytes],
    mark: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: tuple[int, int] | None = None,
    last_signal: signal.Signals = signal.SIGTERM,
    keep: Sequence[int] = (),
) -> "subprocess.Popen[bytes]":
    """Start `command` in a session of its own, out of reach of the terminal's Ctrl-C.

    `mark` is what `marked` finds it (and its children) by later, `user` the (uid, gid) it runs as, `last_signal` what
    Linux sends it when its parent dies, even by kill -9, `keep` the file descriptors it inherits. Call from the main
    thread: the kernel takes the end of the calling thread for the parent's.
    """
    environment = dict(os.environ if env is None else env)
    if mark is not None:
        environment[MARK] = mark
    uid, gid = user or (None, None)
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=cwd,
        user=uid,
        group=gid,
        extra_groups=None if user is None else [],
        pass_fds=keep,
        start_new_session=True,
        preexec_fn=_follow_parent(last_signal),
    )


def _follow_parent(last_signal: signal.Signals) -> Callable[[], object] | None:
    return partial(LIBC.prctl, PR_SET_PDEATHSIG, int(last_signal), 0, 0, 0) if LIBC else None


def marked(mark: str) -> list[psutil.Process]:
    """Return the running processes that were started with `mark`, and their children; never the caller itself."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                found.append(process)
    return found


def end(processes: Sequence[psutil.Process], *, patience: float, first: signal.Signals = signal.SIGTERM) -> None:
    """End `processes`: ask with the signal `first`, and kill what still runs after `patience` seconds."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(first)
    _, stubborn = psutil.wait_procs(processes, timeout=patience)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=5)


def stop(*processes: "subprocess.Popen[bytes]", patience: float = PATIENCE) -> None:
    """Ask all `processes` to stop; after `patience` seconds kill those that still run, with all they started."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + patience
    for process in processes:
        try:
            process.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)

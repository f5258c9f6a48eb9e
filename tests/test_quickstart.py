"""The documents run: their `sh` blocks are executed as they stand, in one shell, and must print their `text` blocks."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.people import make_machine, make_user

DOCS = Path(__file__).parent.parent / "docs"
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "--- next block ---"


def blocks(document: Path) -> list[tuple[str, str]]:
    """The `sh` blocks of a document, each with the `text` block that follows it ('' for none)."""
    found = BLOCK.findall(document.read_text())
    return [
        (body, found[place + 1][1] if place + 1 < len(found) and found[place + 1][0] == "text" else "")
        for place, (kind, body) in enumerate(found)
        if kind == "sh"
    ]


@pytest.mark.live
def test_the_quickstart_prints_what_it_says(live_stack, acme):
    steps = blocks(DOCS / "quickstart.md")
    assert len(steps) > 5
    script = "set -eu\n" + "".join(f"{body}\necho '{MARK}'\n" for body, _ in steps)
    environment = {
        "PATH": os.environ["PATH"],
        "GATEHOUSE": live_stack.url,
        "TOKEN": make_machine(acme, "admin")[1],
        "APPROVER": make_user(acme, "change-manager").email,
    }

    done = subprocess.run(  # a newcomer's shell: nothing but the three variables is set
        ["bash", "-o", "pipefail", "-c", script], env=environment, capture_output=True, text=True, timeout=120
    )

    printed = [part.strip() for part in done.stdout.split(MARK)]
    assert printed[:-1] == [expected.strip() for _, expected in steps], done.stderr
    assert done.returncode == 0, done.stderr

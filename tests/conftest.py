import os
from pathlib import Path

import pytest

pytest_plugins = ["tests.people", "tests.live", "tests.chromium"]


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real-world sample files, named by GATEHOUSE_SAMPLES."""
    folder = os.environ.get("GATEHOUSE_SAMPLES")
    if not folder:
        pytest.skip("GATEHOUSE_SAMPLES names no folder of sample files")
    return Path(folder)

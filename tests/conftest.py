import os
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher

pytest_plugins = ["tests.people", "tests.live", "tests.chromium"]

# Passwords of tests protect nothing: the cheapest Argon2 that a real server process still verifies.
Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 8, 1

# Each test client builds the middleware anew, and WhiteNoise would read every static file for it.
settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real-world sample files, named by GATEHOUSE_SAMPLES."""
    folder = os.environ.get("GATEHOUSE_SAMPLES")
    if not folder:
        pytest.skip("GATEHOUSE_SAMPLES names no folder of sample files")
    return Path(folder)

import logging
import os
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection
from django.db.models import CharField, TextField
from model_bakery import generators
from model_bakery.random_gen import gen_string

from tests import template
from tests.dialects.index import INDEX, ROWLESS

PARAMETER, TEMPLATE = re.compile(r"<(?:[a-z]+:)?([a-z0-9_]+)>"), r"{\1}"
# `make faults` asks for these: each takes a minute or more.
collect_ignore = [] if os.environ.get("GATEHOUSE_FAULTS") == "1" else ["faults"]
pytest_plugins = ["tests.people", "tests.live", "tests.chromium", "tests.receiver"]

# Passwords of tests protect nothing: the cheapest Argon2 that a real server process still verifies.
Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 8, 1


def gen_short(max_length: int) -> str:
    """A made-up text: one as long as its column, drawn letter by letter, takes longer than all of its row."""
    return gen_string(min(max_length, 20))


gen_short.required = gen_string.required
generators.default_mapping |= {CharField: gen_short, TextField: gen_short}

# Each live server builds the middleware anew, and WhiteNoise would read every static file for it.
settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, django_db_blocker) -> None:
    """Have a process that is one of several copy the schema that the run makes once."""
    if name := os.environ.get(template.NAME):
        with django_db_blocker.unblock():
            template.wait(name)
        settings.DATABASES["default"]["TEST"] |= {"TEMPLATE": name, "MIGRATE": False}


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real-world sample files, named by GATEHOUSE_SAMPLES."""
    folder = os.environ.get("GATEHOUSE_SAMPLES")
    if not folder:
        pytest.skip("GATEHOUSE_SAMPLES names no folder of sample files")
    return Path(folder)


@pytest.fixture
def written() -> Iterator[StringIO]:
    """What the handler of every logger writes during the test, news of requests included."""
    root, lines = logging.getLogger(), StringIO()
    ours = next(each for each in root.handlers if type(each) is logging.StreamHandler)  # others are pytest's
    before, level = ours.setStream(lines), root.level
    root.setLevel(logging.INFO)
    yield lines
    root.setLevel(level)
    ours.setStream(before)


@pytest.fixture(autouse=True)
def answered(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hold a test to what the index of routes says of it: that it reads good answers of them, and the rows."""
    from tests.people import ANSWERED, LOOKS, note_look  # noqa: PLC0415  a plugin, which pytest must import first

    test = re.split(r"[\[@]", request.node.nodeid)[0]
    named = {route for route, name in INDEX.items() if name == test}
    if not named:
        yield
        return
    ANSWERED.clear()
    LOOKS.clear()
    with connection.execute_wrapper(note_look):
        yield
    good = [each for each in ANSWERED if each.status < 400 and each.is_read]
    rows = [each for each in good if each.is_compared or (LOOKS and each.method == "GET")]
    read, compared = (
        {f"{each.method} {PARAMETER.sub(TEMPLATE, each.route)}" for each in some} for some in (good, rows)
    )
    assert not named - read, "tests/dialects/index.py says that this test reads what these answer"
    assert not named - compared - ROWLESS.keys(), "of these it reads no stored row by itself"

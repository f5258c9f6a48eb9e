"""Logs: one JSON line an event, and no credential in any of them."""

import json
import logging

import pytest
import structlog

from catalog.models import Event
from config.logs import redact

TOKEN = "q7Xw-2_a" * 5


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (
            f"POST /integration/record/acme0001/checkout01/{TOKEN}",
            "POST /integration/record/acme0001/checkout01/[redacted]",
        ),
        (f"/integration/record/acme0001/checkout01/{TOKEN}/", "/integration/record/acme0001/checkout01/[redacted]/"),
        (f"/integration/integration/event/a/b/{TOKEN}?x=1", "/integration/integration/event/a/b/[redacted]?x=1"),
        (f"/integration/standards/a/b/{TOKEN} 404", "/integration/standards/a/b/[redacted] 404"),
        (f"/integration/baselines/a/default/b/{TOKEN}", "/integration/baselines/a/default/b/[redacted]"),
        ("/integration/record/a/b/short", "/integration/record/a/b/[redacted]"),
        (f"/integration/records/a/{TOKEN}", "/integration/records/a/[redacted]"),
        (f"/integration/{TOKEN}", "/integration/[redacted]"),
        (f"/integration/record/a/b/c/{TOKEN}", "/integration/record/a/b/[redacted]/[redacted]"),
        (
            f"<WSGIRequest: POST '/integration/record/a/b/{TOKEN}'>",
            "<WSGIRequest: POST '/integration/record/a/b/[redacted]'>",
        ),
        (f"https://host/integration/record/a/b/{TOKEN}", "https://host/integration/record/a/b/[redacted]"),
        (f"/api/v1/x?api_key={TOKEN}&y=2", "/api/v1/x?api_key=[redacted]&y=2"),
        (f"/x?y=2&jwt={TOKEN}", "/x?y=2&jwt=[redacted]"),
        (f"/x?TOKEN={TOKEN}", "/x?TOKEN=[redacted]"),
        ("/integrations/notifications", "/integrations/notifications"),
        ("/api/v1/flows?tag=a:b", "/api/v1/flows?tag=a:b"),
        ("/integration/", "/integration/"),
    ],
)
def test_a_credential_in_an_address_is_redacted(text, redacted):
    assert redact(text) == redacted


PATH = f"/integration/record/acme0001/checkout01/{TOKEN}"


@pytest.mark.parametrize("name", ["", "django.request", "gunicorn.error", "gunicorn.access", "celery", "anything.else"])
def test_every_logger_is_redacted(written, name):
    log = logging.getLogger(name)
    log.error("in the text %s" % PATH)  # noqa: UP031  as libraries do
    log.error("in an argument %s", PATH)
    log.error("in a mapping %(path)s", {"path": PATH})
    try:
        raise ValueError(PATH)
    except ValueError:
        log.exception("in the error")

    lines = written.getvalue().splitlines()
    assert len(lines) == 4
    assert TOKEN not in written.getvalue()
    assert all("[redacted]" in line for line in lines)
    assert all(json.loads(line)["level"] == "error" for line in lines)


def test_structured_events_are_redacted_however_deep(written):
    log = structlog.get_logger("gatehouse")
    log.warning("told", path=PATH, deep={"list": [PATH, ("tuple", PATH)]}, number=7, nothing=None)

    line = json.loads(written.getvalue())
    assert TOKEN not in written.getvalue()
    assert line["deep"]["list"][1][1].endswith("[redacted]")
    assert (line["event"], line["level"], line["number"], line["nothing"]) == ("told", "warning", 7, None)
    assert line["timestamp"].endswith("Z")


def test_a_request_has_one_id_in_the_logs_and_in_the_history_and_nobody_chooses_it(written, api):
    headers = {"X-Request-Id": "chosen"}
    api.post_json("/api/v1/environments", {"name": "production", "type": "K8S"}, headers=headers)

    ids = {json.loads(line).get("request_id") for line in written.getvalue().splitlines()}
    assert len(ids) == 1
    assert ids == {Event.objects.get(kind="environment.created").request_id} != {"chosen"}

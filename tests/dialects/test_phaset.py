"""Phaset's four routes: one order of checks for all, then events, standards and baselines (phaset.md 1, 4, 6)."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from catalog.actors import system_actor
from catalog.models import Component, DeliveryEvent, Event, Incident, WebhookToken
from catalog.services.components import create_component
from catalog.services.keys import issue_webhook_token, revoke, rotate_webhook_token
from catalog.services.organizations import update_organization
from compliance.models import StandardsBaseline, StandardsResult, StandardsRun
from compliance.services.standards import create_standards_baseline, default_baseline, update_standards_baseline

RECORD = {"spec": {"name": "Checkout", "repo": "acme/checkout"}}
RESULT = {"name": "License", "status": "pass", "message": "Check for LICENSE file", "path": "LICENSE.md"}
STANDARDS = {"passes": 20, "warnings": 2, "failures": 1, "results": [RESULT]}
ROUTES = {  # noun -> method, a body it takes, the query count of one call
    "record": ("POST", RECORD),
    "event": ("POST", {"event": "comment"}),
    "standards": ("POST", STANDARDS),
    "baselines": ("GET", None),
}
FORBIDDEN = [b"", b"  ", b"{", b"[1]", b"null", b"7", b'"x"', b'{"event": NaN}', b'{"event": "\\u0000"}']
FORBIDDEN += [b'{"event": "\\ud800"}', b"\xff", b'{"a":' * 60 + b"1" + b"}" * 60, b'{"event": 1e400}']


@pytest.fixture
def record(acme) -> Component:
    return create_component(actor=system_actor(acme), name="Checkout", record_id="checkout01")


@pytest.fixture
def token(acme) -> str:
    return issue_webhook_token(actor=system_actor(acme), label="CI")[1]


@pytest.fixture
def ci() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def call(ci, token) -> Callable:
    """`call(noun, body)` asks a route; its token, record, organization and baseline may be named."""

    def caller(noun, body=None, *, token=token, record="checkout01", org="acme0001", baseline="default", **extra):
        method, _ = ROUTES[noun]
        middle = f"{org}/{baseline}/{record}" if noun == "baselines" else f"{org}/{record}"
        prefix, end = extra.pop("prefix", "/integration"), extra.pop("end", "")
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        extra.setdefault("content_type", "application/x-www-form-urlencoded")  # what curl -d says
        return ci.generic(extra.pop("method", method), f"{prefix}/{noun}/{middle}/{token}{end}", sent, **extra)

    return caller


def details(answer) -> dict[str, str]:
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"] == "validation_failed"
    return {each["path"]: each["message"] for each in answer.json()["details"]}


# What all four have in common (1.1, 1.3)


def test_every_route_answers_200_under_both_prefixes_with_and_without_a_slash(call, record, subtests):
    for noun, (_, body) in ROUTES.items():
        said = set()
        for prefix in ("/integration", "/integration/integration"):
            for end in ("", "/"):
                with subtests.test(f"{prefix} {noun} {end}"):
                    answer = call(noun, body, prefix=prefix, end=end)

                    assert answer.status_code == 200, answer.content
                    assert answer["Content-Type"].startswith("application/json")
                    assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")
                    said.add(tuple(answer.json()))
        assert len(said) == 1, noun
    assert StandardsRun.objects.filter(component=record).count() == 4
    kinds = ("application/json", "text/plain", "", "multipart/form-data; boundary=x", ";;/,")
    for kind in kinds:
        for noun in ("event", "standards"):
            assert call(noun, ROUTES[noun][1], content_type=kind).status_code == 200


def test_every_route_checks_in_the_same_order(call, ci, record, acme, globex, settings, time_machine, subtests):
    """405, 401, 404, 429, 413, 400: the call breaks everything that comes later, too."""
    system = system_actor(acme)
    time_machine.move_to("2026-01-01T10:00:15Z", tick=False)
    create_component(actor=system, name="Other", record_id="other00001")
    create_component(actor=system_actor(globex), name="Theirs", record_id="theirs0001")
    bound_row, bound = issue_webhook_token(actor=system, label="bound", component=record)
    ended, ended_text = issue_webhook_token(actor=system, label="ended")
    revoke(actor=system, secret=ended)
    _, late = issue_webhook_token(actor=system, label="late", expires_at=timezone.now())
    huge = b"x" * (256 * 1024 + 1)
    no = {"error": "unauthorized", "message": "The credential is not valid.", "details": []}
    none = {"error": "not_found", "message": "There is no such record for this token.", "details": []}
    for noun, (method, body) in ROUTES.items():
        other = "DELETE" if method == "POST" else "POST"
        with subtests.test(noun):
            settings.PHASET_RATE = 600
            wrong = call(noun, huge, token="x" * 43, method=other)
            assert (wrong.status_code, wrong.json()["error"]) == (405, "method_not_allowed")
            assert wrong["Allow"].split(", ")[0] == method
            for where in (
                {"token": "x" * 43},
                {"token": ended_text},
                {"token": late},
                {"org": "globex01"},
                {"org": "nobody"},
                {"token": bound, "org": "globex01"},
            ):
                answer = call(noun, huge, record="unknown001", **where)
                assert (answer.status_code, answer.json()) == (401, no), where
            settings.PHASET_RATE = 0
            for where in (
                {"record": "unknown001"},
                {"record": "theirs0001"},
                {"token": bound, "record": "other00001"},
                {"token": bound, "record": "unknown001"},
            ):
                answer = call(noun, huge, **where)
                assert (answer.status_code, answer.json()) == (404, none), where
            limited = call(noun, huge)
            assert (limited.status_code, limited.json()["error"], limited["Retry-After"]) == (429, "rate_limited", "45")
            settings.PHASET_RATE = 600
            assert call(noun, body, token=bound).status_code == 200
            if method == "GET":
                continue
            too_large = call(noun, huge)
            assert (too_large.status_code, too_large.json()["error"]) == (413, "too_large")
            for bad in FORBIDDEN:
                answer = call(noun, bad)
                expected = "validation_failed" if bad in (b"[1]", b"null", b"7", b'"x"') else "invalid_json"
                assert (answer.status_code, answer.json()["error"]) == (400, expected), bad
                assert set(answer.json()) == {"error", "message", "details"}
    assert WebhookToken.objects.get(pk=bound_row.pk).last_used_at == timezone.now()


def test_a_rotated_token_opens_every_route_until_its_grace_is_over(call, record, acme, time_machine):
    system = system_actor(acme)
    old, old_text = issue_webhook_token(actor=system, label="CI")
    _, new_text = rotate_webhook_token(actor=system, token=old)
    for noun, (_, body) in ROUTES.items():
        assert call(noun, body, token=old_text).status_code == 200
    time_machine.move_to(timezone.now() + timedelta(hours=24, seconds=1))
    for noun, (_, body) in ROUTES.items():
        assert call(noun, body, token=old_text).status_code == 401
        assert call(noun, body, token=new_text).status_code == 200


def test_only_a_record_push_makes_a_record(call, record, acme, admin):
    update_organization(actor=admin, organization=acme, records_by_integrations=True)

    for noun in ("event", "standards", "baselines"):
        assert call(noun, ROUTES[noun][1], record="brandnew01").status_code == 404
    assert call("record", RECORD, record="brandnew01").status_code == 200
    assert Component.objects.count() == 2


def test_the_token_is_in_no_log_no_error_no_history_and_no_row(call, token, record, monkeypatch, ci, written):
    bodies = []
    hook = {"hook": {"config": {"url": f"https://gatehouse.example/integration/event/acme0001/checkout01/{token}"}}}
    for noun, (_, body) in ROUTES.items():
        bodies += [call(noun, body), call(noun, b"{"), call(noun, body, record="unknown001")]
        bodies += [call(noun, body, method="PUT"), ci.get(f"/integration/{noun}/{token}")]
    bodies += [call("event", {"event": "comment"} | hook), call("event", {"event": token})]
    monkeypatch.setattr("catalog.api.phaset.views.report_delivery", lambda **_: 1 / 0)
    failed = call("event", {"event": "comment"})
    logging.getLogger("gunicorn.access").info("%(r)s", {"r": f"POST {failed.request['PATH_INFO']} HTTP/1.1"})

    assert failed.status_code == 500
    assert "ZeroDivisionError" in written.getvalue()
    assert "POST /integration/event/acme0001/checkout01/[redacted]" in written.getvalue()
    assert token not in written.getvalue()
    assert [each for each in (*bodies, failed) if token in each.text] == []
    models = [model for app in ("catalog", "compliance") for model in apps.get_app_config(app).get_models()]
    stored = [str(row) for model in models for row in model._default_manager.values()]
    assert DeliveryEvent.objects.count() == 2
    assert [row for row in stored if token in row] == []


# Events (4)


def test_all_ten_kinds_are_stored_with_their_own_words(call, record, acme, subtests):
    pull = {
        "createdAt": "1733100000",
        "submittedAt": "1733297929000",
        "closedAt": "1733106929",
        "mergedAt": "1733106929",
    }
    kinds = {
        "change": ({"commitSha": "a1", "timestamp": "1733100000"}, {"commit": "a1", "occurred_at": at(1733100000)}),
        "deployment": ({"commitSha": "no-git", "timestamp": "1733103600123"}, {"occurred_at": at(1733103600.123)}),
        "incident-opened": (
            {"id": "I1", "createdAt": "1733104000"},
            {"external_id": "I1", "occurred_at": at(1733104000)},
        ),
        "incident-resolved": (
            {"id": "I1", "createdAt": "1733104000", "resolvedAt": "1733104160"},
            {"occurred_at": at(1733104160), "duration": timedelta(seconds=160)},
        ),
        "comment": ({}, {"commit": "", "external_id": ""}),
        "review-approved": (pull, {"duration": timedelta(seconds=197929), "occurred_at": at(1733297929)}),
        "review-changes": (pull, {"duration": timedelta(seconds=197929)}),
        "pr-opened": (
            {"additions": 5, "changedFiles": 3, "deletions": 0},
            {"additions": 5, "changed_files": 3, "deletions": 0},
        ),
        "pr-closed": (pull, {"duration": timedelta(seconds=6929), "started_at": at(1733100000)}),
        "pr-merged": (pull, {"duration": timedelta(seconds=6929), "ended_at": at(1733106929)}),
    }
    for kind, (said, stored) in kinds.items():
        with subtests.test(kind):
            body = {"event": kind} | said | {"unknown": "ignored", "author": None}
            answer = call("event", body)

            assert answer.status_code == 200, answer.content
            event = DeliveryEvent.objects.get(uid=answer.json()["eventId"])
            expected = {"status": "ok", "recordId": "checkout01", "eventId": str(event.uid), "duplicate": False}
            assert answer.json() == expected
            assert (event.kind, event.component, event.organization, event.reported_by) == (kind, record, acme, "CI")
            assert event.payload == body
            assert {name: getattr(event, name) for name in stored} == stored
    assert Incident.objects.values_list("external_id", "opened_at", "resolved_at").get() == (
        "I1",
        at(1733104000),
        at(1733104160),
    )
    assert Event.objects.filter(related__contains=[record.uid], actor_kind="webhook_token").count() == 10


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(round(seconds * 1000) // 1000, UTC) + timedelta(
        milliseconds=round(seconds * 1000) % 1000
    )


def test_a_duplicate_answers_the_event_that_is_there(call, record, time_machine):
    time_machine.move_to("2026-01-01T10:00:00Z", tick=False)
    change = {"event": "change", "commitSha": "a1", "timestamp": "1733100000"}
    first = call("event", change).json()
    again = call("event", change | {"timestamp": "1733100001"})
    earlier = call("event", change | {"timestamp": "1733099999"})
    comments = [call("event", {"event": "comment"}).json() for _ in range(2)]
    now = [call("event", {"event": "deployment", "commitSha": "a1"}).json() for _ in range(2)]

    for answer in (again, earlier):
        assert (answer.status_code, answer.json()) == (200, first | {"duplicate": True})
    assert DeliveryEvent.objects.get(kind="change").occurred_at == at(1733099999)
    assert [each["duplicate"] for each in comments] == [False, False]
    assert [each["duplicate"] for each in now] == [False, True]
    assert DeliveryEvent.objects.get(kind="deployment").occurred_at == timezone.now()
    assert DeliveryEvent.objects.count() == 4


def test_resolved_before_opened_is_one_closed_incident(call, record):
    resolved = {"event": "incident-resolved", "id": "I1", "createdAt": "1733104000", "resolvedAt": "1733104160000"}
    opened = {"event": "incident-opened", "id": "I1", "createdAt": "1733104000000"}

    assert [call("event", each).json()["duplicate"] for each in (resolved, resolved, opened, opened)] == [
        False,
        True,
        False,
        True,
    ]
    incident = Incident.objects.get()
    assert (incident.opened_at, incident.resolved_at) == (at(1733104000), at(1733104160))
    assert set(incident.events.values_list("kind", flat=True)) == {"incident-opened", "incident-resolved"}


def test_what_an_event_may_not_say_is_named_and_nothing_is_stored(call, record, time_machine, subtests):
    time_machine.move_to("2026-01-01T10:00:00Z", tick=False)
    ahead = str(int(timezone.now().timestamp()) + 24 * 3600)
    change, opened = {"event": "change", "commitSha": "a"}, {"event": "incident-opened", "id": "I"}
    stamps = ["173310000", "17331000000", "173310000000", "17331000000000", "+173310000", " 1733100000", "1733100000 "]
    stamps += ["173310000.", "", "now", "١٧٣٣١٠٠٠٠٠", 1733100000, True, [], {}, "1733100000\n", "9" * 5000]
    stamps += [str(int(ahead) + 1), ahead + "001", "9999999999999"]
    refused = [(change | {"timestamp": stamp}, {"timestamp"}) for stamp in stamps]
    refused += [
        ({}, {"event"}),
        ({"event": None}, {"event"}),
        ({"event": "Change"}, {"event"}),
        ({"event": "release"}, {"event"}),
        ({"event": 7}, {"event"}),
        ({"event": ["change"]}, {"event"}),
        ({"event": {"a": 1}}, {"event"}),
        ({"event": True}, {"event"}),
        ({"event": "change"}, {"commitSha"}),
        ({"event": "deployment", "commitSha": ""}, {"commitSha"}),
        (change | {"commitSha": "a" * 129}, {"commitSha"}),
        (change | {"commitSha": 7, "timestamp": "x"}, {"commitSha", "timestamp"}),
        (opened, {"createdAt"}),
        ({"event": "incident-opened", "createdAt": "1"}, {"id", "createdAt"}),
        (opened | {"id": "i" * 201, "createdAt": "1733100000"}, {"id"}),
        (opened | {"id": 5, "createdAt": None}, {"id", "createdAt"}),
        (opened | {"event": "incident-resolved"}, {"createdAt", "resolvedAt"}),
        (
            opened | {"event": "incident-resolved", "createdAt": "1733100001", "resolvedAt": "1733100000999"},
            {"resolvedAt"},
        ),
        ({"event": "pr-opened", "additions": -1, "deletions": 1.0, "changedFiles": "3"}, set(PR)),
        ({"event": "pr-opened", "additions": True, "deletions": 2**31, "changedFiles": 10**30}, set(PR)),
        ({"event": "pr-merged", "mergedAt": 1, "createdAt": "1"}, {"mergedAt", "createdAt"}),
        ({"event": "pr-closed", "closedAt": "1"}, {"closedAt"}),
        ({"event": "review-approved", "submittedAt": "1"}, {"submittedAt"}),
    ]
    for body, paths in refused:
        with subtests.test(str(body)[:80]):
            assert set(details(call("event", body))) == paths
    assert not DeliveryEvent.objects.exists()
    assert not Incident.objects.exists()
    taken = [
        change | {"timestamp": ahead},
        {"event": "change", "commitSha": "c" * 128, "timestamp": "0000000001"},
        opened | {"id": "i" * 200, "createdAt": ahead + "000"},
        {"event": "pr-merged", "createdAt": "1733100001", "mergedAt": "1733100000"},
        {"event": "comment", "timestamp": "nonsense", "commitSha": 7},
        {"event": "pr-opened", "additions": 2**31 - 1},
    ]
    for body in taken:
        assert call("event", body).status_code == 200, body
    assert DeliveryEvent.objects.get(kind="pr-merged").duration is None


PR = ("additions", "deletions", "changedFiles")


GITHUB = {  # a sample, and the kinds of event in it
    "push": [],  # a tag was deleted
    "push.with-new-branch": ["change"],
    "ping": [],
    "issues.opened": ["incident-opened"],
    "issues.unlabeled": ["incident-resolved"],
    "dorametrix-closed": [],
    "dorametrix-labeled": ["incident-opened"],
    "pull_request.opened": ["pr-opened"],
    "pull_request.closed": ["pr-closed"],
    "pull_request_review.submitted": [],
    "issue_comment.created": ["comment"],
    "workflow_run.completed": [],
}


def test_githubs_own_deliveries_are_translated_and_others_ignored(call, record, samples, subtests):
    for sample, kinds in GITHUB.items():
        with subtests.test(sample):
            DeliveryEvent.objects.all().delete()
            name = "issues" if sample.startswith("dorametrix") else sample.partition(".")[0]
            body = (samples / "webhooks" / "github" / f"{sample}.json").read_bytes()
            answer = call("event", body, headers={"X-GitHub-Event": name})

            assert answer.status_code == 200, answer.content
            assert list(DeliveryEvent.objects.order_by("pk").values_list("kind", flat=True)) == kinds
            first = DeliveryEvent.objects.order_by("pk").first()
            assert answer.json()["eventId"] == (str(first.uid) if first else None)
    assert Incident.objects.filter(resolved_at=None).values_list("external_id", flat=True).get() == "1091505287"
    closed = (samples / "webhooks" / "github" / "dorametrix-closed.json").read_bytes()
    assert call("event", closed, headers={"X-GitHub-Event": "issues"}).json()["duplicate"] is False
    assert not Incident.objects.filter(resolved_at=None).exists()
    for headers in ({"X-Event-Key": "repo:push"}, {"X-Gitlab-Event": "Push Hook"}, {}):
        ignored = call("event", {"webhookEvent": "jira:issue_created"}, headers=headers)
        assert (ignored.status_code, ignored.json()["eventId"]) == (200, None)


def test_what_github_may_mean_by_a_delivery(call, record):
    pull = {"created_at": "2026-01-01T10:00:00Z", "closed_at": "2026-01-01T11:00:00+00:00", "merged": True}
    review = {"state": "APPROVED", "submitted_at": "2026-01-01T10:30:00Z"}
    said = [
        ("push", {"head_commit": {"id": "a1", "timestamp": "2026-01-01T10:00:00+02:00"}}),
        ("pull_request", {"action": "closed", "pull_request": pull | {"merged_at": "2026-01-01T11:00:00Z"}}),
        ("pull_request_review", {"action": "submitted", "pull_request": pull, "review": review}),
        ("push", {"head_commit": [], "commits": 7}),
        ("issues", {"action": "opened", "issue": 7, "label": []}),
        ("pull_request", {"action": ["closed"]}),
    ]
    for name, body in said:
        assert call("event", body, headers={"X-GitHub-Event": name}).status_code == 200, body
    stored = DeliveryEvent.objects.order_by("pk").values_list("kind", "occurred_at__hour", "duration")
    hour = timedelta(hours=1)
    assert list(stored) == [
        ("change", 8, None),
        ("pr-merged", 11, hour),
        ("pr-closed", 11, hour),
        ("review-approved", 10, hour / 2),
    ]
    bad = call(
        "event", {"action": "opened", "pull_request": {"additions": -1}}, headers={"X-GitHub-Event": "pull_request"}
    )
    assert set(details(bad)) == {"additions"}
    for body in (b"[1]", b"{", b'{"action": "opened", "issue": {"labels": [{"name": "bug"}], "id": {}}}'):
        assert call("event", body, headers={"X-GitHub-Event": "issues"}).status_code == 400


# Standards (6.1)


def test_a_run_is_stored_as_it_was_sent_and_scored_by_its_counts(call, record, acme):
    answer = call("standards", STANDARDS)

    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "recordId": "checkout01", "score": 91.3})
    run = StandardsRun.objects.get()
    assert (run.component, run.organization, run.reported_by) == (record, acme, "CI")
    assert (run.passes, run.warnings, run.failures, run.score) == (20, 2, 1, Decimal("91.3"))
    assert (run.baseline, run.baseline_revision) == (default_baseline(acme.pk), 1)
    assert list(run.results.values("name", "status", "message", "path")) == [RESULT]
    event = Event.objects.get(kind="standards.recorded")
    assert (event.subject_uid, event.related, event.data) == (run.uid, [run.uid, record.uid], {"score": 91.3})
    assert call("standards", STANDARDS).status_code == 200
    assert StandardsRun.objects.count() == 2


def test_five_status_words_are_three_and_nothing_checked_has_no_score(call, record):
    words = {"pass": "pass", "warning": "warning", "warn": "warning", "failure": "failure", "fail": "failure"}
    results = [{"name": word, "status": word, "message": ""} for word in words]

    answer = call("standards", {"passes": 0, "warnings": 0, "failures": 0, "results": results})

    assert answer.json()["score"] is None
    assert StandardsRun.objects.get().score is None
    assert dict(StandardsResult.objects.values_list("name", "status")) == words


def test_what_a_run_may_not_say_is_named_and_nothing_is_stored(call, record, samples, subtests):
    result = {"name": "n", "status": "pass", "message": "m"}
    limit = {"name": "n" * 500, "status": "fail", "message": "é" * 500, "path": "p" * 1000}
    counts = {"passes": 2**31 - 1, "warnings": 0, "failures": 0}
    empty = {"passes": 0, "warnings": 0, "failures": 0, "results": []}
    refused = [
        ({}, {"passes", "warnings", "failures", "results"}),
        (empty | {"passes": -1, "warnings": "1", "failures": 1.0}, {"passes", "warnings", "failures"}),
        (empty | {"passes": True, "warnings": 2**31, "failures": 10**400}, {"passes", "warnings", "failures"}),
        (empty | {"passes": None}, {"passes"}),
        (empty | {"results": None}, {"results"}),
        (empty | {"results": {}}, {"results"}),
        (empty | {"results": [result] * 501}, {"results"}),
        (empty | {"results": [7, None, []]}, {"results[0]", "results[1]", "results[2]"}),
        (empty | {"results": [result, {}]}, {f"results[1].{key}" for key in ("name", "status", "message")}),
        (empty | {"results": [result | {"status": "passed"}]}, {"results[0].status"}),
        (empty | {"results": [result | {"status": "PASS"}]}, {"results[0].status"}),
        (empty | {"results": [result | {"status": ["pass"], "name": " "}]}, {"results[0].status", "results[0].name"}),
        (
            empty | {"results": [{key: value + "x" for key, value in limit.items()} | {"status": "fail"}]},
            {"results[0].name", "results[0].message", "results[0].path"},
        ),
        (empty | {"results": [result | {"path": 7, "message": 7}]}, {"results[0].path", "results[0].message"}),
    ]
    for body, paths in refused:
        with subtests.test(str(body)[:80]):
            assert set(details(call("standards", body))) == paths
    assert not StandardsRun.objects.exists()
    assert call("standards", counts | {"results": [limit] * 500}).status_code in (200, 413)
    assert call("standards", counts | {"results": [result] * 500}).status_code == 200
    assert call("standards", counts | {"results": [result | {"path": None}]}).json()["score"] == 100.0
    for file in sorted((samples / "standards").glob("*.results.json")):
        assert call("standards", file.read_bytes()).status_code == 200, file


# Baselines (6.3)


def test_the_baseline_of_an_id_is_given_out_bare_and_the_default_for_any_other(call, record, acme, admin):
    default = default_baseline(acme.pk)
    strict = create_standards_baseline(actor=admin, name="Strict", config={"checks": ["all"]})
    gone = create_standards_baseline(actor=admin, name="Gone", config={"checks": ["all"]}, archived=True)
    before = timezone.now()

    first = call("baselines")
    assert (first.status_code, first.json()) == (200, default.config)
    assert list(first.json()) == ["basePath", "defaultSeverity", "ignorePaths", "checks"]
    assert all(set(check) <= {"name", "severity", "path"} and check["severity"] for check in first.json()["checks"])
    assert "X-Baseline-Fallback" not in first
    record.refresh_from_db()
    assert record.baseline_fetched_at >= before
    assert call("baselines", baseline=default.public_id).json() == default.config
    assert call("baselines", baseline=strict.public_id).json() == {
        "basePath": ".",
        "defaultSeverity": "error",
        "ignorePaths": [],
        "checks": ["all"],
    }
    for unknown in ("abcd1234", gone.public_id, "DEFAULT", "%20", "x" * 300):
        answer = call("baselines", baseline=unknown)
        assert (answer.status_code, answer.json(), answer["X-Baseline-Fallback"]) == (200, default.config, "default")
    record.refresh_from_db()
    assert record.baseline_missing == "x" * 32
    call("baselines", baseline=strict.public_id)
    record.refresh_from_db()
    assert record.baseline_missing == ""


def test_a_baseline_that_did_not_change_is_304(call, record, acme, admin):
    first = call("baselines")
    tag = first["ETag"]
    for header in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = call("baselines", headers={"If-None-Match": header})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    for header in ('"other"', "nonsense", ""):
        assert call("baselines", headers={"If-None-Match": header}).status_code == 200
    fallback = call("baselines", baseline="abcd1234", headers={"If-None-Match": tag})
    assert (fallback.status_code, fallback["X-Baseline-Fallback"]) == (304, "default")
    update_standards_baseline(actor=admin, baseline=default_baseline(acme.pk), config={"checks": ["all"]})
    changed = call("baselines", headers={"If-None-Match": tag})
    assert (changed.status_code, changed.json()["checks"]) == (200, ["all"])
    head = call("baselines", method="HEAD")
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", changed["ETag"])


def test_a_manifest_names_its_baseline_and_a_run_is_judged_by_it(call, record, admin):
    strict = create_standards_baseline(actor=admin, name="Strict", config={"checks": ["all"]})
    strict = update_standards_baseline(actor=admin, baseline=strict, config={"checks": ["checkForPresenceReadme"]})

    known = call("record", RECORD | {"baseline": {"id": strict.public_id}})
    call("standards", STANDARDS)
    unknown = call("record", RECORD | {"baseline": {"id": "abcd1234"}})
    call("standards", STANDARDS)

    assert known.json()["warnings"] == []
    assert unknown.json()["warnings"] == ["baseline.id: abcd1234 is not known here (yet)"]
    judged = StandardsRun.objects.order_by("pk").values_list("baseline__name", "baseline_revision")
    assert list(judged) == [("Strict", 2), ("Default", 1)]
    assert StandardsBaseline.objects.filter(is_default=True).count() == 1


def test_a_call_costs_the_same_however_much_was_reported(call, record, django_assert_num_queries):
    for noun, (_, body) in ROUTES.items():  # last use is written once a minute, the default made once
        call(noun, body)
    costs = {"event": 7, "standards": 8, "baselines": 4}
    for noun, cost in costs.items():
        with django_assert_num_queries(cost):
            call(noun, ROUTES[noun][1])
    with django_assert_num_queries(costs["standards"]):
        call("standards", STANDARDS | {"results": [RESULT] * 500})

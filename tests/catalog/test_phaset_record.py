"""POST /integration/record/{ORG_ID}/{RECORD_ID}/{TOKEN} (phaset.md sections 1 and 2)."""

import json
import threading
from datetime import timedelta
from itertools import product

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from catalog.actors import system_actor
from catalog.models import Component, Event
from catalog.services.components import create_component, update_component
from catalog.services.groups import create_domain, create_system, create_team
from catalog.services.keys import issue_webhook_token, revoke, rotate_webhook_token
from catalog.services.organizations import update_organization

SPEC = {"name": "Checkout", "repo": "https://git.example/acme/checkout"}
FULL = {
    "id": "ignored",
    "organizationId": "ignored",
    "spec": SPEC
    | {
        "description": "Takes the money.",
        "version": "1.4.2",
        "kind": "service",
        "lifecycleStage": "production",
        "group": "groupaaa",
        "system": "systemaa",
        "domain": "domainaa",
        "dataSensitivity": "internal",
        "businessCriticality": "critical",
        "sourcingModel": "open_source",
        "deploymentModel": "public_cloud",
        "team": "an older word",
        "tags": ["an", "older", "place"],
    },
    "relations": ["older"],
    "baseline": {"id": "default"},
    "contacts": [{"email": "pat@acme.example", "relation": "owner", "phone": "ignored"}],
    "tags": ["payments", "tier:1", "payments"],
    "dependencies": [{"target": "ledger0001", "description": "books", "criticality": "high"}],
    "slo": [{"title": "Fast", "description": "p90", "type": "latency", "target": "350ms", "period": 30}],
    "api": [{"name": "Checkout API", "schemaPath": "/api/schema.json"}],
    "links": [{"url": "https://docs.example", "title": "Docs", "icon": "documentation"}],
    "metadata": {"costCentre": "42"},
}


@pytest.fixture
def record(acme) -> Component:
    return create_component(actor=system_actor(acme), name="Checkout", record_id="checkout01", repository=SPEC["repo"])


@pytest.fixture
def token(acme) -> str:
    return issue_webhook_token(actor=system_actor(acme), label="GitHub Actions")[1]


@pytest.fixture
def ci() -> Client:
    return Client(raise_request_exception=False)


def path(token: str, record_id: str = "checkout01", org_id: str = "acme0001") -> str:
    return f"/integration/record/{org_id}/{record_id}/{token}"


def push(client: Client, token: str, manifest, **where):
    body = manifest if isinstance(manifest, bytes | str) else json.dumps(manifest)
    return client.post(path(token, **where), body, content_type="application/json")


def details(answer) -> dict[str, str]:
    return {each["path"]: each["message"] for each in answer.json()["details"]}


def test_a_whole_manifest_is_stored_under_our_words(ci, token, record, acme):
    system = system_actor(acme)
    team = create_team(actor=system, name="Payments", public_id="groupaaa")
    shop = create_system(actor=system, name="Shop", public_id="systemaa")
    retail = create_domain(actor=system, name="Retail", public_id="domainaa")
    create_component(actor=system, name="Ledger", record_id="ledger0001")

    answer = push(ci, token, FULL)

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "recordId": "checkout01", "revision": 2, "changed": True, "warnings": []}
    record.refresh_from_db()
    assert (record.name, record.repository) == ("Checkout", "https://git.example/acme/checkout")
    assert (record.kind, record.lifecycle, record.version) == ("service", "production", "1.4.2")
    assert (record.sensitivity, record.criticality) == ("internal", "critical")
    assert (record.sourcing, record.deployment) == ("open_source", "public_cloud")
    assert (record.team, record.system, record.domain) == (team, shop, retail)
    assert record.references == {
        "group": "groupaaa",
        "system": "systemaa",
        "domain": "domainaa",
        "baseline": "default",
    }
    assert record.contacts == [{"email": "pat@acme.example", "relation": "owner"}]
    assert record.tags == ["payments", "tier:1"]
    assert record.dependencies == [{"target": "ledger0001", "description": "books", "criticality": "high"}]
    assert record.slos == FULL["slo"]
    assert record.apis == [{"name": "Checkout API", "schema_path": "/api/schema.json"}]
    assert record.links == FULL["links"]
    assert record.metadata == {"costCentre": "42"}
    assert record.pushed_at is not None


CONTENT_TYPES = [
    "application/x-www-form-urlencoded",
    "application/json",
    "application/json; charset=utf-8",
    "text/plain",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "",
    ";;/,",
]


def test_the_body_is_json_whatever_its_content_type_says(ci, token, record, subtests):
    for number, content_type in enumerate(CONTENT_TYPES):
        with subtests.test(content_type):
            manifest = json.dumps({"spec": SPEC | {"version": f"9.{number}"}})
            answer = ci.generic("POST", path(token), manifest, content_type=content_type)

            assert answer.status_code == 200
            record.refresh_from_db()
            assert record.version == f"9.{number}"


def test_both_prefixes_and_both_spellings_of_the_slash_answer_without_a_redirect(ci, token, record, subtests):
    for prefix, slash in product(["", "/integration"], ["", "/"]):
        with subtests.test(prefix + slash):
            address = f"{prefix}{path(token)}{slash}"
            answer = ci.post(address, json.dumps({"spec": SPEC}), content_type="application/json")

            assert (answer.status_code, answer.json()["warnings"]) == (200, [])
            record.refresh_from_db()
            assert record.name == SPEC["name"]


def test_answers_are_kept_out_of_caches_and_referrers(ci, token, record):
    for answer in (push(ci, token, {"spec": SPEC}), push(ci, token, "{"), push(ci, "x" * 43, {}), ci.get(path(token))):
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"


def test_a_session_or_an_authorization_header_changes_nothing(ci, token, record, stranger):
    ci.force_login(stranger.user)

    assert push(ci, token, {"spec": SPEC}).status_code == 200
    assert push(ci, "x" * 43, {"spec": SPEC}).status_code == 401
    assert (
        ci.post(
            path(token), json.dumps({"spec": SPEC}), headers={"Authorization": "Bearer no"}, content_type="a/b"
        ).status_code
        == 200
    )


# The order of checks (1.3)


def test_another_method_is_405_before_anything_else(ci, db, subtests):
    for method in ("get", "put", "patch", "delete", "head", "options"):
        with subtests.test(method):
            answer = getattr(ci, method)(path("x" * 43))

            assert answer.status_code == 405
            assert answer["Allow"] == "POST"
            if method != "head":
                assert answer.json() == {
                    "error": "method_not_allowed",
                    "message": f"Method {method.upper()} is not allowed here.",
                    "details": [],
                }


def test_every_fault_of_a_token_reads_alike(ci, token, record, acme, globex):
    system = system_actor(acme)
    revoked, revoked_text = issue_webhook_token(actor=system, label="revoked")
    revoke(actor=system, secret=revoked)
    _, expired = issue_webhook_token(actor=system, label="old", expires_at=timezone.now() - timedelta(seconds=1))
    answers = [
        push(ci, "x" * 43, "{"),
        push(ci, "short", "{"),
        push(ci, "é" * 20, "{"),
        push(ci, revoked_text, "{"),
        push(ci, expired, "{"),
        push(ci, token, "{", org_id="globex01"),
        push(ci, token, "{", org_id="nobody"),
        push(ci, token, "{", org_id="ACME0001"),
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert {answer.content for answer in answers} == {
        b'{"error": "unauthorized", "message": "The credential is not valid.", "details": []}'
    }


def test_an_unknown_record_and_one_the_token_is_not_bound_to_read_alike(ci, token, record, acme, globex):
    system = system_actor(acme)
    create_component(actor=system, name="Other", record_id="other00001")
    create_component(actor=system_actor(globex), name="Theirs", record_id="theirs0001")
    _, bound = issue_webhook_token(actor=system, label="bound", component=record)
    answers = [
        push(ci, token, "{", record_id="unknown001"),
        push(ci, token, "{", record_id="theirs0001"),
        push(ci, bound, "{", record_id="other00001"),
        push(ci, bound, "{", record_id="unknown001"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert {answer.content for answer in answers} == {
        b'{"error": "not_found", "message": "There is no such record for this token.", "details": []}'
    }
    assert push(ci, bound, {"spec": SPEC}).status_code == 200


def test_a_rotated_token_opens_until_its_grace_is_over(ci, record, acme, time_machine):
    system = system_actor(acme)
    old, old_text = issue_webhook_token(actor=system, label="CI", component=record)
    new, new_text = rotate_webhook_token(actor=system, token=old)

    assert (new.label, new.component) == ("CI", record)
    assert push(ci, old_text, {"spec": SPEC}).status_code == 200
    time_machine.move_to(timezone.now() + timedelta(hours=24, seconds=1))
    assert push(ci, old_text, {"spec": SPEC}).status_code == 401
    assert push(ci, new_text, {"spec": SPEC}).status_code == 200


def test_above_the_rate_a_token_is_told_when_to_come_back(ci, token, record, settings, time_machine):
    settings.PHASET_RATE = 2
    time_machine.move_to("2026-01-01T10:00:15Z", tick=False)
    statuses = [push(ci, token, {"spec": SPEC}).status_code for _ in range(2)]
    answer = push(ci, token, b"x" * 300_000)

    assert statuses == [200, 200]
    assert answer.status_code == 429
    assert answer["Retry-After"] == "45"
    assert answer.json()["error"] == "rate_limited"
    time_machine.move_to("2026-01-01T10:01:00Z", tick=False)
    assert push(ci, token, {"spec": SPEC}).status_code == 200


def test_the_body_may_hold_256_kib(ci, token, record):
    manifest = json.dumps({"spec": SPEC}).encode()
    at_the_limit = manifest + b" " * (256 * 1024 - len(manifest))

    assert push(ci, token, at_the_limit).status_code == 200
    answer = push(ci, token, at_the_limit + b" ")
    assert answer.status_code == 413
    assert answer.json()["error"] == "too_large"


NO_OBJECTS = [
    b"",
    b"   ",
    b"{",
    b"nope",
    b"[]",
    b"null",
    b"7",
    b'"text"',
    b'{"spec": NaN}',
    b'{"spec": 1e400}',
    b'{"spec": {"name": "a\\u0000b", "repo": "a/b"}}',
    b'{"spec": {"name": "\\ud800", "repo": "a/b"}}',
    b'{"\\u0000": 1}',
    b"\xff\xfe{",
    b'{"a":' * 60 + b"1" + b"}" * 60,
    b'"' + b'\\"' * 100_000,
]


def test_what_is_not_a_json_object_is_400(ci, token, record, subtests):
    for body in NO_OBJECTS:
        with subtests.test(repr(body[:30])):
            answer = push(ci, token, body)

            assert answer.status_code == 400
            expected = "validation_failed" if body in (b"[]", b"null", b"7", b'"text"') else "invalid_json"
            assert answer.json()["error"] == expected
            assert set(answer.json()) == {"error", "message", "details"}


def test_every_hostile_body_is_refused_or_taken_and_never_a_server_error(ci, token, record, samples, settings):
    settings.PHASET_RATE = 10_000
    files = [each for each in sorted((samples / "hostile").iterdir()) if each.is_file()]

    statuses = {file.name: push(ci, token, file.read_bytes()).status_code for file in files}

    assert files
    assert set(statuses.values()) <= {400, 413}


# Fields (2.1, 2.2)

SLO = {"title": "t", "description": "d", "type": "latency", "target": "1s", "period": 1}
AT_THE_LIMIT = [
    {"spec": SPEC | {"name": "n" * 500}},
    {"spec": SPEC | {"name": "😀" * 500}},
    {"spec": SPEC | {"repo": "https://git.example/" + "r" * 480}},
    {"spec": SPEC | {"repo": "git@" + "h" * 480 + ":" + "p" * 15}},
    {"spec": SPEC | {"repo": "git@git.example:acme/checkout.git"}},
    {"spec": SPEC | {"repo": "ssh://git@git.example:2222/acme/checkout.git"}},
    {"spec": SPEC | {"repo": "acme/checkout"}},
    {"spec": SPEC | {"description": "é" * 1500}},
    {"spec": SPEC | {"version": "v" * 50}},
    {"spec": SPEC | {"group": "", "kind": "", "description": None, "version": None, "domain": None}},
    {"spec": SPEC, "baseline": {"id": "abcd1234"}},
    {"spec": SPEC, "baseline": {"id": ""}},
    {"spec": SPEC, "baseline": {}},
    {"spec": SPEC, "contacts": [{"email": "a@b.example"}] * 3},
    {"spec": SPEC, "contacts": [{"email": "a@b.example", "relation": "r" * 50}]},
    {"spec": SPEC, "tags": ["a", "b", "c", "d", "t" * 20]},
    {"spec": SPEC, "tags": ["a-b.c_d~e:f"]},
    {"spec": SPEC, "dependencies": [{"target": f"record{n:04}"} for n in range(100)]},
    {"spec": SPEC, "dependencies": [{"target": "ledger0001", "description": "d" * 300, "criticality": ""}]},
    {"spec": SPEC, "slo": [SLO] * 20},
    {"spec": SPEC, "slo": [SLO | {"period": 365, "type": "t" * 50}]},
    {"spec": SPEC, "api": [{"name": "n"}] * 20},
    {"spec": SPEC, "api": [{"name": "n", "schemaPath": "https://a.example/s.json"}]},
    {"spec": SPEC, "api": [{"name": "n", "schemaPath": "./api/schema.yml"}, {"name": "n", "schemaPath": None}]},
    {"spec": SPEC, "links": [{"url": "https://a.example", "title": "t"}] * 20},
    {"spec": SPEC, "links": [{"url": "mailto:a@b.example", "title": "t", "icon": "no such icon"}]},
    {"spec": SPEC, "metadata": {"k" * 50: "v" * 500, "empty": ""}},
    {"spec": SPEC, "tags": None, "metadata": None},
]


def test_at_the_limit_is_taken(ci, token, record, subtests):
    for number, manifest in enumerate(AT_THE_LIMIT):
        with subtests.test(str(number)):
            answer = push(ci, token, manifest)

            assert answer.status_code == 200, answer.json()


BEYOND = [
    ({}, "spec.name"),
    ({"spec": None}, "spec.name"),
    ({"spec": {}}, "spec.repo"),
    ({"spec": []}, "spec"),
    ({"spec": "x"}, "spec"),
    ({"spec": SPEC | {"name": ""}}, "spec.name"),
    ({"spec": SPEC | {"name": " \t"}}, "spec.name"),
    ({"spec": SPEC | {"name": None}}, "spec.name"),
    ({"spec": SPEC | {"name": 7}}, "spec.name"),
    ({"spec": SPEC | {"name": "n" * 501}}, "spec.name"),
    ({"spec": SPEC | {"repo": ""}}, "spec.repo"),
    ({"spec": SPEC | {"repo": "nowhere"}}, "spec.repo"),
    ({"spec": SPEC | {"repo": "javascript:alert(1)"}}, "spec.repo"),
    ({"spec": SPEC | {"repo": "https://git.example/" + "r" * 481}}, "spec.repo"),
    ({"spec": SPEC | {"description": "d" * 1501}}, "spec.description"),
    ({"spec": SPEC | {"description": 1}}, "spec.description"),
    ({"spec": SPEC | {"version": "v" * 51}}, "spec.version"),
    ({"spec": SPEC | {"version": 1.4}}, "spec.version"),
    ({"spec": SPEC | {"kind": "Service"}}, "spec.kind"),
    ({"spec": SPEC | {"kind": True}}, "spec.kind"),
    ({"spec": SPEC | {"lifecycleStage": "live"}}, "spec.lifecycleStage"),
    ({"spec": SPEC | {"group": "short"}}, "spec.group"),
    ({"spec": SPEC | {"group": "ninechars"}}, "spec.group"),
    ({"spec": SPEC | {"system": "a b c d "}}, "spec.system"),
    ({"spec": SPEC | {"domain": 12345678}}, "spec.domain"),
    ({"spec": SPEC | {"dataSensitivity": "PUBLIC"}}, "spec.dataSensitivity"),
    ({"spec": SPEC | {"businessCriticality": "urgent"}}, "spec.businessCriticality"),
    ({"spec": SPEC | {"sourcingModel": "open-source"}}, "spec.sourcingModel"),
    ({"spec": SPEC | {"deploymentModel": "cloud"}}, "spec.deploymentModel"),
    ({"spec": SPEC, "baseline": "default"}, "baseline"),
    ({"spec": SPEC, "baseline": {"id": "other"}}, "baseline.id"),
    ({"spec": SPEC, "contacts": {}}, "contacts"),
    ({"spec": SPEC, "contacts": [{"email": "a@b.example"}] * 4}, "contacts"),
    ({"spec": SPEC, "contacts": [{}]}, "contacts[0].email"),
    ({"spec": SPEC, "contacts": ["a@b.example"]}, "contacts[0]"),
    ({"spec": SPEC, "contacts": [None]}, "contacts[0]"),
    ({"spec": SPEC, "contacts": [{"email": "nobody"}]}, "contacts[0].email"),
    ({"spec": SPEC, "contacts": [{"email": "a@b.example\r\nBcc: c@d.example"}]}, "contacts[0].email"),
    ({"spec": SPEC, "contacts": [{"email": "a@b.example", "relation": "r" * 51}]}, "contacts[0].relation"),
    ({"spec": SPEC, "tags": list("abcdef")}, "tags"),
    ({"spec": SPEC, "tags": "a"}, "tags"),
    ({"spec": SPEC, "tags": ["ok", ""]}, "tags[1]"),
    ({"spec": SPEC, "tags": ["t" * 21]}, "tags[0]"),
    ({"spec": SPEC, "tags": ["a b"]}, "tags[0]"),
    ({"spec": SPEC, "tags": ["ü"]}, "tags[0]"),
    ({"spec": SPEC, "tags": [1]}, "tags[0]"),
    ({"spec": SPEC, "tags": ["a\n"]}, "tags[0]"),
    ({"spec": SPEC, "dependencies": [{"target": "r" * 10}] * 101}, "dependencies"),
    ({"spec": SPEC, "dependencies": [{"target": "r" * 9}]}, "dependencies[0].target"),
    ({"spec": SPEC, "dependencies": [{"target": "r" * 11}]}, "dependencies[0].target"),
    ({"spec": SPEC, "dependencies": [{"target": None}]}, "dependencies[0].target"),
    ({"spec": SPEC, "dependencies": [{"target": "r" * 10, "description": "d" * 301}]}, "dependencies[0].description"),
    ({"spec": SPEC, "dependencies": [{"target": "r" * 10, "criticality": "High"}]}, "dependencies[0].criticality"),
    ({"spec": SPEC, "slo": [SLO] * 21}, "slo"),
    ({"spec": SPEC, "slo": [SLO | {"period": 0}]}, "slo[0].period"),
    ({"spec": SPEC, "slo": [SLO | {"period": 366}]}, "slo[0].period"),
    ({"spec": SPEC, "slo": [SLO | {"period": "30"}]}, "slo[0].period"),
    ({"spec": SPEC, "slo": [SLO | {"period": 30.0}]}, "slo[0].period"),
    ({"spec": SPEC, "slo": [SLO | {"period": True}]}, "slo[0].period"),
    ({"spec": SPEC, "slo": [SLO | {"title": ""}]}, "slo[0].title"),
    ({"spec": SPEC, "slo": [SLO | {"type": "t" * 51}]}, "slo[0].type"),
    ({"spec": SPEC, "slo": [{key: value for key, value in SLO.items() if key != "target"}]}, "slo[0].target"),
    ({"spec": SPEC, "api": [{"name": "n"}] * 21}, "api"),
    ({"spec": SPEC, "api": [{}]}, "api[0].name"),
    ({"spec": SPEC, "api": [{"name": "n", "schemaPath": "javascript:alert(1)"}]}, "api[0].schemaPath"),
    ({"spec": SPEC, "api": [{"name": "n", "schemaPath": " java\tscript:alert(1)"}]}, "api[0].schemaPath"),
    ({"spec": SPEC, "api": [{"name": "n", "schemaPath": "data:text/html,x"}]}, "api[0].schemaPath"),
    ({"spec": SPEC, "links": [{"url": "https://a.example", "title": "t"}] * 21}, "links"),
    ({"spec": SPEC, "links": [{"url": "https://a.example"}]}, "links[0].title"),
    ({"spec": SPEC, "links": [{"url": "javascript:alert(1)", "title": "t"}]}, "links[0].url"),
    ({"spec": SPEC, "links": [{"url": "/relative", "title": "t"}]}, "links[0].url"),
    ({"spec": SPEC, "links": [{"url": "https://a.example\n", "title": "t"}]}, "links[0].url"),
    ({"spec": SPEC, "metadata": []}, "metadata"),
    ({"spec": SPEC, "metadata": {"k" * 51: "v"}}, "metadata." + "k" * 50 + "…"),
    ({"spec": SPEC, "metadata": {"k": "v" * 501}}, "metadata.k"),
    ({"spec": SPEC, "metadata": {"k": 1}}, "metadata.k"),
    ({"spec": SPEC, "metadata": {"k": None}}, "metadata.k"),
    ({"spec": SPEC, "metadata": {"k": {"nested": "v"}}}, "metadata.k"),
]


def test_one_beyond_is_refused_by_its_path_and_nothing_is_stored(ci, token, record, subtests):
    before = Component.objects.values().get()
    for number, (manifest, field) in enumerate(BEYOND):
        with subtests.test(f"{number} {field}"):
            answer = push(ci, token, manifest)

            assert answer.status_code == 400
            assert answer.json()["error"] == "validation_failed"
            assert field in details(answer)
            assert Component.objects.values().get() == before
    assert not Event.objects.filter(kind="component.updated").exists()


def test_all_faults_are_named_at_once(ci, token, record):
    answer = push(
        ci,
        token,
        {
            "spec": {"repo": "nowhere", "kind": "Service", "group": "x"},
            "contacts": [{"email": "nobody"}] * 4,
            "tags": ["ok", "not ok", ""],
            "slo": [SLO, SLO, SLO, SLO | {"period": 0, "title": ""}],
            "metadata": {"a": 1, "b": "fine", "c": []},
        },
    )

    assert answer.status_code == 400
    assert set(details(answer)) == {
        "spec.name",
        "spec.repo",
        "spec.kind",
        "spec.group",
        "contacts",
        "contacts[0].email",
        "contacts[1].email",
        "contacts[2].email",
        "tags[1]",
        "tags[2]",
        "slo[3].period",
        "slo[3].title",
        "metadata.a",
        "metadata.c",
    }
    assert answer.json()["message"] == "14 fields are not valid."


# Updates (2.4, 2.5)


def test_the_spec_is_replaced_and_other_sections_only_when_sent(ci, token, record):
    push(ci, token, FULL)
    push(ci, token, {"spec": SPEC, "tags": [], "baseline": {}})

    record.refresh_from_db()
    assert (record.description, record.kind, record.version, record.lifecycle) == ("", "", "", "")
    assert (record.team, record.system, record.domain) == (None, None, None)
    assert record.references == {}
    assert record.tags == []
    assert record.contacts == [{"email": "pat@acme.example", "relation": "owner"}]
    assert record.slos == FULL["slo"]
    assert record.metadata == {"costCentre": "42"}


def test_a_baseline_stays_while_its_section_is_not_sent(ci, token, record):
    push(ci, token, {"spec": SPEC, "baseline": {"id": "default"}})
    push(ci, token, {"spec": SPEC | {"version": "2"}})

    record.refresh_from_db()
    assert record.references == {"baseline": "default"}


def test_identical_content_makes_no_revision(ci, token, record):
    first = push(ci, token, FULL).json()
    events = Event.objects.count()
    again = push(ci, token, FULL).json()

    assert (first["revision"], first["changed"]) == (2, True)
    assert (again["revision"], again["changed"]) == (2, False)
    assert again["warnings"] == first["warnings"]
    assert Event.objects.count() == events


def test_a_change_is_recorded_with_old_and_new_values_and_the_tokens_label(ci, token, record):
    push(ci, token, {"spec": SPEC | {"version": "1"}, "tags": ["a"]})
    push(ci, token, {"spec": SPEC | {"version": "2"}, "tags": ["a"]})

    event = Event.objects.filter(kind="component.updated").first()
    assert event.data == {
        "source": "integration",
        "revision": 3,
        "before": {"version": "1"},
        "after": {"version": "2"},
    }
    assert (event.actor_kind, event.actor_label) == ("webhook_token", "GitHub Actions")
    assert event.subject_uid == record.uid
    assert token not in json.dumps(list(Event.objects.values()), default=str)


def test_what_does_not_resolve_is_kept_and_warned_about(ci, token, record, acme, globex):
    create_team(actor=system_actor(globex), name="Theirs", public_id="groupaaa")
    manifest = FULL | {"baseline": {"id": "abcd1234"}}
    manifest["dependencies"] = [{"target": "ledger0001"}, {"target": "checkout01"}, {"target": "ledger0002"}]
    create_component(actor=system_actor(acme), name="Ledger", record_id="ledger0002")

    answer = push(ci, token, manifest)

    assert answer.status_code == 200
    assert answer.json()["warnings"] == [
        "dependencies: a dependency on the record itself was dropped",
        "spec.group: groupaaa is not known here (yet)",
        "spec.system: systemaa is not known here (yet)",
        "spec.domain: domainaa is not known here (yet)",
        "baseline.id: abcd1234 is not known here (yet)",
        "dependencies[0].target: ledger0001 is not known here (yet)",
    ]
    record.refresh_from_db()
    assert record.team is None
    assert record.references["group"] == "groupaaa"
    assert record.dependencies == [{"target": "ledger0001"}, {"target": "ledger0002"}]


def test_a_neighbour_registered_later_is_found(ci, token, record, acme):
    push(ci, token, FULL)
    system = system_actor(acme)
    team = create_team(actor=system, name="Payments", public_id="groupaaa")
    shop = create_system(actor=system, name="Shop", public_id="systemaa")
    retail = create_domain(actor=system, name="Retail", public_id="domainaa")

    record.refresh_from_db()
    assert (record.team, record.system, record.domain) == (team, shop, retail)


def test_a_push_leaves_what_only_people_set(ci, token, record, admin):
    update_component(actor=admin, component=record, slug="pay")
    push(ci, token, FULL | {"spec": SPEC | {"name": "New name"}})

    record.refresh_from_db()
    assert (record.name, record.slug, record.record_id) == ("New name", "pay", "checkout01")


# Records made by a push (1.5)


def test_a_first_push_makes_the_record_where_the_organization_lets_it(ci, token, record, acme, admin):
    update_organization(actor=admin, organization=acme, records_by_integrations=True)

    answer = push(ci, token, {"spec": SPEC, "tags": ["new"]}, record_id="brandnew01")
    again = push(ci, token, {"spec": SPEC, "tags": ["new"]}, record_id="brandnew01")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "recordId": "brandnew01", "revision": 1, "changed": True, "warnings": []}
    assert again.json() == answer.json() | {"changed": False}
    made = Component.objects.get(record_id="brandnew01")
    assert (made.organization, made.name, made.slug, made.tags) == (acme, "Checkout", "checkout-brandnew01", ["new"])
    assert Event.objects.filter(kind="component.created", subject_uid=made.uid).count() == 1


def test_only_an_unused_id_of_ten_characters_makes_a_record(ci, token, acme, globex, admin, subtests):
    update_organization(actor=admin, organization=acme, records_by_integrations=True)
    create_component(actor=system_actor(globex), name="Theirs", record_id="theirs0001")
    for record_id in ("short", "eleven-long", "bad%20space", "theirs0001", "caf%C3%A9-------"):
        with subtests.test(record_id):
            answer = push(ci, token, {"spec": SPEC}, record_id=record_id)

            assert answer.status_code == 404
            assert not Component.objects.filter(organization=acme).exists()


def test_a_bound_token_makes_no_record(ci, record, acme, admin):
    update_organization(actor=admin, organization=acme, records_by_integrations=True)
    _, bound = issue_webhook_token(actor=admin, label="bound", component=record)

    assert push(ci, bound, {"spec": SPEC}, record_id="brandnew01").status_code == 404


def test_a_refused_manifest_makes_no_record(ci, token, acme, admin):
    update_organization(actor=admin, organization=acme, records_by_integrations=True)

    assert push(ci, token, {"spec": {}}, record_id="brandnew01").status_code == 400
    assert not Component.objects.exists()


# At once


def at_once(*calls) -> list:
    """What `calls` return when they start together, each with a connection of its own."""
    answers, ready = [None] * len(calls), threading.Barrier(len(calls))

    def run(position, call):
        ready.wait()
        try:
            answers[position] = call()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.django_db(transaction=True)
def test_simultaneous_pushes_take_turns(token, record):
    calls = [lambda n=n: push(Client(), token, {"spec": SPEC | {"version": str(n)}}) for n in range(4)]

    answers = at_once(*calls)

    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["revision"] for answer in answers) == [2, 3, 4, 5]
    record.refresh_from_db()
    last = next(answer for answer in answers if answer.json()["revision"] == 5)
    assert record.version == str(answers.index(last))


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_first_pushes_one_makes_the_record(token, acme, admin):
    update_organization(actor=admin, organization=acme, records_by_integrations=True)
    calls = [
        lambda n=n: push(Client(), token, {"spec": SPEC | {"version": str(n)}}, record_id="brandnew01")
        for n in range(4)
    ]

    answers = at_once(*calls)

    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["revision"] for answer in answers) == [1, 2, 3, 4]
    assert Component.objects.count() == 1


def test_a_broker_that_is_away_does_not_fail_a_push(ci, token, record, monkeypatch, django_capture_on_commit_callbacks):
    def away(*args, **kwargs):
        raise OSError("no broker")

    monkeypatch.setattr("config.jobs.current_app.send_task", away)
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        answer = push(ci, token, FULL)

    assert callbacks
    assert answer.status_code == 200


def test_the_token_is_in_no_line_that_is_logged(ci, token, record, written):
    push(ci, token, {"spec": SPEC})
    push(ci, token, "{")
    push(ci, token, {"spec": SPEC}, record_id="unknown001")
    ci.get(path(token))
    ci.post(f"/integration/records/acme0001/checkout01/{token}", {})
    ci.post(f"/integration/integration/record/acme0001/{token}/", {})

    assert "/integration/record/acme0001/checkout01/[redacted]" in written.getvalue()
    assert token not in written.getvalue()


def test_an_unknown_path_is_404_in_phasets_words(ci, db, subtests):
    unknown = {"error": "not_found", "message": "There is nothing at this address.", "details": []}
    for rest in ("", "nothing", "record/a/b", "record/a/b/c/d"):
        with subtests.test(rest):
            answer = ci.post(f"/integration/{rest}", "{}", content_type="application/json")

            assert answer.status_code == 404
            assert answer.json() == unknown


def test_a_push_costs_the_same_however_much_it_says(ci, token, record, django_assert_max_num_queries):
    push(ci, token, FULL)
    with django_assert_max_num_queries(15):
        push(ci, token, FULL | {"spec": SPEC, "dependencies": [{"target": f"record{n:04}"} for n in range(100)]})

"""Sqedule's protocol: what its clients send and what they read back."""

import time
from datetime import UTC, datetime
from itertools import product

import pytest

from releases.api.sqedule.mapping import moment
from releases.models import Application, Release, Ruleset
from releases.services import engine
from releases.services.applications import create_application
from releases.services.bindings import create_binding
from releases.services.releases import create_release
from releases.services.rulesets import create_ruleset
from tests.people import ApiClient, make_machine
from tests.releases import stored
from tests.releases.shipping import MANUAL, MATCHING, make_application
from tests.releases.sqedule import (
    APPLICATION_VERSION,
    BINDING,
    BINDING_VERSION,
    FINAL,
    RELEASE,
    RULESET_VERSION,
    TIMES,
    items,
    refusal,
)

# Making things


def test_an_application_is_made(api, acme):
    response = api.post_json(
        "/v1/applications", {"id": "Checkout", "version": {"display_name": "Check out", **FINAL, "enabled": None}}
    )

    assert response.status_code == 201
    assert response["Content-Type"] == "application/json; charset=utf-8"
    body = response.json()
    application = Application.objects.get()
    assert set(body) == {"id", "version"} | TIMES
    assert (body["id"], body["created_at"]) == ("Checkout", moment(application.created_at))
    version = body["version"]
    assert set(version) == APPLICATION_VERSION
    assert (version["version_state"], version["version_number"], version["proposal_state"]) == (
        "approved",
        1,
        "approved",
    )
    assert (version["display_name"], version["enabled"]) == ("Check out", True)
    assert version["approved_at"] == moment(application.latest.version.approved_at)


@pytest.mark.parametrize("state", [{}, {"proposal_state": None}, {"proposal_state": "draft"}])
def test_without_the_word_final_it_is_a_draft(api, state):
    body = api.post_json("/v1/applications", {"id": "checkout", "version": state}).json()

    assert (body["version"]["version_state"], body["version"]["version_number"]) == ("proposal", None)
    assert (body["version"]["proposal_state"], body["version"]["approved_at"]) == ("draft", None)
    assert body["version"] == stored.version(Application.objects.get(), number=body["version"]["id"])
    read = api.get("/v1/applications/checkout").json()
    assert read == stored.application() | {"approval_ruleset_bindings": []}
    assert read["latest_approved_version"] is None


def test_a_ruleset_is_made_with_its_rules(api):
    rules = [
        {"type": "manual", "approval_policy": "minimum", "minimum": 2, "begin_time": "ignored"},
        {"type": "schedule", "begin_time": "9:00", "end_time": "17:00", "days_of_week": "", "id": 77, "enabled": False}
        | {"time_zone": "Asia/Tokyo"},
    ]
    response = api.post_json(
        "/v1/approval-rulesets", {"id": "rules", "version": {**FINAL, "description": "d", "approval_rules": rules}}
    )

    assert response.status_code == 201
    body = response.json()
    assert set(body) == {"id", "version", "application_approval_ruleset_bindings"} | TIMES
    assert set(body["version"]) == RULESET_VERSION | {"approval_rules", "release_approval_ruleset_bindings"}
    assert body["version"]["globally_applicable"] is False
    schedule, manual = body["version"]["approval_rules"]
    created_at = schedule.pop("created_at")
    assert created_at == moment(Ruleset.objects.get().latest.rules.get(type="schedule").created_at)
    assert schedule == {
        "type": "schedule",
        "id": 1,
        "enabled": False,
        "begin_time": "9:00",
        "end_time": "17:00",
        "days_of_week": None,
        "days_of_month": None,
        "months_of_year": None,
        "time_zone": "Asia/Tokyo",
    }
    assert (manual["type"], manual["id"], manual["approval_policy"], manual["minimum"]) == ("manual", 1, "minimum", 2)


def test_a_binding_is_made(api, admin):
    create_application(actor=admin, key="checkout")
    create_ruleset(actor=admin, key="rules")

    path = BINDING.replace("checkout/rules", "CHECKOUT/Rules")
    response = api.post_json(path, {"version": {**FINAL, "mode": "permissive"}})

    assert response.status_code == 201
    body = response.json()
    made = stored.binding()
    assert body == made | {"version": made.pop("latest_approved_version")}
    assert set(body["version"]) == BINDING_VERSION
    assert (body["version"]["mode"], body["version"]["version_number"]) == ("permissive", 1)


def test_a_release_is_made_whatever_the_content_type(api, admin, subtests):
    make_application(admin, MATCHING)
    bodies = (b"{}", b'{"source_identity":null,"metadata":null,"comments":null}')
    kinds = ("application/json", "text/plain", "application/x-www-form-urlencoded", "")
    for number, (body, kind) in enumerate(product(bodies, kinds), start=1):
        with subtests.test(f"{kind} {body!r}"):
            response = api.generic("POST", "/v1/applications/checkout/releases", body, content_type=kind)

            assert response.status_code == 201
            release = response.json()
            assert set(release) == RELEASE | {"approval_ruleset_bindings"}
            assert (release["id"], release["state"], release["finalized_at"]) == (number, "pending", None)
            assert (release["source_identity"], release["metadata"], release["comments"]) == (None, {}, None)


def test_a_release_shows_the_rules_it_was_bound_to(api, admin):
    make_application(admin, MATCHING, mode="permissive")

    said = {"source_identity": "main", "metadata": {"a": [None, 1.5]}, "comments": "go", "state": "approved"}
    release = api.post_json("/v1/applications/CHECKOUT/releases", said).json()

    assert (release["source_identity"], release["metadata"], release["comments"]) == ("main", {"a": [None, 1.5]}, "go")
    assert release["state"] == "pending"
    bound = release["approval_ruleset_bindings"][0]
    assert (bound["mode"], bound["approval_ruleset"]["id"]) == ("permissive", "rules")
    assert set(bound["approval_ruleset"]["latest_approved_version"]) == RULESET_VERSION
    assert release == stored.whole_release()
    assert api.get("/v1/applications/checkout/releases/1").json() == release


# Reading things


def test_applications_are_read(api, shop):
    path = "/v1/applications/checkout"
    application, bindings = stored.application(), stored.bindings()
    version = stored.version(Application.objects.get())

    assert items(api.get("/v1/applications")) == [application]
    assert api.get("/v1/applications/cHeckout").json() == application | {"approval_ruleset_bindings": bindings}
    assert items(api.get(f"{path}/approval-ruleset-bindings")) == bindings
    assert items(api.get(f"{path}/versions")) == [version]
    del application["latest_approved_version"]
    numbered = application | {"version": version, "approval_ruleset_bindings": bindings}
    assert api.get(f"{path}/versions/1").json() == numbered
    assert (set(version), version["version_number"], len(bindings)) == (APPLICATION_VERSION, 1, 1)


def test_rulesets_are_read(api, shop):
    ruleset, whole = stored.ruleset(), stored.whole_ruleset()
    content, version = whole["latest_approved_version"], ruleset["latest_approved_version"]

    assert items(api.get("/v1/approval-rulesets")) == [
        ruleset | {"num_bound_applications": 1, "latest_approved_version": version | {"num_bound_releases": 1}}
    ]
    assert api.get("/v1/approval-rulesets/RULES").json() == whole
    assert api.get("/v1/approval-rulesets/rules/versions/1").json() == stored.whole_ruleset(under="version")
    assert items(api.get("/v1/approval-rulesets/rules/versions")) == [
        version | {"approval_rules": content["approval_rules"], "num_bound_releases": 1}
    ]
    assert (set(version), [rule["id"] for rule in content["approval_rules"]]) == (RULESET_VERSION, [1, 2])
    (through,) = content["release_approval_ruleset_bindings"]
    assert (through["mode"], set(through["release"])) == ("permissive", RELEASE | {"application"})
    assert [each["application"]["id"] for each in whole["application_approval_ruleset_bindings"]] == ["checkout"]


def test_bindings_are_read(api, shop):
    binding = stored.binding()
    version = binding["latest_approved_version"]

    assert api.get(BINDING).json() == binding
    assert items(api.get("/v1/application-approval-ruleset-bindings")) == [binding]
    assert items(api.get(f"{BINDING}/versions")) == [version]
    del binding["latest_approved_version"]
    assert api.get(f"{BINDING}/versions/1").json() == binding | {"version": version}
    assert (set(version), version["mode"]) == (BINDING_VERSION, "permissive")


def test_releases_are_read(api, shop):
    release, whole = stored.release(), stored.whole_release()

    assert api.get("/v1/applications/checkout/releases/1").json() == whole
    assert items(api.get("/v1/applications/checkout/releases")) == [release]
    assert items(api.get("/v1/releases")) == [release | {"application": stored.application()}]
    assert (set(release), release["state"], bool(release["finalized_at"])) == (RELEASE, "approved", True)
    assert [each["mode"] for each in whole["approval_ruleset_bindings"]] == ["permissive"]


def test_events_are_read_in_order(api, shop):
    read = items(api.get("/v1/applications/checkout/releases/1/events"))
    created, missed, matched = read

    assert read == stored.events()
    assert set(created) == {"type", "id", "created_at"}
    assert (created["type"], created["id"]) == ("created", 1)
    assert set(missed) == {"type", "id", "created_at", "result_state", "ignored_error", "approval_rule_outcome"}
    assert (missed["type"], missed["id"], missed["result_state"]) == ("rule_processed", 1, "pending")
    assert missed["ignored_error"] is True
    outcome = missed["approval_rule_outcome"]
    assert set(outcome) == {"type", "id", "success", "created_at", "rule"}
    assert (outcome["type"], outcome["success"], outcome["rule"]["begin_time"]) == ("schedule", False, "1:00")
    assert (matched["result_state"], matched["ignored_error"]) == ("approved", False)


def test_a_manual_outcome_has_the_comments_of_whoever_decided(api, admin, acme):
    release = create_release(actor=admin, application=make_application(admin, MANUAL))
    engine.work_on(release.pk)
    manager = ApiClient(make_machine(acme, "change-manager")[1])
    approval = release.approvals.get()
    manager.post_json(f"/api/v1/approvals/{approval.uid}/approve", {"comments": "fine"})
    engine.work_on(release.pk)

    outcome = items(api.get("/v1/applications/checkout/releases/1/events"))[1]["approval_rule_outcome"]

    assert (outcome["type"], outcome["success"], outcome["comments"]) == ("manual", True, "fine")
    assert outcome["rule"]["approval_policy"] == "any"


def test_what_has_no_approved_version_is_read_without_one(api, admin):
    application = create_application(actor=admin, key="checkout", proposal_state="draft")
    ruleset = create_ruleset(actor=admin, key="rules", proposal_state="draft")
    create_binding(actor=admin, application=application, ruleset=ruleset, proposal_state="draft")
    create_release(actor=admin, application=application)

    assert items(api.get("/v1/approval-rulesets"))[0]["latest_approved_version"] is None
    assert api.get("/v1/approval-rulesets/rules").json()["latest_approved_version"] is None
    assert api.get(BINDING).json()["latest_approved_version"] is None
    assert items(api.get("/v1/releases"))[0]["application"]["latest_approved_version"] is None
    assert api.get("/v1/applications/checkout/releases/1").json()["approval_ruleset_bindings"] == []
    for path in ("/v1/applications/checkout", "/v1/approval-rulesets/rules", BINDING):
        assert items(api.get(f"{path}/versions")) == []


def test_lists_have_the_newest_first_and_pages(api, admin):
    for key in ("one", "two", "three"):
        create_release(actor=admin, application=create_application(actor=admin, key=key))

    def ids(path: str) -> list:
        return [each["id"] for each in items(api.get(path))]

    assert ids("/v1/applications") == ["three", "two", "one"]
    assert ids("/v1/applications?per_page=2&page=2") == ["one"]
    assert ids("/v1/applications?page=9") == []
    assert ids("/v1/releases?per_page=1000") == [3, 2, 1]
    assert ids("/v1/releases?per_page=1&page=2") == [2]


# The words for a release that is not final


def test_a_release_that_is_not_final_has_the_callers_word(api, admin, subtests):
    make_application(admin, MATCHING, MANUAL)
    path = "/v1/applications/checkout/releases"
    callers = [
        ("", "", "pending"),
        ("curl/8", "?state_vocabulary=other", "pending"),
        ("curl/8", "?state_vocabulary=peer", "in_progress"),
        ("sqedule-cli/0.1.0", "", "in_progress"),
        ("not sqedule-cli/0.1.0", "", "pending"),
    ]
    for number, (agent, query, word) in enumerate(callers, start=1):
        headers = {"HTTP_USER_AGENT": agent} if agent else {}
        with subtests.test(f"{agent} {query}"):
            assert api.post_json(f"{path}{query}", {}, **headers).json()["state"] == word
            engine.work_on(Release.objects.get(number=number).pk)
            assert api.get(f"{path}/{number}{query}", **headers).json()["state"] == word
            assert api.patch_json(f"{path}/{number}{query}", {}, **headers).json()["state"] == word
            for each in (path, "/v1/releases"):
                listed = items(api.get(f"{each}{query}", **headers))
                assert [release["state"] for release in listed] == [word] * number
            assert items(api.get(f"{path}/{number}/events{query}", **headers))[1]["result_state"] == word
            ruleset = api.get(f"/v1/approval-rulesets/rules{query}", **headers).json()["latest_approved_version"]
            bound = ruleset["release_approval_ruleset_bindings"]
            assert [binding["release"]["state"] for binding in bound] == [word] * number


@pytest.mark.parametrize("word", ["pending", "in_progress"])
def test_lists_are_filtered_by_either_word(api, admin, word):
    application = make_application(admin)
    create_release(actor=admin, application=application)
    engine.work_on(create_release(actor=admin, application=application).pk)

    for path in ("/v1/releases", "/v1/applications/checkout/releases"):
        assert [each["id"] for each in items(api.get(f"{path}?state={word}"))] == [1]
        assert [each["id"] for each in items(api.get(f"{path}?state=approved"))] == [2]
        assert refusal(api.get(f"{path}?state=done"))[0] == 400


def wait_as_the_command_line_does(client: ApiClient, path: str, *, looks: int) -> list[str]:
    """The states a released command line sees until it stops waiting: at any word but `in_progress`."""
    seen = []
    while len(seen) < looks:
        seen.append(client.get(path, HTTP_USER_AGENT="sqedule-cli/0.1.0").json()["state"])
        if seen[-1] != "in_progress":
            break
        time.sleep(0.01)
    return seen


def test_the_command_lines_wait_does_not_stop_early(api, admin, acme):
    release = create_release(actor=admin, application=make_application(admin, MANUAL))
    engine.work_on(release.pk)
    path = "/v1/applications/checkout/releases/1"

    assert wait_as_the_command_line_does(api, path, looks=5) == ["in_progress"] * 5

    manager = ApiClient(make_machine(acme, "change-manager")[1])
    rejected = manager.post_json(f"/api/v1/approvals/{release.approvals.get().uid}/reject").json()
    assert (rejected["status"], release.approvals.get().status) == ("REJECTED", "rejected")
    engine.work_on(release.pk)
    assert wait_as_the_command_line_does(api, path, looks=5) == ["rejected"]


# Changing and cancelling releases


def test_a_release_is_changed_in_part(api, admin):
    create_release(actor=admin, application=make_application(admin), metadata={"a": 1}, comments="old")

    body = api.patch_json("/v1/applications/checkout/releases/1", {"comments": "new", "metadata": None}).json()
    assert (body["comments"], body["metadata"]) == ("new", {"a": 1})

    body = api.patch_json("/v1/applications/checkout/releases/1", {"metadata": {"b": 2}, "state": "approved"}).json()
    assert (body["comments"], body["metadata"], body["state"]) == ("new", {"b": 2}, "pending")
    assert body == stored.whole_release()


def test_a_release_is_cancelled_once(api, admin):
    create_release(actor=admin, application=make_application(admin, MANUAL))

    response = api.post("/v1/applications/checkout/releases/1/cancel")

    assert (response.status_code, response.json()) == (200, stored.whole_release())
    assert (response.json()["state"], response.json()["finalized_at"] is None) == ("cancelled", False)
    events = items(api.get("/v1/applications/checkout/releases/1/events"))
    assert [(each["type"], each["id"]) for each in events] == [("created", 1), ("cancelled", 1)]
    again = api.post("/v1/applications/checkout/releases/1/cancel")
    assert refusal(again) == (422, "Release 1 is cancelled already.")


def test_a_disabled_application_takes_no_releases(api, admin):
    create_application(actor=admin, key="checkout", enabled=False)

    assert refusal(api.post_json("/v1/applications/checkout/releases", {}))[0] == 422
    assert not Release.objects.exists()


# Odds and ends


def test_ids_of_any_characters_are_found_percent_encoded(api):
    for key in ("my app", "a%b", "a:b", "ünï", "a+b", "a?b#c", "日本"):
        assert api.post_json("/v1/applications", {"id": key, "version": FINAL}).status_code == 201
        path = "/v1/applications/" + "".join(f"%{byte:02X}" for byte in key.encode())
        assert api.get(path).json()["id"] == key
        assert api.post_json(f"{path}/releases", {}).status_code == 201


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_a_wrong_method_is_refused_in_json(api, method):
    response = api.generic(method, "/v1/applications", b"{}", content_type="application/json")

    assert refusal(response)[0] == 405
    assert response["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/nothing", "/v1/applications/a/b/c", "/v1/applications/checkout/proposals"]
)
def test_an_unknown_path_is_refused_in_json(api, path):
    assert refusal(api.get(path + "/"))[0] == 404


def test_head_and_options_are_answered(api, admin):
    make_application(admin)

    assert api.head("/v1/applications").status_code == 200
    assert "GET" in api.options("/v1/applications/checkout")["Allow"]


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2021, 5, 7, 10, 44, 59, 105536, tzinfo=UTC), "2021-05-07T10:44:59.105536Z"),
        (datetime(2021, 5, 7, 10, 44, 59, 105000, tzinfo=UTC), "2021-05-07T10:44:59.105Z"),
        (datetime(2021, 5, 7, 10, 44, 50, tzinfo=UTC), "2021-05-07T10:44:50Z"),
        (None, None),
    ],
)
def test_times_are_utc_without_trailing_zeros(at, text):
    assert moment(at) == text

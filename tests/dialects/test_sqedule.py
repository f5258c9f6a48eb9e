"""Sqedule's clients, step by step: propose and review, log in, vote, read the audit trail."""

import json
import tomllib
from base64 import b64decode
from itertools import product

import pytest
from django.conf import settings

from catalog.models import Organization
from releases.models import Application, Binding, RulesetAdjustment, RulesetVersion
from releases.services import engine
from releases.services.applications import create_application
from releases.services.releases import create_release
from tests.releases import stored
from tests.releases.shipping import MANUAL, MATCHING, make_application
from tests.releases.sqedule import (
    APPLICATION_VERSION,
    BINDING,
    BINDING_VERSION,
    FINAL,
    RULESET_VERSION,
    TIMES,
    UNAUTHORIZED,
    items,
    made,
    refusal,
)

RULES = "/v1/approval-rulesets/rules"
APPLICATION = "/v1/applications/checkout"
HTTP = {"type": "http_api", "url": "https://rules.example/ask", "retry_policy": "retry_on_fail", "retry_limit": 3}


@pytest.fixture
def reviewed(acme) -> Organization:
    """Acme, which wants changes reviewed."""
    acme.review_policy = True
    acme.save()
    return acme


# Proposals


def test_a_ruleset_is_proposed_changed_reviewed_and_approved(api, api_as, admin, reviewed):
    make_application(admin, MATCHING, mode="permissive")
    proposer, reviewer = api_as("maintainer"), api_as("change-manager")

    proposed = made(proposer.patch_json(RULES, {"version": {"display_name": "Board", "comments": "first"}}))
    number = proposed["version"]["id"]
    path = f"{RULES}/proposals/{number}"
    kept = proposed["version"]["approval_rules"]
    changed = made(proposer.patch_json(path, {"approval_rules": [*kept, MANUAL], "comments": "second"}))
    read = made(api.get(path))
    submitted = made(proposer.patch_json(path, FINAL))
    listed = items(api.get(f"{RULES}/proposals"))
    approved = made(reviewer.put_json(f"{path}/state", {"state": "approved", "comments": "fine"}))

    assert set(proposed["version"]) == RULESET_VERSION | {"approval_rules", "release_approval_ruleset_bindings"}
    assert set(proposed) == {"id", "version", "application_approval_ruleset_bindings"} | TIMES
    assert (proposed["version"]["proposal_state"], proposed["version"]["version_state"]) == ("draft", "proposal")
    assert [rule["type"] for rule in changed["version"]["approval_rules"]] == ["schedule", "manual"]
    assert changed["version"]["approval_rules"][0]["id"] == kept[0]["id"] + 1
    assert changed["version"]["release_approval_ruleset_bindings"] == []
    assert read == changed
    assert submitted["version"]["proposal_state"] == "reviewing"
    assert [set(each) for each in listed] == [RULESET_VERSION | {"approval_rules", "num_bound_releases"}]
    assert approved["version"]["display_name"] == "Board"
    assert (approved["version"]["version_number"], approved["version"]["proposal_state"]) == (2, "approved")
    assert proposed["updated_at"] == approved["updated_at"] > proposed["created_at"]
    assert approved["version"]["id"] == number
    assert made(api.get(RULES))["latest_approved_version"]["version_number"] == 2
    assert items(api.get(f"{RULES}/proposals")) == []
    steps = RulesetAdjustment.objects.filter(version__number=number).order_by("number")
    assert list(steps.values_list("proposal_state", "author", "comments")) == [
        ("draft", "maintainer-caller", "first"),
        ("draft", "maintainer-caller", "second"),
        ("reviewing", "maintainer-caller", ""),
        ("approved", "change-manager-caller", "fine"),
    ]


def test_applications_and_bindings_are_proposed_like_rulesets(api, admin, subtests):
    make_application(admin, MATCHING)
    cases = [
        (APPLICATION, {"display_name": "Shop"}, APPLICATION_VERSION, Application),
        (BINDING, {"mode": "permissive"}, BINDING_VERSION, Binding),
    ]
    for path, change, keys, kind in cases:

        def shown(number: int, kind=kind) -> dict:
            """The resource as it is stored, with the version of this number."""
            whole = stored.binding() if kind is Binding else stored.application()
            del whole["latest_approved_version"]
            more = {} if kind is Binding else {"approval_ruleset_bindings": stored.bindings()}
            return whole | more | {"version": stored.version(kind.objects.get(), number=number)}

        with subtests.test(path):
            draft = made(api.patch_json(path, {"version": change}))
            number = draft["version"]["id"]
            assert draft == shown(number)
            abandoned = made(api.patch_json(path, {"version": {"proposal_state": "abandon"}}))
            assert abandoned == shown(abandoned["version"]["id"])
            final = made(api.patch_json(f"{path}/proposals/{number}", {"proposal_state": "final"}))

            assert final == shown(number)
            assert set(draft["version"]) == keys
            assert abandoned["version"]["proposal_state"] == "abandoned"
            assert (final["version"]["version_number"], final["version"]["proposal_state"]) == (2, "approved")
            assert change.items() <= final["version"].items()
            assert made(api.get(f"{path}/versions/2")) == final
            left = shown(abandoned["version"]["id"])
            assert items(api.get(f"{path}/proposals")) == [left["version"]]
            gone = f"{path}/proposals/{left['version']['id']}"
            assert made(api.get(gone)) == left
            assert made(api.delete(gone)) == {}
            assert not kind.objects.get().versions.filter(number=left["version"]["id"]).exists()
            assert refusal(api.get(gone))[0] == refusal(api.delete(gone))[0] == 404
            assert items(api.get(f"{path}/proposals")) == []


def test_applications_and_bindings_are_reviewed_like_rulesets(api_as, admin, acme, subtests):
    binding = make_application(admin, MATCHING).bindings.get()
    acme.review_policy = True  # from now on
    acme.save()
    proposer, reviewer = api_as("maintainer"), api_as("change-manager")
    cases = [(APPLICATION, {"display_name": "Shop"}, binding.application), (BINDING, {"mode": "permissive"}, binding)]
    for (path, change, row), state in product(cases, ("rejected", "approved")):
        with subtests.test(f"{path} {state}"):
            asked = made(proposer.patch_json(path, {"version": change}))["version"]
            steps = type(row.latest).objects.filter(version__number=asked["id"])
            steps.update(proposal_state="reviewing")  # an application's needs none, but one may wait from before
            judged = made(
                reviewer.put_json(f"{path}/proposals/{asked['id']}/state", {"state": state, "comments": "read"})
            )["version"]

            row.refresh_from_db()
            stored = steps.latest("number")
            assert (judged["id"], judged["proposal_state"]) == (asked["id"], state)
            assert (stored.proposal_state, stored.author, stored.comments) == (state, "change-manager-caller", "read")
            assert (row.latest == stored) is (state == "approved")
            assert change.items() <= judged.items()


def test_anybody_may_ask_for_the_version(client):
    answer = client.get("/v1/about")

    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    assert (answer.status_code, answer.json()) == (200, {"version": project["version"]})


def test_the_command_lines_empty_proposal_copies_the_rules(api, admin):
    make_application(admin, MATCHING, MANUAL)

    draft = made(api.patch_json(RULES, {"version": {}}))["version"]
    whole = made(api.patch_json(f"{RULES}/proposals/{draft['id']}", {"approval_rules": draft["approval_rules"][1:]}))

    assert [rule["id"] for rule in draft["approval_rules"]] == [2, 2]
    assert [rule["type"] for rule in whole["version"]["approval_rules"]] == ["manual"]


def test_without_a_version_the_answer_has_what_counts(api, admin):
    make_application(admin, MATCHING)
    api.post_json("/v1/applications", {"id": "idea", "version": {}})
    before = made(api.get(APPLICATION))

    touched = made(api.patch_json(APPLICATION, {"id": None, "version": None}))
    counting = stored.application()
    content = {"version": counting.pop("latest_approved_version")}
    assert touched == counting | content | {"approval_ruleset_bindings": stored.bindings()}
    renamed = made(api.patch_json(APPLICATION, {"id": "Checkout"}))

    assert touched["version"] == before["latest_approved_version"]
    assert touched["updated_at"] > before["updated_at"]
    assert renamed["id"] == Application.objects.get(key__iexact="checkout").key == "Checkout"
    assert made(api.get(BINDING))["application"]["id"] == "Checkout"
    assert made(api.patch_json("/v1/applications/idea", {}))["version"] is None


def test_an_http_rule_is_kept_and_never_shows_its_password(api):
    body = {"id": "rules", "version": FINAL | {"approval_rules": [HTTP | {"username": "me", "password": "s3cret"}]}}

    created = made(api.post_json("/v1/approval-rulesets", body))
    rule = created["version"]["approval_rules"][0]
    back = made(api.patch_json(RULES, {"version": {"approval_rules": [rule, MANUAL]}}))

    assert rule | {"id": 1, "created_at": ""} == HTTP | {
        "id": 1,
        "enabled": True,
        "created_at": "",
        "username": "me",
        "password": None,
        "tls_ca_certificate": None,
    }
    assert [each["type"] for each in back["version"]["approval_rules"]] == ["http_api", "manual"]
    assert RulesetVersion.objects.count() == 2
    kept = RulesetAdjustment.objects.get(version__number=2).rules.get(type="http_api").sealed_password
    assert bytes(kept) != b""


def test_an_http_rules_outcome_says_that_nobody_answered(api, admin):
    release = create_release(actor=admin, application=make_application(admin, HTTP))
    engine.work_on(release.pk)

    outcome = items(api.get(f"{APPLICATION}/releases/{release.number}/events"))[1]["approval_rule_outcome"]

    assert (outcome["success"], outcome["response_code"], outcome["response_content_type"]) == (False, 0, "")
    assert b"cannot be called yet" in b64decode(outcome["response_body_base64"])


def test_reviews_are_refused_in_the_right_words_and_order(api, api_as, admin, reviewed, subtests):
    make_application(admin, MATCHING, mode="permissive")
    proposer, viewer, reviewer = api_as("maintainer"), api_as("viewer"), api_as("change-manager")
    change = {"version": FINAL | {"approval_rules": []}}
    number = made(proposer.patch_json(RULES, change))["version"]["id"]
    own = made(reviewer.patch_json(RULES, change))["version"]["id"]
    draft = made(api.patch_json(RULES, {"version": {}}))["version"]["id"]
    path, good = f"{RULES}/proposals", {"state": "approved"}
    before = list(RulesetAdjustment.objects.values_list("pk", flat=True))
    word = (400, "Invalid input: Invalid review state input")
    missing = (404, "approval ruleset proposal not found")
    waiting = (422, "This proposal is not awaiting review")
    cases = [
        (reviewer, "put", f"{path}/{number}/state", {}, word),
        (reviewer, "put", f"{path}/{number}/state", {"state": None}, word),
        (reviewer, "put", f"{path}/{number}/state", {"state": ""}, word),
        (reviewer, "put", f"{path}/{number}/state", {"state": "final"}, word),
        (reviewer, "put", f"{path}/{number}/state", {"state": ["approved"]}, word),
        (viewer, "put", f"{path}/{number}/state", {}, word),
        (viewer, "put", f"{path}/99/state", good, UNAUTHORIZED),
        (proposer, "put", f"{path}/{number}/state", good, UNAUTHORIZED),
        (reviewer, "put", f"{path}/{own}/state", good, UNAUTHORIZED),
        (reviewer, "put", f"{path}/99/state", good, missing),
        (reviewer, "put", f"{path}/1/state", good, missing),
        (reviewer, "put", f"{path}/{draft}/state", good, waiting),
        (reviewer, "put", "/v1/approval-rulesets/none/proposals/1/state", {}, (404, "approval ruleset not found")),
        (viewer, "patch", f"{path}/99", {"enabled": 1}, (400, "Invalid input: enabled: must be true or false")),
        (viewer, "patch", f"{path}/99", {}, UNAUTHORIZED),
        (viewer, "delete", f"{path}/99", {}, UNAUTHORIZED),
        (proposer, "patch", f"{path}/99", {}, missing),
        (proposer, "patch", f"{path}/1", {}, missing),
        (proposer, "delete", f"{path}/1", {}, missing),
        (
            proposer,
            "patch",
            f"{path}/{number}",
            FINAL,
            (422, "Cannot finalize a proposal which is already being reviewed"),
        ),
        (
            proposer,
            "patch",
            f"{path}/{draft}",
            {"proposal_state": "approved"},
            (400, "Invalid input: Unknown proposal state input"),
        ),
        (viewer, "patch", RULES, {"id": 7}, (400, "Invalid input: id: must be a string")),
        (viewer, "patch", RULES, {"version": {}}, UNAUTHORIZED),
        (proposer, "patch", RULES, {"id": ""}, (400, "Invalid input: id: must not be empty")),
        (viewer, "patch", "/v1/approval-rulesets/none", {"id": 7}, (404, "approval ruleset not found")),
        (viewer, "patch", BINDING.replace("/rules", "/none"), {"version": 7}, (404, "approval ruleset not found")),
        (viewer, "patch", BINDING, {"version": 7}, (400, "Invalid input: version: must be a JSON object")),
        (viewer, "patch", BINDING, {}, UNAUTHORIZED),
    ]
    for client, method, where, body, refused in cases:
        with subtests.test(f"{method} {where} {body}"):
            response = client.generic(method.upper(), where, json.dumps(body), content_type="application/json")
            assert refusal(response) == refused
    assert list(RulesetAdjustment.objects.values_list("pk", flat=True)) == before
    assert refusal(api.generic("PATCH", RULES, b"", content_type="application/json"))[0] == 400


def test_ids_with_a_slash_or_empty_ones_are_refused(api, admin, subtests):
    create_application(actor=admin, key="checkout")
    for path in ("/v1/applications/%2F", "/v1/applications//", "/v1/applications/checkout%2Fversions%2F1%2Fx"):
        with subtests.test(path):
            assert api.get(path).status_code == 404
    taken = made(api.post_json("/v1/applications", {"id": "other", "version": {}}))["id"]
    assert refusal(api.patch_json(APPLICATION, {"id": taken.upper()}))[0] == 409


def test_head_and_options_are_answered(api, admin, reviewed):
    make_application(admin, MATCHING)

    options = api.options(RULES)
    head = api.head(RULES)

    assert (options.status_code, options["Allow"]) == (204, "GET, PATCH, HEAD, OPTIONS")
    assert (head.status_code, head.content) == (200, b"")

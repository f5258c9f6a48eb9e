"""How Sqedule's clients are refused: which code, in which words, and in which order."""

import json
from itertools import product

from releases.models import Application, Binding, Release, Ruleset
from releases.services.applications import create_application
from releases.services.releases import create_release
from releases.services.rulesets import create_ruleset
from tests.releases.shipping import MATCHING, make_application
from tests.releases.sqedule import BINDING, refusal

LISTS = ["applications", "approval-rulesets", "application-approval-ruleset-bindings", "releases", "audit-records"]
BAD_PAGING = ["page=0", "page=x", "page=-1", "page=1.5", "per_page=x", "per_page=0", "per_page=1001"]


def test_bad_paging_is_refused_by_name(api, subtests):
    for path, query in product([*LISTS, "manual-approvals"], BAD_PAGING):
        with subtests.test(f"{path}?{query}"):
            status, error = refusal(api.get(f"/v1/{path}?{query}"))

            assert status == 400
            assert error.startswith(f"Invalid input: {query.partition('=')[0]}:")


BAD_BODIES = [
    (b"", "the body is empty"),
    (b"{", "not JSON"),
    (b"[]", "must be a JSON object"),
    (b"null", ""),
    (b'{"id": 7, "version": {}}', "id: must be a string"),
    (b'{"version": {}}', "'id' field must be set"),
    (b'{"id": null, "version": {}}', "'id' field must be set"),
    (b'{"id": "", "version": {}}', "id: must not be empty"),
    (b'{"id": "a/b", "version": {}}', "id: must not contain a slash"),
    (json.dumps({"id": "x" * 256, "version": {}}).encode(), "id: must not be longer than 255"),
    (b'{"id": "a"}', "'version' field must be set"),
    (b'{"id": "a", "version": 7}', "version: must be a JSON object"),
    (b'{"id": "a", "version": {"enabled": "yes"}}', "version.enabled: must be true or false"),
    (b'{"id": "a", "version": {"display_name": 1}}', "version.display_name: must be a string"),
    (
        json.dumps({"id": "a", "version": {"display_name": "x" * 256}}).encode(),
        "version.display_name: Ensure this field has no more than 255",
    ),
    (b'{"id": "a", "version": {"proposal_state": "done"}}', "Unknown proposal state input"),
    (b'{"id": "a", "version": {"proposal_state": 1}}', "Unknown proposal state input"),
    (
        b'{"id": "a", "version": {"proposal_state": "abandon"}}',
        "version.proposal_state must be either draft or final ('abandon' given)",
    ),
]


def test_a_bad_body_makes_nothing(api, subtests):
    for path, (body, text) in product(["/v1/applications", "/v1/approval-rulesets"], BAD_BODIES):
        with subtests.test(f"{path} {text}"):
            status, error = refusal(api.generic("POST", path, body, content_type="application/json"))

            assert status == 400
            assert error.startswith("Invalid input: ")
            assert text in error
            assert not Application.objects.exists()
            assert not Ruleset.objects.exists()


HTTP = {"type": "http_api", "url": "https://rules.example/ask", "retry_policy": "never"}
BAD_RULES = [
    ("x", "approval_rules: Expected a list"),
    ([7], "approval_rules[0]: must be an object"),
    ([{}], "Unspecified approval rule type"),
    ([{"type": None}], "Unspecified approval rule type"),
    ([{"type": 7}], "Approval rule type 7 is unknown"),
    ([{"type": ["schedule"]}], "is unknown"),
    ([{"type": "oracle"}], "Approval rule type 'oracle' is unknown"),
    ([{"type": "http_api"}], "'version.approval_rules[0].url' field must be set"),
    ([{"type": "http_api", "url": "https://x.example"}], "'version.approval_rules[0].retry_policy' field must be set"),
    ([HTTP | {"retry_policy": "always"}], "[0].retry_policy: must be one of never, retry_on_fail"),
    ([HTTP | {"retry_policy": "retry_on_fail"}], "[0].retry_limit: must be from 1 to 100"),
    ([HTTP | {"retry_policy": "retry_on_fail", "retry_limit": 101}], "[0].retry_limit: must be a whole number"),
    ([HTTP | {"url": "ftp://x.example"}], "[0].url: must be an http or https address"),
    ([HTTP | {"url": "https://"}], "[0].url: must be an http or https address"),
    ([HTTP | {"url": "https://me:secret@x.example"}], "[0].url: must be an http or https address"),
    ([HTTP | {"url": "http://[::1"}], "[0].url: must be an http or https address"),
    ([HTTP | {"url": "https://x.example:99999"}], "[0].url: must be an http or https address"),
    ([HTTP | {"url": 7}], "[0].url: must be a string"),
    ([HTTP | {"tls_ca_certificate": "x"}], "[0].tls_ca_certificate: must be certificates in PEM"),
    ([HTTP | {"password": "x" * 1025}], "[0].password: Ensure this field"),
    ([MATCHING, {"type": "schedule", "begin_time": "9:00"}], "[1].end_time: must be set when begin_time is"),
    ([{"type": "schedule", "begin_time": "25:00", "end_time": "26:00"}], "[0].begin_time: hour"),
    ([{"type": "schedule", "begin_time": "1:61", "end_time": "2:00"}], "[0].begin_time: minute"),
    ([{"type": "schedule", "begin_time": "1:00", "end_time": "1:30:61"}], "[0].end_time: second"),
    ([{"type": "schedule", "begin_time": "1:00", "end_time": ""}], "[0].end_time: time"),
    ([{"type": "schedule", "begin_time": 900, "end_time": "1:00"}], "[0].begin_time: must be a string"),
    ([{"type": "schedule", "days_of_week": "today"}], "[0].days_of_week: weekday 'today'"),
    ([{"type": "schedule", "days_of_month": "32"}], "[0].days_of_month: day of month '32'"),
    ([{"type": "schedule", "months_of_year": "13"}], "[0].months_of_year: month '13'"),
    ([{"type": "schedule", "time_zone": "Mars/Olympus"}], "[0].time_zone: 'Mars/Olympus' is no IANA time zone"),
    ([{"type": "schedule", "days_of_week": "mon " * 100}], "[0].days_of_week: Ensure this field"),
    ([{"type": "manual"}], "'version.approval_rules[0].approval_policy' field must be set"),
    ([{"type": "manual", "approval_policy": "most"}], "[0].approval_policy: must be one of any, all, minimum"),
    ([{"type": "manual", "approval_policy": "minimum"}], "[0].minimum: must be at least 1"),
    ([{"type": "manual", "approval_policy": "minimum", "minimum": 0}], "[0].minimum: must be a whole number"),
    ([{"type": "manual", "approval_policy": "minimum", "minimum": 2**31}], "[0].minimum: must be a whole number"),
    ([{"type": "manual", "approval_policy": "any", "minimum": 1}], "[0].minimum: must be set only when"),
    ([{"type": "manual", "approval_policy": "any", "enabled": 1}], "[0].enabled: must be true or false"),
]


def test_a_bad_rule_makes_nothing(api, subtests):
    for rules, text in BAD_RULES:
        with subtests.test(text):
            body = {"id": "a", "version": {"approval_rules": rules}}
            status, error = refusal(api.post_json("/v1/approval-rulesets", body))

            assert status == 400
            assert text in error
            assert not Ruleset.objects.exists()


BAD_BINDINGS = [
    ({}, "'version.mode' field must be set"),
    ({"mode": None}, "'version.mode' field must be set"),
    ({"mode": "lenient"}, "Unknown approval ruleset binding mode"),
    ({"mode": {}}, "Unknown approval ruleset binding mode"),
    ({"mode": "enforcing", "enabled": "no"}, "version.enabled: must be true or false"),
]


def test_a_bad_binding_is_not_made(api, admin, subtests):
    create_application(actor=admin, key="checkout")
    create_ruleset(actor=admin, key="rules")

    for version, text in BAD_BINDINGS:
        with subtests.test(str(version)):
            status, error = refusal(api.post_json(BINDING, {"version": version}))

            assert (status, text in error) == (400, True)
            assert not Binding.objects.exists()


BAD_RELEASES = [
    (b"", "the body is empty"),
    (b"null", ""),
    (b"[]", "must be a JSON object"),
    (b'{"metadata": []}', "metadata: must be an object"),
    (b'{"metadata": "x"}', "metadata: must be an object"),
    (b'{"source_identity": 1}', "source_identity: must be a string"),
    (json.dumps({"source_identity": "x" * 2049}).encode(), "source_identity: Ensure"),
    (b'{"comments": {}}', "comments: must be a string"),
    (b'{"comments": "\\u0000"}', "NUL"),
    (b'{"metadata": {"a": NaN}}', "NaN"),
]


def test_a_bad_release_is_neither_made_nor_changed(api, admin, subtests):
    release = create_release(actor=admin, application=make_application(admin))
    before = Release.objects.values().get()
    calls = [("POST", "/releases"), ("PATCH", f"/releases/{release.number}")]

    for (method, path), (body, text) in product(calls, BAD_RELEASES):
        with subtests.test(f"{method} {body[:40]!r}"):
            response = api.generic(method, f"/v1/applications/checkout{path}", body, content_type="application/json")
            status, error = refusal(response)
            assert status == 400
            assert error.startswith("Invalid input: ")
            assert text in error
            assert Release.objects.values().get() == before


def test_what_exists_is_not_made_again(api, shop):
    for path, body in (
        ("/v1/applications", {"id": "CHECKOUT", "version": {}}),
        ("/v1/approval-rulesets", {"id": "Rules", "version": {}}),
        (BINDING, {"version": {"mode": "enforcing"}}),
    ):
        assert refusal(api.post_json(path, body))[0] == 409
    assert (Application.objects.count(), Ruleset.objects.count(), Binding.objects.count()) == (1, 1, 1)


UNKNOWN = [
    ("applications/none", "application not found"),
    ("applications/none/versions", "application not found"),
    ("applications/none/versions/1", "application not found"),
    ("applications/checkout/versions/2", "application version not found"),
    ("applications/none/approval-ruleset-bindings?page=0", "application not found"),
    ("applications/none/releases?page=x", "application not found"),
    ("applications/none/releases/1", "application not found"),
    ("applications/checkout/releases/2", "release not found"),
    ("applications/checkout/releases/18446744073709551615", "release not found"),
    ("applications/other/releases/1", "release not found"),
    ("applications/checkout/releases/2/events", "release not found"),
    ("approval-rulesets/none", "approval ruleset not found"),
    ("approval-rulesets/none/versions", "approval ruleset not found"),
    ("approval-rulesets/rules/versions/4294967295", "approval ruleset version not found"),
    ("application-approval-ruleset-bindings/none/none", "application not found"),
    ("application-approval-ruleset-bindings/checkout/none", "approval ruleset not found"),
    ("application-approval-ruleset-bindings/other/rules", "application approval ruleset binding not found"),
    (
        "application-approval-ruleset-bindings/checkout/rules/versions/2",
        "application approval ruleset binding version not found",
    ),
]


def test_what_is_unknown_is_named(api, admin, shop, subtests):
    create_application(actor=admin, key="other")

    for path, error in UNKNOWN:
        with subtests.test(path):
            assert refusal(api.get(f"/v1/{path}")) == (404, error)


NUMBERED = [
    ("GET", "applications/none/versions/{}", "version_number"),
    ("GET", "approval-rulesets/none/versions/{}", "version_number"),
    ("GET", "application-approval-ruleset-bindings/none/none/versions/{}", "version_number"),
    ("GET", "applications/none/proposals/{}", "version_id"),
    ("PATCH", "approval-rulesets/none/proposals/{}", "version_id"),
    ("DELETE", "application-approval-ruleset-bindings/none/none/proposals/{}", "version_id"),
    ("PUT", "applications/none/proposals/{}/state", "version_id"),
    ("GET", "applications/none/releases/{}", "id"),
    ("GET", "applications/none/releases/{}/events", "id"),
    ("POST", "applications/none/releases/{}/manual-approvals", "id"),
]
NO_NUMBERS = ["x", "-1", "+1", "1.0", "0x1", "1e3", "%20", "%D9%A1", "9" * 25]


def test_a_number_that_cannot_be_read_comes_before_everything_else(api, subtests):
    for (method, path, name), number in product(NUMBERED, NO_NUMBERS):
        with subtests.test(f"{path} {number}"):
            status, error = refusal(api.generic(method, f"/v1/{path.format(number)}"))

            assert status == 400
            assert error.startswith(f"Error parsing '{name}' parameter as an integer: ")


def test_numbers_have_so_many_bits(api, admin, subtests):
    make_application(admin)

    for path, bits in (("versions", 32), ("proposals", 32), ("releases", 64)):
        with subtests.test(path):
            assert api.get(f"/v1/applications/checkout/{path}/{2**bits}").status_code == 400
            assert api.get(f"/v1/applications/checkout/{path}/{2**bits - 1}").status_code == 404


def test_the_order_of_checks_decides_which_refusal_wins(admin, api_as, shop):
    viewer = api_as("viewer")
    unauthorized = (401, "Unauthorized action")
    releases = "/v1/applications/checkout/releases"

    assert refusal(viewer.post_json("/v1/applications", {}))[0] == 400
    assert refusal(viewer.post_json("/v1/applications", {"id": "checkout", "version": {}})) == unauthorized
    assert refusal(viewer.post_json("/v1/approval-rulesets", {"id": "a", "version": {}})) == unauthorized
    assert refusal(viewer.post_json(BINDING, {}))[0] == 400
    assert refusal(viewer.post_json(BINDING, {"version": {"mode": "enforcing"}})) == unauthorized
    assert refusal(viewer.post_json(BINDING.replace("/rules", "/none"), {}))[0] == 404
    assert refusal(viewer.post_json("/v1/applications/none/releases", {"comments": 1}))[0] == 400
    assert refusal(viewer.post_json("/v1/applications/none/releases", {}))[0] == 404
    assert refusal(viewer.post_json(releases, {})) == unauthorized
    assert refusal(viewer.patch_json(f"{releases}/x", {"comments": 1}))[1].startswith("Error parsing 'id'")
    assert refusal(viewer.patch_json(f"{releases}/9", {"comments": 1}))[0] == 404
    assert refusal(viewer.patch_json(f"{releases}/1", {"comments": 1}))[0] == 400
    assert refusal(viewer.patch_json(f"{releases}/1", {})) == unauthorized
    assert refusal(viewer.post(f"{releases}/1/cancel")) == unauthorized

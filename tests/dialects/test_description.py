"""The OpenAPI document says what the routes do: all of them, and nothing else."""

import re

import pytest
from django.test import Client

from catalog.api.description import described
from tests.dialects.routes import ROUTES
from tests.people import ApiClient


@pytest.fixture(scope="module")
def document() -> dict:
    return described()


def test_every_route_is_described_and_nothing_else(document):
    operations = {f"{method.upper()} {path}" for path, each in document["paths"].items() for method in each}

    assert operations == {str(route) for route in ROUTES}
    assert len(operations) > 70


def test_every_operation_says_how_to_call_it_and_what_may_come_back(document, subtests):
    for route in ROUTES:
        with subtests.test(str(route)):
            operation = document["paths"][route.template][route.method.lower()]
            answers = operation["responses"]
            named = {"$ref": f"#/components/schemas/{route.dialect.name.capitalize()}Error"}
            error = getattr(route.view, "error_schema", named)
            refusals = {status for status in answers if status >= "400"}

            assert [each["name"] for each in operation["parameters"] if each["in"] == "path"] == route.parameters
            assert all(each["schema"]["pattern"] for each in operation["parameters"] if each["in"] == "path")
            assert operation["summary"]
            assert any(status < "400" for status in answers)
            always = {400, 404, 405} if route.is_open else {400, 401, 404, 405, 429}
            assert refusals >= {str(route.dialect.statuses.get(status, status)) for status in always}
            assert ("403" in refusals) is (not route.is_open and 403 not in route.dialect.statuses)
            assert all(answers[each]["content"]["application/json"]["schema"] == error for each in refusals)
            assert operation["security"] == (
                [{}] if route.is_open or not route.dialect.carriers else operation["security"]
            )


def test_an_error_is_described_as_its_dialect_prints_it(document):
    schemas = document["components"]["schemas"]

    assert set(schemas["PhasetError"]["required"]) == {"error", "message", "details"}
    assert schemas["SqeduleError"] == {
        "type": "object",
        "properties": {"error": {"type": "string"}},
        "required": ["error"],
    }
    assert schemas["OpenfactstoreError"]["properties"]["errors"]["items"]["properties"].keys() == {"field", "message"}


def test_a_body_is_described_by_what_reads_it(document):
    body = document["paths"]["/api/v1/flows"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    flow = document["components"]["schemas"][body["$ref"].rpartition("/")[2]]
    answer = document["paths"]["/api/v1/flows"]["post"]["responses"]["201"]["content"]["application/json"]["schema"]

    assert flow["required"] == ["name"]
    assert flow["properties"]["name"] == {"type": "string", "maxLength": 255, "minLength": 1}
    assert flow["properties"]["requiresApproval"] == {"type": "boolean"}
    assert "requiredAttestations" in flow["properties"]  # the peer's spelling
    assert answer["properties"]["id"] == {"type": "string", "format": "uuid"}


def test_the_document_is_for_members(acme, admin, api):
    client = Client()
    client.force_login(admin.user)

    assert ApiClient().get("/api/schema/").status_code == 401
    assert client.get("/api/schema/").json() == api.get("/api/schema").json() == described()


def test_the_page_needs_nothing_from_elsewhere_and_runs_no_inline_script(acme, admin):
    client = Client()
    assert client.get("/api/docs/").status_code == 302
    client.force_login(admin.user)
    page = client.get("/api/docs/")

    policy = page["Content-Security-Policy"]
    assert "script-src" not in policy
    assert "default-src 'self'" in policy
    assert re.findall(r"<script(?![^>]* src=\"/)[^>]*>", page.text) == []
    said = re.sub("http://(www.w3.org|testserver)", "", page.text)  # a namespace, and the page's own address on paper
    assert "http://" not in said
    assert "https://" not in page.text

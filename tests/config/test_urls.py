"""Addresses: slashes, methods, and who says that there is nothing."""

import pytest
from django.test import Client
from django.urls import reverse

from config.api.middleware import as_routed
from tests.people import ApiClient


@pytest.mark.parametrize(
    ("path", "routed"),
    [
        ("/", "/"),
        ("//", "/"),
        ("/environments", "/environments"),
        ("/environments/", "/environments"),
        ("/environments//", "/environments/"),
        ("/api/v1/flows/", "/api/v1/flows"),
        ("/admin", "/admin/"),
        ("/admin/", "/admin/"),
        ("/admin/catalog/component", "/admin/catalog/component/"),
        ("/administration", "/administration"),
        ("/accounts/login", "/accounts/login/"),
        ("/accounts/login/", "/accounts/login/"),
        ("/static/css/base.css", "/static/css/base.css"),
        ("/static/", "/static/"),
    ],
)
def test_a_path_is_taken_with_and_without_its_slash(path, routed):
    assert as_routed(path) == routed


@pytest.mark.parametrize("path", ["/-/healthz", "/-/readyz", "/accounts/login", "/v1/about"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_both_spellings_answer_without_a_redirect(db, path, slash):
    assert Client().get(path + slash).status_code == 200


def test_a_post_keeps_its_body_whatever_its_slash(api):
    for number, path in enumerate(["/api/v1/environments", "/api/v1/environments/"]):
        answer = api.post_json(path, {"name": f"env-{number}", "type": "K8S"})
        assert (answer.status_code, answer.json()["name"]) == (201, f"env-{number}")


UNKNOWN = {
    "/integration/nothing": {"error": "not_found", "message": "There is nothing at this address.", "details": []},
    "/v1/nothing": {"error": "There is nothing at this address."},
    "/v1": {"error": "There is nothing at this address."},
}


@pytest.mark.parametrize(("path", "body"), UNKNOWN.items())
def test_an_unknown_address_is_said_by_the_dialect_that_owns_it(db, path, body):
    answer = Client().post(path)

    assert (answer.status_code, answer.json()) == (404, body)


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v2/nothing"])
def test_openfactstore_says_it_too(db, path):
    answer = Client().get(path)

    assert answer.status_code == 404
    assert (answer.json()["status"], answer.json()["error"]) == (404, "Not Found")


def test_our_own_api_says_it_as_a_problem(db):
    answer = Client().get("/api/gatehouse/v1/nothing")

    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")


@pytest.mark.parametrize("path", ["/nothing", "/integrations-not", "/v10", "/api", "/admin-not"])
def test_the_portal_says_it_on_a_page(db, path):
    answer = Client().get(path)

    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")
    assert "<h1" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "error"),
    [
        ("delete", "/api/v1/flows", "Method Not Allowed"),
        ("patch", "/v1/applications", "Method PATCH is not allowed here."),
        ("get", "/integration/record/a/b/c", "method_not_allowed"),
    ],
)
def test_another_method_is_said_by_the_dialect_with_the_methods_it_takes(db, method, path, error):
    answer = getattr(ApiClient(), method)(path)

    assert (answer.status_code, answer.json()["error"]) == (405, error)
    assert "POST" in answer["Allow"]


def test_another_method_is_said_on_a_page(admin):
    client = Client()
    client.force_login(admin.user)
    answer = client.get(reverse("integrations:notification-read-all"))

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "takes a form" in answer.text


@pytest.mark.parametrize("path", ["/api/v1/flows/%00", "/v1/applications/%00", "/integration/record/a/%00/c"])
def test_a_nul_names_nothing(api, path):
    answer = api.get(path)

    assert answer.status_code == 404
    assert "error" in answer.json()


def test_a_nul_in_a_query_can_not_be_read(api):
    assert api.get("/api/v1/flows?orgSlug=a%00").status_code == 400

"""What Sqedule's clients send and read, for the tests of its wire."""

from typing import Any

VERSION = {
    "id",
    "version_state",
    "version_number",
    "proposal_state",
    "created_at",
    "updated_at",
    "approved_at",
    "enabled",
}
APPLICATION_VERSION = VERSION | {"display_name"}
RULESET_VERSION = APPLICATION_VERSION | {"description", "globally_applicable"}
BINDING_VERSION = VERSION | {"mode"}
TIMES = {"created_at", "updated_at"}
RELEASE = {"id", "state", "source_identity", "metadata", "comments", "finalized_at"} | TIMES
BINDING = "/v1/application-approval-ruleset-bindings/checkout/rules"
FINAL = {"proposal_state": "final"}
UNAUTHORIZED = (401, "Unauthorized action")


def made(response: Any) -> dict:
    """The body of an answer that is no refusal."""
    assert response.status_code in (200, 201), response.content
    return response.json()


def refusal(response: Any) -> tuple[int, str]:
    """The status and the one text of an error."""
    assert set(response.json()) == {"error"}
    return response.status_code, response.json()["error"]


def items(response: Any) -> list:
    assert response.status_code == 200, response.content
    assert set(response.json()) == {"items"}
    return response.json()["items"]

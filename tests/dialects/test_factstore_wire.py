"""What all of OpenFactstore's routes have in common (contract 0.1, 0.3)."""

import uuid

from catalog.models import Event
from catalog.services.components import create_component
from compliance.models import Flow
from tests.compliance.proving import a_flow, a_trail
from tests.compliance.running import an_environment
from tests.dialects.routes import ROUTES
from tests.people import ApiClient

REGION = "X-Factstore-Region"
V1 = "/api/v1"


def test_every_answer_names_our_region_and_an_event_that_of_its_caller(api, settings, subtests):
    settings.REGION = "eu-north-1"
    for client, path in ((api, "flows"), (api, f"flows/{uuid.uuid4()}"), (api, "no/such"), (ApiClient(), "flows")):
        with subtests.test(path):
            assert client.get(f"{V1}/{path}")[REGION] == "eu-north-1"
    assert REGION not in api.get("/v1/applications")

    api.post_json(f"{V1}/flows", {"name": "here"})
    api.post_json(f"{V1}/flows", {"name": "there"}, headers={REGION: "ap-south-1"})
    api.post_json(f"{V1}/flows", {"name": "far"}, headers={REGION: "x\t" + "y" * 300})

    regions = Event.objects.filter(kind="flow.created").order_by("pk").values_list("region", flat=True)
    assert list(regions) == ["", "ap-south-1", "x" + "y" * 63]


def test_a_body_that_was_lost_does_not_read_as_one_that_says_nothing(api, admin, subtests):
    trail, environment = a_trail(admin, a_flow(admin)), an_environment(admin)
    asked = api.post_json(f"{V1}/trails/{trail.uid}/approvals").json()["id"]
    calls = [
        ("POST", f"trails/{trail.uid}/approvals", 400),
        ("POST", f"approvals/{asked}/approve", 400),
        ("POST", f"approvals/{asked}/reject", 400),
        ("POST", f"environments/{environment.uid}/baselines", 400),
        ("POST", f"environments/{environment.uid}/snapshots", 400),
        ("PUT", f"environments/{environment.uid}", 400),
        ("PUT", f"flows/{trail.flow.uid}", 400),
        ("POST", f"environments/{environment.uid}/drift", 404),  # these have no body
        ("POST", "notifications/read-all", 204),
    ]
    events = Event.objects.count()
    for method, path, status in calls:
        with subtests.test(f"{method} {path}"):
            assert api.generic(method, f"{V1}/{path}", content_type="application/json").status_code == status
    assert Event.objects.count() == events
    bodiless = {str(each) for each in ROUTES if getattr(each.view, "bodiless", False) and each.method == "POST"}
    assert f"POST {V1}/notifications/read-all" in bodiless


def test_a_blank_component_takes_the_link_of_a_flow_away(api, admin):
    component = create_component(actor=admin, name="checkout")
    flow = a_flow(admin, "payments", component=component)
    path = f"{V1}/flows/{flow.uid}"

    assert api.put_json(path, {"description": "x"}).json()["componentId"] == str(component.uid)
    assert api.put_json(path, {"componentId": None}).json()["componentId"] == str(component.uid)
    assert api.put_json(path, {"componentId": ""}).json()["componentId"] is None
    assert api.post_json(f"{V1}/flows", {"name": "new", "componentId": ""}).json()["componentId"] is None
    assert Flow.objects.get(pk=flow.pk).component_by == ""

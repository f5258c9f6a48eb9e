"""Flows: what a kind of software must prove."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from catalog.models import Event
from catalog.services.components import create_component, update_component
from compliance.models import Artifact, Attestation, Evidence, Flow, Trail
from compliance.services.flows import delete_flow, update_flow
from compliance.services.joins import join_event
from config.errors import Conflict, Forbidden
from tests.compliance.proving import PASSING, a_flow, a_trail, an_artifact, attach, attest, kinds
from tests.people import make_actor

# ---- the services


def test_a_flow_is_made_and_changed_with_its_history(admin):
    flow = a_flow(admin, required_types=["junit"], tags={"tier": "1"})
    changed = update_flow(actor=admin, flow=flow, description="Builds", required_types=["junit", "snyk"])

    assert (changed.description, changed.required_types, changed.tags) == ("Builds", ["junit", "snyk"], {"tier": "1"})
    event = Event.objects.get(kind="flow.updated")
    assert event.data == {
        "before": {"description": "", "required_types": ["junit"]},
        "after": {"description": "Builds", "required_types": ["junit", "snyk"]},
    }


def test_a_change_to_the_same_says_nothing(admin):
    flow = a_flow(admin)
    before = kinds()

    update_flow(actor=admin, flow=flow, name="checkout")

    assert kinds() == before


def test_a_name_is_taken_once_in_any_letter_case(admin, stranger):
    flow, other = a_flow(admin), a_flow(admin, "billing")
    a_flow(stranger, "checkout")

    with pytest.raises(Conflict, match="Checkout"):
        a_flow(admin, "Checkout")
    with pytest.raises(Conflict, match="CHECKOUT"):
        update_flow(actor=admin, flow=other, name="CHECKOUT")
    with pytest.raises(IntegrityError, match="flow_name"):
        Flow.objects.create(organization=flow.organization, name="checkOUT")


@pytest.mark.parametrize(
    "tags",
    [
        {f"k{number}": "v" for number in range(51)},
        {" ": "v"},
        {"k" * 65: "v"},
        {"k": "v" * 257},
        {"k": 1},
        {"k": None},
        ["k"],
    ],
)
def test_tags_have_limits(admin, tags):
    with pytest.raises(ValidationError) as refused:
        a_flow(admin, tags=tags)

    assert list(refused.value.message_dict) == ["tags"]


def test_a_component_of_another_organization_is_refused(admin, stranger):
    with pytest.raises(ValidationError, match="another organization"):
        a_flow(admin, component=create_component(actor=stranger, name="Theirs"))


def test_only_who_may_makes_changes_and_deletes(acme, admin):
    flow, viewer, maintainer = a_flow(admin), make_actor(acme, "viewer"), make_actor(acme, "maintainer")

    with pytest.raises(Forbidden, match="flow:create"):
        a_flow(viewer, "other")
    with pytest.raises(Forbidden, match="flow:update"):
        update_flow(actor=viewer, flow=flow, description="x")
    with pytest.raises(Forbidden, match="flow:delete"):
        delete_flow(actor=viewer, flow=flow)
    with pytest.raises(Forbidden, match="history:delete"):
        delete_flow(actor=maintainer, flow=flow, force=True)
    delete_flow(actor=maintainer, flow=flow)
    assert not Flow.objects.exists()


def test_a_flow_in_use_is_deleted_only_by_force_with_what_it_holds(admin):
    flow, other = a_flow(admin), a_flow(admin, "billing")
    kept = a_trail(admin, other)
    trail = a_trail(admin, flow)
    an_artifact(admin, trail)
    attach(admin, attest(admin, trail), PASSING)

    with pytest.raises(Conflict, match="1 trail"):
        delete_flow(actor=admin, flow=flow)
    assert Trail.objects.count() == 2

    delete_flow(actor=admin, flow=flow, force=True)

    assert list(Flow.objects.all()) == [other]
    assert list(Trail.objects.all()) == [kept]
    assert [model.objects.count() for model in (Artifact, Attestation, Evidence)] == [0, 0, 0]
    assert kinds()[-1] == "flow.deleted"


# ---- what it is about


def test_a_flow_is_joined_by_what_is_given_then_repository_then_name(admin):
    checkout = create_component(actor=admin, name="Checkout", repository="https://git.example/acme/checkout")
    billing = create_component(actor=admin, name="Billing", record_id="rec12345")

    def joined(name: str, **values: object) -> tuple:
        flow = a_flow(admin, name, **values)
        return flow.component, flow.component_by

    repository = {"repository": "git@git.example:acme/checkout.git"}
    assert joined("one", component=billing, tags={"component": "checkout"}) == (billing, "given")
    assert joined("two", tags={"component": "rec12345"} | repository) == (billing, "given")
    assert joined("three", tags={"component": str(checkout.uid)}) == (checkout, "given")
    assert joined("billing", tags=repository) == (checkout, "repository")
    assert joined("Checkout") == (checkout, "slug")
    assert joined("four", tags={"component": "nobody"}) == (None, "")


def test_a_component_that_comes_later_picks_up_its_flows_and_trails(admin, stranger):
    flow, theirs = a_flow(admin), a_flow(stranger)
    trail = a_trail(admin, flow)
    built = a_trail(admin, a_flow(admin, "other"), build_url="https://git.example/acme/checkout/runs/1")
    near_miss = a_trail(admin, a_flow(admin, "third"), build_url="https://git.example/acme/checkout-2/runs/1")

    checkout = create_component(actor=admin, name="Checkout")
    update_component(actor=admin, component=checkout, repository="https://git.example/acme/checkout")
    for event in Event.objects.filter(kind__startswith="component."):
        join_event(event)
        join_event(event)

    for row in (flow, trail, built, near_miss, theirs):
        row.refresh_from_db()
    assert (flow.component, flow.component_by) == (checkout, "slug")
    assert (trail.component, trail.component_by) == (checkout, "flow")
    assert (built.component, built.component_by) == (checkout, "repository")
    assert (near_miss.component, theirs.component) == (None, None)


def test_saying_what_a_flow_is_about_moves_its_trails(admin):
    checkout, billing = (create_component(actor=admin, name=name) for name in ("Checkout", "Billing"))
    flow = a_flow(admin)
    trail = a_trail(admin, flow)

    update_flow(actor=admin, flow=flow, component=billing)
    update_flow(actor=admin, flow=flow, description="keeps what was given")
    trail.refresh_from_db()
    assert (trail.component, trail.component_by) == (billing, "flow")

    update_flow(actor=admin, flow=flow, component=None)
    trail.refresh_from_db()
    assert trail.component == checkout

    for word, component in (("billing", billing), ("checkout", checkout), ("nobody", checkout)):
        update_flow(actor=admin, flow=flow, tags={"component": word})
        trail.refresh_from_db()
        assert trail.component == component


# ---- the wire


def stored(flow: Flow) -> dict:
    """A flow as it is stored, in the words of the wire."""
    row = Flow.objects.get(pk=flow.pk)
    return {
        "id": str(row.uid),
        "name": row.name,
        "description": row.description,
        "requiredAttestationTypes": row.required_types,
        "requiredAttestations": row.required_types,
        "tags": row.tags,
        "orgSlug": row.organization.slug,
        "templateYaml": row.template_yaml,
        "requiresApproval": row.requires_approval,
        "requiredApproverRoles": row.required_approver_roles,
        "visibility": row.visibility.upper(),
        "componentId": str(row.component.uid) if row.component else None,
        "createdAt": row.created_at.isoformat().replace("+00:00", "Z"),
        "updatedAt": row.updated_at.isoformat().replace("+00:00", "Z"),
    }


def test_a_flow_over_the_wire_is_the_stored_row(admin, api):
    component = create_component(actor=admin, name="Checkout")
    said = {
        "name": "checkout",
        "description": "Builds",
        "requiredAttestations": ["never"],
        "requiredAttestationTypes": ["junit", "a,b"],
        "tags": {"tier": "1"},
        "orgSlug": "acme",
        "templateYaml": None,
        "requiresApproval": True,
        "requiredApproverRoles": ["owner"],
        "visibility": "public",
        "componentId": str(component.uid),
        "unknown": 1,
    }

    answer = api.post_json("/api/v1/flows", said)

    flow = Flow.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(flow.uid),
        "name": "checkout",
        "description": "Builds",
        "requiredAttestationTypes": ["junit", "a,b"],
        "requiredAttestations": ["junit", "a,b"],
        "tags": {"tier": "1"},
        "orgSlug": "acme",
        "templateYaml": None,
        "requiresApproval": True,
        "requiredApproverRoles": ["owner"],
        "visibility": "PUBLIC",
        "componentId": str(component.uid),
        "createdAt": flow.created_at.isoformat().replace("+00:00", "Z"),
        "updatedAt": flow.updated_at.isoformat().replace("+00:00", "Z"),
    }
    assert api.get(f"/api/v1/flows/{flow.uid}").json() == answer.json() == stored(flow)
    assert api.get(f"/api/v1/flows/{str(flow.uid).upper()}/").json() == answer.json()


def test_defaults_and_nulls_and_the_document_s_spelling(api):
    answer = api.post_json(
        "/api/v1/flows", {"name": "a", "requiredAttestations": ["junit"], "tags": None, "orgSlug": ""}
    )

    said = answer.json()
    assert (said["requiredAttestationTypes"], said["tags"], said["visibility"]) == (["junit"], {}, "PRIVATE")
    assert (said["description"], said["requiresApproval"], said["orgSlug"]) == ("", False, "acme")


def test_a_put_changes_what_is_sent_and_clears_with_empty(admin, api):
    flow = a_flow(admin, required_types=["junit"], tags={"a": "b"}, description="x")
    path = f"/api/v1/flows/{flow.uid}"

    kept = api.put_json(path, {"description": None, "orgSlug": "nobody"}).json()
    assert (kept["description"], kept["tags"], kept["orgSlug"]) == ("x", {"a": "b"}, "acme")

    cleared = api.put_json(path, {"requiredAttestationTypes": [], "tags": {}, "description": ""}).json()
    assert (cleared["requiredAttestationTypes"], cleared["tags"], cleared["description"]) == ([], {}, "")
    assert cleared == stored(flow)


def test_flows_are_listed_plain_and_filtered_by_organisation_and_tag(admin, stranger, api):
    one, two = a_flow(admin, "a", tags={"tier": "1", "x": "a:b"}), a_flow(admin, "b")
    a_flow(stranger, "theirs", tags={"tier": "1"})

    def listed(query: str = "") -> list[str]:
        return [each["id"] for each in api.get(f"/api/v1/flows{query}").json()]

    assert api.get("/api/v1/flows").json() == [stored(one), stored(two)]
    assert listed() == listed("?orgSlug=acme") == listed("?orgSlug=ACME&tag=") == [str(one.uid), str(two.uid)]
    assert listed("?tag=tier:1&tag=x:a:b") == [str(one.uid)]
    assert listed("?tag=tier:2") == []
    for query, status in {"?orgSlug=nobody": 404, "?orgSlug=globex": 404, "?tag=tier": 400}.items():
        assert api.get(f"/api/v1/flows{query}").status_code == status


def test_the_template_is_json_or_the_text_itself(admin, api):
    text = "version: 1\ntrail:\n  attestations: [{name: unit, type: junit}]\n"
    flow, bare = a_flow(admin, template_yaml=text), a_flow(admin, "bare", required_types=["junit"], tags={"a": "b"})

    parsed = {"version": 1, "trail": {"attestations": [{"name": "unit", "type": "junit"}]}}
    row = Flow.objects.get(template_yaml=text)
    assert api.get(f"/api/v1/flows/{flow.uid}/template").json() == {
        "flowId": str(row.uid),
        "templateYaml": row.template_yaml,
        "effectiveTemplate": parsed,
    }
    as_yaml = api.get(f"/api/v1/flows/{flow.uid}/template", headers={"Accept": "application/yaml"})
    assert (as_yaml.text, as_yaml["Content-Type"]) == (text, "application/yaml; charset=utf-8")
    assert api.get(f"/api/v1/flows/{bare.uid}/template").json()["effectiveTemplate"] is None
    assert api.get(f"/api/v1/flows/{bare.uid}/template?synthesise=true").json()["effectiveTemplate"] == {
        "name": "bare",
        "description": "",
        "requiredAttestations": ["junit"],
        "tags": {"a": "b"},
    }
    assert api.get(f"/api/v1/flows/{bare.uid}/template", headers={"Accept": "text/yaml"}).status_code == 404


def test_deleting_answers_204_409_and_cascades_by_force(admin, api):
    flow = a_flow(admin)
    trail = a_trail(admin, flow)
    path = f"/api/v1/flows/{flow.uid}"

    refused = api.delete(path)
    assert refused.status_code == 409
    assert "1 trail" in refused.json()["message"]

    done = api.delete(f"{path}?force=true")
    assert (done.status_code, done.content) == (204, b"")
    assert not Trail.objects.filter(pk=trail.pk).exists()
    assert api.delete(path).status_code == 404


BAD = {
    "no name": ({"name": None}, 400, "name"),
    "blank name": ({"name": " "}, 400, "name"),
    "name over the limit": ({"name": "x" * 256}, 400, "name"),
    "name of another type": ({"name": 5}, 400, "name"),
    "description over the limit": ({"description": "x" * 2049}, 400, "description"),
    "types no list": ({"requiredAttestationTypes": "junit"}, 400, "requiredAttestationTypes"),
    "types not text": ({"requiredAttestations": [1]}, 400, "requiredAttestationTypes"),
    "blank type": ({"requiredAttestationTypes": [" "]}, 400, "requiredAttestationTypes"),
    "tags no object": ({"tags": ["a"]}, 400, "tags"),
    "tag not text": ({"tags": {"a": 1}}, 400, "tags"),
    "template no YAML": ({"templateYaml": "a: b: c"}, 400, "templateYaml"),
    "template with a bomb": ({"templateYaml": "a: &a [x]\nb: [*a, *a]"}, 400, "templateYaml"),
    "approval no boolean": ({"requiresApproval": "yes"}, 400, "requiresApproval"),
    "visibility unknown": ({"visibility": "SECRET"}, 400, "visibility"),
    "organisation unknown": ({"orgSlug": "nobody"}, 404, "nobody"),
    "another's organisation": ({"orgSlug": "globex"}, 404, "globex"),
    "component unknown": ({"componentId": "nobody"}, 404, "nobody"),
}


ONLY_NEW = {"no name", "organisation unknown", "another's organisation"}  # a PUT keeps the name, and a flow stays


@pytest.mark.parametrize(
    ("method", "case"), [("post", case) for case in BAD] + [("put", case) for case in BAD if case not in ONLY_NEW]
)
def test_bad_input_changes_nothing(admin, globex, api, method, case):
    change, status, words = BAD[case]
    flow = a_flow(admin, "kept")
    path = "/api/v1/flows" if method == "post" else f"/api/v1/flows/{flow.uid}"

    answer = getattr(api, f"{method}_json")(path, {"name": "new"} | change)

    assert answer.status_code == status, answer.json()
    said = answer.json()
    assert words in said["message"]
    assert (said["status"], said["error"]) == (status, {400: "Bad Request", 404: "Not Found"}[status])
    assert list(Flow.objects.values_list("name", "updated_at")) == [("kept", flow.updated_at)]


@pytest.mark.parametrize("path", ["", "/template", "/trails"])
def test_unknown_and_foreign_ids_read_the_same(stranger, api, path):
    theirs = a_flow(stranger)

    for id, status in {str(theirs.uid): 404, "00000000-0000-7000-8000-000000000000": 404, "abc": 400, "5": 400}.items():
        answer = api.get(f"/api/v1/flows/{id}{path}")
        assert answer.status_code == status
        assert id in answer.json()["message"]
    assert api.delete(f"/api/v1/flows/{theirs.uid}").status_code == 404
    assert api.put_json(f"/api/v1/flows/{theirs.uid}", {"name": "mine"}).status_code == 404
    assert Flow.objects.get().name == "checkout"


def test_viewers_and_nobody_change_nothing(admin, api_as):
    flow = a_flow(admin)
    path = f"/api/v1/flows/{flow.uid}"

    for role, status in {"viewer": 403, "": 401}.items():
        caller = api_as(role)
        for answer in (
            caller.post_json("/api/v1/flows", {"name": "x"}),
            caller.put_json(path, {"name": "x"}),
            caller.delete(path),
        ):
            assert answer.status_code == status
    assert list(Flow.objects.values_list("name", flat=True)) == ["checkout"]


def test_wrong_methods_media_types_and_bodies(api):
    assert api.patch_json("/api/v1/flows", {}).status_code == 405
    assert api.post("/api/v1/flows", "name=x", content_type="application/x-www-form-urlencoded").status_code == 415
    assert api.post("/api/v1/flows", "{", content_type="application/json").status_code == 400
    assert api.post("/api/v1/flows", "[1]", content_type="application/json").status_code == 400

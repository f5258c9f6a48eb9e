"""The pages of flows and trails, and what they hang on a component's page."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from catalog.services.components import create_component
from catalog.services.environments import create_environment
from compliance.services.snapshots import record_snapshot
from compliance.services.trails import note_approval
from tests.compliance.proving import (
    DIGEST,
    FAILING,
    OTHER_DIGEST,
    PASSING,
    a_flow,
    a_trail,
    an_artifact,
    attach,
    attest,
)
from tests.people import make_user


@pytest.fixture
def reader(admin) -> Client:
    """A browser of Acme's admin."""
    client = Client()
    client.force_login(admin.user)
    return client


def flow_url(flow) -> str:
    return reverse("compliance:flow", args=[flow.uid])


def trail_url(trail) -> str:
    return reverse("compliance:trail", args=[trail.uid])


def words(html: str) -> str:
    """What a reader sees, in one line."""
    return " ".join(re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL).split())


# ---- flow list


def test_the_flow_list_shows_what_is_asked_and_the_newest_trail(admin, stranger, reader):
    component = create_component(actor=admin, name="Checkout")
    flow = a_flow(admin, required_types=["junit", "snyk", "a", "b", "c", "d"], component=component)
    a_flow(admin, "bare")
    a_flow(stranger, "their-secret")
    attest(admin, a_trail(admin, flow), status="failed")

    answer = reader.get(reverse("compliance:flow-list"))

    assert [each.name for each in answer.context["page"]] == ["bare", "checkout"]
    said = words(answer.text)
    assert "junit snyk a b and 2 more" in said
    assert "Non-compliant" in said
    assert "no trail yet" in said
    assert "their-secret" not in said


def test_the_flow_list_is_filtered_from_the_address(admin, reader):
    a_flow(admin, "a", tags={"tier": "1"}, requires_approval=True)
    a_flow(admin, "b", component=create_component(actor=admin, name="Checkout"))

    def listed(query: str) -> list[str]:
        return [each.name for each in reader.get(reverse("compliance:flow-list") + query).context["page"]]

    assert listed("?q=check") == listed("?joined=yes") == listed("?approval=no") == ["b"]
    assert listed("?tag=tier:1") == listed("?tag=tier") == listed("?approval=yes") == ["a"]
    assert listed("?sort=-name") == ["b", "a"]
    assert listed("?approval=nonsense") == ["a", "b"]
    assert "No match" in words(reader.get(reverse("compliance:flow-list") + "?q=zzz").text)


def test_an_empty_flow_list_says_what_to_post(reader):
    said = words(reader.get(reverse("compliance:flow-list")).text)

    assert "No flows yet" in said
    assert "curl -X POST http://testserver/api/v1/flows" in said


# ---- flow page


def test_a_flow_page_says_what_it_asks_for_and_lists_its_trails(admin, reader):
    flow = a_flow(admin, required_types=["junit"], requires_approval=True, tags={"tier": "1&2"})
    trail = a_trail(admin, flow, name="build-1")
    a_trail(admin, a_flow(admin, "other"), name="not-here")

    said = words(reader.get(flow_url(flow)).text)

    assert "junit an attestation of this type" in said
    assert "Approval by anyone who may approve" in said
    assert "build-1 7c1e94d0aa" in said
    assert "not-here" not in said
    assert trail_url(trail) in reader.get(flow_url(flow)).text
    assert [each.name for each in reader.get(flow_url(flow) + "?status=compliant").context["page"]] == []


def test_trails_are_found_by_branch_and_author_as_they_are_and_a_part_of_the_page_reads_no_history(
    admin, reader, django_assert_max_num_queries
):
    flow = a_flow(admin)
    said = {"a": ("main", "Ada"), "b": ("main", "Grace"), "c": ("maintenance", "Ada")}
    for commit, (branch, author) in said.items():
        a_trail(admin, flow, commit=commit * 12, branch=branch, author=author)

    def found(**filters: str) -> list[str]:
        return [trail.commit[0] for trail in reader.get(flow_url(flow), filters).context["page"]]

    assert found(branch="main") == ["b", "a"]
    assert found(author="Ada") == ["c", "a"]
    assert found(branch="main", author="Ada", status="pending") == ["a"]
    assert found(branch="main", author="ada") == []
    with django_assert_max_num_queries(5):
        assert "trail.created" not in reader.get(flow_url(flow), headers={"HX-Request": "true"}).text


def test_a_template_says_what_it_asks_of_artifacts(admin, reader):
    flow = a_flow(admin, template_yaml="artifacts: [{name: worker, attestations: [{name: scan, type: snyk}]}]")

    assert "scan of worker, by name, of type snyk" in words(reader.get(flow_url(flow)).text)


def test_a_template_that_cannot_be_read_is_said(admin, reader):
    flow = a_flow(admin)
    type(flow).objects.filter(pk=flow.pk).update(template_yaml="a: 1\na: 2")

    assert "The template can't be read" in words(reader.get(flow_url(flow)).text).replace("&#x27;", "'")


# ---- trail page


def test_a_trail_page_says_what_holds_and_what_is_missing_with_its_request(acme, admin, reader):
    make_user(acme, "ci", "robot@acme.example", "Robot")
    flow = a_flow(admin, required_types=["junit", "load-test", "snyk"])
    trail = a_trail(admin, flow, build_url="https://ci.example/runs/1")
    an_artifact(admin, trail)
    attach(admin, attest(admin, trail, "junit", "pending", name="unit"), PASSING)
    attest(admin, trail, "snyk", "failed")

    answer = reader.get(trail_url(trail))

    states = {each["title"]: each["state"] for each in answer.context["groups"][0]["requirements"]}
    assert states == {"junit": "satisfied", "load-test": "missing", "snyk": "failing"}
    said = words(answer.text)
    assert "Non-compliant" in said
    assert f"curl -X POST http://testserver/api/v1/trails/{trail.uid}/attestations" in said
    assert "load-test" in said
    assert "Robot" in said
    assert 'href="https://ci.example/runs/1"' in answer.text
    assert "What checkout:1.4 must prove" in said
    assert f'id="a-{trail.attestations.first().uid}"' in answer.text


def test_a_trail_page_without_artifacts_says_how_to_register_one(admin, reader):
    trail = a_trail(admin, a_flow(admin))

    said = words(reader.get(trail_url(trail)).text)

    assert f"curl -X POST http://testserver/api/v1/trails/{trail.uid}/artifacts" in said
    assert "The flow asks for nothing" in said


def test_each_artifact_has_its_own_proof_and_ids_stay_unique(admin, reader):
    trail = a_trail(admin, a_flow(admin, required_types=["junit", "review"]))
    an_artifact(admin, trail)
    an_artifact(admin, trail, OTHER_DIGEST, "worker")
    attest(admin, trail, digest=DIGEST)
    environment = create_environment(actor=admin, name="production")
    record_snapshot(
        actor=admin,
        environment=environment,
        recorded_by="cluster",
        artifacts=[{"digest": DIGEST, "name": "checkout", "tag": "1", "instances": 1}],
    )

    answer = reader.get(trail_url(trail))

    titles = [(each["artifact"] and each["artifact"].name, each["requirements"]) for each in answer.context["groups"]]
    assert [(name, [(one["title"], one["state"]) for one in found]) for name, found in titles] == [
        (None, [("review", "missing")]),
        ("checkout", [("junit", "satisfied")]),
        ("worker", [("junit", "missing")]),
    ]
    ids = re.findall(r'\sid="([^"]+)"', answer.text)
    assert len(ids) == len(set(ids))
    said = words(answer.text)
    assert "Runs in production" in said
    assert "Runs nowhere we know of" in said


def test_the_component_join_is_told_and_how_to_fix_it(admin, reader):
    create_component(actor=admin, name="Checkout", repository="https://git.example/acme/checkout")
    trail = a_trail(admin, a_flow(admin, "other"), build_url="https://git.example/acme/checkout/runs/1")

    said = words(reader.get(trail_url(trail)).text)

    assert "Derived, not given: the build lies in the component" in said
    assert f"curl -X PUT http://testserver/api/v1/flows/{trail.flow.uid}" in said


def test_what_a_trail_says_is_text_and_never_markup(admin, reader):
    nasty = "<script>alert(1)</script>{{ 7 }}"
    trail = a_trail(admin, a_flow(admin, nasty), name=nasty, branch=nasty, build_url="javascript:alert(1)")
    attach(admin, attest(admin, trail, nasty, details=nasty, evidence_url="javascript:alert(2)"), b"x", nasty)
    an_artifact(admin, trail, name=nasty)

    for url in (trail_url(trail), flow_url(trail.flow), reverse("compliance:flow-list")):
        page = reader.get(url).text
        assert "<script>alert" not in page
        assert 'href="javascript' not in page
    assert "{{ 7 }}" in reader.get(trail_url(trail)).text


def test_evidence_is_a_download_for_those_who_may_read_it(acme, admin, stranger, reader):
    evidence = attach(admin, attest(admin, a_trail(admin, a_flow(admin))), FAILING)
    url = reverse("compliance:evidence", args=[evidence.uid])
    outsider = Client()
    outsider.force_login(stranger.user)

    answer = reader.get(url)

    assert answer.content == FAILING
    assert answer["Content-Disposition"] == 'attachment; filename="junit.xml"'
    assert url in reader.get(trail_url(evidence.attestation.trail)).text
    assert outsider.get(url).status_code == 404
    assert Client().get(url).status_code == 302


def test_artifacts_and_attestations_lead_to_their_trail(admin, reader):
    trail = a_trail(admin, a_flow(admin))
    artifact, attestation = an_artifact(admin, trail), attest(admin, trail)

    def where(name: str, uid) -> str:
        return reader.get(reverse(name, args=[uid]))["Location"]

    assert where("compliance:artifact", artifact.uid) == f"{trail_url(trail)}#artifacts"
    assert where("compliance:attestation", attestation.uid) == f"{trail_url(trail)}#a-{attestation.uid}"


def test_strangers_and_nobody_see_nothing(admin, stranger, reader):
    flow = a_flow(stranger)
    trail = a_trail(stranger, flow)

    for url in (flow_url(flow), trail_url(trail)):
        assert reader.get(url).status_code == 404
        assert Client().get(url).status_code == 302
        assert reader.post(url).status_code == 405


# ---- on a component's page


def test_a_component_page_shows_its_trails_and_what_it_must_prove(admin, reader):
    component = create_component(actor=admin, name="Checkout")
    flow = a_flow(admin, required_types=["junit", "snyk"], component=component)
    a_flow(admin, "later", required_types=["review"], component=component)
    trail = a_trail(admin, flow)
    attest(admin, trail)
    note_approval(actor=admin, trail=trail, status="", roles=[])

    said = words(reader.get(reverse("catalog:component", args=[component.uid])).text)

    assert "snyk missing , junit satisfied" in said
    assert "review missing" in said
    assert "no trail yet" in said
    assert "main, Jonas, checkout" in said


def test_a_component_nothing_is_asked_of_says_how_to_ask(admin, reader):
    component = create_component(actor=admin, name="Checkout")

    said = words(reader.get(reverse("catalog:component", args=[component.uid])).text)

    assert "Nothing is asked of it" in said
    assert str(component.uid) in said

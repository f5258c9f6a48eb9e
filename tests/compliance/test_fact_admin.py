"""Flows, trails and facts in Django's admin."""

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import Event
from compliance.models import Artifact, Attestation, Evidence, Flow, Trail
from tests.compliance.proving import DIGEST, PASSING, a_flow, a_trail, an_artifact, attach, attest, status_of


def page_of(model, name, *args) -> str:
    return reverse(f"admin:compliance_{model.__name__.lower()}_{name}", args=args)


@pytest.fixture
def clerk(admin) -> Client:
    """A browser of Acme's admin, who may use Django's."""
    admin.user.is_staff = True
    admin.user.save()
    client = Client()
    client.force_login(admin.user)
    return client


@pytest.mark.parametrize("model", [Flow, Trail, Artifact, Attestation, Evidence])
def test_lists_and_pages_open_and_keep_to_the_own_organization(admin, stranger, clerk, model):
    for actor in (admin, stranger):
        trail = a_trail(actor, a_flow(actor, f"of-{actor.organization.slug}"))
        an_artifact(actor, trail)
        attach(actor, attest(actor, trail), PASSING)
    mine, theirs = (model.objects.get(organization=each.organization) for each in (admin, stranger))

    listed = clerk.get(page_of(model, "changelist") + "?q=" + ("of" if model is Flow else "")).text
    opened = clerk.get(page_of(model, "change", mine.pk))

    assert page_of(model, "change", mine.pk) in listed
    assert page_of(model, "change", theirs.pk) not in listed
    assert opened.status_code == 200
    assert clerk.get(page_of(model, "change", theirs.pk)).status_code == 302
    assert clerk.get(page_of(model, "history", mine.pk)).status_code == 200


def test_a_flow_is_made_changed_and_deleted_through_its_services(admin, clerk):
    said = {
        "organization": admin.organization_id,
        "name": "checkout",
        "required_types": "junit,snyk",
        "visibility": "private",
        "tags": "",
    }

    clerk.post(page_of(Flow, "add"), said)
    flow = Flow.objects.get()
    assert (flow.required_types, flow.tags, flow.template_yaml) == (["junit", "snyk"], {}, None)

    clerk.post(page_of(Flow, "change", flow.pk), said | {"required_types": "junit"})
    flow.refresh_from_db()
    assert flow.required_types == ["junit"]

    refused = clerk.post(page_of(Flow, "change", flow.pk), said | {"template_yaml": "a: 1\na: 2"})
    assert "twice" in refused.text

    clerk.post(page_of(Flow, "delete", flow.pk), {"post": "yes"})
    assert not Flow.objects.exists()
    kinds = Event.objects.filter(kind__startswith="flow.").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["flow.created", "flow.updated", "flow.deleted"]


def test_facts_are_added_through_their_services_and_never_changed(admin, clerk):
    flow = a_flow(admin, required_types=["review"])
    by = {"commit": "abc", "branch": "main", "author": "Ines", "author_email": "ines@acme.example"}

    clerk.post(page_of(Trail, "add"), by | {"flow": flow.pk})
    trail = Trail.objects.get()
    clerk.post(
        page_of(Artifact, "add"),
        {"trail": trail.pk, "name": "checkout", "tag": "1", "digest": DIGEST, "reported_by": "Ines"},
    )
    clerk.post(
        page_of(Attestation, "add"), {"trail": trail.pk, "type": "review", "status": "passed", "metadata": "null"}
    )

    assert (trail.organization, Artifact.objects.get().trail) == (flow.organization, trail)
    assert Attestation.objects.get().recorded_by == admin.label
    assert status_of(trail) == "compliant"
    changed = clerk.post(page_of(Attestation, "change", Attestation.objects.get().pk), {"status": "failed"})
    assert changed.status_code == 403


def test_nothing_is_added_to_another_organization(admin, stranger, clerk):
    theirs = a_trail(stranger, a_flow(stranger))

    answer = clerk.post(page_of(Attestation, "add"), {"trail": theirs.pk, "type": "review", "status": "passed"})

    assert answer.status_code == 200
    assert not Attestation.objects.exists()

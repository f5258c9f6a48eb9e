"""Environments: made, changed, deleted; what is seen in them is tested with the snapshots."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from model_bakery import baker

from catalog.models import Environment, Event
from catalog.services.environments import create_environment, delete_environment, update_environment
from config.errors import Conflict, Forbidden
from tests.people import make_actor

EVERYTHING = {"include": {"names": [], "patterns": []}, "exclude": {"names": [], "patterns": []}}


def test_an_environment_is_made(admin):
    made = create_environment(actor=admin, name="production", kind="k8s")

    assert (made.organization, made.kind, made.drift_policy, made.drift_state) == (
        admin.organization,
        "k8s",
        "warn",
        "unknown",
    )
    assert made.scope == EVERYTHING
    assert Event.objects.get(kind="environment.created").subject_uid == made.uid


def test_a_name_is_one_whatever_its_case(admin, globex):
    made = create_environment(actor=admin, name="production")

    with pytest.raises(Conflict, match="Production exists"):
        create_environment(actor=admin, name="Production")
    with pytest.raises(IntegrityError, match="environment_name"), transaction.atomic():
        baker.make(Environment, organization=made.organization, name="PRODUCTION")
    assert baker.make(Environment, organization=globex, name="production")


@pytest.mark.parametrize(
    "values",
    [
        {"name": ""},
        {"name": "n" * 256},
        {"kind": "K8S"},
        {"drift_policy": "shout"},
        {"scope": {}},
        {"scope": []},
        {"scope": 7},
        {"scope": None},
        {"scope": EVERYTHING | {"include": []}},
        {"scope": EVERYTHING | {"include": {"names": "x", "patterns": []}}},
        {"scope": EVERYTHING | {"include": {"names": [7], "patterns": []}}},
        {"scope": EVERYTHING | {"include": {"names": [], "patterns": ["("]}}},
        {"scope": EVERYTHING | {"include": {"names": [], "patterns": ["a\0"]}}},
    ],
)
def test_a_bad_environment_is_refused(admin, values):
    with pytest.raises(ValidationError):
        create_environment(actor=admin, **({"name": "production"} | values))
    assert not Environment.objects.exists()


def test_a_change_says_what_changed(admin):
    made = create_environment(actor=admin, name="production")

    update_environment(actor=admin, environment=made, drift_policy="block", description="", name="production")

    assert Event.objects.get(kind="environment.updated").data == {
        "before": {"drift_policy": "warn"},
        "after": {"drift_policy": "block"},
    }


def test_who_may_not_is_refused(admin, stranger):
    made = create_environment(actor=admin, name="production")
    for actor in (make_actor(admin.organization, "viewer"), make_actor(admin.organization, "ci"), stranger):
        with pytest.raises(Forbidden, match="organization:environment:update"):
            update_environment(actor=actor, environment=made, name="x")
        with pytest.raises(Forbidden, match="organization:environment:delete"):
            delete_environment(actor=actor, environment=made)
    with pytest.raises(Forbidden, match="organization:environment:create"):
        create_environment(actor=make_actor(admin.organization, "change-manager"), name="x")
    assert Environment.objects.get().name == "production"


def test_what_decisions_point_at_stays(admin):
    used = create_environment(actor=admin, name="used")
    free = create_environment(actor=admin, name="free", kind="ecs")
    baker.make("releases.GateDecision", organization=admin.organization, environment=used)

    with pytest.raises(Conflict, match=r"Environment used is still used by 1 gate decision\."):
        delete_environment(actor=admin, environment=used)
    delete_environment(actor=admin, environment=free)

    assert list(Environment.objects.all()) == [used]
    assert Event.objects.get(kind="environment.deleted").data == {"kind": "ecs"}

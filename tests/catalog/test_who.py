"""Whom to ask."""

import pytest

from catalog.models import Role, RoleRule
from catalog.services.components import create_component
from catalog.services.who import Roster, who_may
from tests.people import make_machine, make_user

ATTEST = "organization:attestation:create"


def test_roles_come_first_then_people_then_machines(acme, globex, admin):
    make_user(acme, "maintainer", name="Maeve")
    make_machine(acme, "ci", "ci-github")
    make_machine(acme, "viewer", "dashboard")
    make_user(globex, "maintainer", name="Stranger")
    gone = make_user(acme, "maintainer", "gone@acme.example", "Gone")
    gone.is_active = False
    gone.save()

    assert who_may(acme, ATTEST) == [
        {"label": "CI", "kind": "role"},
        {"label": "Maintainer", "kind": "role"},
        {"label": "Maeve", "kind": "user"},
        {"label": "ci-github", "kind": "service_account"},
    ]
    assert Roster(acme).may(ATTEST, machines=False) == [
        {"label": "Admin", "kind": "role"},
        {"label": "Maintainer", "kind": "role"},
        {"label": "Admin Acme", "kind": "user"},
        {"label": "Maeve", "kind": "user"},
    ]


def test_whose_task_it_is_is_named_before_those_who_may_do_anything(acme, admin):
    for letter in "ABCDE":
        make_user(acme, "admin", f"{letter}@acme.example", letter)
    make_user(acme, "maintainer", name="Zoe")

    named = [each["label"] for each in Roster(acme).may(ATTEST, machines=False) if each["kind"] == "user"]

    assert named == ["A", "Admin Acme", "B", "C", "Zoe"]


def test_admins_are_named_when_nobody_else_may(acme, admin):
    assert who_may(acme, ATTEST) == [{"label": "Admin", "kind": "role"}, {"label": "Admin Acme", "kind": "user"}]


def test_a_role_for_one_component_counts_there_alone(acme, admin):
    checkout, billing = (create_component(actor=admin, name=name) for name in ("checkout", "billing"))
    role = Role.objects.create(organization=acme, canonical="owners", name="Checkout owners")
    RoleRule.objects.create(
        organization=acme, role=role, action="organization:**", resources=["organization:acme:component:checkout"]
    )
    make_user(acme, "owners", name="Cora")

    def asked(subject) -> list[str]:
        return [each["label"] for each in who_may(acme, "organization:component:update", subject)]

    assert asked(checkout) == ["Checkout owners", "Cora"]
    assert asked(billing) == ["Admin", "Admin Acme"]


@pytest.mark.parametrize("people", [1, 20])
def test_a_roster_costs_four_queries_for_any_number_of_people_and_questions(acme, people, django_assert_num_queries):
    for number in range(people):
        make_machine(acme, "ci", f"ci {number:02}")
        make_machine(acme, "maintainer", f"maintainer {number:02}")

    with django_assert_num_queries(4):
        roster = Roster(acme)
        found = [roster.may(ATTEST) for _ in range(3)]

    assert len(found[0]) == 2 + min(5, 2 * people)

"""What there is already is said beside the field that has to be another."""

import pytest
from django.core import signing
from django.core.exceptions import ValidationError
from django.urls import reverse

from catalog.models import Component, Role, RoleRule
from catalog.services.components import create_component
from catalog.services.groups import create_team
from catalog.services.invitations import invite_member
from catalog.services.people import create_service_account
from catalog.services.roles import create_role
from catalog.views.saved_view import SALT
from integrations.services.webhooks import create_webhook
from tests.catalog.test_pages import sign_in

VIEW = reverse("catalog:saved-view-new") + "?of=" + signing.dumps(["/catalog/components", "q=pay", ""], salt=SALT)


@pytest.mark.parametrize(
    ("page", "typed", "field", "said"),
    [
        ("catalog:component-new", {"name": "Checkout"}, "name", "A component of this name exists."),
        ("catalog:team-new", {"name": "Checkout"}, "name", "This slug is taken already."),
        ("catalog:role-new", {"name": "Checkout", "rules": "organization:read"}, "name", "This role exists."),
        ("catalog:service-account-new", {"name": "checkout", "role": "ci"}, "name", "This service account exists."),
        ("catalog:member-invite", {"email": "NEW@acme.example", "role": "ci"}, "email", "NEW@acme.example is invited"),
        ("catalog:member-invite", {"email": "admin@acme.example", "role": "ci"}, "email", "is a member of Acme"),
        pytest.param(VIEW, {"name": "Checkout"}, "name", "You have a view of this name here.", id="saved view"),
        (
            "integrations:webhook-new",
            {"name": "Checkout", "url": "https://hook.example/", "kinds": "*"},
            "name",
            "A webhook of this name exists.",
        ),
    ],
)
def test_a_namesake_is_refused_at_its_field(client, acme, admin, page, typed, field, said):
    role = Role.objects.get(organization=acme, canonical="ci")
    create_component(actor=admin, name="Checkout")
    create_team(actor=admin, name="Checkout")
    create_role(actor=admin, name="Checkout")
    create_service_account(actor=admin, name="Checkout", role=role)
    invite_member(actor=admin, email="new@acme.example", role=role)
    create_webhook(actor=admin, name="Checkout", url="https://hook.example/")
    browser = sign_in(client, admin)
    browser.post(VIEW, {"name": "Checkout"})

    address = page if page.startswith("/") else reverse(page)
    answer = browser.post(address, typed | ({"role": role.pk} if "role" in typed else {}))

    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert list(errors) == [field]
    assert said in errors[field][0]


def test_all_that_is_wrong_is_said_at_once_and_the_transaction_goes_on(acme, admin):
    create_component(actor=admin, name="Checkout")

    with pytest.raises(ValidationError) as taken:
        Component(organization=acme, name="Checkout", slug="checkout", record_id="two").put()
    with pytest.raises(ValidationError) as refused:
        Component(organization=acme, name="Checkout", slug="checkout", record_id="two", lifecycle="retiring").put()

    assert taken.value.message_dict == {"slug": ["A component of this name exists."]}
    assert refused.value.message_dict.keys() == {"slug", "lifecycle"}
    assert Component.objects.get().name == "Checkout"


def test_a_row_costs_no_query_for_each_of_its_constraints(acme, admin, django_assert_num_queries):
    with django_assert_num_queries(3):  # between a savepoint and its release
        Component(organization=acme, name="Checkout", slug="checkout", record_id="one").put()


def test_a_row_without_constraints_costs_its_statement(acme, admin, django_assert_num_queries):
    role = Role.objects.get(organization=acme, canonical="ci")

    with django_assert_num_queries(1):
        RoleRule(organization=acme, role=role, action="organization:read", resources=[]).put()

"""Bindings: which rulesets count for which application."""

import pytest
from django.core.exceptions import ValidationError

from catalog.models import Event
from config.errors import Conflict, Forbidden
from releases.models import Binding
from releases.services.applications import create_application
from releases.services.bindings import create_binding
from releases.services.rulesets import create_ruleset
from tests.people import make_actor


def test_a_binding_has_a_mode_in_its_first_version(admin):
    application, ruleset = create_application(actor=admin, key="checkout"), create_ruleset(actor=admin, key="hours")

    binding = create_binding(actor=admin, application=application, ruleset=ruleset, mode="permissive")

    assert (binding.latest.mode, binding.latest.version.version_number) == ("permissive", 1)
    event = Event.objects.get(kind="binding.created")
    assert application.component.uid in event.related
    assert (event.data["application"], event.data["ruleset"], event.data["mode"]) == ("checkout", "hours", "permissive")


def test_two_are_bound_once(admin):
    application, ruleset = create_application(actor=admin, key="checkout"), create_ruleset(actor=admin, key="hours")
    create_binding(actor=admin, application=application, ruleset=ruleset, proposal_state="draft")

    with pytest.raises(Conflict, match="bound to checkout already"):
        create_binding(actor=admin, application=application, ruleset=ruleset)


def test_an_unknown_mode_is_refused(admin):
    application, ruleset = create_application(actor=admin, key="checkout"), create_ruleset(actor=admin, key="hours")

    with pytest.raises(ValidationError):
        create_binding(actor=admin, application=application, ruleset=ruleset, mode="lenient")


def test_another_organizations_ruleset_is_refused(admin, stranger):
    application, theirs = create_application(actor=admin, key="checkout"), create_ruleset(actor=stranger, key="hours")

    with pytest.raises(ValidationError, match="another organization"):
        create_binding(actor=admin, application=application, ruleset=theirs)

    assert not Binding.objects.exists()


@pytest.mark.parametrize("role", ["viewer", "ci"])
def test_who_may_only_read_binds_nothing(admin, acme, role):
    application, ruleset = create_application(actor=admin, key="checkout"), create_ruleset(actor=admin, key="hours")

    with pytest.raises(Forbidden):
        create_binding(actor=make_actor(acme, role), application=application, ruleset=ruleset)

"""Each organization for itself: one walk over every model that has one."""

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey
from model_bakery import baker

from catalog.actors import Actor
from catalog.models import Event, Organization, TenantModel, TenantQuerySet
from catalog.rights import Rule
from tests.catalog.desk import FILLED

TENANT = [model for model in apps.get_models() if issubclass(model, TenantModel)]
SCOPED = [*TENANT, Event]
UNSCOPED = {  # rows of the installation, or that hang on a row with an organization
    "catalog.Organization",
    "catalog.User",
    "catalog.Counter",
    "catalog.IdempotentAnswer",
    "catalog.JobRecord",
    "catalog.JobTick",
    "catalog.OutboxEntry",
    "catalog.SearchDocument",  # as visible as its row: see test_search
    "releases.ReleaseJob",
}
LINKS = [
    (model, field.name)
    for model in TENANT
    for field in model._meta.concrete_fields
    if isinstance(field, ForeignKey) and issubclass(field.related_model, TenantModel)
]


def label(each) -> str:
    return each._meta.label if isinstance(each, type) else str(each)


def row_of(model, organization: Organization):
    """One row of `model` in an organization; what it hangs on is some other's."""
    where = {"organization_id": organization.pk} if model is Event else {"organization": organization}
    return baker.make(model, **where, **FILLED.get(model._meta.label, {}))


def actor_with(organization: Organization, *rules: Rule) -> Actor:
    return Actor(
        kind="system", label="x", organization=organization, reach={organization.pk: organization.slug}, rules=rules
    )


def test_every_model_has_an_organization_or_is_known_not_to():
    ours = [
        model
        for model in apps.get_models()
        if model._meta.app_label in ("catalog", "compliance", "releases", "integrations")
    ]

    assert {model._meta.label for model in ours} - {model._meta.label for model in SCOPED} == UNSCOPED


@pytest.mark.parametrize("model", SCOPED, ids=label)
def test_nobody_sees_nothing_and_a_stranger_only_their_own(acme, globex, model):
    mine, theirs = row_of(model, acme), row_of(model, globex)
    everything = actor_with(acme, Rule("organization:**"))

    assert isinstance(model.objects.all(), TenantQuerySet)
    assert list(model.objects.visible_to(None)) == []
    assert list(model.objects.visible_to(actor_with(acme))) == []
    seen = set(model.objects.visible_to(everything))
    assert mine in seen
    assert theirs not in seen
    assert not everything.may(f"organization:{model.entity}:read", theirs)


@pytest.mark.parametrize("model", SCOPED, ids=label)
def test_a_rule_on_one_row_opens_that_row(acme, model):
    row, other = row_of(model, acme), row_of(model, acme)
    action = f"organization:{model.entity}:read"
    path = actor_with(acme, Rule("**"))._path(row)
    actor = actor_with(acme, Rule(action, (path,)))

    assert row in set(model.objects.visible_to(actor))
    for each in (row, other):
        assert (each in set(model.objects.visible_to(actor))) is actor.may(action, each)
    assert not set(model.objects.visible_to(actor_with(acme, Rule(action, ("organization:globex",)))))
    assert not set(model.objects.visible_to(actor_with(acme, Rule("organization:nothing:read"))))


@pytest.mark.parametrize(("model", "name"), LINKS, ids=label)
def test_a_row_of_another_organization_is_refused(acme, globex, model, name):
    related = model._meta.get_field(name).related_model
    row = model(organization=acme, **{name: row_of(related, globex)})

    with pytest.raises(ValidationError) as refused:
        row.full_clean()
    assert any("belongs to another organization" in said for said in refused.value.message_dict[name])


def test_there_are_links_to_walk():
    assert len(LINKS) > 40

"""Django's admin: every page of every model, who may, and that services do the writing."""

import re

import pytest
from django.apps import apps
from django.contrib import admin as django_admin
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from model_bakery import baker

from catalog.actors import system_actor
from catalog.models import (
    ApiKey,
    Component,
    Environment,
    Event,
    Membership,
    Organization,
    Role,
    ServiceAccount,
    Team,
    User,
    WebhookToken,
)
from catalog.services.keys import issue_api_key, issue_webhook_token
from config.crypto import token_digest
from tests.people import PASSWORD, make_actor, make_user

OURS = ("catalog", "compliance", "releases", "integrations")
MODELS = [model for model in apps.get_models() if model._meta.app_label in OURS]
REGISTERED = sorted(django_admin.site._registry, key=lambda model: model._meta.label)


def page_of(model, verb: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{verb}", args=args)


@pytest.fixture
def superuser(db) -> User:
    return User.objects.create_superuser("root@gatehouse.example", PASSWORD)


@pytest.fixture
def desk(superuser) -> Client:
    """The admin as a superuser sees it."""
    client = Client()
    client.force_login(superuser)
    return client


@pytest.fixture
def clerk(acme) -> Client:
    """The admin as Acme's admin sees it, who is staff but no superuser."""
    user = make_user(acme, "admin", "clerk@acme.example")
    user.is_staff = True
    user.save()
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_model_is_in_the_admin(model):
    assert model in django_admin.site._registry


# Every page

FILLED = {  # what a valid row of a model needs beside its required fields
    "catalog.ApiKey": {"_fill_optional": ["service_account"]},
    "releases.Rule": {"type": "schedule"},
    "releases.ApprovalRequest": {"_fill_optional": ["trail"]},
}


def rows_of(model, quantity: int) -> list:
    """Rows that share nothing, so that every related row would cost a query of its own."""
    return baker.make(model, _quantity=quantity, **FILLED.get(model._meta.label, {}))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_list_costs_the_same_for_any_number_of_rows(desk, model):
    costs = {}
    for rows in (1, 20):
        rows_of(model, rows)
        with CaptureQueriesContext(connection) as queries:
            answer = desk.get(page_of(model, "changelist"))
        assert answer.status_code == 200
        assert len(answer.context["cl"].result_list) >= rows
        costs[rows] = len(queries)

    assert costs[20] == costs[1] <= 12, "\n".join(query["sql"] for query in queries)


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_every_page_of_a_model_opens(desk, model):
    known = model in MODELS
    row = rows_of(model, 1)[0] if known else None
    pages = [page_of(model, "changelist"), page_of(model, "changelist") + "?q=x"]
    if row is not None:
        pages += [page_of(model, "change", row.pk), page_of(model, "history", row.pk)]
    for page in pages:
        assert desk.get(page).status_code == 200, page
    assert desk.get(page_of(model, "add")).status_code in (200, 403)

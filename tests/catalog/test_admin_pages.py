"""Every page of every model in Django's admin."""

import pytest
from django import forms
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from model_bakery import baker

from catalog.actors import system_actor
from catalog.models import Event, Organization, ServiceAccount
from catalog.services.keys import issue_api_key, issue_webhook_token
from config.crypto import token_digest
from tests.catalog.desk import FILLED, MODELS, page_of, rows_of
from tests.people import PASSWORD, make_user

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_model_is_in_the_admin(model):
    assert model in admin.site._registry


@pytest.fixture(autouse=True)
def no_sidebar(monkeypatch) -> None:
    """Leave out what is beside every page the same, and takes longer than many a page: `test_admin.py` has it."""
    monkeypatch.setattr(admin.site, "get_app_list", lambda *_: [])


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_every_list_and_history_opens_and_a_list_costs_the_same_for_any_number_of_rows(desk, model):
    pages = [page_of(model, "changelist") + "?q=x"]
    if model in MODELS:
        [row] = rows_of(model, 1)
        pages.append(page_of(model, "history", row.pk))
    else:
        assert desk.get(page_of(model, "add")).status_code in (200, 403)
    for page in pages:
        assert desk.get(page).status_code == 200, page

    one = cost_of_list(desk, model, rows=1 if model in MODELS else 0)
    if model in MODELS:
        rows_of(model, 4)  # what costs a query for each row costs four
        assert cost_of_list(desk, model, rows=5) == one


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_form_of_a_model_opens_and_takes_or_refuses_what_is_empty_and_what_is_long(desk, acme, model):
    for page in (page_of(model, "add"), page_of(model, "change", row_in(acme, model).pk)):
        shown = desk.get(page)
        assert shown.status_code == 200 or (shown.status_code == 403 and page.endswith("/add/")), page
        if shown.status_code == 403:
            continue
        fields = shown.context["adminform"].form.fields
        least = {name: filling(field, acme) for name, field in fields.items() if field.required}
        long = {name: "x" * 5000 for name, field in fields.items() if isinstance(field.widget, TEXTS)}
        forms_sent = [{}]
        forms_sent += [each for each in ({"organization": acme.pk}, least, least | long) if each.keys() & fields.keys()]
        for sent in forms_sent:
            assert desk.post(page, sent).status_code in (200, 302, 403), (page, sent)  # and no exception


def row_in(organization: Organization, model: type[Model]) -> Model:
    """A row of `organization` whose required relations are its too."""
    if model is Organization:
        return organization
    owners = [field for field in model._meta.concrete_fields if field.is_relation and not field.null]
    owned = {field.name: row_in(organization, field.related_model) for field in owners}
    return baker.make(model, **(FILLED.get(model._meta.label, {}) | owned))


TEXTS = (forms.TextInput, forms.Textarea)


def filling(field: forms.Field, organization: Organization) -> object:
    """Something that `field` takes, of `organization` where it has one."""
    if isinstance(field, forms.ModelChoiceField):
        return row_in(organization, field.queryset.model).pk
    if isinstance(field, forms.ChoiceField):
        return next(str(value) for value, _ in field.choices if value)
    return "{}" if isinstance(field, forms.JSONField) else "1"


def cost_of_list(desk: Client, model: type[Model], *, rows: int) -> int:
    """How many queries the list takes, which has so many rows."""
    with CaptureQueriesContext(connection) as queries:
        answer = desk.get(page_of(model, "changelist"))
    assert answer.status_code == 200
    assert len(answer.context["cl"].result_list) >= rows
    assert len(queries) <= 12, "\n".join(query["sql"] for query in queries)
    return len(queries)


@pytest.mark.parametrize(
    ("model", "action"),
    [
        ("catalog.ApiKey", "revoke_selected"),
        ("catalog.WebhookToken", "revoke_selected"),
        ("compliance.AllowlistEntry", "remove_selected"),
        ("releases.Release", "cancel_selected"),
    ],
)
def test_what_cannot_be_undone_is_asked_first_with_the_rows_it_is_about(desk, acme, model, action, monkeypatch):
    model = apps.get_model(model)
    rows = [row_in(acme, model) for _ in range(2)]
    before = list(model.objects.order_by("pk").values())
    chosen = {"action": action, "_selected_action": [each.pk for each in rows]}

    asked = desk.post(page_of(model, "changelist"), chosen)

    assert asked.status_code == 200
    assert all(f'name="_selected_action" value="{each.pk}"' in asked.text for each in rows)
    assert all(page_of(model, "change", each.pk) in asked.text for each in rows)
    assert list(model.objects.order_by("pk").values()) == before
    monkeypatch.setattr("catalog.admin.base.MOST_AT_ONCE", 1)
    assert "Choose at most 1 at once" in desk.post(page_of(model, "changelist"), chosen, follow=True).text


def test_no_page_shows_a_secret(desk, acme):
    system = system_actor(acme)
    machine = baker.make(ServiceAccount, organization=acme)
    key, key_text = issue_api_key(actor=system, label="key", service_account=machine)
    token, token_text = issue_webhook_token(actor=system, label="token")
    person = make_user(acme, "owner")
    hashed = person.password
    secrets = [
        key_text,
        token_text,
        key.digest,
        token.digest,
        token_digest(key_text),
        hashed,
        hashed[-60:-50],
        PASSWORD,
    ]
    pages = [reverse("admin:index")]
    for row in (key, token, person, machine, *Event.objects.all()):
        verbs = [("change", row.pk), ("history", row.pk), ("changelist",)]
        pages += [page_of(type(row), *verb) for verb in verbs]

    for page in dict.fromkeys(pages):
        shown = desk.get(page).text
        assert [secret for secret in secrets if secret in shown] == [], page

"""Addresses of the admin, and rows to look at there."""

from typing import Any

from django.apps import apps
from django.db.models import Model
from django.urls import reverse
from django.utils.timezone import now
from model_bakery import baker

OURS = ("catalog", "compliance", "releases", "integrations")
MODELS = [model for model in apps.get_models() if model._meta.app_label in OURS]
FILLED: dict[str, dict[str, Any]] = {  # what a valid row of a model needs beside its required fields
    "catalog.ApiKey": {"_fill_optional": ["service_account"]},
    "compliance.AllowlistEntry": {"name_pattern": "x*"},
    "releases.Rule": {"type": "schedule"},
    "releases.Outcome": {"rule__type": "schedule"},
    "releases.ApprovalRequest": {"_fill_optional": ["trail"]},
    "integrations.Webhook": {"url": "https://hook.example/", "kinds": ["*"]},
    "integrations.Delivery": {"next_attempt_at": now(), "_fill_optional": ["webhook"]},
    "releases.Decision": {"request": lambda: baker.make("releases.ApprovalRequest", _fill_optional=["trail"])},
}


def page_of(model: type[Model], verb: str, *args: Any) -> str:
    """The address of one page of a model: `changelist`, `add`, `change`, `delete` or `history`."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{verb}", args=args)


def rows_of(model: type[Model], quantity: int) -> list[Any]:
    """Rows that share nothing, so that every related row would cost a query of its own."""
    return baker.make(model, _quantity=quantity, **FILLED.get(model._meta.label, {}))

"""Credentials: their text is shown once, their digest never."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from catalog.admin.base import GatehouseAdmin, asked_first
from catalog.admin.people import ORGANIZATION
from catalog.models import ApiKey, WebhookToken
from catalog.services.keys import issue_api_key, issue_webhook_token, revoke


class SecretAdmin(GatehouseAdmin):
    """A credential: its text is shown once, when it is made; afterwards it can only be revoked."""

    secret_fields = ("digest",)
    actions: tuple[str, ...] = ("revoke_selected",)
    list_select_related = ["organization"]
    list_filter = [ORGANIZATION, "revoked_at", "expires_at"]
    search_fields = ["label", "last_four", "created_by"]

    def stored(self, request: HttpRequest, result: Any) -> Model:
        """Have the text shown, once."""
        secret, request.secret = result  # type: ignore[attr-defined]
        return secret

    @admin.action(description="Revoke now", permissions=["revoke"])
    @asked_first("They open nothing from then on, and can't be brought back.")
    def revoke_selected(self, request: HttpRequest, rows: QuerySet) -> None:
        """End the selected credentials."""
        for secret in rows.select_related("organization"):
            revoke(actor=self.actor(request, secret), secret=secret)
        self.message_user(request, f"Revoked: {', '.join(str(secret) for secret in rows)}")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """By the right to revoke it."""
        return self._may(request, "revoke")


@admin.register(ApiKey)
class ApiKeyAdmin(SecretAdmin):
    """Keys are issued here as in the portal, where they can also be narrowed and rotated."""

    create_service = issue_api_key
    fields = ["organization", "label", "user", "service_account", "ttl_days"]
    list_display = [
        "label",
        "prefix",
        "last_four",
        "user",
        "service_account",
        "organization",
        "expires_at",
        "revoked_at",
    ]
    list_select_related = ["organization", "user", "service_account"]
    autocomplete_fields = ["organization", "user", "service_account"]
    helps = {
        "label": "What it is for: you will know it by this.",
        "user": "The person it speaks for; or leave it empty and choose a service account.",
        "service_account": "The machine it speaks for. A key may do what its owner may, now and later.",
        "ttl_days": "Days until it ends. Empty: it never does.",
    }

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, with a word on each field."""
        return super().get_form(request, obj, change, help_texts=self.helps, **kwargs)


@admin.register(WebhookToken)
class WebhookTokenAdmin(SecretAdmin):
    create_service = issue_webhook_token
    fields = ["organization", "label", "component", "expires_at"]
    list_display = ["label", "last_four", "component", "organization", "last_used_at", "expires_at", "revoked_at"]
    list_select_related = ["organization", "component"]
    autocomplete_fields = ["organization", "component"]

"""Django's admin: every model can be seen, and what has a service can be changed, through that service only."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import wraps
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import ForeignKey, Model, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import reverse

from catalog.actors import Actor, reach_of, user_actor
from catalog.admin.choosers import Chooser
from catalog.forms import CurrentForm
from catalog.models import Event, Organization
from catalog.rights import Rule
from catalog.services.changes import hold
from catalog.timeline import details
from catalog.views.once import show_once
from config.api.errors import understood
from config.errors import Forbidden, GatehouseError, NotFound

Service = Callable[..., Any]
HISTORY = 200
MOST_AT_ONCE = 500  # rows of an action that is confirmed; a form may have 1,000 fields

admin.site.unregister(Group)  # rights are roles of an organization


def staff_actors(request: HttpRequest) -> list[Actor]:
    """The actors of somebody in the admin who is no superuser: one for each organization they belong to."""
    if not hasattr(request, "staff_actors"):
        first = user_actor(request.user)  # type: ignore[arg-type]
        chosen = [user_actor(request.user, each.organization_id) for each in first.memberships] if first else []  # type: ignore[arg-type]
        request.staff_actors = [each for each in chosen if each]  # type: ignore[attr-defined]
    return request.staff_actors  # type: ignore[attr-defined]


def admin_actor(request: HttpRequest, organization: Organization) -> Actor:
    """The actor who works on a row of `organization` in the admin: a superuser may do anything, others what their
    role there, or above it, allows. Raises Forbidden for a stranger."""
    user: Any = request.user
    if user.is_superuser:
        return Actor(
            kind="user",
            label=user.email,
            organization=organization,
            reach=reach_of(organization),
            rules=(Rule("organization:**"),),
            role="superuser",
            user=user,
            address=request.META.get("REMOTE_ADDR") or None,
        )
    near = [each for each in staff_actors(request) if organization.pk in each.reach]
    if not near:
        raise Forbidden(f"{user.email} is no member of {organization}.")
    closest = max(near, key=lambda each: len(each.organization.path))
    return replace(closest, organization=organization, address=request.META.get("REMOTE_ADDR") or None)


def asked_first(text: str) -> Callable[[Service], Service]:
    """An action that can't be undone: a page says `text` and lists the rows, and only a yes there does it."""

    def asking(do: Service) -> Service:
        @wraps(do)
        def action(self: admin.ModelAdmin, request: HttpRequest, rows: QuerySet) -> HttpResponse | None:
            if request.POST.get("post"):
                return do(self, request, rows)
            chosen = list(rows.select_related("organization")[: MOST_AT_ONCE + 1])
            if len(chosen) > MOST_AT_ONCE:
                self.message_user(request, f"Choose at most {MOST_AT_ONCE} at once.", "error")
                return None
            context = {
                **self.admin_site.each_context(request),
                "title": f"{action.short_description}?",  # type: ignore[attr-defined]
                "verb": action.short_description,  # type: ignore[attr-defined]
                "text": text,
                "action": do.__name__,
                "rows": chosen,
                "checkbox": ACTION_CHECKBOX_NAME,
                "opts": self.opts,
            }
            request.current_app = self.admin_site.name
            return TemplateResponse(request, "admin/gatehouse/confirm.html", context)

        return action

    return asking


class EditingAdmin(admin.ModelAdmin):
    """A change is refused on the form when somebody else changed the row since it was opened."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row, held where something is posted about it; a new password is written outside of any transaction."""
        row = super().get_object(request, object_id, from_field)
        if row is not None and request.method == "POST" and transaction.get_connection().in_atomic_block:
            try:
                hold(row)
            except NotFound:
                return None
        return row

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, which is valid while it is current."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (CurrentForm, form), {}) if change else form


class GatehouseAdmin(EditingAdmin):
    """Admin of a model whose rows belong to an organization and are written by services alone.

    Name the services: `create_service(actor=, **fields)`, `update_service(actor=, <model>=, **changed fields)` and
    `delete_service(actor=, <model>=)`; a verb without a service is not offered. They act as the signed-in person
    (`admin_actor`), a refusal is shown on the form in the service's words, and the history page shows the events.
    `secret_fields` are shown nowhere.
    """

    create_service: ClassVar[Service | None] = None
    update_service: ClassVar[Service | None] = None
    delete_service: ClassVar[Service | None] = None
    secret_fields: ClassVar[tuple[str, ...]] = ()
    subject_name: ClassVar[str] = ""  # the services' keyword for the row; the model's name when empty
    service_words: ClassVar[dict[str, str]] = {}  # the services' keyword for a field of the form, where it differs
    actions: tuple[str, ...] = ()
    list_per_page = 50
    show_full_result_count = False

    # What is shown

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """All rows for a superuser, for others what their roles let them read."""
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        if not hasattr(self.model, "entity"):
            return rows.none()
        readable = Q(pk__in=[])
        for actor in staff_actors(request):
            readable |= actor.readable(self.model)
        return rows.filter(readable)

    def get_exclude(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Secrets, always."""
        return [*(super().get_exclude(request, obj) or ()), *self.secret_fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """On an existing row also its organization and what services write."""
        declared = list(super().get_readonly_fields(request, obj))
        if obj is None:
            return declared
        written = [
            field.name
            for field in self.opts.concrete_fields
            if (field.name == "organization" or not field.editable)
            and not field.primary_key
            and field.name not in (*declared, *self.secret_fields)
        ]
        return declared + written

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """The declared fields, and on an existing row what services write."""
        declared = super().get_fields(request, obj)
        return list(dict.fromkeys([*declared, *self.get_readonly_fields(request, obj)]))

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer, and accept, only related rows this person may read."""
        related = self.admin_site._registry.get(db_field.related_model)  # type: ignore[arg-type]
        if related is not None and "queryset" not in kwargs:
            kwargs["queryset"] = related.get_queryset(request)
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", Chooser(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What happened to the row, from the events."""
        subject = self.get_object(request, unquote(object_id))
        if subject is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        if not self.has_view_permission(request, subject):
            raise PermissionDenied
        uid = getattr(subject, "uid", None)
        events = list(Event.objects.about(uid)[:HISTORY]) if uid else []
        context = {
            **self.admin_site.each_context(request),
            "title": f"History: {subject}",
            "object": subject,
            "opts": self.opts,
            "events": [(event, details(event.data)) for event in events],
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/gatehouse/history.html", context)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Where there is only one organization to choose, it is chosen."""
        initial: dict[str, Any] = dict(super().get_changeform_initial_data(request))
        if any(field.name == "organization" for field in self.opts.concrete_fields) and "organization" not in initial:
            organizations = self.admin_site._registry[Organization].get_queryset(request)[:2]
            if len(organizations) == 1:
                initial["organization"] = organizations[0].pk
        return initial

    # Who may

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the app's list shows this model."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """By the right to read it; rows themselves are limited by `get_queryset`."""
        return self._may(request, "read", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Where a service creates it, by the right to create it."""
        return type(self).create_service is not None and self._may(request, "create")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Where a service changes it, by the right to update it."""
        return type(self).update_service is not None and self._may(request, "update", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Where a service deletes it, by the right to delete it."""
        return type(self).delete_service is not None and self._may(request, "delete", obj)

    def _may(self, request: HttpRequest, verb: str, obj: Model | None = None) -> bool:
        user: Any = request.user
        if not (user.is_active and user.is_staff):
            return False
        if user.is_superuser:
            return True
        entity = getattr(self.model, "entity", None)
        return entity is not None and any(
            actor.may(f"organization:{entity}:{verb}", obj) for actor in staff_actors(request)
        )

    # What is written

    def actor(self, request: HttpRequest, obj: Model) -> Actor:
        """Who works on this row."""
        organization = obj if isinstance(obj, Organization) else obj.organization  # type: ignore[attr-defined]
        return admin_actor(request, organization)

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        """Let the service create or change the row; `obj` then is the row as stored."""
        if change:
            changes = self._said(form, form.changed_data)
            if not changes:
                return
            stored = self.model._default_manager.get(pk=obj.pk)
            result = _service(type(self).update_service)(
                actor=self.actor(request, stored), **{self._subject(): stored}, **changes
            )
        else:
            values = self._said(form, [name for name in form.cleaned_data if name != "organization"])
            result = _service(type(self).create_service)(actor=self.actor(request, obj), **values)
        obj.__dict__.update(self.stored(request, result).__dict__)

    def _said(self, form: ModelForm, names: Iterable[str]) -> dict[str, Any]:
        return {self.service_words.get(name, name): form.cleaned_data[name] for name in names}

    def stored(self, request: HttpRequest, result: Any) -> Model:
        """The row in what the service returned (the first, when it returned several things)."""
        return result[0] if isinstance(result, tuple) else result

    def response_add(self, request: HttpRequest, obj: Model, post_url_continue: str | None = None) -> HttpResponse:
        """To the list; of what has a secret first to the page that shows it once (`request.secret`, by `stored`)."""
        answer = super().response_add(request, obj, post_url_continue)
        if not hasattr(request, "secret"):
            return answer
        context = {
            "title": f"The secret of {obj}",
            "text": request.secret,
            "back": answer.get("Location") or reverse(f"admin:{self.opts.label_lower.replace('.', '_')}_changelist"),
            "opts": self.opts,
        }
        page = render(request, "admin/gatehouse/secret.html", self.admin_site.each_context(request) | context)
        return show_once(request, page)

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        """Services write relations themselves."""

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """Let the service delete the row."""
        _service(type(self).delete_service)(actor=self.actor(request, obj), **{self._subject(): obj})

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Let the service delete each of the chosen rows, all or none."""
        for row in queryset:
            if not self.has_delete_permission(request, row):
                raise Forbidden(f"{row} can't be deleted.")
            self.delete_model(request, row)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes with the row; whether it may go, the service says."""
        related, counts, _, _ = super().get_deleted_objects(objs, request)
        return related, counts, set(), []

    def _subject(self) -> str:
        return self.subject_name or str(self.opts.model_name)

    # A refusal of a service

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Show a service's refusal on the form: the transaction is over, so the form is drawn once more with it."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except (GatehouseError, ValidationError) as refusal:
            request.refusal = understood(refusal)  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, which knows what a service refused a moment ago."""
        form = super().get_form(request, obj, change, **kwargs)
        refusal = getattr(request, "refusal", None)
        return form if refusal is None else type("RefusedForm", (form,), {"clean": _refused(form, refusal)})

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Say why a service refused what was to be done with the chosen rows; nothing of it is done then."""
        if request.method != "POST":
            return super().changelist_view(request, extra_context)
        try:
            with transaction.atomic():
                return super().changelist_view(request, extra_context)
        except (GatehouseError, ValidationError) as refusal:
            self._say(request, refusal)
            return HttpResponseRedirect(request.get_full_path())

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say why a service does not delete the row."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except (GatehouseError, ValidationError) as refusal:
            self._say(request, refusal)
            page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[unquote(object_id)])
            return HttpResponseRedirect(page)

    def _say(self, request: HttpRequest, refusal: Exception) -> None:
        self.message_user(request, getattr(understood(refusal), "message", str(refusal)), "error")


def _service(service: Service | None) -> Service:
    assert service is not None  # noqa: S101  the permission for the verb was refused before
    return service


def _refused(form: Any, refusal: GatehouseError) -> Callable[[Any], None]:
    """A form's `clean` that adds what a service refused, by its field where the form has that field."""

    def clean(self: Any) -> None:
        form.clean(self)
        for field in refusal.fields:
            self.add_error(field.path if field.path in self.fields else None, field.message)
        if not refusal.fields:
            self.add_error(None, refusal.message)

    return clean


class ReadOnlyAdmin(GatehouseAdmin):
    """Admin of history and of what other parts of the system write: every field is shown, nothing can be changed."""

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """All but secrets."""
        return [field.name for field in self.opts.concrete_fields if field.name not in ("id", *self.secret_fields)]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

"""Admin of standards: baselines are made and changed through the services, runs are only looked at."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from catalog.admin import GatehouseAdmin, ReadOnlyAdmin
from catalog.admin.people import ORGANIZATION
from compliance.models import StandardsBaseline, StandardsBaselineRevision, StandardsResult, StandardsRun
from compliance.services.standards import create_standards_baseline, update_standards_baseline
from compliance.standards import CHECKS


@admin.register(StandardsBaseline)
class StandardsBaselineAdmin(GatehouseAdmin):
    """What CI checks; faults of the configuration are all named at once."""

    create_service = create_standards_baseline
    update_service = update_standards_baseline
    subject_name = "baseline"
    fields = ["organization", "name", "description", "owner", "config", "is_default", "archived"]
    list_display = ["name", "organization", "public_id", "is_default", "archived", "revision", "owner", "updated_at"]
    list_select_related = ["organization", "owner"]
    list_filter = [ORGANIZATION, "is_default", "archived"]
    search_fields = ["name", "public_id", "description"]
    autocomplete_fields = ["organization", "owner"]

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Say which checks there are."""
        form = super().get_form(request, obj, change, **kwargs)
        if "config" in form.base_fields:
            form.base_fields["config"].help_text = (
                "StandardLint's configuration. Checks are objects of name, severity (error or warn) and maybe path, or "
                f'the one word "all". Names: {", ".join(CHECKS)}.'
            )
        return form


@admin.register(StandardsBaselineRevision)
class StandardsBaselineRevisionAdmin(ReadOnlyAdmin):
    list_display = ["name", "number", "baseline", "organization", "made_by", "created_at"]
    list_select_related = ["organization", "baseline"]
    list_filter = [ORGANIZATION]
    search_fields = ["name", "made_by", "baseline__public_id"]
    date_hierarchy = "created_at"


@admin.register(StandardsRun)
class StandardsRunAdmin(ReadOnlyAdmin):
    list_display = ["component", "score", "passes", "warnings", "failures", "baseline", "reported_by", "created_at"]
    list_select_related = ["component", "baseline"]
    list_filter = [ORGANIZATION]
    search_fields = ["component__name", "component__record_id", "reported_by"]
    date_hierarchy = "created_at"


@admin.register(StandardsResult)
class StandardsResultAdmin(ReadOnlyAdmin):
    list_display = ["name", "status", "path", "component", "created_at"]
    list_select_related = ["run__component"]
    list_filter = [ORGANIZATION, "status"]
    search_fields = ["name", "run__component__name"]

    @admin.display(ordering="run__component__name")
    def component(self, obj: StandardsResult) -> str:
        """What was checked."""
        return str(obj.run.component)

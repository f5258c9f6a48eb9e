import catalog.models.base
import compliance.models.standards
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0015_baseline_fetched"),
        ("compliance", "0005_artifact_called"),
    ]

    operations = [
        migrations.CreateModel(
            name="StandardsBaseline",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=255)),
                (
                    "public_id",
                    models.CharField(
                        editable=False, help_text="8 letters and digits, Phaset's BASELINE_ID.", max_length=8
                    ),
                ),
                ("description", models.TextField(blank=True, default="")),
                (
                    "config",
                    models.JSONField(
                        default=compliance.models.standards.shipped,
                        help_text="basePath, defaultSeverity, ignorePaths and checks.",
                    ),
                ),
                ("is_default", models.BooleanField(default=False, help_text="What components get that name no other.")),
                (
                    "archived",
                    models.BooleanField(default=False, help_text="No longer given out: CI gets the default instead."),
                ),
                ("revision", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="catalog.team",
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
                "indexes": [models.Index(fields=["organization", "name", "id"], name="standards_baseline_list")],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "public_id"), name="standards_baseline_public_id"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("organization",),
                        name="standards_baseline_one_default",
                        violation_error_message="The organization has a default baseline already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_default", False), ("archived", False), _connector="OR"),
                        name="standards_baseline_default_is_live",
                        violation_error_message="The default baseline can't be archived: make another the default first.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StandardsBaselineRevision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("number", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=255)),
                ("description", models.TextField(blank=True, default="")),
                ("config", models.JSONField()),
                ("made_by", models.CharField(max_length=255)),
                (
                    "baseline",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="revisions",
                        to="compliance.standardsbaseline",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
            ],
            options={
                "ordering": ["-number", "-pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("baseline", "number"), name="standards_revision_number")
                ],
            },
        ),
        migrations.CreateModel(
            name="StandardsRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("passes", models.PositiveIntegerField()),
                ("warnings", models.PositiveIntegerField()),
                ("failures", models.PositiveIntegerField()),
                (
                    "score",
                    models.DecimalField(blank=True, decimal_places=1, help_text="0 to 100.", max_digits=4, null=True),
                ),
                ("baseline_revision", models.PositiveIntegerField(help_text="In force when the run was received.")),
                ("reported_by", models.CharField(help_text="The label of the credential.", max_length=255)),
                (
                    "baseline",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="compliance.standardsbaseline",
                    ),
                ),
                (
                    "component",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="standards_runs",
                        to="catalog.component",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(fields=["component", "-created_at", "-id"], name="standards_of_component"),
                    models.Index(fields=["organization", "-created_at", "-id"], name="standards_list"),
                ],
            },
        ),
        migrations.CreateModel(
            name="StandardsResult",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=500)),
                (
                    "status",
                    models.CharField(
                        choices=[("pass", "Pass"), ("warning", "Warning"), ("failure", "Failure")], max_length=8
                    ),
                ),
                ("message", models.CharField(blank=True, default="", max_length=500)),
                ("path", models.CharField(blank=True, default="", max_length=1000)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="results",
                        to="compliance.standardsrun",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["run", "id"], name="standards_result_of_run")],
            },
        ),
    ]

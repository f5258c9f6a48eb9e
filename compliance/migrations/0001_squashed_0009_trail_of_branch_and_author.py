import catalog.models.base
import compliance.images
import compliance.models.standards
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

from config.migrations import at_once


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("compliance", "0001_initial"),
        ("compliance", "0002_flow_refresh_and_evidence_verdict"),
        ("compliance", "0003_what_runs"),
        ("compliance", "0004_snapshot_counts"),
        ("compliance", "0005_artifact_called"),
        ("compliance", "0006_standards"),
        ("compliance", "0007_allowlist"),
        ("compliance", "0008_provenance"),
        ("compliance", "0009_trail_of_branch_and_author"),
    ]

    dependencies = [
        ("catalog", "0001_squashed_0025_job_record"),
    ]

    operations = [
        migrations.CreateModel(
            name="Flow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=255)),
                ("description", models.CharField(blank=True, default="", max_length=2048)),
                (
                    "component_by",
                    models.CharField(
                        blank=True,
                        choices=[("given", "Given"), ("repository", "Same repository"), ("slug", "Same name")],
                        default="",
                        editable=False,
                        max_length=16,
                    ),
                ),
                (
                    "required_types",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=255), blank=True, default=list, size=None
                    ),
                ),
                ("tags", models.JSONField(blank=True, default=dict)),
                ("template_yaml", models.TextField(blank=True, null=True)),
                ("requires_approval", models.BooleanField(default=False)),
                (
                    "required_approver_roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=255), blank=True, default=list, size=None
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[("public", "Public"), ("private", "Private")], default="private", max_length=16
                    ),
                ),
                (
                    "trails_due_at",
                    models.DateTimeField(
                        editable=False,
                        help_text="Since when the status of its many trails is to be computed anew.",
                        null=True,
                    ),
                ),
                (
                    "component",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="flows",
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
                "ordering": ["name", "pk"],
                "indexes": [
                    models.Index(fields=["organization", "name", "id"], name="flow_list"),
                    models.Index(
                        condition=models.Q(("trails_due_at__isnull", False)), fields=["trails_due_at"], name="flow_due"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("organization"),
                        django.db.models.functions.text.Lower("name"),
                        name="flow_name",
                        violation_error_message="A flow of this name exists.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Sighting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("digest", models.CharField(max_length=255)),
                ("snapshot_index", models.PositiveIntegerField()),
                ("seen_at", models.DateTimeField()),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sightings", to="catalog.environment"
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
                "ordering": ["-seen_at", "-pk"],
                "constraints": [models.UniqueConstraint(fields=("environment", "digest"), name="sighting_first")],
            },
        ),
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("index", models.PositiveIntegerField(help_text="From 1, without gaps, per environment.")),
                ("recorded_by", models.CharField(max_length=255)),
                ("running", models.PositiveIntegerField(default=0, editable=False, help_text="Artifacts it holds.")),
                (
                    "added",
                    models.PositiveIntegerField(default=0, editable=False, help_text="Against the snapshot before."),
                ),
                (
                    "updated",
                    models.PositiveIntegerField(default=0, editable=False, help_text="Against the snapshot before."),
                ),
                (
                    "removed",
                    models.PositiveIntegerField(default=0, editable=False, help_text="Against the snapshot before."),
                ),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="snapshots", to="catalog.environment"
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
                "ordering": ["-index"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("added__gt", 0), ("updated__gt", 0), ("removed__gt", 0), _connector="OR"),
                        fields=["environment", "-index"],
                        name="snapshot_changed",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("environment", "index"), name="snapshot_index")],
            },
        ),
        migrations.CreateModel(
            name="RunningArtifact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=512)),
                ("tag", models.CharField(blank=True, default="", max_length=255)),
                ("digest", models.CharField(max_length=255)),
                ("instances", models.PositiveIntegerField(default=1)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "snapshot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="artifacts", to="compliance.snapshot"
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
                "indexes": [
                    models.Index(fields=["snapshot", "name", "id"], name="running_of_snapshot"),
                    models.Index(fields=["organization", "digest"], name="running_digest"),
                ],
            },
        ),
        migrations.CreateModel(
            name="EnvironmentBaseline",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("approved_by", models.CharField(max_length=255)),
                ("description", models.TextField(blank=True, null=True)),
                ("is_active", models.BooleanField(default=True, editable=False)),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="baselines", to="catalog.environment"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "snapshot",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="baselines",
                        to="compliance.snapshot",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)), fields=("environment",), name="baseline_one_active"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DriftReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("has_drift", models.BooleanField()),
                ("drift_policy", models.CharField(max_length=16)),
                ("added", models.JSONField(default=list)),
                ("removed", models.JSONField(default=list)),
                ("updated", models.JSONField(default=list)),
                ("allowlisted", models.JSONField(default=list)),
                (
                    "answered",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="Given to somebody who asked: the next to ask gets their own.",
                    ),
                ),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drift_reports",
                        to="catalog.environment",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "baseline",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drift_reports",
                        to="compliance.environmentbaseline",
                    ),
                ),
                (
                    "snapshot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drift_reports",
                        to="compliance.snapshot",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "indexes": [models.Index(fields=["environment", "-created_at", "-id"], name="drift_of_environment")],
            },
        ),
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
        migrations.CreateModel(
            name="Trail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "component_by",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        help_text="How the component is known: flow, repository.",
                        max_length=16,
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=255, null=True)),
                ("commit", models.CharField(max_length=255)),
                ("branch", models.CharField(max_length=255)),
                ("author", models.CharField(max_length=255)),
                ("author_email", models.EmailField(max_length=255)),
                ("pull_request_id", models.CharField(blank=True, max_length=255, null=True)),
                ("pull_request_reviewer", models.CharField(blank=True, max_length=255, null=True)),
                ("deployment_actor", models.CharField(blank=True, max_length=255, null=True)),
                ("build_url", models.CharField(blank=True, max_length=2048, null=True)),
                ("template_yaml", models.TextField(blank=True, null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("compliant", "Compliant"),
                            ("non_compliant", "Non-compliant"),
                        ],
                        default="pending",
                        editable=False,
                        max_length=16,
                    ),
                ),
                (
                    "approval_status",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        help_text="Of its latest approval, written by releases.",
                        max_length=20,
                    ),
                ),
                (
                    "approver_roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64),
                        default=list,
                        editable=False,
                        help_text="Roles of those who approved it.",
                        size=None,
                    ),
                ),
                (
                    "component",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="trails",
                        to="catalog.component",
                    ),
                ),
                (
                    "flow",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="trails", to="compliance.flow"
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
                    models.Index(fields=["organization", "-created_at", "-id"], name="trail_list"),
                    models.Index(fields=["flow", "-created_at", "-id"], name="trail_of_flow"),
                    models.Index(fields=["flow", "branch", "-created_at", "-id"], name="trail_of_branch"),
                    models.Index(fields=["flow", "author", "-created_at", "-id"], name="trail_of_author"),
                    models.Index(fields=["component", "-created_at", "-id"], name="trail_of_component"),
                    models.Index(fields=["organization", "commit"], name="trail_commit"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("name__isnull", False)),
                        fields=("flow", "name"),
                        name="trail_name",
                        violation_error_message="A trail of this name exists in the flow.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Artifact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=512)),
                ("tag", models.CharField(max_length=255)),
                ("digest", models.CharField(max_length=255)),
                ("registry", models.CharField(blank=True, max_length=512, null=True)),
                (
                    "kind",
                    models.CharField(blank=True, default="", help_text="FILE, DIR, DOCKER or OCI.", max_length=16),
                ),
                ("build_url", models.CharField(blank=True, max_length=2048, null=True)),
                ("commit_url", models.CharField(blank=True, max_length=2048, null=True)),
                ("reported_by", models.CharField(max_length=255)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "trail",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="artifacts", to="compliance.trail"
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(fields=["organization", "digest", "-id"], name="artifact_digest"),
                    models.Index(
                        models.F("organization"),
                        compliance.images.ShortName("name"),
                        models.F("tag"),
                        models.OrderBy(models.F("id"), descending=True),
                        name="artifact_called",
                    ),
                    models.Index(fields=["trail", "id"], name="artifact_of_trail"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Provenance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("builder_id", models.CharField(max_length=2048)),
                (
                    "builder_type",
                    models.CharField(
                        choices=[
                            ("github_actions", "GitHub Actions"),
                            ("jenkins", "Jenkins"),
                            ("circle_ci", "CircleCI"),
                            ("generic", "Generic"),
                        ],
                        max_length=16,
                    ),
                ),
                ("build_config_uri", models.CharField(blank=True, max_length=2048, null=True)),
                ("source_repository_uri", models.CharField(blank=True, max_length=2048, null=True)),
                ("source_commit", models.CharField(blank=True, max_length=255, null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("signature", models.CharField(blank=True, max_length=2048, null=True)),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("L0", "SLSA level 0"),
                            ("L1", "SLSA level 1"),
                            ("L2", "SLSA level 2"),
                            ("L3", "SLSA level 3"),
                        ],
                        default="L0",
                        max_length=2,
                    ),
                ),
                ("recorded_by", models.CharField(max_length=255)),
                ("verified", models.BooleanField(editable=False, null=True)),
                ("verdict", models.CharField(blank=True, default="", editable=False, max_length=512)),
                ("checked_at", models.DateTimeField(editable=False, null=True)),
                (
                    "artifact",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="provenance", to="compliance.artifact"
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
                "verbose_name_plural": "provenance",
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Attestation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("type", models.CharField(max_length=255)),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "Pending"), ("passed", "Passed"), ("failed", "Failed")],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=255, null=True)),
                ("details", models.TextField(blank=True, null=True)),
                ("description", models.TextField(blank=True, null=True)),
                ("metadata", models.JSONField(blank=True, null=True)),
                ("evidence_url", models.CharField(blank=True, max_length=2048, null=True)),
                (
                    "digest",
                    models.CharField(
                        blank=True, help_text="Of the one artifact it is about.", max_length=255, null=True
                    ),
                ),
                ("recorded_by", models.CharField(max_length=255)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "trail",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="attestations", to="compliance.trail"
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "indexes": [models.Index(fields=["trail", "-id"], name="attestation_of_trail")],
            },
        ),
        migrations.CreateModel(
            name="AllowlistEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("digest", models.CharField(blank=True, default="", max_length=255)),
                ("name_pattern", models.CharField(blank=True, default="", max_length=512)),
                ("reason", models.TextField()),
                ("approved_by", models.CharField(max_length=255)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(editable=False)),
                ("removed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="allowlist", to="catalog.environment"
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
                "verbose_name": "allow-list entry",
                "verbose_name_plural": "allow-list entries",
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(fields=["environment", "-created_at", "-id"], name="allowlist_of_environment")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("digest", ""), ("name_pattern", ""), _negated=True),
                        name="allowlist_names_something",
                        violation_error_message="Name a digest or a pattern of names.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Evidence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("file_name", models.CharField(max_length=255)),
                ("sha256", models.CharField(help_text="64 lower-case hex letters.", max_length=64)),
                ("size", models.PositiveBigIntegerField(help_text="Bytes.")),
                ("content_type", models.CharField(default="application/octet-stream", max_length=255)),
                ("external_url", models.CharField(blank=True, max_length=2048, null=True)),
                (
                    "status",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        help_text="What its reader found; '' for a type without.",
                        max_length=16,
                    ),
                ),
                (
                    "attestation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evidence",
                        to="compliance.attestation",
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
                "verbose_name_plural": "evidence",
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(fields=["attestation", "-id"], name="evidence_of_attestation"),
                    models.Index(fields=["organization", "sha256"], name="evidence_digest"),
                ],
            },
        ),
    ]
    operations = at_once(operations)

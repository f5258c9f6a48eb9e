import catalog.models.base
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from config.migrations import at_once


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("releases", "0001_initial"),
        ("releases", "0002_approval_asked_again"),
        ("releases", "0003_gate_subjects_may_be_empty"),
        ("releases", "0004_http_rules"),
        ("releases", "0005_application_given"),
        ("releases", "0006_rule_time_zone"),
    ]

    dependencies = [
        ("catalog", "0001_squashed_0025_job_record"),
        ("compliance", "0001_squashed_0009_trail_of_branch_and_author"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeploymentPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=255)),
                ("description", models.CharField(blank=True, default="", max_length=2048)),
                ("enforce_provenance", models.BooleanField(default=False)),
                ("enforce_approvals", models.BooleanField(default=False)),
                (
                    "required_types",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=255), blank=True, default=list, size=None
                    ),
                ),
                ("require_signature", models.BooleanField(default=False)),
                ("block_on_failed_scan", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "environment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deployment_policies",
                        to="catalog.environment",
                    ),
                ),
                (
                    "flow",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deployment_policies",
                        to="compliance.flow",
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
                "verbose_name_plural": "deployment policies",
                "ordering": ["name", "pk"],
                "indexes": [models.Index(fields=["organization", "name", "id"], name="policy_list")],
            },
        ),
        migrations.CreateModel(
            name="Application",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("key", models.CharField(max_length=255)),
                (
                    "given",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="Made for a component that came from elsewhere; a client may still make it.",
                    ),
                ),
                (
                    "component",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="application", to="catalog.component"
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
                "indexes": [models.Index(fields=["organization", "-created_at", "-id"], name="application_list")],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("organization"),
                        django.db.models.functions.text.Lower("key"),
                        name="application_key",
                        violation_error_message="An application with this id exists.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ApplicationVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "number",
                    models.BigIntegerField(
                        editable=False, help_text="Its id on the wire: one sequence per organization and kind."
                    ),
                ),
                ("version_number", models.PositiveIntegerField(editable=False, null=True)),
                ("approved_at", models.DateTimeField(editable=False, null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="releases.application"
                    ),
                ),
            ],
            options={
                "ordering": ["-version_number", "pk"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "number"), name="applicationversion_number"),
                    models.UniqueConstraint(
                        condition=models.Q(("version_number__isnull", False)),
                        fields=("subject", "version_number"),
                        name="applicationversion_version_number",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_at", None), ("version_number", None)),
                            models.Q(("approved_at__isnull", False), ("version_number__isnull", False)),
                            _connector="OR",
                        ),
                        name="applicationversion_numbered_when_approved",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApplicationAdjustment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("number", models.PositiveIntegerField(editable=False, help_text="1, 2, 3 … per version.")),
                (
                    "proposal_state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("reviewing", "Reviewing"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("abandoned", "Abandoned"),
                        ],
                        default="draft",
                        max_length=16,
                    ),
                ),
                ("comments", models.TextField(blank=True, default="")),
                ("author", models.CharField(max_length=255)),
                ("enabled", models.BooleanField(default=True)),
                ("display_name", models.CharField(blank=True, default="", max_length=255)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="adjustments",
                        to="releases.applicationversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("version", "number"), name="applicationadjustment_number")
                ],
            },
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "number",
                    models.BigIntegerField(
                        editable=False, help_text="Its id on the wire: one sequence per organization."
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="pending",
                        editable=False,
                        max_length=16,
                    ),
                ),
                ("source_identity", models.CharField(blank=True, max_length=2048, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                ("comments", models.TextField(blank=True, null=True)),
                ("created_by", models.CharField(editable=False, max_length=255)),
                ("finalized_at", models.DateTimeField(editable=False, null=True)),
                ("trail_by", models.CharField(blank=True, default="", editable=False, max_length=32)),
                ("digest", models.CharField(blank=True, default="", editable=False, max_length=255)),
                ("digest_by", models.CharField(blank=True, default="", editable=False, max_length=32)),
                ("environment_by", models.CharField(blank=True, default="", editable=False, max_length=32)),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="releases", to="releases.application"
                    ),
                ),
                (
                    "environment",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="releases",
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
                    "trail",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="releases",
                        to="compliance.trail",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(fields=["organization", "-created_at", "-id"], name="release_list"),
                    models.Index(fields=["application", "-created_at", "-id"], name="release_of_application"),
                    models.Index(fields=["environment", "-created_at", "-id"], name="release_of_environment"),
                    models.Index(fields=["organization", "digest"], name="release_digest"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "number"), name="release_number"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finalized_at", None), ("state", "pending")),
                            models.Q(models.Q(("state", "pending"), _negated=True), ("finalized_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="release_final_when_finalized",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GateDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("digest", models.CharField(max_length=255)),
                ("allowed", models.BooleanField()),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("blocked", "Blocked"),
                            ("waiting", "Awaiting approval"),
                            ("window", "Window closed"),
                            ("waived", "Open by waiver"),
                            ("error", "Error, denied"),
                        ],
                        max_length=16,
                    ),
                ),
                ("policies_evaluated", models.PositiveIntegerField(default=0)),
                ("requested_by", models.CharField(max_length=255)),
                ("judged_at", models.DateTimeField()),
                ("document", models.JSONField()),
                ("inputs", models.JSONField()),
                (
                    "component",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="gate_decisions",
                        to="catalog.component",
                    ),
                ),
                (
                    "environment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gate_decisions",
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
                    "policy",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="gate_decisions",
                        to="releases.deploymentpolicy",
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gate_decisions",
                        to="releases.release",
                    ),
                ),
            ],
            options={
                "ordering": ["-judged_at", "-pk"],
                "indexes": [
                    models.Index(fields=["organization", "-judged_at", "-id"], name="gate_list"),
                    models.Index(fields=["organization", "digest", "-id"], name="gate_digest"),
                    models.Index(fields=["environment", "-judged_at", "-id"], name="gate_of_environment"),
                    models.Index(fields=["component", "-judged_at", "-id"], name="gate_of_component"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReleaseJob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, help_text="Empty: waits for a decision.", null=True
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("last_error", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "release",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="job", to="releases.release"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["next_attempt_at", "id"], name="release_job_due")],
            },
        ),
        migrations.CreateModel(
            name="ApprovalRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "digest",
                    models.CharField(
                        blank=True, default="", help_text="What the approval is bound to.", max_length=255
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending_approval", "Awaiting approval"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("expired", "Expired"),
                            ("void", "Void"),
                        ],
                        default="pending_approval",
                        editable=False,
                        max_length=20,
                    ),
                ),
                (
                    "required_approvers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=255), blank=True, default=list, size=None
                    ),
                ),
                (
                    "required_roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=255), blank=True, default=list, size=None
                    ),
                ),
                (
                    "policy",
                    models.CharField(
                        choices=[("any", "Any one"), ("all", "All who may"), ("minimum", "At least")],
                        default="any",
                        max_length=16,
                    ),
                ),
                ("minimum", models.PositiveIntegerField(blank=True, null=True)),
                ("comments", models.TextField(blank=True, null=True)),
                ("requested_by", models.CharField(editable=False, max_length=255)),
                ("deadline", models.DateTimeField(blank=True, null=True)),
                ("resolved_at", models.DateTimeField(editable=False, null=True)),
                (
                    "component",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals",
                        to="catalog.component",
                    ),
                ),
                (
                    "environment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals",
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
                    "trail",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals",
                        to="compliance.trail",
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals",
                        to="releases.release",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(fields=["organization", "-created_at", "-id"], name="approval_list"),
                    models.Index(
                        condition=models.Q(("status", "pending_approval")),
                        fields=["organization", "created_at"],
                        name="approval_open",
                    ),
                    models.Index(fields=["trail", "-id"], name="approval_of_trail"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("release", None), ("trail__isnull", False)),
                            models.Q(("release__isnull", False), ("trail", None)),
                            _connector="OR",
                        ),
                        name="approval_one_subject",
                        violation_error_message="An approval is about a trail or about a release.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("resolved_at", None), ("status", "pending_approval")),
                            models.Q(
                                models.Q(("status", "pending_approval"), _negated=True), ("resolved_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="approval_resolved_when_final",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "identity",
                    models.CharField(help_text="E-mail address, or the name a service account gave.", max_length=255),
                ),
                (
                    "role",
                    models.CharField(blank=True, default="", help_text="The role they decided with.", max_length=64),
                ),
                (
                    "verdict",
                    models.CharField(choices=[("approved", "Approved"), ("rejected", "Rejected")], max_length=16),
                ),
                ("comments", models.TextField(blank=True, null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="releases.approvalrequest",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("request", "identity"),
                        name="decision_once",
                        violation_error_message="They have decided already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReleaseEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("created", "Created"),
                            ("rule_processed", "Rule Processed"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "number",
                    models.BigIntegerField(editable=False, help_text="Its id on the wire: one sequence per type."),
                ),
                ("result_state", models.CharField(blank=True, default="", max_length=16)),
                ("ignored_error", models.BooleanField(default=False)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="events", to="releases.release"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "type", "number"), name="release_event_number")
                ],
            },
        ),
        migrations.CreateModel(
            name="Ruleset",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("key", models.CharField(max_length=255)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "indexes": [models.Index(fields=["organization", "-created_at", "-id"], name="ruleset_list")],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("organization"),
                        django.db.models.functions.text.Lower("key"),
                        name="ruleset_key",
                        violation_error_message="An approval ruleset with this id exists.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RulesetVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "number",
                    models.BigIntegerField(
                        editable=False, help_text="Its id on the wire: one sequence per organization and kind."
                    ),
                ),
                ("version_number", models.PositiveIntegerField(editable=False, null=True)),
                ("approved_at", models.DateTimeField(editable=False, null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="releases.ruleset"
                    ),
                ),
            ],
            options={
                "ordering": ["-version_number", "pk"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "number"), name="rulesetversion_number"),
                    models.UniqueConstraint(
                        condition=models.Q(("version_number__isnull", False)),
                        fields=("subject", "version_number"),
                        name="rulesetversion_version_number",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_at", None), ("version_number", None)),
                            models.Q(("approved_at__isnull", False), ("version_number__isnull", False)),
                            _connector="OR",
                        ),
                        name="rulesetversion_numbered_when_approved",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RulesetAdjustment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("number", models.PositiveIntegerField(editable=False, help_text="1, 2, 3 … per version.")),
                (
                    "proposal_state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("reviewing", "Reviewing"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("abandoned", "Abandoned"),
                        ],
                        default="draft",
                        max_length=16,
                    ),
                ),
                ("comments", models.TextField(blank=True, default="")),
                ("author", models.CharField(max_length=255)),
                ("enabled", models.BooleanField(default=True)),
                ("display_name", models.CharField(blank=True, default="", max_length=255)),
                ("description", models.TextField(blank=True, default="")),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="adjustments",
                        to="releases.rulesetversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
                "abstract": False,
                "constraints": [models.UniqueConstraint(fields=("version", "number"), name="rulesetadjustment_number")],
            },
        ),
        migrations.CreateModel(
            name="Rule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "type",
                    models.CharField(
                        choices=[("http_api", "HTTP API"), ("schedule", "Schedule"), ("manual", "Manual")],
                        max_length=16,
                    ),
                ),
                (
                    "number",
                    models.BigIntegerField(editable=False, help_text="Its id on the wire: one sequence per type."),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("begin_time", models.CharField(blank=True, max_length=16, null=True)),
                ("end_time", models.CharField(blank=True, max_length=16, null=True)),
                ("days_of_week", models.CharField(blank=True, max_length=255, null=True)),
                ("days_of_month", models.CharField(blank=True, max_length=255, null=True)),
                ("months_of_year", models.CharField(blank=True, max_length=255, null=True)),
                ("time_zone", models.CharField(blank=True, max_length=64, null=True)),
                (
                    "approval_policy",
                    models.CharField(
                        blank=True,
                        choices=[("any", "Any one"), ("all", "All who may"), ("minimum", "At least")],
                        default="",
                        max_length=16,
                    ),
                ),
                ("minimum", models.PositiveIntegerField(blank=True, null=True)),
                ("url", models.CharField(blank=True, default="", max_length=2048)),
                ("username", models.CharField(blank=True, max_length=255, null=True)),
                (
                    "sealed_password",
                    models.BinaryField(blank=True, default=b"", help_text="As `crypto.encrypt` leaves it."),
                ),
                ("tls_ca_certificate", models.TextField(blank=True, null=True)),
                (
                    "retry_policy",
                    models.CharField(
                        blank=True,
                        choices=[("never", "Never"), ("retry_on_fail", "Retry on failure")],
                        default="",
                        max_length=16,
                    ),
                ),
                ("retry_limit", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "adjustment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rules",
                        to="releases.rulesetadjustment",
                    ),
                ),
            ],
            options={
                "ordering": ["type", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "type", "number"), name="rule_number"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("begin_time", None), ("end_time", None)),
                            models.Q(("begin_time__isnull", False), ("end_time__isnull", False)),
                            _connector="OR",
                        ),
                        name="rule_begin_and_end",
                        violation_error_message="begin_time and end_time go together.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("type", "manual"), _negated=True),
                            models.Q(("approval_policy", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="rule_manual_has_policy",
                        violation_error_message="A manual rule needs an approval_policy.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approval_policy", "minimum"), ("minimum__gte", 1)),
                            models.Q(models.Q(("approval_policy", "minimum"), _negated=True), ("minimum", None)),
                            _connector="OR",
                        ),
                        name="rule_minimum",
                        violation_error_message="minimum is given exactly when the policy is `minimum`.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("type", "http_api"), _negated=True),
                            models.Q(
                                models.Q(("url", ""), _negated=True), models.Q(("retry_policy", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="rule_http_has_url_and_retries",
                        violation_error_message="An http_api rule needs a url and a retry_policy.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("retry_limit__gte", 1), ("retry_policy", "retry_on_fail")),
                            models.Q(models.Q(("retry_policy", "retry_on_fail"), _negated=True), ("retry_limit", None)),
                            _connector="OR",
                        ),
                        name="rule_retry_limit",
                        violation_error_message="retry_limit is given exactly when the policy is `retry_on_fail`.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Outcome",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "number",
                    models.BigIntegerField(editable=False, help_text="Its id on the wire: one sequence per rule type."),
                ),
                ("success", models.BooleanField()),
                ("comments", models.TextField(blank=True, null=True)),
                (
                    "reason",
                    models.TextField(
                        blank=True, default="", help_text="Why, in words; the time zone a schedule was read in."
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="outcomes", to="releases.release"
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="outcomes", to="releases.rule"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [models.UniqueConstraint(fields=("release", "rule"), name="outcome_once")],
            },
        ),
        migrations.CreateModel(
            name="ReleaseBinding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "mode",
                    models.CharField(choices=[("enforcing", "Enforcing"), ("permissive", "Permissive")], max_length=16),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="bindings", to="releases.release"
                    ),
                ),
                (
                    "ruleset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="release_bindings",
                        to="releases.ruleset",
                    ),
                ),
                (
                    "adjustment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="release_bindings",
                        to="releases.rulesetadjustment",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [models.UniqueConstraint(fields=("release", "ruleset"), name="release_binding_once")],
            },
        ),
        migrations.CreateModel(
            name="Binding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="bindings", to="releases.application"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "ruleset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="bindings", to="releases.ruleset"
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "indexes": [models.Index(fields=["organization", "-created_at", "-id"], name="binding_list")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("application", "ruleset"),
                        name="binding_pair",
                        violation_error_message="This ruleset is bound to this application already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BindingVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "number",
                    models.BigIntegerField(
                        editable=False, help_text="Its id on the wire: one sequence per organization and kind."
                    ),
                ),
                ("version_number", models.PositiveIntegerField(editable=False, null=True)),
                ("approved_at", models.DateTimeField(editable=False, null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="releases.binding"
                    ),
                ),
            ],
            options={
                "ordering": ["-version_number", "pk"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "number"), name="bindingversion_number"),
                    models.UniqueConstraint(
                        condition=models.Q(("version_number__isnull", False)),
                        fields=("subject", "version_number"),
                        name="bindingversion_version_number",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_at", None), ("version_number", None)),
                            models.Q(("approved_at__isnull", False), ("version_number__isnull", False)),
                            _connector="OR",
                        ),
                        name="bindingversion_numbered_when_approved",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BindingAdjustment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("number", models.PositiveIntegerField(editable=False, help_text="1, 2, 3 … per version.")),
                (
                    "proposal_state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("reviewing", "Reviewing"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("abandoned", "Abandoned"),
                        ],
                        default="draft",
                        max_length=16,
                    ),
                ),
                ("comments", models.TextField(blank=True, default="")),
                ("author", models.CharField(max_length=255)),
                ("enabled", models.BooleanField(default=True)),
                (
                    "mode",
                    models.CharField(choices=[("enforcing", "Enforcing"), ("permissive", "Permissive")], max_length=16),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="adjustments",
                        to="releases.bindingversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
                "abstract": False,
                "constraints": [models.UniqueConstraint(fields=("version", "number"), name="bindingadjustment_number")],
            },
        ),
        migrations.AddField(
            model_name="binding",
            name="latest",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="releases.bindingadjustment",
            ),
        ),
        migrations.AddField(
            model_name="ruleset",
            name="latest",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="releases.rulesetadjustment",
            ),
        ),
        migrations.AddField(
            model_name="releaseevent",
            name="outcome",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="event", to="releases.outcome"
            ),
        ),
        migrations.AddField(
            model_name="approvalrequest",
            name="rule",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="approvals",
                to="releases.rule",
            ),
        ),
        migrations.AddField(
            model_name="application",
            name="latest",
            field=models.ForeignKey(
                editable=False,
                help_text="Content of the latest approved version.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="releases.applicationadjustment",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("release__isnull", False), models.Q(("status", "void"), _negated=True)),
                fields=("release", "rule"),
                name="approval_of_rule_once",
            ),
        ),
    ]
    operations = at_once(operations)

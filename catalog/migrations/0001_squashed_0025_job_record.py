"""The schema of the catalog. History is only added to: the database refuses to change or delete an event."""

import catalog.models.base
import catalog.models.environment
import catalog.models.invitation
import catalog.models.organization
import catalog.models.people
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.contrib.postgres.operations import BtreeGinExtension, TrigramExtension
import django.contrib.postgres.search
import django.core.validators
import django.db.models.deletion
import django.db.models.fields.json
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from config.migrations import at_once


REFUSE = """
CREATE FUNCTION catalog_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'catalog_event is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER catalog_event_append_only BEFORE UPDATE OR DELETE ON catalog_event
    FOR EACH ROW EXECUTE FUNCTION catalog_event_refuse();
"""
ALLOW = """
DROP TRIGGER catalog_event_append_only ON catalog_event;
DROP FUNCTION catalog_event_refuse();
"""


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("catalog", "0001_initial"),
        ("catalog", "0002_event_append_only"),
        ("catalog", "0003_event_time"),
        ("catalog", "0004_api_key_name"),
        ("catalog", "0005_projects"),
        ("catalog", "0006_environment_canonicals_filled"),
        ("catalog", "0007_environment_canonical_unique"),
        ("catalog", "0008_invitation"),
        ("catalog", "0009_team_role_and_key_rules"),
        ("catalog", "0010_idempotent_answer"),
        ("catalog", "0011_project_versions"),
        ("catalog", "0012_user_github_id"),
        ("catalog", "0013_review_settings"),
        ("catalog", "0014_deliveries"),
        ("catalog", "0015_baseline_fetched"),
        ("catalog", "0016_organization_provenance_key"),
        ("catalog", "0017_cycloid_addresses"),
        ("catalog", "0018_event_region"),
        ("catalog", "0019_event_filters"),
        ("catalog", "0020_search_documents"),
        ("catalog", "0021_saved_views"),
        ("catalog", "0022_bulk_jobs"),
        ("catalog", "0023_outbox_holds"),
        ("catalog", "0024_outbox_holds_filled"),
        ("catalog", "0025_job_record"),
    ]

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        TrigramExtension(),
        BtreeGinExtension(),
        migrations.CreateModel(
            name="JobRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("task", models.CharField(max_length=64, unique=True)),
                ("done_at", models.DateTimeField(null=True)),
                ("failed_at", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField(default=0, help_text="Since it last ended well.")),
                ("error", models.TextField(blank=True, default="")),
            ],
            options={
                "ordering": ["task"],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("email", models.EmailField(max_length=255)),
                ("name", models.CharField(blank=True, default="", max_length=255)),
                ("github_id", models.CharField(blank=True, max_length=255, null=True)),
                ("is_active", models.BooleanField(default=True)),
                ("is_staff", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "ordering": ["email", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"),
                        name="user_email",
                        violation_error_message="This e-mail address is taken.",
                    ),
                    models.UniqueConstraint(
                        fields=("github_id",), name="user_github_id", violation_error_message="This GitHub id is taken."
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("organization_id", models.BigIntegerField()),
                ("kind", models.CharField(max_length=64)),
                ("subject_type", models.CharField(max_length=64)),
                ("subject_uid", models.UUIDField()),
                ("subject_label", models.CharField(max_length=512)),
                (
                    "related",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                ("actor_kind", models.CharField(max_length=16)),
                ("actor_label", models.CharField(max_length=255)),
                ("actor_uid", models.UUIDField(null=True)),
                ("address", models.GenericIPAddressField(null=True)),
                ("request_id", models.CharField(blank=True, default="", max_length=64)),
                (
                    "region",
                    models.CharField(
                        blank=True, default="", help_text="Where the caller works; '' for here.", max_length=64
                    ),
                ),
                ("data", models.JSONField(default=dict)),
                ("occurred_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["-occurred_at", "-pk"],
                "indexes": [
                    models.Index(fields=["organization_id", "-occurred_at", "-id"], name="event_list"),
                    models.Index(fields=["organization_id", "kind", "-occurred_at", "-id"], name="event_kind"),
                    models.Index(fields=["organization_id", "actor_label", "-occurred_at", "-id"], name="event_actor"),
                    models.Index(
                        models.F("organization_id"),
                        django.db.models.fields.json.KeyTransform("digest", "data"),
                        models.OrderBy(models.F("occurred_at"), descending=True),
                        condition=models.Q(("data__has_key", "digest")),
                        name="event_digest",
                    ),
                    django.contrib.postgres.indexes.GinIndex(fields=["related"], name="event_related"),
                ],
            },
        ),
        migrations.CreateModel(
            name="JobTick",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("job", models.CharField(max_length=64)),
                ("tick", models.BigIntegerField(help_text="Whole intervals since 1970 UTC.")),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(null=True)),
                ("outcome", models.TextField(blank=True, default="")),
            ],
            options={
                "ordering": ["-started_at", "-pk"],
                "constraints": [models.UniqueConstraint(fields=("job", "tick"), name="job_tick_once")],
            },
        ),
        migrations.CreateModel(
            name="Organization",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("name", models.CharField(max_length=255)),
                (
                    "slug",
                    models.CharField(
                        max_length=100,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$", "Use a-z, 0-9, - and _."
                            )
                        ],
                    ),
                ),
                (
                    "public_id",
                    models.CharField(
                        help_text="Phaset's ORG_ID.",
                        max_length=32,
                        validators=[
                            django.core.validators.RegexValidator("^[A-Za-z0-9_-]+$", "Use letters, digits, - and _.")
                        ],
                    ),
                ),
                ("path", models.CharField(default="", editable=False, max_length=255)),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC", max_length=64, validators=[catalog.models.organization.check_time_zone]
                    ),
                ),
                ("four_eyes", models.BooleanField(default=True, help_text="Who asks for an approval may not give it.")),
                (
                    "review_policy",
                    models.BooleanField(
                        default=False, help_text="Changes of bound rulesets and of bindings need a review."
                    ),
                ),
                (
                    "approval_hours",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="A manual approval rule nobody decides within so many hours is rejected.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(8784),
                        ],
                    ),
                ),
                (
                    "records_by_integrations",
                    models.BooleanField(
                        default=False, help_text="A Phaset push of an unknown record id creates the component."
                    ),
                ),
                (
                    "provenance_key",
                    models.TextField(
                        blank=True,
                        default="",
                        help_text="Public key (PEM) that signatures of provenance are verified with; without one they are not.",
                        validators=[catalog.models.organization.check_public_key],
                    ),
                ),
                (
                    "gate_default_allows",
                    models.BooleanField(
                        default=True, help_text="Let a digest pass where no deployment policy applies."
                    ),
                ),
                (
                    "require_second_factor",
                    models.BooleanField(
                        default=False, help_text="Members sign in with a code from their phone beside their password."
                    ),
                ),
                (
                    "preferences",
                    models.JSONField(
                        blank=True, default=dict, editable=False, help_text="Switches and texts that clients keep here."
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="catalog.organization",
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
                "indexes": [models.Index(fields=["path"], name="organization_path", opclasses=["text_pattern_ops"])],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("slug"),
                        name="organization_slug",
                        violation_error_message="This slug is taken.",
                    ),
                    models.UniqueConstraint(
                        fields=("public_id",),
                        name="organization_public_id",
                        violation_error_message="This id is taken.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Domain",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=255)),
                ("slug", models.SlugField(db_index=False, max_length=64)),
                ("public_id", models.CharField(help_text="8 letters and digits, Phaset's domain id.", max_length=8)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "slug"), name="domain_slug"),
                    models.UniqueConstraint(fields=("organization", "public_id"), name="domain_public_id"),
                ],
            },
        ),
        migrations.CreateModel(
            name="IdempotentAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("caller", models.CharField(help_text="Kind and uid of who asked.", max_length=64)),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.CharField(editable=False, max_length=64)),
                (
                    "status",
                    models.PositiveSmallIntegerField(default=0, help_text="Of the answer; 0 while it is being found."),
                ),
                ("headers", models.JSONField(default=dict)),
                ("content", models.BinaryField(default=b"")),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="catalog.organization"
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "indexes": [models.Index(fields=["expires_at"], name="idempotent_expiry")],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "caller", "key"), name="idempotent_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Environment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=255)),
                (
                    "canonical",
                    models.CharField(
                        editable=False,
                        help_text="Its address in paths; made from the name, and never changes.",
                        max_length=100,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[0-9A-Za-z]([0-9A-Za-z._-]*[0-9A-Za-z])?\\Z", "Use letters, digits, -, . and _."
                            )
                        ],
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("k8s", "Kubernetes"),
                            ("ecs", "Amazon ECS"),
                            ("lambda", "AWS Lambda"),
                            ("s3", "S3"),
                            ("docker", "Docker"),
                            ("generic", "Generic"),
                        ],
                        default="generic",
                        max_length=16,
                    ),
                ),
                ("description", models.TextField(blank=True, default="")),
                ("color", models.CharField(blank=True, default="", max_length=64)),
                (
                    "stage",
                    models.CharField(
                        blank=True,
                        choices=[("production", "Production"), ("staging", "Staging"), ("development", "Development")],
                        default="",
                        max_length=16,
                    ),
                ),
                (
                    "variables",
                    models.JSONField(
                        blank=True,
                        default=list,
                        editable=False,
                        help_text="Key, type, value and description; sensitive values sealed.",
                    ),
                ),
                (
                    "drift_policy",
                    models.CharField(
                        choices=[("warn", "Warn"), ("block", "Block"), ("ignore", "Ignore")],
                        default="warn",
                        max_length=16,
                    ),
                ),
                ("scope", models.JSONField(blank=True, default=catalog.models.environment.empty_scope)),
                (
                    "drift_state",
                    models.CharField(
                        choices=[
                            ("unknown", "No snapshot"),
                            ("in_sync", "In sync"),
                            ("drifted", "Drifted"),
                            ("warned", "Drifted, warn only"),
                            ("ignored", "Ignored"),
                            ("allowed", "Allow-listed"),
                        ],
                        default="unknown",
                        editable=False,
                        max_length=16,
                    ),
                ),
                ("drifted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "snapshot_index",
                    models.PositiveIntegerField(default=0, editable=False, help_text="Of the latest snapshot."),
                ),
                ("snapshot_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("snapshot_by", models.CharField(blank=True, default="", editable=False, max_length=255)),
                ("running_count", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "indexes": [models.Index(fields=["organization", "name", "id"], name="environment_list")],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("organization"),
                        django.db.models.functions.text.Lower("name"),
                        name="environment_name",
                        violation_error_message="An environment of this name exists.",
                    ),
                    models.UniqueConstraint(
                        models.F("organization"),
                        django.db.models.functions.text.Lower("canonical"),
                        name="environment_canonical",
                        violation_error_message="An environment of this canonical exists.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Counter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.CharField(max_length=64)),
                ("value", models.BigIntegerField(default=0)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="catalog.organization"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("organization", "sequence"), name="counter_once")],
            },
        ),
        migrations.CreateModel(
            name="BulkJob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("action", models.CharField(max_length=32)),
                ("said", models.JSONField(blank=True, default=dict)),
                ("subjects", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ("total", models.PositiveIntegerField()),
                ("done", models.PositiveIntegerField(default=0)),
                ("refused", models.JSONField(blank=True, default=list)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
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
                    models.Index(
                        condition=models.Q(("finished_at", None)), fields=["updated_at"], name="bulk_job_unfinished"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("done__lte", models.F("total"))), name="bulk_job_done_at_most_all"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OutboxEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("next_attempt_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("done_at", models.DateTimeField(null=True)),
                ("last_error", models.TextField(blank=True, default="")),
                (
                    "holds",
                    models.UUIDField(
                        help_text="The subject whose later events wait for this one; empty after three failed attempts.",
                        null=True,
                    ),
                ),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="outbox", to="catalog.event"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "outbox entries",
                "ordering": ["pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at", None)), fields=["next_attempt_at", "id"], name="outbox_due"
                    ),
                    models.Index(condition=models.Q(("done_at", None)), fields=["holds", "event"], name="outbox_holds"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Role",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("canonical", models.SlugField(db_index=False, max_length=64)),
                ("name", models.CharField(max_length=255)),
                ("description", models.TextField(blank=True, default="")),
                ("built_in", models.BooleanField(default=False, editable=False)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "canonical"),
                        name="role_canonical",
                        violation_error_message="This role exists.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="memberships", to="catalog.role"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "user"),
                        name="membership_once",
                        violation_error_message="Already a member.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("email", models.EmailField(max_length=255)),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "Pending"), ("accepted", "Accepted"), ("declined", "Declined")],
                        default="pending",
                        editable=False,
                        max_length=16,
                    ),
                ),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("member_id", models.BigIntegerField(editable=False)),
                ("created_by", models.CharField(editable=False, max_length=255)),
                ("expires_at", models.DateTimeField(default=catalog.models.invitation.a_week_from_now, editable=False)),
                ("resent_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("answered_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "invited_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "membership",
                    models.OneToOneField(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitation",
                        to="catalog.membership",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="catalog.role"
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "indexes": [models.Index(fields=["organization", "-created_at", "-id"], name="invitation_list")],
                "constraints": [
                    models.UniqueConstraint(fields=("digest",), name="invitation_digest"),
                    models.UniqueConstraint(fields=("member_id",), name="invitation_member_id"),
                    models.UniqueConstraint(
                        models.F("organization"),
                        django.db.models.functions.text.Lower("email"),
                        condition=models.Q(("state", "pending")),
                        name="invitation_once",
                        violation_error_message="This address is invited already.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RoleRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("action", models.CharField(max_length=255, validators=[catalog.models.people.check_glob])),
                (
                    "resources",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=512, validators=[catalog.models.people.check_glob]),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rules", to="catalog.role"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=80)),
                ("path", models.CharField(editable=False, help_text="Of the list.", max_length=255)),
                (
                    "query",
                    models.CharField(
                        editable=False, help_text="Its filters, as they stand in the address.", max_length=2000
                    ),
                ),
                ("is_shared", models.BooleanField(default=False)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "path", "owner", "name"),
                        name="saved_view_name",
                        violation_error_message="You have a view of this name here.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("shelf", models.PositiveSmallIntegerField()),
                ("kind", models.CharField(max_length=32)),
                ("uid", models.UUIDField()),
                ("title", models.CharField(max_length=512)),
                ("text", models.TextField(blank=True, default="")),
                ("words", models.TextField()),
                (
                    "vector",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.contrib.postgres.search.SearchVector(
                            models.Func(
                                "words",
                                models.Value("[[:punct:][:space:]]+"),
                                models.Value(" "),
                                models.Value("g"),
                                function="regexp_replace",
                                output_field=models.TextField(),
                            ),
                            config="simple",
                        ),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.organization",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        condition=models.Q(("shelf", 0)),
                        fields=["organization", "words", "vector"],
                        gin_pending_list_limit=1024,
                        name="search_document_shelf_0",
                        opclasses=["int8_ops", "gin_trgm_ops", "tsvector_ops"],
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        condition=models.Q(("shelf", 1)),
                        fields=["organization", "words", "vector"],
                        gin_pending_list_limit=1024,
                        name="search_document_shelf_1",
                        opclasses=["int8_ops", "gin_trgm_ops", "tsvector_ops"],
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        condition=models.Q(("shelf", 2)),
                        fields=["organization", "words", "vector"],
                        gin_pending_list_limit=1024,
                        name="search_document_shelf_2",
                        opclasses=["int8_ops", "gin_trgm_ops", "tsvector_ops"],
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        condition=models.Q(("shelf", 3)),
                        fields=["organization", "words", "vector"],
                        gin_pending_list_limit=1024,
                        name="search_document_shelf_3",
                        opclasses=["int8_ops", "gin_trgm_ops", "tsvector_ops"],
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "kind", "uid"), name="search_document_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ServiceAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=255)),
                ("description", models.TextField(blank=True, default="")),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="service_accounts", to="catalog.role"
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("organization"),
                        django.db.models.functions.text.Lower("name"),
                        name="service_account_name",
                        violation_error_message="This service account exists.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("label", models.CharField(max_length=255)),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("last_four", models.CharField(editable=False, max_length=4)),
                ("created_by", models.CharField(editable=False, max_length=255)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "prefix",
                    models.CharField(editable=False, help_text="The kind of key and its first letters.", max_length=12),
                ),
                (
                    "canonical",
                    models.SlugField(
                        blank=True,
                        db_index=False,
                        default="",
                        editable=False,
                        help_text="Its address, if it has one.",
                        max_length=100,
                    ),
                ),
                ("description", models.TextField(blank=True, default="")),
                ("last_seven", models.CharField(blank=True, default="", editable=False, max_length=7)),
                ("ttl_days", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "rules",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Allow rules that narrow what the key may do; none: all that its owner may.",
                        validators=[catalog.models.people.check_rules],
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_keys",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "service_account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_keys",
                        to="catalog.serviceaccount",
                    ),
                ),
            ],
            options={
                "verbose_name": "API key",
                "ordering": ["-created_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("digest",), name="api_key_digest"),
                    models.UniqueConstraint(
                        condition=models.Q(("revoked_at", None), models.Q(("canonical", ""), _negated=True)),
                        fields=("organization", "canonical"),
                        name="api_key_canonical",
                        violation_error_message="An API key of this canonical exists.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("service_account__isnull", False), ("user", None)),
                            models.Q(("service_account", None), ("user__isnull", False)),
                            _connector="OR",
                        ),
                        name="api_key_one_owner",
                        violation_error_message="A key belongs to a user or to a service account.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="System",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=255)),
                ("slug", models.SlugField(db_index=False, max_length=64)),
                ("public_id", models.CharField(help_text="8 letters and digits, Phaset's system id.", max_length=8)),
                (
                    "domain",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="systems",
                        to="catalog.domain",
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
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "slug"), name="system_slug"),
                    models.UniqueConstraint(fields=("organization", "public_id"), name="system_public_id"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Component",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=500)),
                (
                    "slug",
                    models.CharField(help_text="Its name in paths and in Sqedule's application ids.", max_length=255),
                ),
                ("record_id", models.CharField(help_text="Phaset's RECORD_ID.", max_length=32)),
                (
                    "repository",
                    models.CharField(blank=True, default="", help_text="As its owners wrote it.", max_length=500),
                ),
                (
                    "repository_key",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        help_text="Normalised, to compare repositories.",
                        max_length=500,
                    ),
                ),
                ("description", models.TextField(blank=True, default="")),
                ("version", models.CharField(blank=True, default="", max_length=50)),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("service", "Service"),
                            ("api", "API"),
                            ("component", "Component"),
                            ("cots", "COTS"),
                            ("product", "Product"),
                            ("external", "External"),
                            ("other", "Other"),
                        ],
                        default="",
                        max_length=16,
                    ),
                ),
                (
                    "lifecycle",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("concept", "Concept"),
                            ("planning", "Planning"),
                            ("development", "Development"),
                            ("testing", "Testing"),
                            ("production", "Production"),
                            ("maintenance", "Maintenance"),
                            ("deprecated", "Deprecated"),
                            ("retired", "Retired"),
                        ],
                        default="",
                        max_length=16,
                    ),
                ),
                (
                    "sensitivity",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("public", "Public"),
                            ("internal", "Internal"),
                            ("secret", "Secret"),
                            ("other", "Other"),
                        ],
                        default="",
                        max_length=16,
                    ),
                ),
                (
                    "criticality",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("critical", "Critical"),
                            ("high", "High"),
                            ("medium", "Medium"),
                            ("low", "Low"),
                            ("auxiliary", "Auxiliary"),
                        ],
                        default="",
                        max_length=16,
                    ),
                ),
                (
                    "sourcing",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("cots", "COTS"),
                            ("modified_cots", "Modified COTS"),
                            ("open_source", "Open Source"),
                            ("custom", "Custom"),
                            ("outsourced", "Outsourced"),
                            ("legacy", "Legacy"),
                        ],
                        default="",
                        max_length=16,
                    ),
                ),
                (
                    "deployment",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("onpremises", "On premises"),
                            ("private_cloud", "Private Cloud"),
                            ("public_cloud", "Public Cloud"),
                            ("hybrid_cloud", "Hybrid Cloud"),
                            ("multi_cloud", "Multi Cloud"),
                            ("edge", "Edge"),
                            ("saas", "SaaS"),
                        ],
                        default="",
                        max_length=16,
                    ),
                ),
                (
                    "references",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Ids a manifest names (group, system, domain, baseline), resolved or not.",
                    ),
                ),
                ("contacts", models.JSONField(blank=True, default=list)),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), blank=True, default=list, size=None
                    ),
                ),
                ("dependencies", models.JSONField(blank=True, default=list)),
                ("slos", models.JSONField(blank=True, default=list)),
                ("apis", models.JSONField(blank=True, default=list)),
                ("links", models.JSONField(blank=True, default=list)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                ("revision", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "pushed_at",
                    models.DateTimeField(blank=True, editable=False, help_text="Last manifest from CI.", null=True),
                ),
                (
                    "baseline_fetched_at",
                    models.DateTimeField(
                        blank=True, editable=False, help_text="When CI last fetched its standards baseline.", null=True
                    ),
                ),
                (
                    "baseline_missing",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        help_text="The baseline CI asked for that is not there.",
                        max_length=32,
                    ),
                ),
                (
                    "domain",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="components",
                        to="catalog.domain",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "system",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="components",
                        to="catalog.system",
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
                "indexes": [
                    models.Index(fields=["organization", "name", "id"], name="component_list"),
                    models.Index(fields=["organization", "repository_key"], name="component_repository"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("organization"),
                        django.db.models.functions.text.Lower("slug"),
                        name="component_slug",
                        violation_error_message="A component of this name exists.",
                    ),
                    models.UniqueConstraint(
                        fields=("organization", "record_id"),
                        name="component_record_id",
                        violation_error_message="This record id is taken.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Incident",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("external_id", models.CharField(max_length=200)),
                ("opened_at", models.DateTimeField()),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "component",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="incidents", to="catalog.component"
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
                "ordering": ["-opened_at", "-pk"],
                "indexes": [
                    models.Index(fields=["component", "external_id", "-opened_at"], name="incident_by_id"),
                    models.Index(fields=["component", "-opened_at", "-id"], name="incident_of_component"),
                    models.Index(fields=["organization", "-opened_at", "-id"], name="incident_opened"),
                    models.Index(fields=["organization", "-resolved_at", "-id"], name="incident_resolved"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("resolved_at", None)),
                        fields=("component", "external_id"),
                        name="incident_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("resolved_at", None), ("resolved_at__gte", models.F("opened_at")), _connector="OR"
                        ),
                        name="incident_runs_forward",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeliveryEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("change", "Change"),
                            ("deployment", "Deployment"),
                            ("incident-opened", "Incident Opened"),
                            ("incident-resolved", "Incident Resolved"),
                            ("comment", "Comment"),
                            ("review-approved", "Review Approved"),
                            ("review-changes", "Changes asked for in review"),
                            ("pr-opened", "Pull request opened"),
                            ("pr-closed", "Pull request closed"),
                            ("pr-merged", "Pull request merged"),
                        ],
                        max_length=20,
                    ),
                ),
                ("occurred_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("duration", models.DurationField(blank=True, null=True)),
                ("commit", models.CharField(blank=True, default="", max_length=128)),
                (
                    "external_id",
                    models.CharField(
                        blank=True, default="", help_text="The incident's id at its reporter.", max_length=200
                    ),
                ),
                ("additions", models.PositiveIntegerField(blank=True, null=True)),
                ("deletions", models.PositiveIntegerField(blank=True, null=True)),
                ("changed_files", models.PositiveIntegerField(blank=True, null=True)),
                ("payload", models.JSONField(blank=True, default=dict, help_text="As it was sent.")),
                ("reported_by", models.CharField(help_text="The label of the credential.", max_length=255)),
                (
                    "component",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="catalog.component"
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="catalog.incident",
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
                "ordering": ["-occurred_at", "-pk"],
                "indexes": [
                    models.Index(fields=["component", "-occurred_at", "-id"], name="delivery_of_component"),
                    models.Index(fields=["component", "kind", "-occurred_at"], name="delivery_kind"),
                    models.Index(fields=["organization", "kind", "-occurred_at"], name="delivery_organization"),
                    models.Index(fields=["organization", "-occurred_at", "-id"], name="delivery_list"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "change")),
                        fields=("component", "commit"),
                        name="delivery_change_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "deployment")),
                        fields=("component", "commit", "occurred_at"),
                        name="delivery_deployment_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind__in", ["change", "deployment", "incident-opened"]), _negated=True),
                        fields=("component", "kind", "external_id", "started_at", "ended_at"),
                        name="delivery_times_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("label", models.CharField(max_length=255)),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("last_four", models.CharField(editable=False, max_length=4)),
                ("created_by", models.CharField(editable=False, max_length=255)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "component",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="webhook_tokens",
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
                "constraints": [models.UniqueConstraint(fields=("digest",), name="webhook_token_digest")],
            },
        ),
        migrations.CreateModel(
            name="Project",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=255)),
                (
                    "canonical",
                    models.CharField(
                        help_text="Its address; never changes.",
                        max_length=100,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9]([a-z0-9_-]*[a-z0-9])?\\Z",
                                "Use a-z, 0-9, - and _, with a letter or digit at both ends.",
                            )
                        ],
                    ),
                ),
                ("description", models.TextField(blank=True, default="")),
                ("cloud_provider", models.CharField(blank=True, default="", max_length=64)),
                (
                    "config_repository",
                    models.CharField(blank=True, default="", help_text="Its canonical.", max_length=100),
                ),
                ("color", models.CharField(blank=True, default="", max_length=64)),
                ("icon", models.CharField(blank=True, default="", max_length=64)),
                ("is_starred", models.BooleanField(default=False, help_text="For everybody in the organization.")),
                ("settings", models.JSONField(blank=True, default=dict)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                ("variables_schema", models.JSONField(blank=True, default=dict)),
                (
                    "files",
                    models.JSONField(
                        blank=True, default=list, help_text="Current files, deployed or not: filename, content."
                    ),
                ),
                ("labels", models.JSONField(blank=True, default=dict, help_text="Of the current files.")),
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
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
                "indexes": [models.Index(fields=["organization", "name", "id"], name="project_list")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "canonical"),
                        name="project_canonical",
                        violation_error_message="A project of this canonical exists.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ProjectFavorite",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="catalog.project"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("project", "user"), name="project_favorite_once")],
            },
        ),
        migrations.CreateModel(
            name="ProjectVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=255)),
                ("description", models.TextField(blank=True, default="")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Never deployed"),
                            ("failed", "Failed"),
                            ("ready", "Ready"),
                            ("superseded", "Superseded"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=16,
                    ),
                ),
                ("files", models.JSONField(blank=True, default=list)),
                ("labels", models.JSONField(blank=True, default=dict)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="catalog.project"
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [models.Index(fields=["project", "-id"], name="project_version_list")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "name"),
                        name="project_version_name",
                        violation_error_message="A version of this name exists.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ProjectEnvironment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Never deployed"),
                            ("running", "Running"),
                            ("suspended", "Suspended"),
                            ("error", "Error"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=16,
                    ),
                ),
                ("execution_pool", models.CharField(blank=True, default="", max_length=64)),
                ("address_key", models.CharField(blank=True, default="", editable=False, max_length=16)),
                ("config", models.JSONField(blank=True, default=dict)),
                ("labels", models.JSONField(blank=True, default=dict)),
                ("last_deployed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="links", to="catalog.environment"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="environments", to="catalog.project"
                    ),
                ),
                (
                    "deployed_version",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="links",
                        to="catalog.projectversion",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "environment"),
                        name="project_environment_once",
                        violation_error_message="The project has this environment.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Team",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=255)),
                ("slug", models.SlugField(db_index=False, max_length=64)),
                ("public_id", models.CharField(help_text="8 letters and digits, Phaset's group id.", max_length=8)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        blank=True,
                        help_text="What its people may do with the components it owns, beside what their own role allows.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="teams",
                        to="catalog.role",
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "slug"), name="team_slug"),
                    models.UniqueConstraint(fields=("organization", "public_id"), name="team_public_id"),
                ],
            },
        ),
        migrations.CreateModel(
            name="TeamMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="catalog.team"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("team", "user"), name="team_member_once")],
            },
        ),
        migrations.AddField(
            model_name="team",
            name="members",
            field=models.ManyToManyField(
                related_name="teams", through="catalog.TeamMember", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="team",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="projects",
                to="catalog.team",
            ),
        ),
        migrations.AddField(
            model_name="component",
            name="team",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="components",
                to="catalog.team",
            ),
        ),
        migrations.RunSQL(REFUSE, ALLOW),
    ]
    operations = at_once(operations)

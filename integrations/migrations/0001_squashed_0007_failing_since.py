import catalog.models.base
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import integrations.models.webhook
from django.conf import settings
from django.db import migrations, models

from config.migrations import at_once


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("integrations", "0001_initial"),
        ("integrations", "0002_stores"),
        ("integrations", "0003_webhooks"),
        ("integrations", "0004_notification_rules"),
        ("integrations", "0005_rule_words"),
        ("integrations", "0006_resting"),
        ("integrations", "0007_failing_since"),
    ]

    dependencies = [
        ("catalog", "0001_squashed_0025_job_record"),
        ("compliance", "0001_squashed_0009_trail_of_branch_and_author"),
    ]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE integrations_store_version", "DROP SEQUENCE integrations_store_version"),
        migrations.CreateModel(
            name="NotificationRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=255)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "trigger",
                    models.CharField(
                        choices=[
                            ("attestation_failed", "Attestation failed"),
                            ("trail_non_compliant", "Trail not compliant"),
                            ("gate_blocked", "Gate closed"),
                            ("drift_detected", "Drift found"),
                            ("approval_required", "Approval asked for"),
                            ("approval_rejected", "Approval refused"),
                        ],
                        max_length=32,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("in_app", "Gatehouse"),
                            ("email", "E-mail"),
                            ("slack", "Slack"),
                            ("webhook", "Webhook"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "least_severity",
                    models.CharField(
                        choices=[("info", "Info"), ("warning", "Warning"), ("critical", "Critical")],
                        default="info",
                        max_length=16,
                    ),
                ),
                ("sealed_config", models.BinaryField(default=b"")),
                (
                    "rests_until",
                    models.DateTimeField(
                        blank=True, editable=False, help_text="Nobody answered: nothing is sent before.", null=True
                    ),
                ),
                ("created_by", models.CharField(editable=False, max_length=255)),
                (
                    "environment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalog.environment",
                    ),
                ),
                (
                    "flow",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
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
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(fields=["organization", "-created_at", "-id"], name="notification_rule_list"),
                    models.Index(
                        condition=models.Q(("is_active", True)),
                        fields=["organization", "trigger"],
                        name="notification_rule_trigger",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Store",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=255)),
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
                        fields=("organization", "name"), name="store_name", violation_error_message="This store exists."
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StoreEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("key", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("path", models.TextField(editable=False, help_text="The key as one text.")),
                ("value", models.TextField()),
                ("metadata", models.JSONField(blank=True, default=dict)),
                ("version", models.BigIntegerField(editable=False)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("lifetime", models.DurationField(blank=True, null=True)),
                ("is_refreshed", models.BooleanField(default=False)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="entries", to="integrations.store"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "store entries",
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(fields=["store", "-id"], name="store_entry_list"),
                    models.Index(
                        condition=models.Q(("expires_at__isnull", False)),
                        fields=["expires_at"],
                        name="store_entry_expiry",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("store", "path"), name="store_entry_key", opclasses=["int8_ops", "text_pattern_ops"]
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=255)),
                ("url", models.CharField(max_length=2000, validators=[integrations.models.webhook.callable_url])),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            max_length=64,
                            validators=[
                                django.core.validators.RegexValidator(
                                    "\\A[a-z_*]+(\\.[a-z_*]+)?\\Z",
                                    "Kinds of event are written like gate.blocked; * stands for any text.",
                                )
                            ],
                        ),
                        default=integrations.models.webhook.every_kind,
                        size=50,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                (
                    "switched_off_because",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        help_text="Why it was switched off for its owner.",
                        max_length=255,
                    ),
                ),
                ("sealed_secret", models.BinaryField()),
                ("sealed_old_secret", models.BinaryField(default=b"")),
                ("old_secret_until", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "rests_until",
                    models.DateTimeField(
                        blank=True, editable=False, help_text="Nobody answered: nothing is sent before.", null=True
                    ),
                ),
                (
                    "failing_since",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="The first attempt of those that failed without one between that did not.",
                        null=True,
                    ),
                ),
                ("created_by", models.CharField(editable=False, max_length=255)),
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
                        fields=("organization", "name"),
                        name="webhook_name",
                        violation_error_message="A webhook of this name exists.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kinds__len__gt", 0)),
                        name="webhook_hears_something",
                        violation_error_message="A webhook must hear at least one kind of event.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("event_uid", models.UUIDField(help_text="The event it tells; of a test its own.")),
                ("kind", models.CharField(max_length=64)),
                ("body", models.TextField(help_text="JSON, as it is sent.")),
                ("is_test", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("skipped", "Skipped"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True)),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.TextField(blank=True, default="")),
                ("scope", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("violation", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("is_standing", models.BooleanField(default=False, editable=False)),
                ("tries", models.JSONField(blank=True, default=list)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="integrations.notificationrule",
                    ),
                ),
                (
                    "webhook",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="integrations.webhook",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "pending")), fields=["next_attempt_at", "id"], name="outgoing_due"
                    ),
                    models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["webhook", "rule", "id"],
                        name="outgoing_waiting",
                    ),
                    models.Index(fields=["webhook", "-id"], name="outgoing_of_webhook"),
                    models.Index(fields=["rule", "-id"], name="outgoing_of_rule"),
                    models.Index(
                        condition=models.Q(("claimed_until__isnull", False)),
                        fields=["claimed_until"],
                        name="outgoing_in_hand",
                    ),
                    models.Index(condition=models.Q(("is_standing", True)), fields=["scope"], name="outgoing_standing"),
                    models.Index(
                        condition=models.Q(("finished_at__isnull", False)), fields=["finished_at"], name="outgoing_old"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("webhook", "event_uid"), name="outgoing_once_to_webhook"),
                    models.UniqueConstraint(fields=("rule", "event_uid"), name="outgoing_once_by_rule"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_standing", True)),
                        fields=("rule", "violation"),
                        name="outgoing_standing_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("webhook__isnull", True), ("rule__isnull", True), _connector="XOR"),
                        name="outgoing_has_one_receiver",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "pending"), _negated=True),
                            ("next_attempt_at__isnull", False),
                            _connector="OR",
                        ),
                        name="outgoing_pending_has_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=catalog.models.base.uuid7, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("event_uid", models.UUIDField(editable=False)),
                ("title", models.CharField(max_length=255)),
                ("message", models.TextField()),
                (
                    "severity",
                    models.CharField(
                        choices=[("info", "Info"), ("warning", "Warning"), ("critical", "Critical")],
                        default="info",
                        max_length=16,
                    ),
                ),
                ("subject_type", models.CharField(blank=True, default="", max_length=64)),
                ("subject_uid", models.UUIDField(null=True)),
                (
                    "url",
                    models.CharField(blank=True, default="", help_text="The page of what it is about.", max_length=512),
                ),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(fields=["organization", "user", "-created_at", "-id"], name="notification_list"),
                    models.Index(
                        condition=models.Q(("read_at", None)),
                        fields=["organization", "user"],
                        name="notification_unread",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("event_uid", "user"), name="notification_once", nulls_distinct=False
                    )
                ],
            },
        ),
    ]
    operations = at_once(operations)

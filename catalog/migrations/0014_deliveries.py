import catalog.models.base
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0013_review_settings"),
    ]

    operations = [
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
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.organization"
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
    ]

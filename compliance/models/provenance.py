"""Where an artifact comes from, as its builder says (SLSA)."""

from django.db import models

from catalog.models import TenantModel
from compliance.models.trail import Artifact


class Provenance(TenantModel):
    """Who built an artifact, from what and when. `verified` is None while nobody could check the signature."""

    entity = "artifact"
    resource = tuple((entity, f"artifact__{lookup}") for entity, lookup in Artifact.resource)

    class Builder(models.TextChoices):
        GITHUB_ACTIONS = "github_actions", "GitHub Actions"
        JENKINS = "jenkins", "Jenkins"
        CIRCLE_CI = "circle_ci", "CircleCI"
        GENERIC = "generic", "Generic"

    class Level(models.TextChoices):
        L0 = "L0", "SLSA level 0"
        L1 = "L1", "SLSA level 1"
        L2 = "L2", "SLSA level 2"
        L3 = "L3", "SLSA level 3"

    artifact = models.OneToOneField(Artifact, models.CASCADE, related_name="provenance")
    builder_id = models.CharField(max_length=2048)
    builder_type = models.CharField(max_length=16, choices=Builder)
    build_config_uri = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001  null on the wire
    source_repository_uri = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001  null on the wire
    source_commit = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  null on the wire
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    signature = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001  null on the wire
    level = models.CharField(max_length=2, choices=Level, default=Level.L0)
    recorded_by = models.CharField(max_length=255)
    verified = models.BooleanField(null=True, editable=False)
    verdict = models.CharField(max_length=512, blank=True, default="", editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name_plural = "provenance"

    def __str__(self) -> str:
        return self.builder_id

    @property
    def is_signed(self) -> bool:
        """Whether it came with something that may be a signature."""
        return bool((self.signature or "").strip())

    def vouched(self, *, has_key: bool) -> bool:
        """What clients call verified: a signature that checks out; where there is no key to check with, any at all."""
        return bool(self.verified) if has_key else self.is_signed

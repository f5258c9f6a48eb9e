"""What a release is about: the trail, digest and environment it names, or that follow from what it names (DESIGN 2a).

A name that is unknown joins nothing and is no error: `unknown_names` says it, so that a page can.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Q, QuerySet, Value, When

from catalog.actors import Actor
from catalog.models import Environment
from catalog.prepared import look_up, readable
from compliance.digests import normal_digest
from compliance.models import Artifact, Trail
from releases.models import Application, DeploymentPolicy, Release

LENGTH = 255  # of what is looked up; longer text names nothing
COMMITS = 5  # looked up from one source identity
_COMMIT = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{7,64}(?![0-9A-Za-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Joins:
    """What a release is about. `*_by` says how it was derived: digest, commit, source, trail, policy; '' when named."""

    trail: Trail | None = None
    trail_by: str = ""
    digest: str = ""
    digest_by: str = ""
    environment: Environment | None = None
    environment_by: str = ""


def find_joins(
    *, actor: Actor, application: Application, source_identity: str | None, metadata: Mapping[str, Any]
) -> Joins:
    """The joins of a release of `application`, among what `actor` may read in its organization.

    The trail: `metadata.trailId`; else the newest one that holds the artifact `metadata.digest`; else the newest of
    the component whose commit is `metadata.commit` or stands in `source_identity`. The digest: `metadata.digest`;
    else that of the trail's newest artifact. The environment: `metadata.environment` by name or uid; else the only
    one that deployment policies for the component name.
    """
    trail, trail_by = _find_trail(actor, application, source_identity, metadata)
    digest, digest_by = normal_digest(_text(metadata, "digest")), ""
    if not digest and trail is not None:
        artifact = trail.artifacts.order_by("-created_at", "-pk").first()
        digest, digest_by = (artifact.digest, "trail") if artifact else ("", "")
    environment, environment_by = _find_environment(actor, application, trail, metadata)
    return Joins(trail, trail_by, digest, digest_by, environment, environment_by)


def unknown_names(release: Release) -> list[str]:
    """The keys of a release's metadata that name something which is not known here, e.g. `metadata.trailId`."""
    named = {"trailId": release.trail_id, "commit": release.trail_id, "environment": release.environment_id}
    unknown = [key for key, joined in named.items() if release.metadata.get(key) and joined is None]
    if release.metadata.get("digest") and release.trail_id is None:
        unknown.append("digest")
    return [f"metadata.{key}" for key in sorted(unknown)]


def _find_trail(
    actor: Actor, application: Application, source_identity: str | None, metadata: Mapping[str, Any]
) -> tuple[Trail | None, str]:
    if "trailId" in metadata:
        uid, organization = _uid(_text(metadata, "trailId")), application.organization_id
        return (look_up(Trail.objects.all, actor, uid=uid, organization=organization) if uid else None), ""
    trails = Trail.objects.visible_to(actor).filter(organization=application.organization)
    digest = normal_digest(_text(metadata, "digest"))
    if digest:
        own_first = Case(When(trail__component=application.component_id, then=Value(0)), default=Value(1))
        holders = Artifact.objects.filter(organization=application.organization, digest=digest, trail__in=trails)
        holder = holders.select_related("trail").order_by(own_first, "-created_at", "-pk").first()
        if holder is not None:
            return holder.trail, "digest"
    for how, text in (("commit", _text(metadata, "commit")), ("source", source_identity or "")):
        trail = _trail_of_commit(trails.filter(component=application.component_id), text, whole=how == "commit")
        if trail is not None:
            return trail, how
    return None, ""


def _trail_of_commit(trails: Any, text: str, *, whole: bool) -> Trail | None:
    """The newest of `trails` whose commit `text` is (`whole`) or contains; each may be abbreviated to seven letters."""
    wanted = Q(commit=text.strip()) if whole and text.strip() else Q()
    for found in _COMMIT.findall(text)[:COMMITS]:
        commit = found.lower()
        wanted |= Q(commit__in=[commit[:length] for length in range(7, len(commit) + 1)])
        wanted |= Q(commit__startswith=commit)
    return trails.filter(wanted).order_by("-created_at", "-pk").first() if wanted else None


def _find_environment(
    actor: Actor, application: Application, trail: Trail | None, metadata: Mapping[str, Any]
) -> tuple[Environment | None, str]:
    if "environment" in metadata:
        environments = Environment.objects.visible_to(actor).filter(organization=application.organization)
        name = _text(metadata, "environment")
        by_name = environments.filter(name__spelled=name).first() if name else None
        uid = _uid(name)
        return by_name or (environments.filter(uid=uid).first() if uid else None), ""
    named = _of_policies(
        actor,
        organization=application.organization_id,
        component=application.component_id,
        flow=trail.flow_id if trail else None,
    )
    return (named[0], "policy") if len(named) == 1 else (None, "")


@readable(Environment)
def _of_policies(environments: Any, *, organization: int, component: int, flow: int | None) -> QuerySet[Environment]:
    """Two at most of those that policies name, of flows of the component or of this one."""
    flows = Q(flow__component=component) | Q(flow=flow) if flow else Q(flow__component=component)
    policies = DeploymentPolicy.objects.filter(flows, organization=organization, is_active=True)
    return environments.filter(organization=organization, pk__in=policies.values("environment"))[:2]


def _text(metadata: Mapping[str, Any], key: str) -> str:
    value = metadata.get(key)
    return value.strip() if isinstance(value, str) and len(value) <= LENGTH else ""


def _uid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None

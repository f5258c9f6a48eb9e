"""What the tests about environments look at: an environment, what was seen running there, and how digests look."""

from typing import Any

from catalog.actors import Actor
from catalog.models import Environment
from catalog.services.environments import create_environment
from compliance.models import EnvironmentBaseline, Snapshot
from compliance.services.drift import approve_baseline
from compliance.services.snapshots import record_snapshot

API = "/api/v1/environments"


def sha(letter: str) -> str:
    """A whole SHA-256 digest."""
    return f"sha256:{letter * 64}"


def running(name: str, digest: str = "", tag: str = "1.0", instances: int = 1) -> dict[str, Any]:
    """One artifact as reported; without a digest one made of its name's first letter."""
    return {"name": name, "digest": digest or f"digest-of-{name}", "tag": tag, "instances": instances}


def an_environment(actor: Actor, name: str = "production", **values: Any) -> Environment:
    return create_environment(actor=actor, name=name, **({"kind": "k8s"} | values))


def a_snapshot(actor: Actor, environment: Environment, *artifacts: dict[str, Any], by: str = "reporter") -> Snapshot:
    return record_snapshot(actor=actor, environment=environment, recorded_by=by, artifacts=artifacts)


def a_baseline(actor: Actor, environment: Environment, snapshot: Snapshot | None = None) -> EnvironmentBaseline:
    return approve_baseline(actor=actor, environment=environment, snapshot=snapshot, approved_by="Ada")


def fresh(environment: Environment) -> Environment:
    """The environment as it is stored now."""
    return Environment.objects.get(pk=environment.pk)

"""What a release is about: named, derived, or not known (and then it says so)."""

import uuid

import pytest

from catalog.actors import Actor
from catalog.models import Component, Environment
from catalog.services.environments import create_environment
from compliance.models import Artifact, Flow, Trail
from compliance.services.artifacts import register_artifact
from compliance.services.flows import create_flow
from compliance.services.trails import create_trail
from releases.models import Application, DeploymentPolicy, Release
from releases.services.applications import create_application
from releases.services.joins import unknown_names
from releases.services.releases import create_release

COMMIT = "4f2c1aa0b7d1f5a9c3e8b6d4a2f0e1c3b5d7f901"
DIGEST = f"sha256:{'ab' * 32}"


@pytest.fixture
def application(admin) -> Application:
    return create_application(actor=admin, key="checkout")


@pytest.fixture
def flow(admin, application) -> Flow:
    return create_flow(actor=admin, name="checkout-build", tags={"component": "checkout"})


def trail_of(actor: Actor, flow: Flow, commit: str = COMMIT) -> Trail:
    return create_trail(
        actor=actor, flow=flow, commit=commit, branch="main", author="Ada", author_email="ada@acme.example"
    )


def artifact_of(actor: Actor, trail: Trail, digest: str = DIGEST) -> Artifact:
    return register_artifact(actor=actor, trail=trail, name="checkout", tag="1.0", digest=digest, reported_by="ci")


def policy_for(flow: Flow, environment: Environment | None, **values) -> DeploymentPolicy:
    return DeploymentPolicy.objects.create(
        organization=flow.organization, name="policy", flow=flow, environment=environment, **values
    )


def ship(actor: Actor, application: Application, source_identity: str | None = None, **metadata) -> Release:
    release = create_release(actor=actor, application=application, source_identity=source_identity, metadata=metadata)
    release.refresh_from_db()
    return release


def test_a_release_that_names_nothing_is_about_nothing(admin, application):
    release = ship(admin, application, "main")

    assert (release.trail, release.digest, release.environment) == (None, "", None)
    assert (release.trail_by, release.digest_by, release.environment_by) == ("", "", "")
    assert unknown_names(release) == []


def test_a_trail_that_is_named_is_given_and_its_newest_artifact_derived(admin, application, flow):
    trail = trail_of(admin, flow)
    artifact_of(admin, trail, "sha256:old")
    artifact_of(admin, trail)

    release = ship(admin, application, trailId=str(trail.uid))

    assert (release.trail, release.trail_by) == (trail, "")
    assert (release.digest, release.digest_by) == (DIGEST, "trail")


@pytest.mark.parametrize("written", [DIGEST, DIGEST.upper().replace("SHA", "sha"), f" {DIGEST} "])
def test_a_digest_that_is_named_is_given_and_the_newest_trail_that_holds_it_derived(admin, application, flow, written):
    artifact_of(admin, trail_of(admin, flow))
    trail = trail_of(admin, flow)
    artifact_of(admin, trail)

    release = ship(admin, application, digest=written)

    assert (release.digest, release.digest_by) == (DIGEST, "")
    assert (release.trail, release.trail_by) == (trail, "digest")


def test_a_trail_of_the_component_comes_before_another_ones_of_the_same_digest(admin, application, flow):
    own = trail_of(admin, flow)
    artifact_of(admin, own)
    artifact_of(admin, trail_of(admin, create_flow(actor=admin, name="other")))

    assert ship(admin, application, digest=DIGEST).trail == own


@pytest.mark.parametrize("commit", [COMMIT, COMMIT[:12], COMMIT[:7], COMMIT.upper(), f" {COMMIT} "])
def test_a_commit_that_is_named_joins_the_newest_trail_of_the_component(admin, application, flow, commit):
    trail_of(admin, flow)
    trail = trail_of(admin, flow)
    artifact_of(admin, trail)
    trail_of(admin, create_flow(actor=admin, name="another component's"))

    release = ship(admin, application, commit=commit)

    assert (release.trail, release.trail_by, release.digest) == (trail, "commit", DIGEST)


@pytest.mark.parametrize(
    "source_identity",
    [
        f"https://git.example/acme/checkout/commit/{COMMIT}",
        f"main@{COMMIT[:8]}",
        COMMIT,
        f"refs/heads/main ({COMMIT[:10]}), built by deadbeef1",
    ],
)
def test_a_commit_in_the_source_identity_joins(admin, application, flow, source_identity):
    trail = trail_of(admin, flow)

    release = ship(admin, application, source_identity)

    assert (release.trail, release.trail_by) == (trail, "source")


def test_a_trail_that_knows_only_part_of_the_commit_is_joined_too(admin, application, flow):
    trail = trail_of(admin, flow, COMMIT[:9])

    assert ship(admin, application, commit=COMMIT).trail == trail


@pytest.mark.parametrize("text", [COMMIT[:6], f"x{COMMIT[:8]}x", "v1.2.3", "", "%", "main"])
def test_what_is_no_commit_joins_nothing(admin, application, flow, text):
    trail_of(admin, flow)

    release = ship(admin, application, text, commit=text)

    assert release.trail is None


def test_a_commit_of_another_component_joins_nothing(admin, application):
    other = create_flow(actor=admin, name="other", tags={})
    trail_of(admin, other)

    release = ship(admin, application, commit=COMMIT)

    assert release.trail is None
    assert unknown_names(release) == ["metadata.commit"]


@pytest.mark.parametrize(
    ("metadata", "unknown"),
    [
        ({"trailId": str(uuid.uuid4())}, ["metadata.trailId"]),
        ({"trailId": "not an id"}, ["metadata.trailId"]),
        ({"trailId": 7}, ["metadata.trailId"]),
        ({"digest": "sha256:unknown"}, ["metadata.digest"]),
        ({"digest": ["sha256:unknown"]}, ["metadata.digest"]),
        ({"digest": "x" * 256}, ["metadata.digest"]),
        ({"commit": "0" * 40, "environment": "moon"}, ["metadata.commit", "metadata.environment"]),
        ({"environment": {"name": "production"}}, ["metadata.environment"]),
        ({"environment": str(uuid.uuid4())}, ["metadata.environment"]),
    ],
)
def test_a_name_that_is_unknown_is_no_error_but_said(admin, application, flow, metadata, unknown):
    trail_of(admin, flow)

    release = ship(admin, application, **metadata)

    assert (release.trail, release.environment) == (None, None)
    assert unknown_names(release) == unknown


def test_a_trail_that_is_named_wrongly_is_not_replaced_by_a_guess(admin, application, flow):
    trail_of(admin, flow)

    assert ship(admin, application, trailId=str(uuid.uuid4()), commit=COMMIT).trail is None


def test_an_unknown_digest_is_kept_for_the_gate_and_the_commit_still_joins(admin, application, flow):
    trail = trail_of(admin, flow)

    release = ship(admin, application, digest="sha256:unheard", commit=COMMIT)

    assert (release.digest, release.trail, release.trail_by) == ("sha256:unheard", trail, "commit")


@pytest.mark.parametrize("spelling", ["production", "PRODUCTION", " Production "])
def test_an_environment_that_is_named_is_given(admin, application, spelling):
    production = create_environment(actor=admin, name="Production")

    release = ship(admin, application, environment=spelling)

    assert (release.environment, release.environment_by) == (production, "")


def test_an_environment_is_named_by_its_uid_too(admin, application):
    production = create_environment(actor=admin, name="production")

    assert ship(admin, application, environment=str(production.uid)).environment == production


def test_the_only_environment_that_policies_name_is_derived(admin, application, flow):
    production = create_environment(actor=admin, name="production")
    policy_for(flow, production)
    policy_for(flow, production)
    policy_for(flow, None)
    policy_for(flow, create_environment(actor=admin, name="retired"), is_active=False)

    release = ship(admin, application)

    assert (release.environment, release.environment_by) == (production, "policy")


def test_among_several_environments_none_is_guessed(admin, application, flow):
    for name in ("test", "production"):
        policy_for(flow, create_environment(actor=admin, name=name))

    assert ship(admin, application).environment is None


def test_nothing_of_another_organization_is_joined(admin, stranger, application):
    create_environment(actor=stranger, name="production")
    create_application(actor=stranger, key="checkout")
    theirs = trail_of(stranger, create_flow(actor=stranger, name="build", tags={"component": "checkout"}))
    artifact_of(stranger, theirs)
    assert Component.objects.filter(slug="checkout").count() == 2

    for metadata in (
        {"trailId": str(theirs.uid)},
        {"digest": DIGEST},
        {"commit": COMMIT},
        {"environment": "production"},
    ):
        release = ship(admin, application, **metadata)
        assert (release.trail, release.environment) == (None, None)

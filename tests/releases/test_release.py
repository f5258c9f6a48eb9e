"""Releases: asked for, changed, cancelled."""

import pytest
from django.utils import timezone

from catalog.models import Event
from catalog.services.environments import create_environment
from config.errors import Forbidden, RuleViolation
from releases.models import ApprovalRequest, Release, ReleaseEvent, ReleaseJob
from releases.services import approvals, engine
from releases.services.applications import create_application
from releases.services.bindings import create_binding
from releases.services.releases import cancel_release, create_release, update_release
from releases.services.rulesets import create_ruleset
from tests.people import make_actor
from tests.releases.shipping import MANUAL, MATCHING, bind, make_application


def test_a_release_is_pending_with_a_job_and_its_first_event(admin):
    application = make_application(admin, MATCHING)

    release = create_release(actor=admin, application=application, source_identity="main", comments="Friday again")

    assert (release.state, release.number, release.created_by) == ("pending", 1, admin.label)
    assert (release.source_identity, release.metadata, release.comments) == ("main", {}, "Friday again")
    assert release.job.attempts == 0
    assert list(release.events.values_list("type", "number")) == [("created", 1)]
    event = Event.objects.get(kind="release.created")
    assert set(event.related) == {release.uid, application.uid, application.component.uid}


def test_release_ids_run_through_all_applications(admin):
    numbers = [
        create_release(actor=admin, application=create_application(actor=admin, key=key)).number for key in "abc"
    ]

    assert numbers == [1, 2, 3]


def test_a_release_freezes_only_what_counts(admin):
    application = create_application(actor=admin, key="checkout")
    counts = bind(admin, application, MATCHING, mode="permissive", key="counts")
    cases = {
        "draft binding": ({}, {"proposal_state": "draft"}),
        "draft ruleset": ({"proposal_state": "draft"}, {}),
        "disabled binding": ({}, {"enabled": False}),
        "disabled ruleset": ({"enabled": False}, {}),
    }
    for key, (of_ruleset, of_binding) in cases.items():
        ruleset = create_ruleset(actor=admin, key=key, rules=[MATCHING], **of_ruleset)
        create_binding(actor=admin, application=application, ruleset=ruleset, **of_binding)

    release = create_release(actor=admin, application=application)

    frozen = release.bindings.get()
    assert (frozen.ruleset, frozen.adjustment, frozen.mode) == (counts, counts.latest, "permissive")


def test_a_disabled_application_takes_no_releases(admin):
    application = create_application(actor=admin, key="checkout", enabled=False)

    with pytest.raises(RuleViolation, match="disabled"):
        create_release(actor=admin, application=application)

    assert not Release.objects.exists()


def test_an_application_without_an_approved_version_takes_releases(admin):
    application = create_application(actor=admin, key="checkout", proposal_state="draft")

    assert create_release(actor=admin, application=application).state == "pending"


@pytest.mark.parametrize("role", ["owner", "admin", "change-manager", "maintainer", "ci"])
def test_who_may_ask_to_ship(admin, acme, role):
    actor = admin if role == "admin" else make_actor(acme, role)

    assert create_release(actor=actor, application=make_application(admin)).created_by == actor.label


def test_who_may_not_ask_to_ship(admin, acme, stranger):
    application = make_application(admin)

    for actor in (make_actor(acme, "viewer"), stranger):
        with pytest.raises(Forbidden):
            create_release(actor=actor, application=application)
    assert not Release.objects.exists()


def test_a_release_is_changed_in_any_state(admin):
    release = create_release(actor=admin, application=make_application(admin), metadata={"a": 1, "b": 2})
    engine.work_on(release.pk)

    changed = update_release(actor=admin, release=release, metadata={"c": 3}, comments="after all")

    assert (changed.state, changed.metadata, changed.comments) == ("approved", {"c": 3}, "after all")
    event = Event.objects.get(kind="release.updated")
    assert event.data["before"] == {"metadata": {"a": 1, "b": 2}, "comments": None}
    assert event.data["after"] == {"metadata": {"c": 3}, "comments": "after all"}


def test_a_change_without_a_difference_is_no_event_but_a_new_time(admin):
    release = create_release(actor=admin, application=make_application(admin), comments="same")
    before = release.updated_at

    changed = update_release(actor=admin, release=release, comments="same")

    assert changed.updated_at > before
    assert not Event.objects.filter(kind="release.updated").exists()


def test_only_what_a_release_says_about_itself_is_changed(admin):
    release = create_release(actor=admin, application=make_application(admin))

    with pytest.raises(ValueError, match="state"):
        update_release(actor=admin, release=release, state="approved")


def test_what_a_pending_release_is_about_follows_its_metadata_and_is_asked_anew(admin, acme):
    test = create_environment(actor=admin, name="test")
    production = create_environment(actor=admin, name="production")
    release = create_release(
        actor=admin, application=make_application(admin, MANUAL), metadata={"environment": "test", "digest": "sha256:a"}
    )
    engine.work_on(release.pk)
    asked = ApprovalRequest.objects.get()
    assert (asked.digest, asked.environment) == ("sha256:a", test)

    update_release(actor=admin, release=release, metadata={"environment": "production", "digest": "sha256:b"})
    assert ReleaseJob.objects.get().next_attempt_at <= timezone.now()
    engine.work_on(release.pk)

    asked.refresh_from_db()
    assert asked.status == ApprovalRequest.Status.VOID
    anew = ApprovalRequest.objects.get(status=ApprovalRequest.Status.PENDING)
    assert (anew.digest, anew.environment) == ("sha256:b", production)


def test_what_people_approved_is_not_exchanged_under_their_approval(admin, acme):
    application = make_application(admin, MANUAL)
    bind(admin, application, MANUAL, key="second")
    release = create_release(actor=admin, application=application, metadata={"digest": "sha256:a"})
    engine.work_on(release.pk)
    approvals.decide(
        actor=make_actor(acme, "change-manager"), request=ApprovalRequest.objects.get(), verdict="approved"
    )
    engine.work_on(release.pk)

    changed = update_release(actor=admin, release=release, metadata={"digest": "sha256:b"})

    assert (changed.metadata, changed.digest) == ({"digest": "sha256:b"}, "sha256:a")


def test_what_a_final_release_was_about_stays(admin):
    release = create_release(actor=admin, application=make_application(admin), metadata={"digest": "sha256:a"})
    engine.work_on(release.pk)

    assert update_release(actor=admin, release=release, metadata={"digest": "sha256:b"}).digest == "sha256:a"


def test_a_cancelled_release_is_final(admin):
    release = create_release(actor=admin, application=make_application(admin, MANUAL))

    cancelled = cancel_release(actor=admin, release=release)

    assert (cancelled.state, cancelled.is_final) == ("cancelled", True)
    assert cancelled.finalized_at is not None
    assert not ReleaseJob.objects.exists()
    assert release.events.filter(type=ReleaseEvent.Type.CANCELLED).count() == 1
    assert Event.objects.filter(kind="release.cancelled").count() == 1


def test_a_final_release_is_not_cancelled(admin):
    release = create_release(actor=admin, application=make_application(admin))
    engine.work_on(release.pk)

    with pytest.raises(RuleViolation, match="approved already"):
        cancel_release(actor=admin, release=release)

    assert not release.events.filter(type=ReleaseEvent.Type.CANCELLED).exists()


def test_who_may_not_change_or_cancel(admin, acme, stranger):
    release = create_release(actor=admin, application=make_application(admin, MANUAL))

    viewer, ci = make_actor(acme, "viewer"), make_actor(acme, "ci")
    for actor in (viewer, ci, stranger):
        with pytest.raises(Forbidden):
            update_release(actor=actor, release=release, comments="mine")
    for actor in (viewer, stranger):
        with pytest.raises(Forbidden):
            cancel_release(actor=actor, release=release)
    release.refresh_from_db()
    assert (release.state, release.comments) == ("pending", None)
    assert cancel_release(actor=ci, release=release).state == "cancelled"  # what it may ask for it may take back

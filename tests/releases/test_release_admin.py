"""Releases and what they must pass in Django's admin: services do the writing."""

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import Event, User
from releases.models import Application, Binding, Release, ReleaseJob, Ruleset
from releases.services import engine
from releases.services.releases import create_release
from tests.catalog.desk import page_of
from tests.releases.shipping import MANUAL, make_application


@pytest.fixture
def desk(db) -> Client:
    """The admin as a superuser sees it."""
    client = Client()
    client.force_login(User.objects.create_superuser("root@gatehouse.example"))
    return client


def test_a_release_and_its_rules_are_made_by_services(desk, acme):
    application = {"organization": acme.pk, "key": "checkout", "display_name": "Checkout", "enabled": "on"}
    assert desk.post(page_of(Application, "add"), application).status_code == 302
    rules = '[{"type": "schedule", "days_of_week": ""}, {"type": "manual", "approval_policy": "any"}]'
    ruleset = {"organization": acme.pk, "key": "people", "rules": rules, "enabled": "on", "comments": "by hand"}
    assert desk.post(page_of(Ruleset, "add"), ruleset).status_code == 302
    bound = {"application": Application.objects.get().pk, "ruleset": Ruleset.objects.get().pk, "mode": "permissive"}
    assert desk.post(page_of(Binding, "add"), {"organization": acme.pk, "enabled": "on", **bound}).status_code == 302
    wish = {"organization": acme.pk, "application": bound["application"], "metadata": '{"a": 1}'}
    assert desk.post(page_of(Release, "add"), wish).status_code == 302

    release = Release.objects.get()
    assert (release.number, release.metadata, release.comments) == (1, {"a": 1}, None)
    assert release.bindings.get().mode == "permissive"
    assert release.bindings.get().adjustment.comments == "by hand"
    assert [rule.type for rule, _ in engine.rules_of(release)] == ["schedule", "manual"]
    kinds = ["application.created", "binding.created", "component.created", "release.created", "ruleset.created"]
    made = Event.objects.filter(actor_label="root@gatehouse.example", kind__in=kinds)
    assert sorted(made.values_list("kind", flat=True)) == kinds


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ('{"type": "manual"}', "Write a list of objects"),
        ('[{"approval_policy": "any"}]', "Write a list of objects"),
        ('[{"type": "schedule", "days_of_month": "32"}]', "day of month &#x27;32&#x27; is unknown"),
    ],
)
def test_bad_rules_are_refused_on_the_form(desk, acme, rules, text):
    answer = desk.post(page_of(Ruleset, "add"), {"organization": acme.pk, "key": "people", "rules": rules})

    assert answer.status_code == 200
    assert text in answer.text
    assert not Ruleset.objects.exists()


def test_a_release_says_something_else_by_hand(desk, admin):
    release = create_release(actor=admin, application=make_application(admin), comments="old")

    desk.post(page_of(Release, "change", release.pk), {"source_identity": "main", "metadata": "", "comments": "new"})

    release.refresh_from_db()
    assert (release.source_identity, release.metadata, release.comments) == ("main", {}, "new")
    assert Event.objects.get(kind="release.updated").data["after"] == {"source_identity": "main", "comments": "new"}


def test_pending_releases_are_cancelled_and_final_ones_say_why_not(desk, admin):
    application = make_application(admin)
    pending, final = (create_release(actor=admin, application=application) for _ in range(2))
    engine.work_on(final.pk)

    action = {"action": "cancel_selected", "_selected_action": [pending.pk, final.pk]}
    asked = desk.post(page_of(Release, "changelist"), action)
    assert all(str(each) in asked.text for each in (pending, final))
    assert not Release.objects.filter(state="cancelled").exists()
    answer = desk.post(page_of(Release, "changelist"), action | {"post": "yes"}, follow=True)

    assert "Release 2 is approved already." in answer.text
    assert list(Release.objects.order_by("pk").values_list("state", flat=True)) == ["cancelled", "approved"]


def test_a_job_is_tried_again_at_once(desk, admin):
    release = create_release(actor=admin, application=make_application(admin, MANUAL))
    engine.postpone(release.pk, "out of luck")
    job = ReleaseJob.objects.get()
    assert "out of luck" in desk.get(page_of(ReleaseJob, "changelist")).text

    desk.post(page_of(ReleaseJob, "changelist"), {"action": "try_selected_now", "_selected_action": [job.pk]})

    assert ReleaseJob.objects.get().next_attempt_at <= timezone.now()

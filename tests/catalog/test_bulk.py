"""Changing many rows at once: seen before it is done, done a chunk at a time, each refusal said, nothing done twice."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.actors import user_actor
from catalog.models import ApiKey, BulkJob, Component, Event, Membership, Team
from catalog.rights import Rule
from catalog.services import bulk
from catalog.services.components import create_component
from catalog.services.keys import issue_api_key
from catalog.services.roles import create_role
from config.errors import BadInput, Forbidden
from tests.catalog.test_pages import sign_in
from tests.people import make_actor, make_machine, make_user

CHANGE, REVOKE = "/bulk/components", "/bulk/keys"


@pytest.fixture
def three(admin) -> list[Component]:
    return [create_component(actor=admin, name=name) for name in ("alpha", "beta", "gamma")]


@pytest.fixture
def core(acme) -> Team:
    return Team.objects.create(organization=acme, name="Core", slug="core", public_id="teamcore")


@pytest.fixture
def browser(admin) -> Client:
    return sign_in(Client(), admin)


@pytest.fixture
def keeper(acme, admin):
    """Somebody who may change alpha and nothing else."""
    rules = (
        Rule("organization:**:read"),
        Rule("organization:component:update", ("organization:acme:component:alpha",)),
    )
    role = create_role(actor=admin, name="Keeper", rules=rules)
    user = make_user(acme, "viewer", "keeper@acme.example")
    Membership.objects.filter(user=user).update(role=role)
    return user_actor(user)


def picks(rows) -> dict:
    return {"pick": [str(row.uid) for row in rows]}


def apply(browser: Client, path: str, said: dict):
    """Preview a change, then have it done."""
    seen = browser.post(path, said | {"preview": "1"}).context["seen"]
    return browser.post(path, said | {"apply": "1", "seen": seen})


def state() -> list:
    rows = Component.objects.order_by("pk").values_list("revision", "team", "lifecycle")
    return [Event.objects.count(), BulkJob.objects.count(), *rows]


def test_a_preview_says_what_would_be_and_changes_nothing(three, keeper, core, subtests):
    browser, before = sign_in(Client(), keeper), state()
    first = browser.post(CHANGE, picks(three))
    assert "Nothing changes before you have seen what it does." in first.text
    assert first.text.count('name="pick"') == 3

    page = browser.post(CHANGE, picks(three) | {"preview": "1", "lifecycle": "retired"})

    assert "2 of 3 can't be done" in page.text
    refusals = {effect.row.name: effect.refusal for effect in page.context["effects"]}
    assert refusals["alpha"] == ""
    assert page.context["effects"][0].change == "Lifecycle: not said → Retired"
    assert "lacks the right organization:component:update" in refusals["beta"]
    for wrong in ({}, {"lifecycle": "nonsense"}, {"team": "999999"}):
        with subtests.test(str(wrong)):
            assert browser.post(CHANGE, picks(three) | {"preview": "1"} | wrong).status_code == 422
    other = {"lifecycle": "production", "seen": page.context["seen"]}
    for unseen in (other, {"lifecycle": "retired"}, {"lifecycle": "retired", "seen": "x"}):
        assert "This is a rehearsal" in browser.post(CHANGE, picks(three) | {"apply": "1"} | unseen).text
    assert state() == before


def test_only_what_changes_is_counted(three, browser):
    retired = Component.objects.filter(pk=three[0].pk)
    retired.update(lifecycle="retired")

    some = browser.post(CHANGE, picks(three) | {"preview": "1", "lifecycle": "retired"}).text
    none = browser.post(CHANGE, picks(retired) | {"preview": "1", "lifecycle": "retired"}).text

    assert "2 of 3 change" in some
    assert ">Change 2</button>" in some
    assert "0 of 1 change" in none
    assert 'name="apply"' not in none


def test_what_is_applied_is_done_to_each_that_may_be_changed(three, keeper, core):
    browser = sign_in(Client(), keeper)

    answer = apply(browser, CHANGE, picks(three) | {"team": core.pk, "lifecycle": "retired"})

    job = BulkJob.objects.get()
    assert answer.headers["Location"] == reverse("catalog:bulk-job", args=[job.uid])
    rows = Component.objects.order_by("name").values_list("name", "team", "lifecycle", "revision")
    assert list(rows) == [("alpha", core.pk, "retired", 2), ("beta", None, "", 1), ("gamma", None, "", 1)]
    assert (job.done, job.total, job.changed, [each["label"] for each in job.refused]) == (3, 3, 1, ["beta", "gamma"])
    page = browser.get(answer.headers["Location"]).text
    assert "Finished" in page
    assert "1 done," in page
    assert "hx-trigger" not in page.partition('id="job"')[2].partition(">")[0]
    event = Event.objects.get(kind="bulk_job.started")
    assert event.data == {"action": "components", "total": 3, "team": str(core.uid), "lifecycle": "retired"}
    assert Event.objects.filter(kind="component.updated", actor_label="keeper@acme.example").count() == 1


def test_a_long_job_goes_on_after_its_worker_died_and_does_nothing_twice(three, admin, browser, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    monkeypatch.setattr(bulk, "CHUNK", 2)
    address = apply(browser, CHANGE, picks(three) | {"lifecycle": "retired"}).headers["Location"]
    job = BulkJob.objects.get()
    assert 'hx-trigger="every 1s"' in browser.get(address).text
    assert bulk._work_on_chunk(job.pk) is True
    assert "66% done" in browser.get(address, headers={"HX-Request": "true"}).text

    done = bulk.ACTIONS["components"].do

    def dies(actor, row, said):
        done(actor, row, said)
        raise RuntimeError("the worker is gone")

    with monkeypatch.context() as broken:
        broken.setitem(bulk.ACTIONS, "components", bulk.Action(bulk.ACTIONS["components"].rows, dies))
        with pytest.raises(RuntimeError):
            bulk.work_on(job.pk)
    job.refresh_from_db()
    assert (job.done, job.finished_at) == (2, None)
    assert bulk.sweep(timezone.now()) == []
    assert bulk.sweep(timezone.now() + timedelta(minutes=1)) == [job.pk]
    assert bulk.sweep(timezone.now() + timedelta(days=2)) == []

    bulk.work_on(job.pk)
    bulk.work_on(job.pk)

    assert list(Component.objects.values_list("revision", flat=True)) == [2, 2, 2]
    assert BulkJob.objects.get().refused == []
    assert bulk.sweep(timezone.now() + timedelta(minutes=1)) == []


def test_who_left_changes_nothing_more(three, admin, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    job = bulk.start(actor=admin, action="components", uids=[each.uid for each in three], said={"lifecycle": "retired"})
    Membership.objects.filter(user=admin.user).delete()

    bulk.work_on(job.pk)

    job.refresh_from_db()
    assert (job.changed, job.done) == (0, 3)
    assert set(Component.objects.values_list("revision", flat=True)) == {1}


def test_all_that_the_filters_let_through_are_chosen(three, browser, admin):
    Component.objects.filter(name="gamma").update(lifecycle="retired")
    said = {"all": "1", "query": "lifecycle=retired&after=x", "preview": "1", "criticality": "low"}

    page = browser.post(CHANGE, said)

    assert [effect.row.name for effect in page.context["effects"]] == ["gamma"]


def test_keys_are_revoked_after_a_preview_without_anything_to_fill_in(browser, admin):
    keys = [issue_api_key(actor=admin, label=label, user=admin.user)[0] for label in ("one", "two")]
    assert "all of these can be done" in browser.post(REVOKE, picks(keys)).text
    assert not ApiKey.objects.exclude(revoked_at=None).exists()

    apply(browser, REVOKE, picks(keys))

    assert ApiKey.objects.exclude(revoked_at=None).count() == 2


def test_what_is_not_ones_own_is_not_there(three, browser, admin, acme, stranger, monkeypatch):
    theirs = create_component(actor=stranger, name="theirs")
    job = bulk.start(actor=admin, action="components", uids=[three[0].uid], said={"lifecycle": "retired"})
    address = reverse("catalog:bulk-job", args=[job.uid])

    assert sign_in(Client(), make_actor(acme, "owner")).get(address).status_code == 404
    assert sign_in(Client(), stranger).get(address).status_code == 404
    for sent in ({}, {"pick": "x"}, picks([theirs]), {"all": "1", "query": "q=nothing"}):
        assert browser.post(CHANGE, sent).status_code == 400
    assert browser.post("/bulk/nonsense", picks(three)).status_code == 404
    assert browser.get(CHANGE).status_code == 405
    monkeypatch.setattr(bulk, "MOST", 1)
    with pytest.raises(BadInput):
        bulk.start(actor=admin, action="components", uids=[each.uid for each in three], said={})
    with pytest.raises(Forbidden):
        bulk.start(actor=make_machine(acme, "admin")[0], action="components", uids=[three[0].uid], said={})
    assert Component.objects.get(name="theirs").lifecycle == ""


def test_boxes_are_for_those_who_may_change(three, browser, acme):
    page = reverse("catalog:component-list")

    assert browser.get(page).text.count('name="pick"') == 3
    assert 'name="pick"' not in sign_in(Client(), make_actor(acme, "viewer")).get(page).text

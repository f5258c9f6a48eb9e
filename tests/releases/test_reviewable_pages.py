"""The pages of applications, rulesets and bindings: adding, proposing, reviewing, and what each shows to whom."""

import re

import pytest
from django.conf import settings
from django.urls import reverse

from releases.models import Application, Binding, Rule, Ruleset
from releases.services.proposals import change_resource
from releases.services.rules import password_of
from releases.services.rulesets import create_ruleset
from releases.services.versions import proposal_contents
from releases.views.differences import difference
from tests.people import make_actor
from tests.releases.shipping import MANUAL, MATCHING, make_application

WEEKDAYS = {"type": "schedule", "days_of_week": "mon tue"}
HTTP = {"type": "http_api", "url": "https://rules.example/ask", "retry_policy": "never", "password": "s3cret"}


@pytest.fixture
def browse(client):
    """A browser of whoever is given."""

    def browser(actor):
        client.force_login(actor.user, backend=settings.AUTHENTICATION_BACKENDS[1])
        return client

    return browser


@pytest.fixture
def reviewed(acme):
    acme.review_policy = True
    acme.save()
    return acme


def posted(form, **changes) -> dict[str, str]:
    """What a browser sends of an editor as it was drawn, with `changes`."""
    parts = [form.form, *(each for _, rules in form.rules for each in (rules.management_form, *rules.forms))]
    values = {bound.html_name: bound.value() for part in parts for bound in part}
    sent = {name: "on" if value is True else str(value) for name, value in values.items() if value not in ("", None)}
    sent = {name: value for name, value in sent.items() if value != "False"}
    return sent | {"state": "draft"} | changes


def test_a_ruleset_is_added_proposed_and_approved_in_the_browser(browse, admin):
    browser = browse(admin)
    blank = browser.get(reverse("releases:ruleset-new")).context["editor"]
    made = browser.post(
        reverse("releases:ruleset-new"),
        posted(
            blank,
            key="weekdays",
            display_name="Weekdays",
            **{
                "schedule-0-days_of_week": "mon tue",
                "manual-0-approval_policy": "minimum",
                "manual-0-minimum": "2",
                "http_api-0-url": "https://rules.example/ask",
                "http_api-0-password": "s3cret",
            },
        )
        | {"state": "final"},
    )
    ruleset = Ruleset.objects.get()
    page = reverse("releases:ruleset", args=[ruleset.uid])

    assert (made.status_code, made["Location"]) == (302, page)
    rules = ruleset.latest.rules.order_by("type")
    assert [(rule.type, rule.enabled) for rule in rules] == [("http_api", True), ("manual", True), ("schedule", True)]
    assert password_of(rules[0]) == b"s3cret"

    editor = browser.get(f"{page}/propose").context["editor"]
    sent = posted(editor, **{"schedule-0-days_of_week": "fri", "manual-0-DELETE": "on", "comments": "less"})
    answer = browser.post(f"{page}/propose", sent)
    content = proposal_contents(ruleset).get()
    assert answer["Location"] == f"{page}/proposals/{content.version.number}"
    assert sorted(content.rules.values_list("type", flat=True)) == ["http_api", "schedule"]
    assert password_of(content.rules.get(type="http_api")) == b"s3cret"
    shown = browser.get(answer["Location"])
    assert [tuple(each) for each in shown.context["changes"]] == [
        ("Rule", "At least 2 people approve", ""),
        ("Rule", "Made on Mon, Tue", ""),
        ("Rule", "", "Made on Fri"),
    ]

    edited = browser.get(f"{answer['Location']}/edit").context["editor"]
    browser.post(f"{answer['Location']}/edit", posted(edited, display_name="Fridays") | {"state": "final"})
    ruleset.refresh_from_db()
    assert (ruleset.latest.display_name, ruleset.latest.version.version_number) == ("Fridays", 2)
    text = browser.get(page).text
    assert "s3cret" not in text
    assert all(words in text for words in ("Fridays", "Made on Fri", "Version 2", "made version 2 of"))


@pytest.mark.parametrize("proposed", [False, True])
def test_who_proposes_from_an_older_content_is_told_so(browse, admin, proposed):
    ruleset = create_ruleset(actor=admin, key="weekdays", display_name="Weekdays", rules=[MANUAL])
    page = reverse("releases:ruleset", args=[ruleset.uid])
    edit = f"{page}/propose"
    browser = browse(admin)
    if proposed:
        edit = (
            browser.post(edit, posted(browser.get(edit).context["editor"], display_name="Mine"))["Location"] + "/edit"
        )
    opened = browser.get(edit)
    form = posted(opened.context["editor"], display_name="Yours", form_version=version_in(opened))
    meanwhile = posted(
        opened.context["editor"], **{"schedule-0-days_of_week": "fri"}, state="draft" if proposed else "final"
    )
    assert browser.post(edit, meanwhile).status_code == 302

    refused = browser.post(edit, form)

    assert refused.status_code == 422
    [changed, rules] = refused.context["editor"].form.non_field_errors()
    assert "Changed since you opened it" in changed
    assert "Fri" in rules
    assert browser.post(edit, form | {"form_version": version_in(refused)}).status_code == 302


def version_in(answer) -> str:
    return re.search(r'name="form_version" value="(\w+)"', answer.text)[1]


def test_a_review_is_given_with_a_comment(browse, reviewed, subtests):
    author, reviewer = make_actor(reviewed, "maintainer"), make_actor(reviewed, "change-manager")
    ruleset = make_application(author, MATCHING, mode="permissive").bindings.get().ruleset
    _, content = change_resource(actor=author, resource=ruleset, state="final", change={"rules": [MANUAL]})
    path = reverse("releases:ruleset-proposal", args=[ruleset.uid, content.version.number])

    page = browse(author).get(path)
    assert "It waits for somebody who may review" in page.text
    assert browse(author).post(path, {"action": "approve"}).status_code == 403
    page = browse(reviewer).get(path)
    assert 'value="approve"' in page.text
    refused = browse(reviewer).post(path, {"action": "reject", "comments": " "})
    assert (refused.status_code, refused.context["refused"]) == (422, "Say why you reject it.")
    assert 'aria-describedby="review-comment-error"' in refused.text
    assert browse(reviewer).post(path, {"action": "nonsense"}).status_code == 400
    assert browse(reviewer).post(path, {"action": "final"}).status_code == 422
    done = browse(reviewer).post(path, {"action": "approve", "comments": "fine"})
    ruleset.refresh_from_db()
    assert done["Location"] == reverse("releases:ruleset", args=[ruleset.uid])
    assert (ruleset.latest.author, ruleset.latest.comments) == (reviewer.label, "fine")
    assert browse(reviewer).get(path).status_code == 404

    _, content = change_resource(actor=reviewer, resource=ruleset, state="final", change={"rules": []})
    path = reverse("releases:ruleset-proposal", args=[ruleset.uid, content.version.number])
    assert "somebody else has to review it" in browse(reviewer).get(path).text
    for action, state in (("draft", "draft"), ("abandon", "abandoned"), ("final", "reviewing")):
        with subtests.test(action):
            browse(author).post(path, {"action": action})
            assert proposal_contents(ruleset).get().proposal_state == state
    assert "Delete the proposal with all its steps?" in browse(author).get(path, {"delete": ""}).text
    browse(author).post(path, {"action": "delete"})
    assert not proposal_contents(ruleset).exists()


def test_an_application_is_added_and_bound(browse, admin):
    browser = browse(admin)
    ruleset = create_ruleset(actor=admin, key="weekdays", rules=[WEEKDAYS])

    browser.post(reverse("releases:application-new"), {"key": "checkout", "enabled": "on", "state": "final"})
    application = Application.objects.get()
    bind = reverse("releases:binding-new", args=[application.uid])
    bound = browser.post(bind, {"ruleset": ruleset.pk, "mode": "enforcing", "enabled": "on", "state": "final"})
    binding = Binding.objects.get()
    page = browser.get(reverse("releases:application", args=[application.uid]))

    assert (bound.status_code, binding.latest.mode) == (302, "enforcing")
    assert reverse("releases:binding", args=[binding.uid]) in page.text
    again = browser.post(bind, {"ruleset": ruleset.pk, "mode": "enforcing", "enabled": "on", "state": "final"})
    assert (again.status_code, Binding.objects.count()) == (422, 1)
    propose = reverse("releases:binding-propose", args=[binding.uid])
    browser.post(propose, {"mode": "permissive", "enabled": "on", "state": "draft"})
    assert [tuple(each) for each in difference(binding.latest, proposal_contents(binding).get())] == [
        ("Mode", "enforcing", "permissive")
    ]


def test_bad_forms_are_shown_again_and_write_nothing(browse, admin, subtests):
    create_ruleset(actor=admin, key="taken")
    browser, path = browse(admin), reverse("releases:ruleset-new")
    blank = browser.get(path).context["editor"]
    cases = [
        ({"key": ""}, 422),
        ({"key": "a/b"}, 422),
        ({"key": "x" * 256}, 422),
        ({"key": "a\x00b"}, 422),
        ({"key": "TAKEN"}, 409),
        ({"key": "new", "schedule-0-begin_time": "25:00", "schedule-0-end_time": "26:00"}, 422),
        ({"key": "new", "schedule-0-begin_time": "9:00"}, 422),
        ({"key": "new", "schedule-0-time_zone": "Mars/Olympus"}, 422),
        ({"key": "new", "manual-0-approval_policy": "minimum"}, 422),
        ({"key": "new", "manual-0-minimum": "2"}, 422),
        ({"key": "new", "http_api-0-url": "file:///etc/passwd"}, 422),
        ({"key": "new", "http_api-0-url": "https://x.example", "http_api-0-retry_policy": "retry_on_fail"}, 422),
        ({"key": "new", "schedule-TOTAL_FORMS": "nonsense"}, 422),
    ]
    for changes, status in cases:
        with subtests.test(str(changes)[:60]):
            assert browser.post(path, posted(blank, **changes)).status_code == status
            assert (Ruleset.objects.count(), Rule.objects.count()) == (1, 0)


def test_pages_are_for_those_who_may_see_and_change(browse, acme, admin, stranger, subtests):
    application = make_application(admin, MATCHING, key="of-acme")
    binding = application.bindings.get()
    ruleset = binding.ruleset
    change_resource(actor=admin, resource=ruleset, change={})
    viewer = make_actor(acme, "viewer")
    things = (("application", application), ("ruleset", ruleset), ("binding", binding))
    reads = [reverse(f"releases:{word}", args=[row.uid]) for word, row in things]
    reads.append(reverse("releases:ruleset-proposal", args=[ruleset.uid, 2]))
    writes = [reverse(f"releases:{word}-propose", args=[row.uid]) for word, row in things]
    writes += [
        reverse("releases:ruleset-proposal-edit", args=[ruleset.uid, 2]),
        reverse("releases:binding-new", args=[application.uid]),
    ]
    adds = [reverse("releases:application-new"), reverse("releases:ruleset-new")]
    for path in [*reads, *writes, *adds]:
        with subtests.test(path):
            assert browse(admin).get(path).status_code == 200
            assert browse(viewer).get(path).status_code == (200 if path in reads else 403)
            if path not in adds:
                assert browse(stranger).get(path).status_code == 404
    assert "Propose a change" not in browse(viewer).get(reads[0]).text
    assert browse(viewer).post(reads[3], {"action": "delete"}).status_code == 403
    assert "of-acme" not in browse(stranger).get(reverse("releases:application-list")).text

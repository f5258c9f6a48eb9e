"""The pages of releases and approvals: what they show, who may decide there, and at what cost."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from catalog.actors import Actor
from releases.models import ApprovalRequest, Decision, Release
from releases.services.approvals import decide, objection, request_trail_approval
from releases.services.engine import work_on
from releases.services.gate import evaluate
from releases.services.releases import cancel_release, update_release
from tests.people import make_actor, settled_organization
from tests.releases.proofs import (
    ANY_ONE,
    DIGEST,
    NEVER_OPEN,
    OTHER_DIGEST,
    a_component,
    a_flow,
    a_policy,
    a_release,
    a_trail,
    an_application,
    an_environment,
    asked,
    attest,
    person,
)

pytestmark = pytest.mark.django_db
LISTS = ["releases:release-list", "releases:approval-list"]


def sign_in(client, actor):
    """`actor`'s browser."""
    client.force_login(actor.user, backend=settings.AUTHENTICATION_BACKENDS[1])
    return client


@pytest.fixture(scope="module")
def standing(settled, django_db_blocker) -> Iterator[tuple[Actor, Actor, Release]]:
    """Acme's admin, its manager and a release, made once; what a test changes is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        acme = settled_organization("acme")
        admin, manager = make_actor(acme), person(acme, "change-manager", name="Maeve Donnelly")
        a_component(admin)
        flow, production = a_flow(admin), an_environment(admin)
        a_policy(admin, flow, environment=production, required_types=["junit", "load-test"], enforce_approvals=True)
        attest(admin, a_trail(admin, flow), "junit", name="Unit tests")
        application = an_application(admin, rules=(ANY_ONE,))
        yield admin, manager, a_release(admin, application, digest=DIGEST, environment="production")
        transaction.set_rollback(True)


@pytest.fixture
def admin(standing, db) -> Actor:
    return standing[0]


@pytest.fixture
def manager(standing, db) -> Actor:
    return standing[1]


@pytest.fixture
def release(standing, db) -> Release:
    """A release to production that lacks a report and an approval."""
    return Release.objects.for_list().get(pk=standing[2].pk)


@pytest.fixture
def browser_of_manager(client, manager):
    return sign_in(client, manager)


def page_of(release) -> str:
    return reverse("releases:release", args=[release.number])


def post_to(browser, release, **said):
    uid = asked(release).uid
    return browser.post(f"{page_of(release)}?approval={uid}", {"bound": release.digest} | said)


# ---- the release page


def test_the_release_page_says_why_it_is_blocked_and_who_can_do_what(browser_of_manager, release):
    response = browser_of_manager.get(page_of(release))

    page = response.text
    assert response.status_code == 200
    assert "Two of four requirements are open." in page
    assert "No attestation of type load-test" in page
    assert f"http://testserver/api/v1/trails/{release.trail.uid}/attestations" in page
    assert "Maeve Donnelly" in page
    assert "Your decision" in page
    assert "Unit tests" in page
    assert "load-test, not reported" in page
    assert "One person approves" in page
    assert "The gate stays down until the one other is up." in page
    assert "Derived: found by the digest" in page
    assert 'name="bound" value="' + DIGEST in page


def test_approving_on_the_release_page_settles_it(browser_of_manager, release, manager):
    response = post_to(browser_of_manager, release, decision="approve", comment="fine")

    assert response.status_code == 302
    assert response.headers["Location"] == page_of(release)
    decision = Decision.objects.get()
    assert (decision.verdict, decision.identity, decision.comments) == ("approved", manager.label, "fine")
    work_on(release.pk)
    page = browser_of_manager.get(page_of(release)).text
    assert "Approved checkout 1 to production." in page
    assert "Approved by Maeve Donnelly." in page


def test_rejecting_needs_a_reason(browser_of_manager, release):
    refused = post_to(browser_of_manager, release, decision="reject", comment="  ")

    assert refused.status_code == 422
    assert "Say why you reject it." in refused.text
    assert not Decision.objects.exists()

    taken = post_to(browser_of_manager, release, decision="reject", comment="not on a Friday")

    assert taken.status_code == 302
    assert Decision.objects.get().comments == "not on a Friday"


@pytest.mark.parametrize("said", [{}, {"decision": "maybe"}, {"decision": "approve", "comment": "x" * 10_001}])
def test_a_bad_answer_is_shown_in_place(browser_of_manager, release, said):
    response = post_to(browser_of_manager, release, **said)

    assert response.status_code == 422
    assert 'role="alert"' in response.text
    assert not Decision.objects.exists()


def test_an_answer_to_what_changed_is_a_conflict_with_the_difference(browser_of_manager, admin, release):
    shown = asked(release)
    update_release(actor=admin, release=release, metadata={"digest": OTHER_DIGEST, "environment": "production"})

    response = browser_of_manager.post(
        f"{page_of(release)}?approval={shown.uid}", {"decision": "approve", "bound": DIGEST}
    )

    assert response.status_code == 409
    assert f"the digest was {DIGEST} and is {OTHER_DIGEST} now" in response.text
    shown.refresh_from_db()
    assert shown.status == ApprovalRequest.Status.VOID


def test_an_answer_to_another_digest_than_was_shown_is_a_conflict(browser_of_manager, release):
    response = post_to(browser_of_manager, release, decision="approve", bound=OTHER_DIGEST)

    assert response.status_code == 409
    assert not Decision.objects.exists()


def test_a_second_answer_is_a_conflict_shown_in_place(browser_of_manager, admin, manager):
    rules = ({"type": "manual", "approval_policy": "minimum", "minimum": 2},)
    release = a_release(admin, an_application(admin, "vault", rules=rules), digest=OTHER_DIGEST)
    decide(actor=manager, request=asked(release), verdict="approved")

    page = browser_of_manager.get(page_of(release)).text
    response = post_to(browser_of_manager, release, decision="approve")

    assert "1 of 2" in page
    assert response.status_code == 409
    assert "has decided this approval already" in response.text


@pytest.mark.parametrize(("role", "why"), [("viewer", "organization:approval:decide"), ("admin", "four-eyes")])
def test_who_may_not_decide_is_told_who_may(client, admin, acme, manager, release, role, why):
    actor = admin if role == "admin" else person(acme, role)
    browser = sign_in(client, actor)

    page = browser.get(page_of(release)).text
    response = post_to(browser, release, decision="approve")

    assert 'value="approve"' not in page
    assert "Maeve Donnelly" in page
    assert why in page
    assert response.status_code == 403
    assert why in response.text
    assert not Decision.objects.exists()


def test_a_release_out_of_its_window_says_when_it_opens(client, stranger):
    """Elsewhere, where nothing else is in its way."""
    a_component(stranger)
    a_flow(stranger)
    tomorrow = (timezone.now() + timedelta(days=1)).strftime("%a")
    rules = ({"type": "schedule", "days_of_week": tomorrow}, ANY_ONE)
    release = a_release(stranger, an_application(stranger, rules=rules), digest=DIGEST)

    page = sign_in(client, stranger).get(page_of(release)).text

    assert "Window closed" in page
    assert "Next opening" in page
    assert "Not asked" in page  # the manual rule: the schedule had ended it


@pytest.mark.parametrize("state", ["approved", "rejected", "cancelled", "pending"])
def test_a_release_in_any_state_has_a_page(browser_of_manager, admin, state):
    rules = (NEVER_OPEN,) if state == "rejected" else (ANY_ONE,) if state != "approved" else ()
    release = a_release(admin, an_application(admin, "vault", rules=rules), commit="c0ffee1", environment="nowhere")
    if state == "cancelled":
        cancel_release(actor=admin, release=release)

    response = browser_of_manager.get(page_of(release))

    assert response.status_code == 200
    assert "metadata.commit, metadata.environment name nothing that is known here." in response.text


def test_the_decision_is_there_as_json(browser_of_manager, release):
    document = browser_of_manager.get(reverse("releases:release-decision", args=[release.number])).json()

    assert (document["verdict"], len(document["requirements"])) == ("blocked", 4)


def test_a_release_is_found_by_its_uid(browser_of_manager, release):
    response = browser_of_manager.get(reverse("releases:release-by-uid", args=[release.uid]))

    assert response.headers["Location"] == page_of(release)


def test_another_organizations_release_does_not_exist(client, stranger, release):
    browser = sign_in(client, stranger)

    assert browser.get(page_of(release)).status_code == 404
    assert browser.get(reverse("releases:release-by-uid", args=[release.uid])).status_code == 404
    assert browser.get(reverse("releases:release-decision", args=[release.number])).status_code == 404
    assert browser.get(reverse("releases:approval", args=[asked(release).uid])).status_code == 404
    assert post_to(browser, release, decision="approve").status_code == 404
    assert not Decision.objects.exists()


# ---- approvals


def test_the_inbox_holds_what_waits_for_me_oldest_first(browser_of_manager, admin, release, manager):
    trail = a_trail(admin, release.trail.flow, commit="c0ffee2")
    request_trail_approval(actor=admin, trail=trail, comments="hotfix")
    request_trail_approval(actor=admin, trail=trail, required_approvers=["somebody@else.example"])
    request_trail_approval(actor=manager, trail=trail)
    evaluate(actor=admin, digest=DIGEST, environment=release.environment)

    response = browser_of_manager.get(reverse("releases:approval-list"))

    page = response.text
    assert [str(each) for each in response.context["page"]] == ["Approval of checkout 1", "Approval of c0ffee2"]
    assert "2 of 4 requirements satisfied" in page
    assert "“hotfix”" in page
    assert re.search(r"Waiting on me <span class=\"count t-warn\">2<", page)
    assert response.context["chosen"].release == release


@pytest.mark.parametrize("named", [True, False])
def test_the_inbox_says_what_the_gate_said_last_of_a_trail(browser_of_manager, admin, release, named):
    environment = release.environment if named else None
    request_trail_approval(actor=admin, trail=release.trail, environment=environment)
    evaluate(actor=admin, digest=DIGEST, environment=release.environment)
    newest = evaluate(actor=admin, digest=DIGEST, environment=release.environment)

    response = browser_of_manager.get(reverse("releases:approval-list"))

    about_trail = next(row for row in response.context["rows"] if row.trail)
    assert about_trail.gate == newest
    assert "not asked" not in response.text
    assert ("production, as of" in response.text) is not named


@pytest.mark.parametrize(("view", "count"), [("mine", 1), ("asked", 0), ("open", 2), ("decided", 1), ("nonsense", 1)])
def test_each_tab_holds_its_own(browser_of_manager, admin, manager, release, view, count):
    trail = release.trail
    request_trail_approval(actor=admin, trail=trail, required_approvers=["somebody@else.example"])
    done = request_trail_approval(actor=admin, trail=trail)
    decide(actor=manager, request=done, verdict="approved")

    response = browser_of_manager.get(reverse("releases:approval-list"), {"view": view})

    assert response.status_code == 200
    assert len(response.context["page"]) == count


def test_deciding_in_the_inbox_goes_on_with_the_next(browser_of_manager, admin, release):
    inbox = reverse("releases:approval-list")
    second = request_trail_approval(actor=admin, trail=release.trail)

    response = browser_of_manager.post(
        f"{inbox}?view=mine&approval={asked(release).uid}", {"decision": "approve", "bound": DIGEST}, follow=True
    )

    assert response.redirect_chain == [(f"{inbox}?view=mine", 302)]
    assert "Approved checkout 1 to production." in response.text
    assert response.context["chosen"] == second


def test_a_refusal_in_the_inbox_stays_there(browser_of_manager, admin, release):
    inbox = f"{reverse('releases:approval-list')}?view=mine&approval={asked(release).uid}"

    response = browser_of_manager.post(inbox, {"decision": "reject", "bound": DIGEST})

    assert response.status_code == 422
    assert "Say why you reject it." in response.text
    assert browser_of_manager.post(reverse("releases:approval-list"), {}).status_code == 302
    assert browser_of_manager.get(f"{reverse('releases:approval-list')}?approval=nonsense").status_code == 200


def test_a_comment_is_as_long_as_other_free_texts(browser_of_manager, release):
    answer = post_to(browser_of_manager, release, decision="approve", bound=DIGEST, comment="x" * 2001)

    assert answer.status_code == 422
    assert "at most 2000 characters" in answer.text
    assert 'maxlength="2000"' in answer.text
    assert not Decision.objects.exists()


def test_an_empty_inbox_says_so(client, stranger):
    browser = sign_in(client, stranger)
    for view, words in (("mine", "Nothing waits for you"), ("open", "No approvals here")):
        assert words in browser.get(reverse("releases:approval-list"), {"view": view}).text


def test_an_approval_has_a_page_of_its_own(browser_of_manager, admin, manager, release):
    request = request_trail_approval(
        actor=admin, trail=release.trail, comments="hotfix", deadline=timezone.now() + timedelta(days=1)
    )
    address = reverse("releases:approval", args=[request.uid])

    page = browser_of_manager.get(address).text
    response = browser_of_manager.post(address, {"decision": "approve", "comment": "fine", "bound": ""}, follow=True)

    assert "Approval of trail 7c1e94d0aa" in page
    assert "hotfix" in page
    assert "Expires" in page
    assert "Approved trail 7c1e94d0aa." in response.text
    assert "“fine”" in response.text
    assert browser_of_manager.post(address, {"decision": "approve", "bound": ""}).status_code == 409


def test_an_approval_of_a_trail_without_an_artifact_judges_nothing(browser_of_manager, admin, release):
    bare = a_trail(admin, release.trail.flow, commit="c0ffee2", digest="")
    request = request_trail_approval(actor=admin, trail=bare)

    page = browser_of_manager.get(reverse("releases:approval", args=[request.uid])).text

    assert "No gate to judge" in page
    assert 'value="approve"' in page


def test_what_waits_for_somebody_is_what_they_may_decide(admin, acme, manager, release):
    """The query of the inbox and the service's own check say the same."""
    other = person(acme, "owner")
    trail = release.trail
    request_trail_approval(actor=admin, trail=trail, required_approvers=[manager.label.upper()])
    request_trail_approval(actor=admin, trail=trail, required_approvers=["x@x.example"])
    request_trail_approval(actor=manager, trail=trail)
    trail.flow.required_approver_roles = ["OWNER"]
    request_trail_approval(actor=admin, trail=trail)
    decide(actor=other, request=asked(release), verdict="approved")
    for actor in (admin, manager, other, person(acme, "viewer"), person(acme, "maintainer")):
        waiting = set(ApprovalRequest.objects.waiting_for(actor, timezone.now()))

        assert waiting == {each for each in ApprovalRequest.objects.all() if not objection(actor, each)}


# ---- lists, panels, cost


@pytest.mark.parametrize("page", LISTS)
def test_pages_send_visitors_to_the_door(client, db, page):
    response = client.get(reverse(page))

    assert response.status_code == 302
    assert response.headers["Location"].startswith(f"{reverse('account_login')}?next=")


def test_releases_are_found_by_words_state_and_environment(browser_of_manager, admin, stranger, release):
    a_release(admin, an_application(admin, "card-vault"))
    a_release(stranger, an_application(stranger, "their-secret"))

    def found(**query):
        response = browser_of_manager.get(reverse("releases:release-list"), query)
        assert "their-secret" not in response.text
        return [each.application.key for each in response.context["page"]]

    assert found() == ["card-vault", "checkout"]
    assert found(q="check") == ["checkout"]
    assert found(q=DIGEST[:20]) == ["checkout"]
    assert found(state="approved") == ["card-vault"]
    assert found(environment="production") == ["checkout"]
    assert found(sort="created_at") == ["checkout", "card-vault"]
    assert found(state="nonsense") == ["card-vault", "checkout"]
    assert found(q="nothing") == []


def test_an_empty_list_shows_the_request_that_fills_it(client, stranger):
    page = sign_in(client, stranger).get(reverse("releases:release-list")).text

    assert "No releases yet" in page
    assert "/v1/applications/checkout-api/releases" in page


def test_home_shows_what_waits_is_blocked_and_was_released(browser_of_manager, admin, release):
    evaluate(actor=admin, digest=DIGEST, environment=release.environment)

    page = browser_of_manager.get(reverse("catalog:home")).text

    assert "checkout 1 to production" in page
    assert "Two of four requirements are open." in page
    assert "1 missing, 1 awaiting approval" in page
    assert 'data-count="1"' in page


def test_environment_and_component_show_their_gates(browser_of_manager, admin, release):
    evaluate(actor=admin, digest=DIGEST, environment=release.environment)

    environment = browser_of_manager.get(reverse("catalog:environment", args=[release.environment.uid])).text
    component = browser_of_manager.get(reverse("catalog:component", args=[release.application.component.uid])).text

    for words in ("Approvals here", "prod-baseline", "junit, load-test, an approval", "Two of four"):
        assert words in environment
    for words in ("Releases and gates", "to production", "Two of four"):
        assert words in component


def test_a_release_that_nobody_is_waited_for_says_that_it_is_being_judged(browser_of_manager, admin, release):
    words = "Its rules are being judged."
    assert words not in browser_of_manager.get(page_of(release)).text  # a person is waited for

    unjudged = a_release(admin, release.application, judged=False, digest=DIGEST, environment="production")

    assert words in browser_of_manager.get(page_of(unjudged)).text

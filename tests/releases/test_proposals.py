"""Proposals of applications, rulesets and bindings: their states, who reviews what and when, and what is kept."""

import pytest

from catalog.models import Event
from catalog.services.organizations import update_organization
from config.errors import BadInput, Conflict, Forbidden, NotFound, RuleViolation
from releases.models import ApplicationAdjustment, Binding, ReleaseBinding, Rule, Ruleset, RulesetVersion
from releases.services import engine
from releases.services.applications import create_application
from releases.services.bindings import create_binding
from releases.services.proposals import adjust_proposal, change_resource, delete_proposal, review_proposal
from releases.services.releases import create_release
from releases.services.rules import password_of
from releases.services.rulesets import create_ruleset
from releases.services.versions import approved_contents, proposal_contents
from tests.people import make_actor
from tests.releases.shipping import MANUAL, MATCHING, make_application

HTTP = {"type": "http_api", "url": "https://rules.example/ask", "retry_policy": "never"}


@pytest.fixture
def reviewed(acme):
    """Acme, which wants changes reviewed."""
    acme.review_policy = True
    acme.save()
    return acme


@pytest.fixture
def author(acme):
    return make_actor(acme, "maintainer")


@pytest.fixture
def reviewer(acme):
    return make_actor(acme, "change-manager")


def states(resource) -> list[tuple[int, str]]:
    """The id and state of each proposal of a resource."""
    return [(each.version.number, str(each.proposal_state)) for each in proposal_contents(resource)]


def steps(number: int) -> list[tuple[int, str, str, str]]:
    """The steps of a ruleset's version: number, state, author, comments."""
    rows = RulesetVersion.objects.get(number=number).adjustments.order_by("number")
    return list(rows.values_list("number", "proposal_state", "author", "comments"))


def test_a_change_is_a_new_version_from_the_approved_one(author):
    ruleset = create_ruleset(
        actor=author, key="rules", display_name="Old", description="Kept", rules=[MATCHING, MANUAL]
    )
    first = list(ruleset.latest.rules.values_list("pk", flat=True))

    after, content = change_resource(
        actor=author, resource=ruleset, state="final", change={"display_name": "New", "comments": "why"}
    )

    assert (content.version.version_number, content.display_name, content.description) == (2, "New", "Kept")
    assert after.latest == content
    assert [(rule.type, rule.number) for rule in content.rules.all()] == [("manual", 2), ("schedule", 2)]
    assert sorted(Rule.objects.filter(pk__in=first).values_list("number", flat=True)) == [1, 1]
    assert [each.version.version_number for each in approved_contents(ruleset)] == [2, 1]
    event = Event.objects.get(kind="ruleset.approved")
    assert (event.actor_label, event.data["comments"], event.data["version_number"]) == (author.label, "why", 2)


def test_a_proposal_goes_through_its_states(reviewed, author, reviewer, subtests):
    ruleset = make_application(author, MATCHING, mode="permissive").bindings.get().ruleset
    _, content = change_resource(actor=author, resource=ruleset, change={"rules": [MANUAL]})
    number = content.version.number

    def adjust(state):
        return adjust_proposal(actor=author, resource=ruleset, number=number, state=state).proposal_state

    def review(approved):
        content = review_proposal(actor=reviewer, resource=ruleset, number=number, approved=approved, comments="seen")
        return content.proposal_state

    table = [
        ("draft", adjust, "draft", "draft"),
        ("draft", adjust, "abandon", "abandoned"),
        ("abandoned", review, True, "This proposal is not awaiting review"),
        ("abandoned", adjust, "abandon", "abandoned"),
        ("abandoned", adjust, "draft", "draft"),
        ("draft", review, True, "This proposal is not awaiting review"),
        ("draft", adjust, "final", "reviewing"),
        ("reviewing", adjust, "final", "Cannot finalize a proposal which is already being reviewed"),
        ("reviewing", adjust, "abandon", "abandoned"),
        ("abandoned", adjust, "final", "reviewing"),
        ("reviewing", adjust, "draft", "draft"),
        ("draft", adjust, "final", "reviewing"),
        ("reviewing", review, False, "rejected"),
        ("rejected", review, False, "This proposal is not awaiting review"),
        ("rejected", adjust, "abandon", "abandoned"),
        ("abandoned", adjust, "final", "reviewing"),
        ("reviewing", review, False, "rejected"),
        ("rejected", adjust, "draft", "draft"),
        ("draft", adjust, "final", "reviewing"),
        ("reviewing", review, True, "approved"),
    ]
    for before, act, word, after in table:
        with subtests.test(f"{before} {word}"):
            assert states(ruleset) == [(number, before)]
            if " " in after:
                with pytest.raises(RuleViolation, match=f"^{after}$"):
                    act(word)
                assert states(ruleset) == [(number, before)]
            else:
                assert act(word) == after

    ruleset.refresh_from_db()
    assert (ruleset.latest.version.number, ruleset.latest.version.version_number) == (number, 2)
    assert states(ruleset) == []
    for call in (lambda: adjust("draft"), lambda: review(True)):
        with pytest.raises(NotFound, match="approval ruleset proposal not found"):
            call()
    kinds = Event.objects.filter(subject_uid=ruleset.uid).order_by("pk").values_list("kind", flat=True)
    assert [kind.partition(".")[2] for kind in kinds][-5:] == [
        "submitted",
        "rejected",
        "proposed",
        "submitted",
        "approved",
    ]
    assert "ruleset.withdrawn" in kinds
    last = Event.objects.filter(kind="ruleset.approved").get()
    assert (last.actor_label, last.data["comments"]) == (reviewer.label, "seen")


def test_what_an_approval_overtakes_is_a_draft_again(reviewed, author, reviewer):
    ruleset = make_application(author, MATCHING, mode="permissive").bindings.get().ruleset
    numbers = []
    for rules in ([MANUAL], [], [MANUAL, MATCHING]):
        _, content = change_resource(actor=author, resource=ruleset, state="final", change={"rules": rules})
        numbers.append(content.version.number)
    adjust_proposal(actor=author, resource=ruleset, number=numbers[2], state="abandon")

    review_proposal(actor=reviewer, resource=ruleset, number=numbers[0], approved=True)

    assert states(ruleset) == [(numbers[1], "draft"), (numbers[2], "abandoned")]
    assert steps(numbers[1]) == [
        (1, "reviewing", author.label, ""),
        (2, "draft", "system", "Version 2 was approved meanwhile."),
    ]
    assert steps(numbers[0]) == [(1, "reviewing", author.label, ""), (2, "approved", reviewer.label, "")]
    assert Event.objects.get(kind="ruleset.withdrawn").actor_label == "system"


def test_nothing_needs_a_review_unless_the_organization_says_so(author):
    application = make_application(author, MATCHING)
    binding = application.bindings.get()

    _, rules = change_resource(actor=author, resource=binding.ruleset, state="final", change={"rules": [MANUAL]})
    _, mode = change_resource(actor=author, resource=binding, state="final", change={"mode": "permissive"})

    assert (rules.proposal_state, mode.proposal_state) == ("approved", "approved")


def test_what_needs_a_review(reviewed, author, subtests):
    application = create_application(actor=author, key="checkout")
    free = create_ruleset(actor=author, key="free", rules=[MATCHING, HTTP | {"password": "old"}])
    drafted = create_ruleset(actor=author, key="drafted", rules=[MATCHING])
    create_binding(actor=author, application=application, ruleset=drafted, mode="permissive", proposal_state="draft")
    soft = create_binding(actor=author, application=application, ruleset=free, mode="permissive")
    hard = create_binding(actor=author, application=application, ruleset=create_ruleset(actor=author, key="hard"))
    password = {"id": free.latest.rules.get(type="http_api").number}
    keep = [MATCHING, HTTP | password]
    cases = [
        ("application", application, {"display_name": "x"}, "approved"),
        ("application switched off", application, {"enabled": False}, "approved"),
        ("the same rules", free, {"rules": list(reversed(keep))}, "approved"),
        ("name of a bound ruleset", free, {"display_name": "x"}, "approved"),
        ("another rule", free, {"rules": [*keep, MANUAL]}, "reviewing"),
        ("a rule switched off", free, {"rules": [MATCHING | {"enabled": False}, HTTP | password]}, "reviewing"),
        ("another password", free, {"rules": [MATCHING, HTTP | {"password": "new"}]}, "reviewing"),
        ("a bound ruleset switched off", free, {"enabled": False}, "reviewing"),
        ("a ruleset whose binding is a draft", drafted, {"rules": []}, "approved"),
        ("another mode", soft, {"mode": "enforcing"}, "reviewing"),
        ("the same mode", soft, {"mode": "permissive"}, "approved"),
        ("a binding switched off", soft, {"enabled": False}, "reviewing"),
        ("a new binding that enforces", hard, {}, "reviewing"),
        ("a new binding that does not", hard, {"mode": "permissive"}, "approved"),
    ]
    assert (soft.latest is not None, hard.latest) == (True, None)
    assert states(hard) == [(hard.versions.get().number, "reviewing")]
    for name, resource, change, state in cases:
        with subtests.test(name):
            if resource.latest is None:
                change = {"mode": "enforcing"} | change
            resource.refresh_from_db()
            _, content = change_resource(actor=author, resource=resource, state="final", change=change)
            assert content.proposal_state == state


def test_nobody_reviews_their_own_where_four_eyes_are_needed(reviewed, reviewer, author):
    ruleset = make_application(reviewer, MATCHING, mode="permissive").bindings.get().ruleset
    _, content = change_resource(actor=reviewer, resource=ruleset, state="final", change={"rules": []})
    number = content.version.number

    with pytest.raises(Forbidden, match="four-eyes"):
        review_proposal(actor=reviewer, resource=ruleset, number=number, approved=True)
    with pytest.raises(Forbidden, match="organization:ruleset:review"):
        review_proposal(actor=author, resource=ruleset, number=number, approved=True)
    assert states(ruleset) == [(number, "reviewing")]

    update_organization(actor=make_actor(reviewed, "owner"), organization=reviewed, four_eyes=False)
    ruleset.refresh_from_db()
    assert review_proposal(actor=reviewer, resource=ruleset, number=number, approved=True).proposal_state == "approved"


def test_a_proposal_is_deleted_and_remembered(author):
    ruleset = create_ruleset(actor=author, key="rules", rules=[MATCHING])
    _, content = change_resource(actor=author, resource=ruleset, change={"rules": [MANUAL], "comments": "idea"})
    adjust_proposal(actor=author, resource=ruleset, number=content.version.number, rules=[MANUAL, MATCHING])
    before = Event.objects.filter(subject_uid=ruleset.uid).count()

    with pytest.raises(NotFound):
        delete_proposal(actor=author, resource=ruleset, number=ruleset.latest.version.number)
    delete_proposal(actor=author, resource=ruleset, number=content.version.number)

    assert (ruleset.versions.count(), Rule.objects.count(), states(ruleset)) == (1, 1, [])
    assert Event.objects.filter(subject_uid=ruleset.uid).count() == before + 1
    said = Event.objects.get(kind="ruleset.proposal_deleted")
    assert (said.actor_label, [rule["type"] for rule in said.data["rules"]]) == (author.label, ["manual", "schedule"])


def test_a_proposal_changes_nothing_until_it_is_approved(author):
    application = make_application(author, MATCHING)
    ruleset = application.bindings.get().ruleset
    change_resource(actor=author, resource=ruleset, change={"rules": [MANUAL]})

    release = create_release(actor=author, application=application)

    assert ReleaseBinding.objects.get(release=release).adjustment == ruleset.latest
    engine.work_on(release.pk)
    release.refresh_from_db()
    assert release.state == "approved"


def test_a_renamed_resource_keeps_what_refers_to_it(author, subtests):
    application = make_application(author, MATCHING)
    ruleset = application.bindings.get().ruleset
    create_ruleset(actor=author, key="taken")

    _, content = change_resource(actor=author, resource=ruleset, key="Better")
    change_resource(actor=author, resource=application, key="CHECKOUT")

    assert content == Ruleset.objects.get(key="Better").latest
    assert str(Binding.objects.get()) == "CHECKOUT ← Better"
    renamed = Event.objects.get(kind="ruleset.renamed")
    assert renamed.data == {"before": {"id": "rules"}, "after": {"id": "Better"}}
    for key, error in (("Taken", Conflict), ("", BadInput), ("a/b", BadInput), ("x" * 256, BadInput)):
        with subtests.test(key[:9]), pytest.raises(error):
            change_resource(actor=author, resource=ruleset, key=key)
    assert Ruleset.objects.get(pk=ruleset.pk).key == "Better"


def test_a_change_without_a_version_only_touches(author):
    application = create_application(actor=author, key="checkout", proposal_state="draft")
    events = Event.objects.count()

    after, content = change_resource(actor=author, resource=application)

    assert (content, after.updated_at > application.updated_at) == (None, True)
    assert (ApplicationAdjustment.objects.count(), Event.objects.count()) == (1, events)


def test_a_binding_without_a_mode_to_start_from_needs_one(author):
    application = create_application(actor=author, key="checkout")
    binding = create_binding(
        actor=author, application=application, ruleset=create_ruleset(actor=author, key="rules"), proposal_state="draft"
    )

    with pytest.raises(BadInput):
        change_resource(actor=author, resource=binding, change={"enabled": True})
    assert binding.versions.count() == 1


def test_the_password_of_a_rule_is_sealed_and_kept_for_its_host_only(author, subtests):
    ruleset = create_ruleset(actor=author, key="rules", rules=[HTTP | {"username": "me", "password": "s3cret"}])
    rule = ruleset.latest.rules.get()
    known = {"id": rule.number}
    cases = [
        ("copied", None, "s3cret"),
        ("written back", [HTTP | known], "s3cret"),
        ("another path", [HTTP | known | {"url": "https://RULES.example/other"}], "s3cret"),
        ("another one", [HTTP | known | {"password": "new"}], "new"),
        ("taken away", [HTTP | known | {"password": ""}], ""),
        ("another host", [HTTP | known | {"url": "https://evil.example/ask"}], ""),
        ("another port", [HTTP | known | {"url": "https://rules.example:8443/ask"}], ""),
        ("without TLS", [HTTP | known | {"url": "http://rules.example/ask"}], ""),
        ("unknown id", [HTTP | {"id": 99}], ""),
        ("no id", [HTTP | {"id": ["x"]}], ""),
    ]
    assert b"s3cret" not in bytes(rule.sealed_password)
    for name, rules, password in cases:
        with subtests.test(name):
            _, content = change_resource(actor=author, resource=ruleset, change={"rules": rules})
            assert password_of(content.rules.get()).decode() == password
    assert not any("s3cret" in str(data) for data in Event.objects.values_list("data", flat=True))


@pytest.mark.parametrize("mode", ["enforcing", "permissive"])
def test_an_http_rule_says_that_it_cannot_be_called(author, mode):
    release = create_release(actor=author, application=make_application(author, HTTP, MATCHING, mode=mode))

    engine.work_on(release.pk)

    release.refresh_from_db()
    assert release.state == ("rejected" if mode == "enforcing" else "approved")
    outcome = release.outcomes.get(rule__type="http_api")
    assert (outcome.success, outcome.reason) == (
        False,
        "https://rules.example/ask cannot be called yet: this installation calls no HTTP API for a rule.",
    )

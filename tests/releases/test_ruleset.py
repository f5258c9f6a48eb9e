"""Rulesets: rules that can be evaluated, in versions."""

import pytest
from django.db import IntegrityError, transaction

from catalog.models import Event
from config.errors import BadInput, Conflict, Forbidden
from releases.models import Rule, Ruleset, RulesetAdjustment, RulesetVersion
from releases.services.rulesets import create_ruleset
from releases.services.versions import approve
from tests.people import make_actor

HOURS = {"type": "schedule", "begin_time": "9:00", "end_time": "17:00", "days_of_week": "mon tue wed thu"}
BOARD = {"type": "manual", "approval_policy": "minimum", "minimum": 2}


def test_a_ruleset_keeps_its_rules_in_its_first_version(admin):
    ruleset = create_ruleset(
        actor=admin, key="Hours", display_name="Office hours", description="No Fridays.", rules=[HOURS, BOARD]
    )

    assert (ruleset.latest.display_name, ruleset.latest.description) == ("Office hours", "No Fridays.")
    assert ruleset.latest.version.version_number == 1
    schedule, manual = ruleset.latest.rules.order_by("pk")
    assert (schedule.type, schedule.number, schedule.days_of_week) == ("schedule", 1, "mon tue wed thu")
    assert (manual.type, manual.number, manual.approval_policy, manual.minimum) == ("manual", 1, "minimum", 2)
    event = Event.objects.get(kind="ruleset.created")
    assert event.data["rules"] == [rule | {"enabled": True} for rule in (HOURS, BOARD)]


def test_rule_ids_run_through_all_rulesets_by_type(admin):
    create_ruleset(actor=admin, key="one", rules=[HOURS, BOARD])
    two = create_ruleset(actor=admin, key="two", rules=[BOARD, HOURS, HOURS])

    assert list(two.latest.rules.order_by("pk").values_list("type", "number")) == [
        ("manual", 2),
        ("schedule", 2),
        ("schedule", 3),
    ]


def test_an_empty_list_of_days_is_not_set(admin):
    ruleset = create_ruleset(actor=admin, key="any", rules=[{"type": "schedule", "days_of_week": "", "enabled": False}])

    rule = ruleset.latest.rules.get()
    assert (rule.days_of_week, rule.enabled) == (None, False)


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"type": "schedule", "begin_time": "9:00"}, "end_time"),
        ({"type": "schedule", "begin_time": "25:00", "end_time": "26:00"}, "begin_time"),
        ({"type": "schedule", "days_of_month": "32"}, "days_of_month"),
        ({"type": "manual"}, "approval_policy"),
        ({"type": "manual", "approval_policy": "most"}, "approval_policy"),
        ({"type": "manual", "approval_policy": "minimum"}, "minimum"),
        ({"type": "manual", "approval_policy": "minimum", "minimum": 0}, "minimum"),
        ({"type": "manual", "approval_policy": "any", "minimum": 1}, "minimum"),
        ({"type": "http_api"}, "url"),
        ({"type": "oracle"}, "type"),
        ({"type": ["schedule"]}, "type"),
        ({"type": "http_api", "url": 7, "retry_policy": "never"}, "url"),
        (
            {"type": "http_api", "url": "https://x.example", "retry_policy": "retry_on_fail", "retry_limit": "1"},
            "retry_limit",
        ),
    ],
)
def test_a_rule_that_cannot_be_evaluated_is_refused_by_its_field(admin, rule, field):
    with pytest.raises(BadInput) as refused:
        create_ruleset(actor=admin, key="bad", rules=[HOURS, rule])

    assert f"approval_rules[1].{field}" in [each.path for each in refused.value.fields]
    assert not Ruleset.objects.exists()
    assert not Rule.objects.exists()


def test_an_id_is_taken_in_every_letter_case(admin):
    create_ruleset(actor=admin, key="hours")

    with pytest.raises(Conflict, match="exists"):
        create_ruleset(actor=admin, key="HOURS")


@pytest.mark.parametrize("role", ["viewer", "ci"])
def test_who_may_only_read_makes_no_ruleset(acme, role):
    with pytest.raises(Forbidden):
        create_ruleset(actor=make_actor(acme, role), key="hours")

    assert not RulesetVersion.objects.exists()


def test_version_numbers_have_no_gaps_however_many_drafts_there_are(admin):
    ruleset = create_ruleset(actor=admin, key="hours", proposal_state="draft")
    draft = RulesetAdjustment.objects.get()
    later = [
        RulesetVersion.objects.create(organization=ruleset.organization, subject=ruleset, number=number)
        for number in (10, 11)
    ]
    contents = [
        RulesetAdjustment.objects.create(organization=ruleset.organization, version=version, number=1, author="ada")
        for version in later
    ]

    approve(ruleset, contents[1])
    approve(ruleset, draft)

    ruleset.refresh_from_db()
    assert ruleset.latest == draft
    assert list(ruleset.versions.values_list("number", "version_number").order_by("number")) == [
        (1, 2),
        (10, None),
        (11, 1),
    ]


def test_a_version_number_is_given_once(admin):
    ruleset = create_ruleset(actor=admin, key="hours")
    version = ruleset.latest.version

    with pytest.raises(IntegrityError), transaction.atomic():
        RulesetVersion.objects.create(
            organization=ruleset.organization,
            subject=ruleset,
            number=99,
            version_number=version.version_number,
            approved_at=version.approved_at,
        )

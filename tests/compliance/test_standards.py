"""Standards: one default baseline, configurations both tools read alike, scores by the counts."""

import json
import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from model_bakery import baker

from catalog.actors import system_actor
from catalog.models import Event
from catalog.services.components import create_component
from compliance.models import StandardsBaseline, StandardsBaselineRevision, StandardsRun
from compliance.models.standards import score_of
from compliance.services.standards import (
    create_standards_baseline,
    default_baseline,
    fetch_baseline,
    found_default,
    record_standards,
    update_standards_baseline,
)
from compliance.standards import CHECKS, SHIPPED, normalised, result_names
from config.errors import Forbidden, RuleViolation
from tests.catalog.desk import page_of
from tests.people import make_actor

README = "checkForPresenceReadme"


def defaults(organization) -> list[str]:
    return list(
        StandardsBaseline.objects.filter(organization=organization, is_default=True).values_list("name", flat=True)
    )


def test_an_organization_gets_the_shipped_default_when_it_is_founded_or_first_asked_for(acme, globex):
    baseline = default_baseline(acme.pk)
    found_default(Event.objects.get(kind="organization.created", organization_id=globex.pk))
    found_default(Event.objects.get(kind="organization.created", organization_id=globex.pk))

    assert default_baseline(acme.pk) == baseline
    assert (defaults(acme), defaults(globex)) == (["Default"], ["Default"])
    assert (baseline.config, baseline.revision, len(baseline.public_id)) == (SHIPPED, 1, 8)
    assert baseline.config["checks"][-1] == {
        "name": "checkForDefinedServiceLevelObjectives",
        "severity": "warn",
        "path": "phaset.manifest.json",
    }
    revision = StandardsBaselineRevision.objects.get(baseline=baseline)
    assert (revision.number, revision.config, revision.made_by) == (1, SHIPPED, "system")
    assert Event.objects.filter(kind="standards_baseline.created", subject_uid=baseline.uid).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_those_who_need_the_default_at_once_one_makes_it(acme):
    ready, found = threading.Barrier(4), []

    def ask() -> None:
        ready.wait()
        try:
            found.append(default_baseline(acme.pk).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 4
    assert {StandardsBaseline.objects.get().pk} == set(found)


def test_the_default_is_replaced_and_never_taken_away(acme, admin):
    default = default_baseline(acme.pk)
    other = create_standards_baseline(actor=admin, name="Other")
    for changes, error in (({"is_default": False}, RuleViolation), ({"archived": True}, ValidationError)):
        with pytest.raises(error), transaction.atomic():
            update_standards_baseline(actor=admin, baseline=default, **changes)
    with pytest.raises(ValidationError), transaction.atomic():
        create_standards_baseline(actor=admin, name="Both", is_default=True, archived=True)
    assert defaults(acme) == ["Default"]

    update_standards_baseline(actor=admin, baseline=other, is_default=True)
    assert defaults(acme) == ["Other"]
    create_standards_baseline(actor=admin, name="Third", is_default=True)
    assert defaults(acme) == ["Third"]
    default.refresh_from_db()
    assert update_standards_baseline(actor=admin, baseline=default, archived=True).archived
    for values in ({"is_default": True}, {"is_default": True, "archived": True}):
        with pytest.raises(IntegrityError), transaction.atomic():
            baker.make(StandardsBaseline, organization=acme, **values)


def test_each_change_of_what_a_baseline_says_is_a_revision(acme, admin):
    baseline = create_standards_baseline(actor=admin, name="Strict", config={"checks": [README]})
    once = {"checks": [{"name": README, "severity": "warn"}, "checkForPresenceTests"]}
    for changes in ({"config": once}, {"config": once}, {"name": "Stricter"}, {"archived": True}):
        baseline = update_standards_baseline(actor=admin, baseline=baseline, **changes)

    assert (baseline.revision, baseline.archived) == (3, True)
    assert list(baseline.revisions.values_list("number", "name", "made_by")) == [
        (3, "Stricter", "admin@acme.example"),
        (2, "Strict", "admin@acme.example"),
        (1, "Strict", "admin@acme.example"),
    ]
    assert baseline.revisions.get(number=1).config == normalised({"checks": [README]})
    changed = Event.objects.filter(kind="standards_baseline.updated")
    assert [sorted(event.data["after"]) for event in changed.order_by("pk")] == [["config"], ["name"], ["archived"]]


def test_a_baseline_is_an_admins_and_stays_in_its_organization(acme, admin, stranger):
    baseline = default_baseline(acme.pk)
    for role in ("maintainer", "ci", "viewer"):
        with pytest.raises(Forbidden, match="standards_baseline:create"):
            create_standards_baseline(actor=make_actor(acme, role), name="x")
    with pytest.raises(Forbidden, match="standards_baseline:update"):
        update_standards_baseline(actor=stranger, baseline=baseline, name="x")
    assert not StandardsBaseline.objects.visible_to(stranger).filter(pk=baseline.pk).exists()


def test_a_configuration_is_stored_as_both_tools_read_it(subtests):
    plain = {"basePath": ".", "defaultSeverity": "error", "ignorePaths": []}
    taken = [
        ({"checks": ["all"]}, plain | {"checks": ["all"]}),
        (
            {"checks": [README], "defaultSeverity": "warn"},
            plain | {"defaultSeverity": "warn", "checks": [{"name": README, "severity": "warn"}]},
        ),
        (
            {"checks": [{"name": "checkForPresenceTests", "path": "spec"}], "basePath": "app", "ignorePaths": ["x"]},
            {
                "basePath": "app",
                "defaultSeverity": "error",
                "ignorePaths": ["x"],
                "checks": [{"name": "checkForPresenceTests", "severity": "error", "path": "spec"}],
            },
        ),
        (SHIPPED, SHIPPED),
    ]
    for said, stored in taken:
        with subtests.test(str(said)[:60]):
            assert normalised(said) == stored
    assert result_names(normalised({"checks": ["all"]})) == [check.result for check in CHECKS.values()]
    assert result_names(normalised({"checks": [README]})) == ["Documentation"]
    assert len(CHECKS) == 20


def test_every_fault_of_a_configuration_is_named(subtests):
    refused = [
        (None, ["must be an object"]),
        ([], ["must be an object"]),
        ({}, ["checks:"]),
        ({"checks": []}, ["checks:"]),
        ({"checks": "all"}, ["checks:"]),
        ({"checks": ["checkForNonsense"]}, ["checks[0]:"]),
        ({"checks": ["all", README]}, ["checks[0]:"]),
        ({"checks": [{"name": "all"}]}, ["checks[0]:"]),
        ({"checks": [README, {"name": README}]}, ["checks[1]:"]),
        ({"checks": [7, None, {"name": ["a"]}]}, ["checks[0]:", "checks[1]:", "checks[2]:"]),
        ({"checks": [{"name": README, "severity": "fail"}]}, ["checks[0].severity:"]),
        ({"checks": [{"name": README, "path": "readme.txt"}]}, ["checks[0].path:"]),
        ({"checks": [{"name": "checkForPresenceTests", "path": " "}]}, ["checks[0].path:"]),
        ({"checks": [{"name": "checkForPresenceTests", "path": "\ud800"}]}, ["checks[0].path:"]),
        ({"checks": [{"name": README, "level": 1}]}, ["checks[0].level:"]),
        (
            {"checks": [README], "name": "x", "basePath": 7, "defaultSeverity": ["warn"], "ignorePaths": "a"},
            ["name:", "basePath:", "defaultSeverity:", "ignorePaths:"],
        ),
        ({"checks": [README], "ignorePaths": ["ok", "\0", 7]}, ["ignorePaths[1]:", "ignorePaths[2]:"]),
    ]
    for said, faults in refused:
        with subtests.test(str(said)[:60]):
            with pytest.raises(ValidationError) as error:
                normalised(said)
            told = error.value.message_dict["config"]
            assert len(told) == len(faults), told
            assert all(line.startswith(fault) for line, fault in zip(told, faults, strict=True)), told


def test_the_score_counts_a_warning_half_and_its_level_minds_failures():
    cases = [
        ((0, 0, 0), None, ""),
        ((20, 2, 1), "91.3", "attention"),
        ((1, 0, 0), "100.0", "passing"),
        ((8, 2, 0), "90.0", "passing"),
        ((7, 2, 0), "88.9", "attention"),
        ((7, 0, 3), "70.0", "attention"),
        ((1, 0, 1), "50.0", "failing"),
        ((0, 0, 9), "0.0", "failing"),
        ((1, 1, 1998), "0.1", "failing"),  # 0.075: halves go up
    ]
    for counts, score, level in cases:
        expected = None if score is None else Decimal(score)
        assert score_of(*counts) == expected
        run = StandardsRun(passes=counts[0], warnings=counts[1], failures=counts[2], score=expected)
        assert run.level == level


def test_an_admin_makes_and_changes_a_baseline_and_is_told_every_fault(acme, clerk):
    page = page_of(StandardsBaseline, "add")
    values = {"organization": acme.pk, "name": "Strict", "description": "", "owner": ""}
    bad = clerk.post(page, values | {"config": json.dumps({"checks": ["checkForNonsense"], "name": "x"})})
    assert "checks[0]: is no check of StandardLint" in bad.text
    assert "name: is not a key of StandardLint" in bad.text
    made = clerk.post(page, values | {"config": json.dumps({"checks": [README]})})
    baseline = StandardsBaseline.objects.get(organization=acme, name="Strict")
    assert made.status_code == 302

    change = page_of(StandardsBaseline, "change", baseline.pk)
    clerk.post(change, values | {"config": json.dumps({"checks": ["all"]}), "is_default": "on"})

    baseline.refresh_from_db()
    assert (baseline.config["checks"], baseline.revision, baseline.is_default) == (["all"], 2, True)


@pytest.fixture
def clerk(acme, client):
    """The admin as Acme's admin sees it."""
    user = make_actor(acme, "admin").user
    user.is_staff = True
    user.save()
    client.force_login(user)
    return client


def test_a_component_shows_its_last_run_and_what_makes_it_doubtful(client, acme, admin, time_machine):
    actor = system_actor(acme)
    component = create_component(actor=actor, name="Checkout", record_id="checkout01")
    client.force_login(admin.user)
    address = reverse("catalog:component-reports", args=[component.uid])
    assert "Its repository was not checked yet" in client.get(address).text
    line = {"name": "License", "status": "failure", "message": "<script>", "path": "LICENSE.md"}
    for passes in (1, 3):
        counts = {"passes": passes, "warnings": 0, "failures": 1}
        record_standards(actor=actor, component=component, **counts, results=[line])
    fetch_baseline(component, "gone<b>12")

    shown = client.get(address).text

    assert "score 75.0, 3 passed, 0 warned, 1 failed" in shown
    assert "Score of the last 2 runs: 50, 75" in shown
    assert "The counts and the list differ." in shown
    assert "gone&lt;b&gt;12: it gets the default instead." in shown
    assert "&lt;script&gt;" in shown
    assert shown.count("Not evaluated") == len(SHIPPED["checks"]) - 1
    assert "No run for 30 days." not in shown
    time_machine.move_to(timezone.now() + timedelta(days=31))
    client.force_login(admin.user)
    assert "No run for 30 days." in client.get(address).text
    exact = [{"name": name, "status": "pass"} for name in result_names(SHIPPED)]
    record_standards(actor=actor, component=component, passes=10, warnings=0, failures=0, results=exact)
    shown = client.get(address).text
    assert "Passing" in shown
    assert "The counts and the list differ." not in shown
    assert "Not evaluated" not in shown

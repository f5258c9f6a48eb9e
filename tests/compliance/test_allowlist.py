"""What may run and ship although nothing approved it: on the wire, in drift, at the gate, on pages (contract 7.5)."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import Event
from compliance.models import AllowlistEntry, DriftReport
from compliance.services import allowlist
from compliance.services.allowlist import add_to_allowlist, remove_from_allowlist
from compliance.services.drift import recheck_drift
from config.errors import Conflict, Forbidden
from releases.services.gate import evaluate, judge, replay
from releases.services.policies import create_policy
from tests.compliance.proving import a_flow, a_trail, an_artifact
from tests.compliance.running import API, a_baseline, a_snapshot, an_environment, fresh, running, sha
from tests.people import make_actor

NOBODY = uuid.UUID(int=7)


def allow(actor, environment, **values):
    said = {"reason": "Hotfix", "approved_by": "Ada"} | values
    return add_to_allowlist(actor=actor, environment=environment, **said)


def test_an_entry_is_added_listed_and_removed(admin, api):
    environment = an_environment(admin)
    path = f"{API}/{environment.uid}/allowlist"

    added = api.post_json(
        path, {"sha256": "sha256:abc123", "namePattern": "^web", "reason": "Hotfix", "approvedBy": "Ada"}
    )

    entry = AllowlistEntry.objects.get()
    assert added.status_code == 201
    assert added.json() == {
        "id": str(entry.uid),
        "environmentId": str(environment.uid),
        "sha256": "sha256:abc123",
        "namePattern": "^web",
        "reason": "Hotfix",
        "approvedBy": "Ada",
        "createdAt": entry.created_at.isoformat().replace("+00:00", "Z"),
        "expiresAt": None,
        "status": "ACTIVE",
        "isEffective": True,
    }
    over = {"sha256Digest": "d", "reason": "Old", "expiresAt": "2020-01-01T00:00:00Z"}
    by_name = {"artifactName": "a.b (c)", "reason": "By name"}
    expired, named = (api.post_json(path, body).json() for body in (over, by_name))
    assert (expired["status"], expired["isEffective"], expired["sha256"]) == ("ACTIVE", False, "d")
    assert (named["namePattern"], named["approvedBy"]) == (r"a\.b \(c\)", "admin-machine")

    removed = api.delete(f"{path}/{entry.uid}")
    assert (removed.status_code, removed.json()["status"], removed.json()["isEffective"]) == (200, "REMOVED", False)
    assert api.delete(f"{path}/{entry.uid}").status_code == 409
    assert [each["reason"] for each in api.get(path).json()] == ["By name", "Old", "Hotfix"]
    assert Event.objects.filter(kind__startswith="allowlist.", related__contains=[environment.uid]).count() == 4


def test_what_is_refused(admin, api, api_as, stranger, subtests, monkeypatch):
    mine, other, theirs = an_environment(admin), an_environment(admin, "other"), an_environment(stranger, "theirs")
    entry = allow(admin, other, digest="d")
    said = {"sha256": "d", "reason": "x", "approvedBy": "Ada"}
    cases = [
        (api, mine.uid, {"reason": "x", "approvedBy": "Ada"}, 400),
        (api, mine.uid, {"sha256": "", "namePattern": "", "reason": "x"}, 400),
        (api, mine.uid, {"sha256": "d"}, 400),
        (api, mine.uid, said | {"namePattern": "("}, 400),
        (api, mine.uid, said | {"namePattern": "x" * 513}, 400),
        (api, mine.uid, said | {"expiresAt": "tomorrow"}, 400),
        (api, mine.uid, said | {"sha256": 7}, 400),
        (api, NOBODY, said, 404),
        (api, theirs.uid, said, 404),
        (api_as("ci"), mine.uid, said, 403),
        (api_as("viewer"), mine.uid, said, 403),
    ]
    for client, environment, body, status in cases:
        with subtests.test(f"{body} {status}"):
            response = client.post_json(f"{API}/{environment}/allowlist", body)
            assert (response.status_code, response.json()["status"]) == (status, status), response.content
    for environment, uid in ((mine, entry.uid), (other, NOBODY), (theirs, entry.uid)):
        with subtests.test(f"removing {uid}"):
            assert api.delete(f"{API}/{environment.uid}/allowlist/{uid}").status_code == 404
    with subtests.test("a full list"):
        monkeypatch.setattr(allowlist, "MAX_ENTRIES", 1)
        with pytest.raises(Conflict, match="has 1 entries"):
            allow(admin, other, digest="e")
        monkeypatch.undo()
    with subtests.test("no right to remove"), pytest.raises(Forbidden):
        remove_from_allowlist(actor=make_actor(admin.organization, "viewer"), entry=entry)
    with subtests.test("the database says so too"), pytest.raises(ValidationError, match="Name a digest"):
        allow(admin, other)
    assert list(AllowlistEntry.objects.all()) == [entry]


def test_what_is_allowed_is_no_drift(admin, subtests, time_machine):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    environment = an_environment(admin, drift_policy="block")
    a_snapshot(admin, environment, running("web", "a"), running("db", "d"))
    a_baseline(admin, environment)
    a_snapshot(admin, environment, running("web", "b"), running("db", "d"), running("debug-shell", "s"))
    assert fresh(environment).drift_state == "drifted"

    def states() -> tuple:
        report = DriftReport.objects.order_by("-pk").first()
        lists = ([each["artifactName"] for each in some] for some in (report.added, report.updated, report.allowlisted))
        return (fresh(environment).drift_state, report.has_drift, *lists)

    with subtests.test("a digest takes one of them out"):
        web = allow(admin, environment, digest="b", expires_at=start + timedelta(hours=1))
        assert states() == ("drifted", True, ["debug-shell"], [], ["web"])
    with subtests.test("both must fit where both are given"):
        allow(admin, environment, digest="other", name_pattern="shell")
        assert states() == ("drifted", True, ["debug-shell"], [], ["web"])
    with subtests.test("a pattern is found anywhere in the name"):
        shell = allow(admin, environment, name_pattern="shell")
        assert states() == ("allowed", False, [], [], ["debug-shell", "web"])
        assert Event.objects.filter(kind="drift.cleared").count() == 1
    with subtests.test("it ends when it expires"):
        time_machine.move_to(start + timedelta(hours=1), tick=False)
        recheck_drift(actor=admin, environment=environment)
        assert states() == ("drifted", True, [], ["web"], ["debug-shell"])
    with subtests.test("and when it is removed"):
        remove_from_allowlist(actor=admin, entry=shell)
        assert states() == ("drifted", True, ["debug-shell"], ["web"], [])
        assert not web.is_effective(timezone.now())
    with subtests.test("what is gone is drift whatever is allowed"):
        allow(admin, environment, name_pattern=".")
        a_snapshot(admin, environment, running("web", "b"))
        assert states()[:2] == ("drifted", True)


def test_a_pattern_that_takes_too_long_allows_nothing(admin, monkeypatch):
    monkeypatch.setattr("catalog.services.environments.PATTERN_MILLISECONDS", 20)
    environment = an_environment(admin, drift_policy="block")
    a_snapshot(admin, environment)
    a_baseline(admin, environment)
    allow(admin, environment, name_pattern=r"^(a|a|b)*\1{9}(.+)\2\2\2$")
    a_snapshot(admin, environment, running("a" * 400 + "!", "x"))

    assert fresh(environment).drift_state == "drifted"


def test_the_gate_lets_it_pass_and_says_by_whose_leave(admin, acme, api, subtests):
    flow = a_flow(admin, required_types=["junit"])
    production, staging = an_environment(admin), an_environment(admin, "staging")
    create_policy(actor=admin, name="tested", flow=flow, required_types=["junit"])
    digest = sha("A")
    ask = {"actor": admin, "digest": digest, "environment": production}
    assert judge(**ask).document["verdict"] == "blocked"
    before = timezone.now()
    entry = allow(admin, production, digest=sha("a"))

    with subtests.test("on the wire"):
        said = api.post_json("/api/v1/gate/evaluate", {"artifactSha256": digest, "environment": "production"}).json()
        assert (said["decision"], said["policiesEvaluated"], said["blockReasons"]) == ("ALLOWED", 0, [])
        assert said["reason"] == "Allow-listed by Ada."
        assert [(each["key"], each["state"], each["detail"]) for each in said["requirements"]] == [
            ("allowlist", "waived", "Ada allows this digest in production: Hotfix")
        ]
    with subtests.test("made again from its inputs, whatever became of the list"):
        decision = evaluate(**ask)
        remove_from_allowlist(actor=admin, entry=entry)
        assert replay(decision) == decision.document
        assert decision.document["verdict"] == "waived"
    with subtests.test("asked for another moment"):
        assert not judge(**ask, at=before).allowed
        assert judge(**ask, at=entry.created_at).allowed
        assert not judge(**ask).allowed
    with subtests.test("by a name it was built or seen under"):
        allow(admin, production, name_pattern="^check", expires_at=timezone.now() + timedelta(days=1))
        assert not judge(**ask).allowed
        an_artifact(admin, a_trail(admin, flow), digest, "checkout")
        assert judge(**ask).allowed
        a_snapshot(admin, production, running("checker", "seen"))
        assert judge(actor=admin, digest="seen", environment=production).allowed
    with subtests.test("nowhere else"):
        assert not judge(actor=admin, digest=digest, environment=staging).allowed
        assert not judge(actor=admin, digest=digest).allowed


def test_people_add_and_remove_with_a_reason(admin, subtests):
    environment = an_environment(admin)
    a_snapshot(admin, environment, running("web", "a"))
    a_baseline(admin, environment)
    a_snapshot(admin, environment, running("web", sha("b")))
    client = Client()
    client.force_login(admin.user)
    page, listed = (
        reverse("catalog:environment", args=[environment.uid]),
        reverse("compliance:allowlist", args=[environment.uid]),
    )

    assert "Nothing is allowed here beside what is approved." in client.get(page).text
    for wrong in (
        {"reason": "x"},
        {"digest": "d"},
        {"name_pattern": "(", "reason": "x"},
        {"digest": "d", "reason": "x", "until": "2020-01-01"},
        {"digest": "sha256:zz", "reason": "x"},
    ):
        with subtests.test(f"{wrong}"):
            assert client.post(listed, wrong).status_code == 422
    assert client.post(listed, {"digest": sha("b"), "reason": "Until Monday"}).status_code == 302
    entry = AllowlistEntry.objects.get()
    assert (entry.approved_by, fresh(environment).drift_state) == (str(admin.user), "allowed")
    assert "Until Monday" in client.get(page).text
    assert client.get(page).text.count("Allow-listed") >= 2  # the environment and the row
    assert "Until Monday" in client.get(listed).text

    remove = reverse("compliance:allowlist-remove", args=[entry.uid])
    assert client.post(remove, {"reason": ""}).status_code == 422
    assert client.post(remove, {"reason": "Fixed"}).status_code == 302
    assert client.post(remove, {"reason": "Again"}).status_code == 302
    assert Event.objects.get(kind="allowlist.removed").data["reason"] == "Fixed"
    assert fresh(environment).drift_state == "warned"

    viewer = Client()
    viewer.force_login(make_actor(admin.organization, "viewer").user)
    assert "Allow an artifact" not in viewer.get(listed).text
    for address in (listed, remove):
        assert viewer.post(address, {"digest": "d", "reason": "x"}).status_code == 403

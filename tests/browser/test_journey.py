"""The whole job, once: CI reports and asks, the gate says no, a person approves, the gate says yes, drift is seen.

A real Chromium against a real web server, worker and beat. The screenshots of the steps are kept.
"""

import hashlib
import os
from pathlib import Path

from playwright.sync_api import APIRequestContext, Browser, Page, expect

from catalog.actors import system_actor
from catalog.models import Event
from catalog.services.components import create_component
from catalog.services.keys import issue_webhook_token
from integrations.models import Notification
from releases.models import ApprovalRequest, Release
from tests.chromium import screenshot
from tests.live import eventually
from tests.people import PASSWORD, make_machine, make_user

DIGEST = "sha256:" + hashlib.sha256(b"parcel-api 1.0.0").hexdigest()
COMMIT = "9f1c0de8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2"
OWN_REPORTS = {  # used where the folder of sample files is absent
    "failing": '<testsuite name="own" tests="2" failures="1"><testcase name="a"/><testcase name="b">'
    '<failure message="no"/></testcase></testsuite>',
    "passing": '<testsuite name="own" tests="2" failures="0"><testcase name="a"/><testcase name="b"/></testsuite>',
}
REAL_REPORTS = {"failing": "click-broken.xml", "passing": "click-head.xml"}


def junit(kind: str) -> bytes:
    """A failing or a passing test report: a real tool's where there is one."""
    folder = os.environ.get("GATEHOUSE_SAMPLES")
    return (
        (Path(folder) / "tests" / "junit" / REAL_REPORTS[kind]).read_bytes() if folder else OWN_REPORTS[kind].encode()
    )


class Pipeline:
    """A CI job: it posts what it made, as the clients of three dialects do."""

    def __init__(self, browser: Browser, url: str, key: str):
        self.context = browser.new_context(base_url=url, extra_http_headers={"Authorization": f"Bearer {key}"})
        self.http: APIRequestContext = self.context.request

    def post(self, path: str, body: object, status: int = 201) -> dict:
        """POST and return the answer, which must have `status`."""
        answer = self.http.post(path, data=body)
        assert answer.status == status, answer.text()
        return answer.json()

    def attest(self, trail: str, kind: str, report: bytes) -> dict:
        """Record an attestation and upload the report that decides it."""
        attestation = self.post(f"/api/v1/trails/{trail}/attestations", {"type": kind, "name": "Unit tests"})
        file = {"name": "junit.xml", "mimeType": "application/xml", "buffer": report}
        path = f"/api/v1/trails/{trail}/attestations/{attestation['id']}/evidence"
        answer = self.http.post(path, multipart={"file": file})
        assert answer.status == 201, answer.text()
        return answer.json()

    def ask(self, environment: str) -> dict:
        """Ask the gate."""
        return self.post("/api/v1/gate/evaluate", {"artifactSha256": DIGEST, "environmentId": environment}, status=200)


def shoot(page: Page, step: str) -> None:
    page.screenshot(path=screenshot(f"journey {step}"), full_page=True)


def requirement(answer: dict, title: str) -> dict:
    """The one requirement whose title contains `title`."""
    [found] = [each for each in answer["requirements"] if title in each["title"].lower()]
    return found


def test_a_build_is_recorded_judged_approved_and_let_through_though_the_worker_is_killed(
    page, chromium, live_stack, acme
):
    maeve = make_user(acme, "change-manager", "maeve@acme.example", "Maeve Donnelly")
    component = create_component(actor=system_actor(acme), name="parcel-api")
    _, token = issue_webhook_token(actor=system_actor(acme), label="pipeline")
    admin = Pipeline(chromium, live_stack.url, make_machine(acme, "admin")[1])
    ci = Pipeline(chromium, live_stack.url, make_machine(acme, "ci")[1])

    # What must hold: written by an admin, in three dialects
    flow = admin.post(
        "/api/v1/flows",
        {"name": "parcel-build", "requiredAttestationTypes": ["junit"], "tags": {"component": "parcel-api"}},
    )["id"]
    environment = admin.post("/api/v1/environments", {"name": "production", "type": "K8S"})["id"]
    policy = {
        "name": "Into production",
        "flowId": flow,
        "environmentId": environment,
        "requiredAttestationTypes": ["junit"],
        "enforceApprovals": True,
    }
    admin.post("/api/v1/deployment-policies", policy, status=200)
    admin.post("/v1/applications", {"id": "parcel-api", "version": {"proposal_state": "final"}})
    rules = [{"type": "manual", "approval_policy": "any"}]
    admin.post(
        "/v1/approval-rulesets", {"id": "people", "version": {"proposal_state": "final", "approval_rules": rules}}
    )
    admin.post(
        "/v1/application-approval-ruleset-bindings/parcel-api/people",
        {"version": {"proposal_state": "final", "mode": "enforcing"}},
    )

    # CI: the manifest, a trail, an artifact, and tests that fail
    manifest = {"spec": {"name": "parcel-api", "repo": "https://git.acme.example/parcel/api", "kind": "api"}}
    record = ci.post(f"/integration/record/{acme.public_id}/{component.record_id}/{token}", manifest, status=200)
    assert record["changed"] is True
    build = {
        "flowId": flow,
        "gitCommitSha": COMMIT,
        "gitBranch": "main",
        "gitAuthor": "Ada",
        "gitAuthorEmail": "ada@acme.example",
    }
    trail = ci.post("/api/v1/trails", build)["id"]
    image = {"imageName": "parcel-api", "imageTag": "1.0.0", "sha256Digest": DIGEST, "reportedBy": "ci"}
    ci.post(f"/api/v1/trails/{trail}/artifacts", image)
    assert requirement(ci.ask(environment), "junit")["state"] == "missing"
    ci.attest(trail, "junit", junit("failing"))

    answer = ci.ask(environment)
    assert answer["decision"] == "BLOCKED"
    assert any("junit" in reason for reason in answer["blockReasons"])
    assert requirement(answer, "junit")["state"] == "failing"

    # The tests are mended; now only a person is missing, and the gate says who
    ci.attest(trail, "junit", junit("passing"))
    answer = ci.ask(environment)
    assert answer["decision"] == "BLOCKED"
    assert requirement(answer, "junit")["state"] == "satisfied"
    approval = requirement(answer, "approval")
    assert approval["state"] == "missing"
    assert approval["request"]
    assert "Maeve Donnelly" in [who["label"] for who in approval["who"]]

    # A release is asked for; a worker in another process evaluates it
    live_stack.freeze()
    wish = {"metadata": {"commit": COMMIT, "environment": "production"}, "source_identity": "parcel-api 1.0.0"}
    release = ci.post("/v1/applications/parcel-api/releases", wish)
    assert release["state"] == "pending"
    live_stack.thaw()
    eventually(ApprovalRequest.objects.filter(status=ApprovalRequest.Status.PENDING).exists)
    assert requirement(ci.ask(environment), "approval")["state"] == "awaiting"

    # The approver signs in, finds it on the home page, opens it, reads the evidence, approves
    page.goto("/")
    shoot(page, "1 sign in")
    page.get_by_label("E-mail").fill(maeve.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    waiting = page.locator("section.card").filter(has=page.get_by_role("heading", name="Waiting on me"))
    expect(waiting.get_by_role("link", name="parcel-api")).to_be_visible()
    shoot(page, "2 home")
    waiting.get_by_role("link", name="parcel-api").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("parcel-api")
    expect(page.locator("section.why")).to_contain_text("Awaiting approval")
    shoot(page, "3 release")
    expect(page.locator("section.approval")).to_contain_text("Unit tests")
    page.locator("section.approval").get_by_label("Comment").fill("Read the report, go.")
    live_stack.kill("worker")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("body")).to_contain_text("Read the report, go.")
    live_stack.start("worker")
    eventually(lambda: Release.objects.filter(state=Release.State.APPROVED).exists())
    page.reload()
    expect(page.locator("section.why")).to_contain_text("Open")
    shoot(page, "4 approved")

    # The gate says yes
    answer = ci.ask(environment)
    assert (answer["decision"], answer["allowed"]) == ("ALLOWED", True)
    assert requirement(answer, "approval")["state"] == "satisfied"

    # It runs, and is the baseline; then something runs that nobody built
    running = {"artifactSha256": DIGEST, "artifactName": "parcel-api", "artifactTag": "1.0.0"}
    snapshots = f"/api/v1/environments/{environment}/snapshots"
    ci.post(snapshots, {"recordedBy": "k8s", "artifacts": [running]})
    admin.post(f"/api/v1/environments/{environment}/baselines", {"approvedBy": maeve.email})
    unknown = running | {"artifactSha256": "sha256:" + "f" * 64}
    ci.post(snapshots, {"recordedBy": "k8s", "artifacts": [unknown]})
    page.goto(f"/environments/{environment}")
    expect(page.locator("main")).to_contain_text("no build reported")
    shoot(page, "5 drift")
    eventually(Notification.objects.filter(user=maeve, title__icontains="drift").exists)
    assert ci.http.get("/api/v1/notifications/unread-count").json()["count"] > 0
    page.goto("/integrations/notifications")
    drift = page.locator("main").get_by_role("link", name="drift").first
    expect(drift).to_be_visible()
    shoot(page, "6 news")
    drift.click()
    expect(page).to_have_url(f"{live_stack.url}/environments/{environment}")

    kinds = list(Event.objects.filter(organization_id=acme.pk).values_list("kind", flat=True))
    for once in ("release.created", "release.approved", "approval.requested", "approval.granted", "drift.found"):
        assert kinds.count(once) == 1, (once, sorted(kinds))

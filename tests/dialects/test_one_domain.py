"""One domain under five dialects: what one client makes, the others and the portal show. Over HTTP, real processes."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from catalog.models import Component, Environment
from catalog.services.keys import issue_webhook_token
from catalog.ulids import ulid
from integrations.models import Store
from releases.models import Application, Release
from tests.live import Stack, eventually
from tests.people import PASSWORD, make_actor, make_machine, make_user

pytestmark = pytest.mark.live
DIGEST = "sha256:" + "a1" * 32
COMMIT = "7c1e94d0aa"
O = "/organizations/acme"  # noqa: E741  Cycloid's short form


@dataclass
class Caller:
    """A client with a key."""

    url: str
    key: str

    def __call__(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """Call a route, and return what a good answer says."""
        headers = {"Authorization": f"Bearer {key or self.key}"}
        answer = requests.request(method, self.url + path, json=body, headers=headers, timeout=20)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


def signed_in(url: str, email: str) -> requests.Session:
    """A browser of somebody who signed in to the portal."""
    browser = requests.Session()
    submit(browser, f"{url}/accounts/login/", login=email, password=PASSWORD)
    return browser


def submit(browser: requests.Session, address: str, **fields: str) -> None:
    """Fill in the form of a page, and land in the portal."""
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', browser.get(address, timeout=20).text)
    assert token
    said = fields | {"csrfmiddlewaretoken": token[1]}
    landed = browser.post(address, said, headers={"Referer": address}, timeout=20)
    assert landed.status_code == 200, landed.text
    assert "Sign out" in landed.text


def an_invited_member_signs_in(call: Caller, stack: Stack) -> None:
    """Somebody Cycloid's client invites joins by the letter's link, and signs in with the password they chose."""
    call("POST", f"{O}/members", {"email": "new@acme.example", "role_canonical": "viewer"})
    link = eventually(lambda: re.search(r"http\S+/invitations/\S+", stack.log("web").read_text(errors="replace")))
    submit(requests.Session(), link[0], name="New Person", password=PASSWORD)
    signed_in(stack.url, "new@acme.example")


def environments_everywhere(call: Caller, acme) -> None:
    """An environment made in each of three dialects is found in all three, and on one page of the portal."""
    home = f"/api/v2/o/{ulid(acme.uid.bytes)}/projects"
    project = call("POST", home, {"name": "Shop"})
    shop = f"{home}/{project['id']}"
    canonical = call("GET", f"{O}/projects")["data"][0]["canonical"]
    first = call("GET", shop)["environments"][0]["name"]
    call("POST", "/api/v1/environments", {"name": "from-factstore", "type": "K8S"})
    call("POST", f"{O}/projects/{canonical}/environments", {"name": "from-cycloid"})
    for name in ("from-versori", "from-factstore"):  # the second is there: it is linked, not made again
        call("POST", f"{shop}/environments/clone", {"oldEnvName": first, "newEnvName": name})

    made = {"from-factstore", "from-cycloid", "from-versori"}
    assert {each["name"] for each in call("GET", "/api/v1/environments")["items"]} >= made
    assert {each["name"] for each in call("GET", f"{O}/environments")["data"]} >= made
    assert {each["name"] for each in call("GET", shop)["environments"]} >= made
    assert Environment.objects.filter(name__in=made).count() == 3


def one_page(call: Caller, acme, browser: requests.Session) -> None:
    """Snapshots, drift, projects and keys of one environment stand side by side."""
    environment = Environment.objects.get(name="from-cycloid")
    base = f"/api/v1/environments/{environment.uid}"
    artifact = {"artifactSha256": DIGEST, "artifactName": "shop", "artifactTag": "1.4"}
    call("POST", f"{base}/snapshots", {"artifacts": [artifact]})
    call("POST", f"{base}/baselines", {})
    call("POST", f"{base}/snapshots", {"artifacts": [artifact | {"artifactName": "intruder", "artifactSha256": "x"}]})
    assert call("POST", f"{base}/drift")["hasDrift"] is True
    organization = ulid(acme.uid.bytes)
    project = ulid(environment.links.get().project.uid.bytes)
    store = call("POST", f"/api/v2/o/{organization}/store", {"name": f"PROJECT_{project}"})["id"]
    entry = {"key": [organization, project, "from-cycloid", "colour"], "value": "blue"}
    call("PUT", f"/api/v2/store/{store}/kv/batch", {"entries": [entry]})

    page = browser.get(f"{call.url}/environments/{environment.uid}").text
    for words in ("from-cycloid", "intruder", "Shop", "Projects here", str(Store.objects.get().uid), "drift"):
        assert words in page, words


def components_everywhere(call: Caller, acme, token: str) -> None:
    """What Phaset's clients push is Sqedule's application, and the reverse."""
    call("POST", "/v1/applications", {"id": "ledger", "version": {"display_name": "Ledger", "proposal_state": "final"}})
    ledger = Component.objects.get(slug="ledger")
    spec = {"name": "ledger", "repo": "https://git.example/acme/ledger", "description": "Keeps the books"}
    pushed = call("POST", f"/integration/record/{acme.public_id}/{ledger.record_id}/{token}", {"spec": spec})
    assert pushed["recordId"] == ledger.record_id

    spec = {"name": "payments", "repo": "https://git.example/acme/payments"}
    pushed = call("POST", f"/integration/record/{acme.public_id}/newrecord1/{token}", {"spec": spec})
    eventually(lambda: Application.objects.filter(key="payments").exists())
    shown = call("GET", "/v1/applications/payments")
    assert (shown["id"], shown["latest_approved_version"]["display_name"]) == ("payments", "payments")
    assert Application.objects.get(key="payments").component.record_id == pushed["recordId"]


def a_release_opens_the_gate(call: Caller, manager: str, browser: requests.Session) -> None:
    """A release's commit finds its trail and artifacts; its approval is theirs, and the gate lets the digest pass."""
    flow = call("POST", "/api/v1/flows", {"name": "payments", "componentId": component_id("payments")})
    who = {"gitBranch": "main", "gitAuthor": "Jonas", "gitAuthorEmail": "jonas@acme.example"}
    trail = call("POST", "/api/v1/trails", {"flowId": flow["id"], "gitCommitSha": COMMIT} | who)
    image = {"imageName": "payments", "imageTag": "1.4", "sha256Digest": DIGEST}
    call("POST", f"/api/v1/trails/{trail['id']}/artifacts", image)
    call("POST", "/api/v1/deployment-policies", {"name": "approved", "flowId": flow["id"], "enforceApprovals": True})
    asked = {"artifactSha256": DIGEST, "flowId": flow["id"], "environment": "from-cycloid"}
    assert call("POST", "/api/v1/gate/evaluate", asked)["allowed"] is False

    rule = {"type": "manual", "approval_policy": "any"}
    version = {"proposal_state": "final", "approval_rules": [rule]}
    call("POST", "/v1/approval-rulesets", {"id": "people", "version": version})
    binding = {"version": {"mode": "enforcing", "proposal_state": "final"}}
    call("POST", "/v1/application-approval-ruleset-bindings/payments/people", binding)
    metadata = {"commit": COMMIT, "environment": "from-cycloid"}
    release = call("POST", "/v1/applications/payments/releases", {"metadata": metadata})
    [question] = eventually(lambda: call("GET", "/v1/manual-approvals")["items"])
    said = {"rule_id": question["rule"]["id"], "decision": "approve"}
    call("POST", f"/v1/applications/payments/releases/{release['id']}/manual-approvals", said, key=manager)

    path = f"/v1/applications/payments/releases/{release['id']}"
    eventually(lambda: call("GET", path)["state"] == "approved")
    assert call("POST", "/api/v1/gate/evaluate", asked)["allowed"] is True
    page = browser.get(f"{call.url}/releases/{Release.objects.get().uid}").text
    assert trail["id"] in page
    assert "Derived: " in page


def component_id(slug: str) -> str:
    return str(Component.objects.get(slug=slug).uid)


def test_what_one_dialect_makes_the_others_and_the_portal_show(live_stack, acme):
    acme.records_by_integrations = True
    acme.save()
    admin = make_actor(acme, "admin")
    call = Caller(live_stack.url, make_machine(acme, "admin")[1])
    manager = make_machine(acme, "change-manager")[1]
    _, token = issue_webhook_token(actor=admin, label="pipeline")
    browser = signed_in(live_stack.url, make_user(acme, "viewer").email)

    environments_everywhere(call, acme)
    one_page(call, acme, browser)
    components_everywhere(call, acme, token)
    a_release_opens_the_gate(call, manager, browser)
    an_invited_member_signs_in(call, live_stack)

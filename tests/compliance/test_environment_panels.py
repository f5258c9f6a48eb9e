"""What people see of environments: what runs, what changed, what drifts, and approving a snapshot as baseline."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from catalog.actors import Actor
from catalog.models import Component, Environment
from catalog.rights import ACTIONS
from catalog.services.components import create_component
from compliance.models import EnvironmentBaseline, Snapshot
from tests.compliance.proving import a_flow, a_trail, an_artifact, attest
from tests.compliance.running import a_baseline, a_snapshot, an_environment, fresh, running, sha
from tests.people import make_actor


@pytest.fixture
def reader(admin) -> Client:
    """A browser of Acme's admin."""
    return browser_of(admin)


def browser_of(actor: Actor) -> Client:
    client = Client()
    client.force_login(actor.user)
    return client


def page_of(thing: Environment | Component) -> str:
    return reverse(f"catalog:{thing._meta.model_name}", args=[thing.uid])


def snapshots_of(environment: Environment) -> str:
    return reverse("compliance:environment-snapshots", args=[environment.uid])


def words(html: str) -> str:
    """What a reader sees, in one line."""
    return " ".join(re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL).split())


def card(response: HttpResponse, title: str) -> str:
    """The words of one card of a page, '' when it is not there."""
    for section in re.findall(r"<section.*?</section>", response.text, flags=re.DOTALL):
        if f"<h2>{title}" in section:
            return words(section)
    return ""


def built(actor: Actor, name: str, digest: str, *, component: Component | None = None, build: str | None = None):
    """An artifact of a passed build of `name`, tagged 1.4; `build` names its trail."""
    flow = a_flow(actor, f"flow of {name} {digest[-6:]}", required_types=["junit"], component=component)
    trail = a_trail(actor, flow, name=build)
    artifact = an_artifact(actor, trail, digest, name)
    attest(actor, trail)
    return artifact


# ---- what runs


def test_what_runs_says_what_it_is_and_how_it_stands(admin, reader):
    checkout = create_component(actor=admin, name="checkout")
    artifact = built(admin, "checkout", sha("a"), component=checkout, build="build-7")
    environment = an_environment(admin, drift_policy="block")
    a_snapshot(admin, environment, running("checkout", sha("a"), "1.4", 3), running("db", "d", "16"))
    a_baseline(admin, environment)
    a_snapshot(admin, environment, running("checkout", sha("a"), "1.4", 3), running("db", "x", "16"))

    page = reader.get(page_of(environment))

    assert card(page, "Running now") == (
        "Running now 1 drifted snapshot #2 2 artifacts run in production "
        "Component Digest Compliance Drift Instances Since "
        "db 16, no build reported it x Unknown Drifted 1 now "
        "checkout 1.4, trail build-7 aaaaaaa…aaaa Compliant In sync 3 now"
    )
    assert page_of(checkout) in page.text
    assert reverse("compliance:trail", args=[artifact.trail.uid]) in page.text
    assert f'data-copy="{sha("a")}"' in page.text


def test_before_a_snapshot_the_page_says_how_to_send_one(admin, reader):
    environment = an_environment(admin)

    page = reader.get(page_of(environment))

    assert f"/api/v1/environments/{environment.uid}/snapshots" in card(page, "Running now")
    assert card(page, "What changed") == card(page, "Baseline") == ""


def test_without_a_baseline_nothing_is_called_in_sync(admin, reader):
    environment = an_environment(admin)
    a_snapshot(admin, environment, running("app"))

    page = reader.get(page_of(environment))

    assert "No baseline" in card(page, "Running now")
    assert "No snapshot" not in words(page.text)
    assert "Nobody approved yet" in card(page, "Baseline")
    assert "Approve snapshot #1" in card(page, "Baseline")


def test_an_empty_state_is_said_to_be_empty(admin, reader):
    environment = an_environment(admin)
    a_snapshot(admin, environment)

    assert "Snapshot #1 was empty." in card(reader.get(page_of(environment)), "Running now")


def test_a_long_list_shows_what_drifts_first_and_where_the_rest_is(admin, reader):
    environment = an_environment(admin)
    artifacts = [running(f"app-{number:03}") for number in range(60)]
    a_snapshot(admin, environment, *artifacts)
    a_baseline(admin, environment)
    snapshot = a_snapshot(admin, environment, *artifacts[:59], running("app-059", "other"))

    page = reader.get(page_of(environment))

    shown = card(page, "Running now")
    assert "50 of 60, what drifts first" in shown
    assert shown.index("app-059") < shown.index("app-000")
    assert "app-058" not in shown
    assert reverse("compliance:snapshot", args=[snapshot.uid]) in page.text


# ---- near misses


def test_a_near_miss_is_named_and_never_taken_for_the_build(admin, reader):
    relay = create_component(actor=admin, name="relay")
    built(admin, "registry.example/pay/relay", sha("a"), component=relay, build="build-376")
    environment = an_environment(admin, drift_policy="block")
    a_snapshot(admin, environment, running("relay", sha("a"), "1.4"))
    a_baseline(admin, environment)
    a_snapshot(admin, environment, running("relay", sha("b"), "1.4"))

    page = reader.get(page_of(environment))

    assert "relay 1.4, near miss: trail build-376 built another digest" in card(page, "Running now")
    assert "Unknown Drifted" in card(page, "Running now")
    assert "Near miss, not a build" in card(page, "What changed")
    assert (
        "relay runs a digest no build reported. Near miss: same name and tag 1.4, trail build-376, other digest. "
        "Drift blocks here: every gate stays down until it is gone or a new baseline is approved."
    ) in words(page.text)
    assert page_of(relay) not in page.text


def test_another_tag_or_tenant_is_no_near_miss(admin, stranger, reader):
    built(admin, "relay", sha("a"))
    built(stranger, "relay", sha("c"))
    environment = an_environment(admin)
    a_snapshot(admin, environment, running("relay", sha("b"), "2.0"), running("theirs", sha("c"), "1.4"))

    shown = card(reader.get(page_of(environment)), "Running now")

    assert "near miss" not in shown
    assert shown.count("no build reported it") == 2


# ---- the note on top


@pytest.mark.parametrize(("before", "after", "said"), [
    ("a", "b", "app runs another build than approved."),
    ("a", "x", "app runs a digest no build reported."),
    ("", "b", "app runs here unapproved."),
    ("a", "", "app does not run here any more."),
])  # fmt: skip
def test_drift_is_said_in_a_sentence(admin, reader, before, after, said):
    built(admin, "app", sha("a"))
    built(admin, "app", sha("b"))
    environment = an_environment(admin)
    a_snapshot(admin, environment, *([running("app", sha(before))] if before else []))
    a_baseline(admin, environment)
    a_snapshot(admin, environment, *([running("app", sha(after))] if after else []))

    page = reader.get(page_of(environment))

    assert f"{said} Drift only warns here: no gate stays down for it." in words(page.text)
    assert f"{snapshots_of(environment)}?from=1&amp;to=2" in page.text


def test_the_worst_comes_first_and_the_others_are_counted(admin, reader):
    built(admin, "app", sha("a"))
    environment = an_environment(admin)
    a_snapshot(admin, environment, running("app", sha("c")), running("gone", "g"))
    a_baseline(admin, environment)
    a_snapshot(admin, environment, running("app", sha("a")), running("miner", sha("f")))

    text = words(reader.get(page_of(environment)).text)

    assert "miner runs a digest no build reported. 2 other artifacts differ from the baseline too." in text


def test_ignored_drift_raises_no_note(admin, reader):
    environment = an_environment(admin, drift_policy="ignore")
    a_snapshot(admin, environment, running("app", "a"))
    a_baseline(admin, environment)
    a_snapshot(admin, environment, running("app", "b"))

    page = reader.get(page_of(environment))

    assert "no build reported." not in words(page.text)
    assert "Ignored" in card(page, "Running now")


# ---- what changed, and the timeline


def test_what_changed_last_stays_while_snapshots_repeat(admin, reader):
    environment = an_environment(admin)
    a_snapshot(admin, environment, running("app", "a"), running("old", "o"))
    a_snapshot(admin, environment, running("app", "b"), running("new", "n"))
    a_snapshot(admin, environment, running("app", "b"), running("new", "n"))

    shown = card(reader.get(page_of(environment)), "What changed")

    assert "snapshot #1 to #2" in shown
    assert re.findall(r"(\w+) (changed|added|removed)", shown)[1:] == [
        ("app", "changed"), ("new", "added"), ("old", "removed"),
    ]  # fmt: skip


def test_the_timeline_tells_it_in_words(admin, reader):
    environment = an_environment(admin)
    a_snapshot(admin, environment, running("app", "a"), running("old", "o"))
    a_baseline(admin, environment)
    a_snapshot(admin, environment, running("app", "b"))
    a_baseline(admin, environment)

    shown = card(reader.get(page_of(environment)), "Timeline")

    for told in (
        "recorded snapshot #1 : 2 added, 0 updated, 0 removed", "saw app:1.0 start in production",
        "approved snapshot #1 as the baseline of production", "saw app:1.0 take over in production",
        "saw old:1.0 gone from production", "found drift in production : app and old", "found production in sync again",
    ):  # fmt: skip
        assert told in shown or told.replace(" :", ":") in shown


# ---- approving a baseline


def test_a_snapshot_is_approved_as_baseline(admin, reader):
    environment = an_environment(admin)
    a_snapshot(admin, environment, running("app", "a"))
    a_baseline(admin, environment)
    snapshot = a_snapshot(admin, environment, running("app", "b"))
    address = reverse("compliance:snapshot-approve", args=[snapshot.uid])
    assert address in reader.get(page_of(environment)).text

    asked = reader.get(address)
    answer = reader.post(address, {"description": "Hot patch, agreed"}, follow=True)

    assert "against the baseline now, snapshot #1 app changed" in card(asked, "What that changes").replace("~ ", "")
    assert answer.redirect_chain == [(page_of(environment), 302)]
    assert "Snapshot #2 is the baseline of production now." in words(answer.text)
    baseline = EnvironmentBaseline.objects.get(is_active=True)
    assert (baseline.snapshot, baseline.description) == (snapshot, "Hot patch, agreed")
    assert baseline.approved_by == str(admin.user)
    assert fresh(environment).drift_state == "in_sync"
    assert "#2 , the latest" in card(answer, "Baseline")
    assert address not in answer.text


def test_a_snapshot_that_was_looked_up_by_a_day_says_so_and_how_old_it_is(admin, reader):
    admin.organization.time_zone = "Europe/Lisbon"
    admin.organization.save()
    environment = an_environment(admin)
    old, latest = (a_snapshot(admin, environment, running("app", digest)) for digest in "ab")
    Snapshot.objects.filter(pk=old.pk).update(created_at=datetime(2026, 9, 26, 12, tzinfo=UTC))
    page = reverse("compliance:snapshot", args=[old.uid])

    looked_up, plain, newest = (
        reader.get(address).text
        for address in (f"{page}?on=2026-10-01", page, page.replace(str(old.uid), str(latest.uid)))
    )

    assert "This ran on 1 October 2026 (end of day, Europe/Lisbon)." in words(looked_up)
    assert "The snapshot of 26 Sep 2026, 13:00 was the newest then." in words(looked_up)
    assert (
        "This ran on" not in plain + reader.get(f"{page}?on=2026-09-25").text + reader.get(f"{page}?on=2999-01-01").text
    )
    assert re.search(r'class="btn" href="\S+approve">.*Approve as baseline, \d', plain)
    assert re.search(r'class="btn btn--primary" href="\S+approve">.*Approve as baseline<', newest)


def test_what_was_approved_is_what_was_looked_at(admin, reader):
    environment = an_environment(admin)
    looked_at = a_snapshot(admin, environment, running("app", "a"))
    a_snapshot(admin, environment, running("app", "slipped in"))

    reader.post(reverse("compliance:snapshot-approve", args=[looked_at.uid]))

    assert EnvironmentBaseline.objects.get().snapshot == looked_at
    assert fresh(environment).drift_state == "warned"


def test_a_reason_has_a_length(admin, reader):
    snapshot = a_snapshot(admin, an_environment(admin))

    answer = reader.post(reverse("compliance:snapshot-approve", args=[snapshot.uid]), {"description": "x" * 2001})

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert not EnvironmentBaseline.objects.exists()


def test_who_may_not_approve_is_not_asked_to(acme, admin):
    viewer = browser_of(make_actor(acme, "viewer"))
    environment = an_environment(admin)
    snapshot = a_snapshot(admin, environment, running("app"))
    address = reverse("compliance:snapshot-approve", args=[snapshot.uid])

    for page in (page_of(environment), reverse("compliance:snapshot", args=[snapshot.uid])):
        assert address not in viewer.get(page).text
    for answer in (viewer.get(address), viewer.post(address)):
        assert answer.status_code == 403
        assert ACTIONS["organization:baseline:create"].lower() in answer.text.lower()
    assert not EnvironmentBaseline.objects.exists()


def test_a_strangers_snapshot_is_not_there(admin, stranger):
    environment = an_environment(admin, "their-secret")
    snapshot = a_snapshot(admin, environment, running("app"))
    spy = browser_of(stranger)

    for address in (
        snapshots_of(environment),
        reverse("compliance:snapshot", args=[snapshot.uid]),
        reverse("compliance:snapshot-approve", args=[snapshot.uid]),
    ):
        answer = spy.get(address)
        assert answer.status_code == 404
        assert "their-secret" not in answer.text
    assert spy.post(address).status_code == 404
    assert Client().get(address).headers["Location"].startswith(f"{reverse('account_login')}?next=")


# ---- the list of snapshots, and one


def test_snapshots_are_listed_newest_first_with_what_they_changed(admin, reader):
    environment = an_environment(admin)
    first = a_snapshot(admin, environment, running("app", "a"), running("db", "d"))
    a_baseline(admin, environment, first)
    a_snapshot(admin, environment, running("app", "b"), running("new", "n"), by="argo")
    a_snapshot(admin, environment, running("app", "b"), running("new", "n"), by="argo")

    page = reader.get(snapshots_of(environment))

    assert [each.index for each in page.context["page"]] == [3, 2, 1]
    text = words(page.text)
    assert "#3 none 2 argo" in text
    assert "#2 1 added, 1 changed, 1 removed 2 argo" in text
    assert "#1 approved baseline 2 added 2 reporter" in text
    for query, indexes in {"?changed=yes": [2, 1], "?q=arg": [3, 2], "?changed=maybe&after=x": [3, 2, 1]}.items():
        found = reader.get(snapshots_of(environment) + query)
        assert [each.index for each in found.context["page"]] == indexes


def test_the_page_leads_to_what_ran_at_the_end_of_a_day(admin, reader, django_assert_num_queries):
    environment = an_environment(admin)
    said = {"organization": environment.organization, "environment": environment, "recorded_by": "reporter"}
    seen = Snapshot.objects.bulk_create([Snapshot(index=day, **said) for day in range(1, 81)])
    for each in seen:
        each.created_at = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=each.index)
    Snapshot.objects.bulk_update(seen, ["created_at"])
    environment.snapshot_index = 80
    environment.save()
    admin.organization.time_zone = "Pacific/Auckland"  # where its noon is the next day's
    admin.organization.save()
    path = snapshots_of(environment)

    assert "Look back" in reader.get(path).text
    for on, index in {"2026-01-03": 1, "2026-01-04": 2, "2026-03-05": 62, "2026-03-23": 80}.items():
        answer = reader.get(path, {"on": on})
        uid = Snapshot.objects.get(environment=environment, index=index).uid
        page = reverse("compliance:snapshot", args=[uid])
        assert (answer.status_code, answer["Location"]) == (302, f"{page}?on={on}"), on
    assert "Nothing had been reported by then." in reader.get(path, {"on": "2026-01-02"}).text
    assert "This day is still to come" in reader.get(path, {"on": "2999-12-31"}).text
    for wrong in ("", "x", "0001-01-01", "9999-12-31", "2026-13-01"):
        assert (
            reader.get(path, {"on": wrong}).status_code,
            'role="alert"' in reader.get(path, {"on": wrong}).text,
        ) == (
            200,
            True,
        ), wrong
    with django_assert_num_queries(2):
        assert Snapshot.objects.as_of(environment, datetime(2026, 3, 1, tzinfo=UTC)).index == 58


def test_two_snapshots_are_compared_on_the_page(admin, reader):
    environment = an_environment(admin)
    a_snapshot(admin, environment, running("app", "a"), running("db", "d"))
    a_snapshot(admin, environment, running("app", "b"), running("db", "d"))

    def compared(query: str) -> str:
        return card(reader.get(snapshots_of(environment) + query), "Compare")

    assert compared("") == "Compare Snapshot with Compare"
    assert "1 unchanged" in compared("?from=1&to=2")
    assert "app changed" in compared("?from=2&to=1")
    assert "The same runs in both." in compared("?from=2&to=2")
    assert "There is no snapshot 7." in compared("?from=1&to=7")
    assert "There is no snapshot -1 and no snapshot x." in compared("?from=-1&to=x")
    assert "Pick two snapshots." in compared("?from=1")


def test_a_long_history_has_pages(admin, reader):
    environment = an_environment(admin)
    organization = environment.organization
    Snapshot.objects.bulk_create(
        Snapshot(organization=organization, environment=environment, index=index, recorded_by="k8s")
        for index in range(1, 61)
    )

    first = reader.get(snapshots_of(environment))
    second = reader.get(snapshots_of(environment) + first.context["page"].older_url)

    assert [each.index for each in [*first.context["page"], *second.context["page"]]] == list(range(60, 0, -1))


def test_one_snapshot_shows_all_that_ran(admin, reader):
    built(admin, "app", sha("a"), build="build-1")
    environment = an_environment(admin)
    first = a_snapshot(admin, environment, running("app", sha("a"), "1.4", 2))
    second = a_snapshot(admin, environment, running("app", sha("b"), "1.4"))
    empty = a_snapshot(admin, environment)
    a_baseline(admin, environment, first)

    shown = [reader.get(reverse("compliance:snapshot", args=[each.uid])) for each in (first, second, empty)]

    assert "app 1.4, trail build-1 aaaaaaa…aaaa Compliant 2 1 artifact" in words(shown[0].text)
    assert "Approved baseline" in shown[0].text
    assert "What it changed the first snapshot" in words(shown[0].text)
    assert "app 1.4, near miss: trail build-1 built another digest" in words(shown[1].text)
    assert f"{snapshots_of(environment)}?from=1&amp;to=2" in shown[1].text
    assert "Nothing ran" in shown[2].text


# ---- components and home


def test_a_component_says_where_it_runs(admin, stranger, reader):
    relay = create_component(actor=admin, name="relay")
    built(admin, "relay", sha("a"), component=relay)
    built(admin, "relay", sha("b"), component=relay)
    production, staging, gone = (an_environment(admin, name) for name in ("production", "staging", "gone"))
    a_snapshot(admin, production, running("relay", sha("a"), "1.4"), running("other", sha("f"), "1.4"))
    a_snapshot(admin, staging, running("relay", sha("e"), "1.4"))
    a_snapshot(admin, gone, running("relay", sha("b"), "1.4"))
    a_snapshot(admin, gone)
    a_snapshot(stranger, an_environment(stranger, "their-secret"), running("relay", sha("a"), "1.4"))

    page = reader.get(page_of(relay))

    assert card(page, "Runs in") == (
        "Runs in production relay:1.4 aaaaaaa…aaaa first seen just now "
        "staging relay:1.4, near miss: a build has this name and tag and another digest "
        "Near miss eeeeeee…eeee first seen just now"
    )


def test_a_component_that_runs_nowhere_says_nothing(admin, reader):
    relay = create_component(actor=admin, name="relay")
    a_snapshot(admin, an_environment(admin), running("relay"))

    assert card(reader.get(page_of(relay)), "Runs in") == ""


def drifting(actor: Actor, name: str, **values) -> Environment:
    environment = an_environment(actor, name, **values)
    a_snapshot(actor, environment, running("app", "a"))
    a_baseline(actor, environment)
    a_snapshot(actor, environment, running("app", "b"))
    return environment


def test_home_names_what_drifts(admin, stranger, reader):
    drifting(admin, "staging")
    drifting(admin, "production", drift_policy="block")
    drifting(admin, "sandbox", drift_policy="ignore")
    drifting(stranger, "their-secret")
    an_environment(admin, "calm")

    page = reader.get(reverse("catalog:home"))

    assert card(page, "Drifted") == ("Drifted 2 All production app Drifted now staging app Drifted, warn only now")
    assert "their-secret" not in page.text


def test_home_says_nothing_while_nothing_drifts(admin, reader):
    an_environment(admin)

    assert card(reader.get(reverse("catalog:home")), "Drifted") == ""

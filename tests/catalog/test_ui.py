"""The portal's parts: what the tags print, for good, odd and hostile values."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django import forms
from django.template import engines
from django.test import RequestFactory
from django.utils import timezone

from catalog import commands, drawings, requirements, vocabulary

DIGEST = "sha256:c330ec504d82c24fcd10be978fa74b8a3185a8df719604a85443bb9ca279f5a2"
NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
HOSTILE = '"><script>alert(1)</script>'


def draw(template: str, /, **context) -> str:
    """What `template` prints."""
    return engines["django"].from_string(template).render(context, RequestFactory().get("/releases?state=open"))


def requirement(state: str, key: str = "k", **more) -> dict:
    """A requirement as a stored decision holds it."""
    empty = {"detail": "", "fact": None, "request": None, "who": [], "opens_at": None, "derived": None}
    return {"key": key, "title": f"Title of {key}", "state": state} | empty | more


@pytest.mark.parametrize(
    ("area", "value"), [(area, value) for area in vocabulary.areas() for value in vocabulary.areas()[area]]
)
def test_every_word_of_the_vocabulary_has_tone_icon_and_word(area, value):
    known = vocabulary.look_up(area, value)

    printed = draw("{% state area value %}", area=area, value=value)

    assert known.tone in {"ok", "bad", "warn", "busy", "waived", "mute"}
    assert f"t-{known.tone}" in printed
    assert "<svg" in printed
    assert known.word in printed


@pytest.mark.parametrize("value", ["brand_new", None, "", HOSTILE])
def test_an_unknown_state_is_mute_and_raw_never_green(value):
    printed = draw('{% state "gate" value %}', value=value)

    assert "t-mute" in printed
    assert "<script>" not in printed
    assert ("brand_new" in printed) == (value == "brand_new")


@pytest.mark.parametrize(("value", "look", "css"), [
    ("compliant", "calm", "state state--calm t-ok"),
    ("non_compliant", "calm", "state t-bad"),
    ("non_compliant", "quiet", "state state--calm t-bad"),
    ("pending", "tag", "state state--tag t-busy"),
])  # fmt: skip
def test_lists_are_calm_about_good_states_only(value, look, css):
    assert f'class="{css}"' in draw('{% state "trail" value look %}', value=value, look=look)


def test_an_icon_nobody_drew_is_an_error():
    with pytest.raises(KeyError):
        draw('{% icon "no-such-icon" %}')


def test_a_digest_is_short_to_read_and_whole_to_copy():
    printed = draw("{% digest value %}", value=DIGEST)

    assert ">c330ec5…f5a2<" in printed
    assert f'data-copy="{DIGEST}"' in printed
    assert f'title="{DIGEST}"' in printed
    assert 'aria-label="Copy digest c330ec5…f5a2"' in printed
    assert ">sha256:c330ec5…f5a2<" in draw("{% digest value full=True %}", value=DIGEST)
    assert draw("{% digest value %}", value=None) == ""


@pytest.mark.parametrize(
    "tag", ["digest value", "copy_id value", "who value", 'fact "Label" value', "avatar value", 'code "Label" value']
)
def test_tags_escape_what_they_print(tag):
    printed = draw("{% " + tag + " %}", value=HOSTILE)

    assert "<script>" not in printed


def test_the_meter_counts_and_hangs_one_bar_per_requirement():
    needs = [requirement("satisfied"), requirement("waived"), requirement("failing"), requirement("not_required")]

    printed = draw("{% metered needs %}", needs=needs)

    assert 'aria-label="3 of 4 requirements satisfied"' in printed
    assert printed.count("<line") == 4
    assert printed.count('y2="20.5"') == 1


def test_a_requirement_in_an_unknown_state_keeps_its_bar_down():
    assert drawings.meter([requirement("brand_new")])[0].end == 20.5


@pytest.mark.parametrize("number", [0, 1, 2, 12, 40])
def test_any_number_of_requirements_stays_inside_the_arch(number):
    small, large = drawings.meter([requirement("missing")] * number), drawings.gate([requirement("missing")] * number)

    assert len(small) == len(large) == min(number, 12)
    assert all(1 < bar.x < 39 for bar in small)
    assert all(34 < bar.left < 164 for bar in large)


def test_many_requirements_merge_what_holds_and_never_hide_what_is_open():
    needs = [requirement("satisfied")] * 20 + [requirement("failing")] * 3

    bars = drawings.meter(needs)

    assert [bar.tone for bar in bars] == ["ok"] * 9 + ["bad"] * 3
    assert requirements.count(needs) == (20, 23)


def test_open_requirements_are_told_first_and_counted_in_words():
    states = ["satisfied", "later", "waived", "awaiting", "missing", "failing", "missing"]
    needs = [requirement(state) for state in states]

    assert [each["state"] for each in requirements.open_first(needs)] == [
        "failing", "missing", "missing", "awaiting", "later", "waived", "satisfied",
    ]  # fmt: skip
    assert requirements.tally(needs) == "1 failing, 2 missing, 1 awaiting approval, 1 opens later"


def test_the_why_card_says_fact_request_people_and_window():
    opens = NOW + timedelta(days=2)
    decision = {
        "verdict": "blocked", "headline": "Two of three requirements are open.", "digest": DIGEST,
        "environment": {"name": "production-eu", "uid": "x"}, "judged_at": NOW.isoformat(), "policy": "baseline v12",
        "requirements": [
            requirement("satisfied", "tests", fact={"label": "junit.xml", "url": "/evidence/1"}),
            requirement("missing", "scan", detail="No scan yet", request="curl -H 'x' $TOKEN",
                        who=[{"label": "ci-github", "kind": "service_account"}, {"label": "Security", "kind": "role"}]),
            requirement("later", "window", opens_at=opens.isoformat(), derived="matched by commit"),
        ],
    }  # fmt: skip

    with time_machine.travel(NOW, tick=False):
        printed = draw('{% include "components/why.html" %}', decision=decision)

    assert '<span class="tone">Blocked.</span> Two of three requirements are open.' in printed
    assert "1 missing, 1 opens later." in printed
    assert printed.index('id="r-scan"') < printed.index('id="r-window"') < printed.index('id="r-tests"')
    assert 'href="#r-scan"' in printed
    assert "<b>ci-github</b>, anyone with the role <b>Security</b>" in printed
    assert '<span class="v">$TOKEN</span>' in printed
    assert "22 Nov 2026, 14:42" in printed
    assert "matched by commit" in printed
    assert '<a href="/evidence/1">junit.xml</a>' in printed


@pytest.mark.parametrize("broken", [
    {"digest": "", "environment": None, "policy": "", "requirements": []},
    {"verdict": "error", "requirements": [requirement("failing", "engine", detail="Error, denied")]},
    {"verdict": "brand_new", "headline": HOSTILE, "requirements": [requirement(HOSTILE, "x", detail=HOSTILE)]},
])  # fmt: skip
def test_the_why_card_takes_every_decision(broken):
    decision = {"verdict": "none", "headline": "", "digest": DIGEST, "environment": {"name": HOSTILE, "uid": ""},
                "judged_at": NOW.isoformat(), "policy": HOSTILE, "requirements": []} | broken  # fmt: skip

    assert "<script>" not in draw('{% include "components/why.html" %}', decision=decision)


def test_who_may_not_approve_reads_who_may():
    approval = {
        "state": "pending_approval",
        "may_decide": False,
        "who_may": [{"label": "Change manager", "kind": "role"}],
    }

    printed = draw('{% include "components/approval.html" %}', approval=approval)

    assert "<form" not in printed
    assert "Anyone with the role <b>Change manager</b>" in printed


def test_the_approver_gets_a_form_bound_to_the_digest():
    approval = {"state": "pending_approval", "may_decide": True, "url": "/decide", "bound_digest": DIGEST,
                "bound": [{"label": "Artifact", "digest": DIGEST}],
                "evidence": [{"area": "attestation", "state": "failed", "label": "scan", "url": "/e"}]}  # fmt: skip

    printed = draw('{% include "components/approval.html" %}', approval=approval)

    assert f'name="bound" value="{DIGEST}"' in printed
    assert 'name="decision" value="approve"' in printed
    assert 'name="decision" value="reject"' in printed


@pytest.mark.parametrize(("ago", "look", "words"), [
    (timedelta(seconds=5), "ago", "just now"),
    (timedelta(minutes=38), "", "38 min"),
    (timedelta(hours=3, minutes=59), "ago", "3 h ago"),
    (timedelta(days=6), "", "6 d"),
    (timedelta(days=7), "", "13 Nov"),
    (timedelta(days=365), "", "20 Nov 2025"),
    (timedelta(hours=-2), "ago", "in 2 h"),
    (timedelta(minutes=12), "clock", "14:30"),
    (timedelta(days=1), "clock", "19 Nov, 14:42"),
    (timedelta(days=1), "time", "14:42"),
    (timedelta(), "exact", "20 Nov 2026, 14:42"),
])  # fmt: skip
def test_moments_are_relative_within_a_week_and_exact_in_the_title(ago, look, words):
    moment = NOW - ago
    with time_machine.travel(NOW, tick=False):
        printed = draw("{% when moment look %}", moment=moment, look=look)

    assert f">{words}</time>" in printed
    assert f'datetime="{moment.isoformat(timespec="seconds")}"' in printed
    assert f'{moment:%H:%M} UTC"' in printed


def test_moments_name_the_readers_zone():
    with timezone.override("Europe/Berlin"):
        printed = draw('{% when moment "exact" %}', moment="2026-11-20T14:42:00Z")

    assert 'title="20 Nov 2026, 15:42 CET (Europe/Berlin)"' in printed
    assert draw("{% when moment %}", moment=None) == ""


def test_an_address_breaks_where_a_reader_would_and_stays_escaped():
    printed = draw("{{ address|breakable }}", address="a.b@c.example<script>")

    assert printed == "a<wbr>.b@<wbr>c<wbr>.example&lt;script&gt;"


def test_curl_is_for_this_host_and_keeps_the_token_a_variable():
    printed = draw('{% curl "Report" "POST" "/api/v1/flows" body=body %}', body={"name": "it's"})

    assert "http://testserver/api/v1/flows" in printed
    assert 'Authorization: Bearer <span class="v">$TOKEN</span>' in printed
    assert "application/json" in printed


@pytest.mark.parametrize(("address", "line"), [
    ("http://h/a/$TOKEN", 'curl -X GET http://h/a/"$TOKEN"'),
    ("http://h/a?b=1&c=2", "curl -X GET 'http://h/a?b=1&c=2'"),
    ("http://h/$(reboot)/$TOKEN/`x`", """curl -X GET 'http://h/$(reboot)/'"$TOKEN"'/`x`'"""),
])  # fmt: skip
def test_a_line_to_paste_runs_nothing_but_itself(address, line):
    assert commands.curl("GET", address, auth="") == line


def test_a_field_is_wired_to_its_label_error_and_hint():
    class Form(forms.Form):
        name = forms.CharField(help_text="Lower case")
        kind = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect, required=False)
        sure = forms.BooleanField(required=False)

    form = Form({})
    printed = draw("{% form_errors form %}{% for each in form %}{% field each %}{% endfor %}", form=form)

    assert '<label for="id_name">Name</label>' in printed
    assert 'aria-invalid="true"' in printed
    assert 'aria-describedby="id_name_helptext id_name_error"' in printed
    assert 'id="id_name_error"' in printed
    assert 'id="id_name_helptext"' in printed
    assert '<a href="#id_name">Name: This field is required.</a>' in printed
    assert "<legend>Kind" in printed
    assert printed.count('<span class="opt">optional</span>') == 1


def test_sorting_turns_around_and_starts_at_the_first_page():
    factory = RequestFactory()

    def head(url: str) -> str:
        template = engines["django"].from_string('{% sort "name" "Name" default="ascending" %}')
        return template.render({}, factory.get(url))

    assert 'aria-sort="ascending"><a href="?sort=-name"' in head("/list")
    assert 'aria-sort="descending"><a href="?team=1&amp;sort=name"' in head("/list?team=1&sort=-name&after=abc")
    assert "aria-sort" not in head("/list?sort=other")


def test_timelines_name_the_days():
    events = [
        SimpleNamespace(tone="ok", icon="box", who="ci", text=HOSTILE, url="", at=NOW - timedelta(days=day))
        for day in (0, 0, 1, 3)
    ]
    with time_machine.travel(NOW, tick=False):
        printed = draw('{% include "components/timeline.html" %}', events=events)

    assert [word in printed for word in ("Today", "Yesterday", "17 Nov", "<script>")] == [True, True, True, False]
    assert printed.count('class="day"') == 3


@pytest.mark.parametrize(
    ("values", "kind"), [([], "line"), ([0], "line"), ([0, 0], "bars"), ([3, 1, 2], "line"), ([5], "bars")]
)
def test_sparklines_take_any_series(values, kind):
    printed = draw('{% spark values "in words" kind=kind %}', values=values, kind=kind)

    assert ("<svg" in printed) == bool(values)
    assert "nan" not in printed


@pytest.mark.parametrize(("address", "link"), [
    ("https://example.com", "https://example.com"),
    ("mailto:a@b.example", "mailto:a@b.example"),
    ("javascript:alert(1)", ""),
    ("git@example.com:a/b", ""),
    (None, ""),
])  # fmt: skip
def test_only_addresses_a_browser_may_follow_become_links(address, link):
    assert draw("{{ address|web_link }}", address=address) == link


@pytest.mark.parametrize(("part", "context", "words"), [
    ("note", {"tone": "bad", "icon": "drift", "title": "Drift.", "text": "x", "url": "/c", "label": "See"}, "See"),
    ("diff", {"changes": [{"sign": "added", "name": "a", "after": DIGEST, "area": "drift", "state": "drifted"}]}, "+"),
    ("diff", {"changes": [{"sign": "removed", "name": "a", "before": DIGEST}]}, "Removed"),
    ("evidence", {"files": [{"name": "junit.xml", "note": "4 KB", "digest": DIGEST, "url": "/e"}]}, "Download"),
    ("empty", {"title": "None yet", "text": "x", "curl_path": "/api", "curl_body": "{}"}, "curl -X POST"),
    ("lost", {"code": "404", "title": "Nothing", "text": "x"}, "Go home"),
])  # fmt: skip
def test_every_other_part_draws(part, context, words):
    assert words in draw("{% include part %}", part=f"components/{part}.html", **context)

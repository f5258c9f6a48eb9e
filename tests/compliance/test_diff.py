"""The difference of two snapshots: by name, and by name and digest where a name is there twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.services.differences import Entry, Seen, diff_artifacts, diff_snapshots
from tests.compliance.running import a_snapshot, an_environment, running


def entry(name: str, tag: str, digest_from: str | None, digest_to: str | None) -> Entry:
    return Entry(artifactName=name, artifactTag=tag, sha256From=digest_from, sha256To=digest_to)


def test_what_came_went_changed_and_stayed():
    before = [Seen("stays", "1", "a"), Seen("goes", "1", "b"), Seen("changes", "1", "c")]
    after = [Seen("stays", "2", "a"), Seen("comes", "1", "d"), Seen("changes", "2", "e")]

    diff = diff_artifacts(before, after)

    assert diff.added == [entry("comes", "1", None, "d")]
    assert diff.removed == [entry("goes", "1", "b", None)]
    assert diff.updated == [entry("changes", "2", "c", "e")]
    assert diff.unchanged == [entry("stays", "2", "a", "a")]  # another tag is no difference
    assert diff.changes == [*diff.added, *diff.updated, *diff.removed]


@pytest.mark.parametrize(("before", "after", "added", "removed", "unchanged"), [
    ("a", "ab", "b", "", "a"),
    ("ab", "b", "", "a", "b"),
    ("a", "bc", "bc", "a", ""),
    ("ab", "cd", "cd", "ab", ""),
    ("ab", "ab", "", "", "ab"),
])  # fmt: skip
def test_a_name_with_several_digests_is_compared_by_digest(before, after, added, removed, unchanged):
    diff = diff_artifacts([Seen("app", "1", each) for each in before], [Seen("app", "1", each) for each in after])

    assert diff.added == [entry("app", "1", None, each) for each in added]
    assert diff.removed == [entry("app", "1", each, None) for each in removed]
    assert diff.unchanged == [entry("app", "1", each, each) for each in unchanged]
    assert diff.updated == []


def test_the_same_name_and_digest_twice_is_one():
    diff = diff_artifacts([Seen("app", "1", "a"), Seen("app", "2", "a")], [Seen("app", "3", "b")])

    assert diff.updated == [entry("app", "3", "a", "b")]


ARTIFACTS = st.lists(st.builds(Seen, st.sampled_from("xyz"), st.just("1"), st.sampled_from("abc")), max_size=6)


@given(ARTIFACTS, ARTIFACTS)
def test_nothing_is_lost_and_the_way_back_mirrors(before, after):
    diff, back = diff_artifacts(before, after), diff_artifacts(after, before)

    entries = [*diff.changes, *diff.unchanged]
    from_them = {(each["artifactName"], each["sha256From"]) for each in entries if each["sha256From"]}
    to_them = {(each["artifactName"], each["sha256To"]) for each in entries if each["sha256To"]}
    assert from_them == {(each.name, each.digest) for each in before}
    assert to_them == {(each.name, each.digest) for each in after}
    assert [each["sha256To"] for each in diff.added] == [each["sha256From"] for each in back.removed]
    assert diff.unchanged == back.unchanged
    assert len(diff.updated) == len(back.updated)


def test_snapshots_are_compared_in_one_query(admin, django_assert_num_queries):
    environment = an_environment(admin)
    one = a_snapshot(admin, environment, running("app", "a"))
    other = a_snapshot(admin, environment, running("app", "b"), running("db", "c"))

    with django_assert_num_queries(1):
        diff = diff_snapshots(one, other)

    assert [each["artifactName"] for each in diff.updated] == ["app"]
    assert [each["artifactName"] for each in diff.added] == ["db"]
    assert [each["artifactName"] for each in diff_snapshots(None, other).added] == ["app", "db"]
    assert len(diff_snapshots(other, other).unchanged) == 2

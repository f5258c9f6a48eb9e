"""Templates: read as they are written, refused when they could mean something else."""

import pytest

from compliance.flow_template import Entry, TemplateError, parse_yaml, read_template

WHOLE = """
version: 1
name: service
trail:
  attestations:
    - {name: unit, type: junit}
    - name: review
      if: ${{ flow.name == "x" }}
  artifacts:
    - name: checkout
      attestations: [{name: scan, type: snyk}, {name: unit, type: junit}]
    - name: checkout
      attestations: [{name: never}]
artifacts:
  - name: checkout
    attestations: [{name: top-level}]
"""


def test_a_template_names_entries_of_the_trail_and_of_its_first_artifact_of_that_name():
    template = read_template(WHOLE)

    assert template.for_artifact(None) == (Entry("unit", "junit"), Entry("review", ""))
    assert template.for_artifact("checkout") == (Entry("unit", "junit"), Entry("review", ""), Entry("scan", "snyk"))
    assert template.for_artifact("other") == template.for_artifact(None)


def test_artifacts_may_stand_at_the_top_and_types_may_be_listed():
    template = read_template("requiredAttestations: [junit, snyk]\nartifacts: [{name: a, attestations: [{name: b}]}]")

    assert template.types == ("junit", "snyk")
    assert template.for_artifact("a") == (Entry("b", ""),)


@pytest.mark.parametrize("text", [None, "", "  \n", "# only a comment", "---"])
def test_a_blank_text_is_no_template(text):
    assert read_template(text) is None


def test_words_other_readers_turn_into_something_else_stay_as_written(samples):
    text = (samples / "hostile/yaml-norway.yml").read_text()

    assert read_template(text).entries == (Entry("no", "1e3"), Entry("2024-01-01", "0o17"))


def test_numbers_and_booleans_are_kept_for_those_who_read_the_mapping():
    assert parse_yaml('version: 1\na: true\nb: null\nc: "2"\nd: 007\ne: 1.50') == {
        "version": 1,
        "a": True,
        "b": None,
        "c": "2",
        "d": "007",
        "e": "1.50",
    }


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("yaml-billion-laughs.yml", "anchor"),
        ("yaml-self-reference.yml", "anchor"),
        ("yaml-python-object.yml", "tag"),
        ("yaml-deep-10000.yml", "nested deeper"),
        ("yaml-duplicate-keys.yml", "twice"),
    ],
)
def test_a_hostile_template_is_refused_with_its_reason(samples, name, reason):
    with pytest.raises(TemplateError, match=reason):
        read_template((samples / "hostile" / name).read_text())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- a", "mapping"),
        ("just words", "mapping"),
        ("trail: [a]", "trail must be a mapping"),
        ("trail: {attestations: x}", "must be a list"),
        ("trail: {attestations: [x]}", "must be a mapping"),
        ("trail: {attestations: [{if: x}]}", "neither name nor type"),
        ("trail: {attestations: [{name: [x]}]}", "must be text"),
        ("requiredAttestations: {a: b}", "must be a list"),
        ("a: b: c", "not YAML"),
        ("{", "not YAML"),
        ("a: 1\n---\nb: 2", "more than one document"),
        ("a: !!binary aGk=", "tag"),
        ("x" * 70_000, "larger"),
        ('a: "\\0"', "NUL"),
    ],
)
def test_a_template_that_cannot_be_understood_is_refused(text, reason):
    with pytest.raises(TemplateError, match=reason):
        read_template(text)

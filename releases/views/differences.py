"""Contents of applications, rulesets and bindings in words, and what one changes of another."""

from collections import Counter
from typing import Any, NamedTuple

from releases.services.rules import meaning
from releases.services.versions import KINDS
from releases.views.release import rule_words

LABELS = {"display_name": "Name", "description": "Description", "enabled": "Enabled", "mode": "Mode"}


class Change(NamedTuple):
    """One difference between two contents, in words; '' where there was, or will be, nothing."""

    label: str
    before: str
    after: str


def difference(before: Any, after: Any) -> list[Change]:
    """What `after` changes of `before`, which may be None: fields, then rules taken away, then rules added."""
    names = KINDS[type(after.version.subject)].fields
    old = {name: _in_words(getattr(before, name)) if before is not None else "" for name in names}
    new = {name: _in_words(getattr(after, name)) for name in names}
    changes = [Change(LABELS[name], old[name], new[name]) for name in names if old[name] != new[name]]
    was, will = _meant(before), _meant(after)
    gone = [Change("Rule", words, "") for words in _only(was, will)]
    return [*changes, *gone, *(Change("Rule", "", words) for words in _only(will, was))]


def details(content: Any) -> list[tuple[str, str]]:
    """The fields of a content in words; none without one."""
    names = KINDS[type(content.version.subject)].fields if content is not None else ()
    return [(LABELS[name], _in_words(getattr(content, name))) for name in names]


def rules_in_words(content: Any) -> list[dict[str, Any]] | None:
    """The rules of a content of a ruleset, in words; None of anything else."""
    if content is None or not hasattr(content, "rules"):
        return None
    return [
        {"type": rule.get_type_display(), "words": rule_words(vars(rule)), "enabled": rule.enabled}
        for rule in content.rules.all()
    ]


def _in_words(value: Any) -> str:
    return {True: "Yes", False: "No"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _meant(content: Any) -> list[tuple[Any, str]]:
    """Each rule of a content: what it means, and that in words."""
    if content is None or not hasattr(content, "rules"):
        return []
    off = {True: "", False: " (switched off)"}
    return [(meaning(rule), f"{rule_words(vars(rule))}{off[rule.enabled]}") for rule in content.rules.all()]


def _only(some: list[tuple[Any, str]], others: list[tuple[Any, str]]) -> list[str]:
    """The words of those of `some` that `others` has not, or has fewer times."""
    left = Counter(each for each, _ in others)
    found = []
    for each, words in some:
        if left[each]:
            left[each] -= 1
        else:
            found.append(words)
    return found

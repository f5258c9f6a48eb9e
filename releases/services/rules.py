"""The rules of one content of a ruleset: what may be written, writing and copying them, telling them apart."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

from cryptography.x509 import load_pem_x509_certificates

from catalog.services.numbers import next_number
from config.crypto import Undecipherable, decrypt, encrypt
from config.errors import BadInput, FieldError
from releases.models import Rule, RulesetAdjustment
from releases.services import schedule

Given = Mapping[str, Any]

FIELDS: dict[str, tuple[str, ...]] = {
    Rule.Type.HTTP_API: ("url", "username", "tls_ca_certificate", "retry_policy", "retry_limit"),
    Rule.Type.SCHEDULE: schedule.PARTS,
    Rule.Type.MANUAL: ("approval_policy", "minimum"),
}
MOST_RETRIES = 100


def check_rules(rules: Sequence[Given]) -> None:
    """Raise BadInput naming every part of every rule that could not be evaluated."""
    refused = [
        FieldError(f"approval_rules[{position}].{name}", fault)
        for position, rule in enumerate(rules)
        for name, fault in rule_faults(rule).items()
    ]
    if refused:
        raise BadInput(f"{len(refused)} parts of rules can't be evaluated.", fields=refused)


def rule_faults(rule: Given) -> dict[str, str]:
    """What is wrong with the content of one rule, by field."""
    judges: dict[str, Callable[[Given], dict[str, str]]] = {
        Rule.Type.SCHEDULE: schedule.faults,
        Rule.Type.MANUAL: _manual_faults,
        Rule.Type.HTTP_API: _http_faults,
    }
    judge = judges.get(rule["type"]) if isinstance(rule["type"], str) else None
    return judge(rule) if judge else {"type": f"must be one of {', '.join(FIELDS)}"}


def write_rules(adjustment: RulesetAdjustment, given: Iterable[Given], base: Iterable[Rule] = ()) -> None:
    """Write `given` as new rule objects. Each has `type`, optionally `enabled`, and the FIELDS of its type.

    An http_api rule without a `password` that names one of `base` by its `id`, and still calls the same host, keeps
    that one's. Raises ValidationError for what can't be kept.
    """
    known = {rule.number: rule for rule in base if rule.type == Rule.Type.HTTP_API}
    for each in given:
        content = {name: each.get(name) for name in FIELDS[each["type"]]}
        if each["type"] == Rule.Type.SCHEDULE:
            content = dict(schedule.normal(each))
        if each["type"] == Rule.Type.HTTP_API:
            content["retry_limit"] = each.get("retry_limit") if each["retry_policy"] == Rule.Retry.ON_FAIL else None
            content["sealed_password"] = _sealed(adjustment.organization_id, each, known)
        _write(adjustment, each["type"], {"enabled": each.get("enabled", True)} | content)


def copy_rules(adjustment: RulesetAdjustment, rules: Iterable[Rule]) -> None:
    """Write `rules` again as new objects of another content: those of an approved version never change."""
    for rule in rules:
        names = ("enabled", *FIELDS[rule.type], "sealed_password")
        _write(adjustment, rule.type, {name: getattr(rule, name) for name in names})


def same_rules(some: Iterable[Rule], others: Iterable[Rule]) -> bool:
    """Whether two lists of rules ask the same, whatever their order and ids."""
    return sorted(map(meaning, some)) == sorted(map(meaning, others))


def rule_said(rule: Rule) -> dict[str, Any]:
    """What history keeps of a rule: all but its password."""
    content = {name: getattr(rule, name) for name in FIELDS[rule.type]}
    said = {name: value for name, value in content.items() if value not in (None, "")}
    if rule.sealed_password:
        said["has_password"] = True
    return {"type": rule.type, "enabled": rule.enabled} | said


def _write(adjustment: RulesetAdjustment, kind: str, content: Mapping[str, Any]) -> None:
    rule = Rule(
        organization_id=adjustment.organization_id,
        adjustment=adjustment,
        type=kind,
        number=next_number(adjustment.organization_id, f"rule:{kind}"),
        **content,
    )
    rule.put()


def meaning(rule: Rule) -> tuple[str, str]:
    """What a rule asks, the same for two rules that ask the same; not to be shown, it holds the password."""
    content = [(name, getattr(rule, name)) for name in ("enabled", *FIELDS[rule.type])]
    return rule.type, repr([*content, _meant(rule)])


def password_of(rule: Rule) -> bytes:
    """The password of an http_api rule; empty for none. Raises crypto.Undecipherable when its key is gone."""
    kept = bytes(rule.sealed_password)
    return decrypt(kept, _place(rule.organization_id)) if kept else b""


def _meant(rule: Rule) -> bytes:
    """The password of a rule to tell it from another; one that can't be read any more is like no other."""
    try:
        return password_of(rule)
    except Undecipherable:
        return bytes(rule.sealed_password)


def _place(organization_id: int) -> str:
    return f"http_api rules of organization {organization_id}"


def _sealed(organization_id: int, given: Given, known: Mapping[int, Rule]) -> bytes:
    if given.get("password"):
        return encrypt(given["password"].encode(), _place(organization_id))
    number = given.get("id")
    before = known.get(number) if isinstance(number, int) else None
    if before is None or given.get("password") == "" or _server(given["url"]) != _server(before.url):
        return b""  # nobody sends a password they don't know to a host of their choice
    return bytes(before.sealed_password)


def _server(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _manual_faults(rule: Given) -> dict[str, str]:
    policy, minimum = rule.get("approval_policy"), rule.get("minimum")
    if policy not in Rule.Policy.values:
        return {"approval_policy": f"must be one of {', '.join(Rule.Policy.values)}"}
    if policy == Rule.Policy.MINIMUM and (not isinstance(minimum, int) or minimum < 1):
        return {"minimum": "must be at least 1 when approval_policy is minimum"}
    if policy != Rule.Policy.MINIMUM and minimum is not None:
        return {"minimum": "must be set only when approval_policy is minimum"}
    return {}


def _http_faults(rule: Given) -> dict[str, str]:
    texts = ("url", "username", "password", "tls_ca_certificate")
    faults = {name: "must be a string" for name in texts if not isinstance(rule.get(name) or "", str)}
    if "url" not in faults and not _is_callable(rule.get("url") or ""):
        faults["url"] = "must be an http or https address with a host, without a user"
    if rule.get("retry_policy") not in Rule.Retry.values:
        faults["retry_policy"] = f"must be one of {', '.join(Rule.Retry.values)}"
    limit = rule.get("retry_limit")
    if rule.get("retry_policy") == Rule.Retry.ON_FAIL and not (isinstance(limit, int) and 1 <= limit <= MOST_RETRIES):
        faults["retry_limit"] = f"must be from 1 to {MOST_RETRIES} when retry_policy is retry_on_fail"
    certificate = rule.get("tls_ca_certificate")
    if certificate and "tls_ca_certificate" not in faults and not _is_certificate(certificate):
        faults["tls_ca_certificate"] = "must be certificates in PEM"
    return faults


def _is_callable(url: str) -> bool:
    try:
        parts: SplitResult = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = url.isprintable() and " " not in url and port != 0
    return plain and parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


def _is_certificate(text: str) -> bool:
    try:
        return bool(load_pem_x509_certificates(text.encode()))
    except ValueError:
        return False

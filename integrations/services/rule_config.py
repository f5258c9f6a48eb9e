"""The settings of a rule's channel: what each needs, kept encrypted, shown without what is secret."""

import json
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from catalog.models import Membership, Organization
from config.crypto import Undecipherable, decrypt, encrypt
from integrations.models import NotificationRule
from integrations.models.webhook import callable_url, masked

Config = dict[str, Any]
MASK = "********"
MOST_ADDRESSES = 20
LONGEST = 10_000  # letters of all settings
LONGEST_SECRET = 255
Channel = NotificationRule.Channel


def seal(rule: NotificationRule, config: Config) -> bytes:
    """Settings as they are stored."""
    return encrypt(json.dumps(config).encode(), _place(rule))


def config_of(rule: NotificationRule) -> Config:
    """The stored settings. Raises crypto.Undecipherable when their key is gone."""
    return json.loads(decrypt(bytes(rule.sealed_config), _place(rule))) if rule.sealed_config else {}


def masked_config(rule: NotificationRule) -> Config:
    """The stored settings without what is secret."""
    config = known_config(rule)
    if isinstance(config.get("webhookUrl"), str) and config["webhookUrl"]:
        config["webhookUrl"] = masked(config["webhookUrl"])
    return config | ({"secret": MASK} if config.get("secret") else {})


def known_config(rule: NotificationRule) -> Config:
    """The stored settings as far as they can be read."""
    try:
        return config_of(rule)
    except Undecipherable:
        return {}


def unmasked(rule: NotificationRule, config: Config) -> Config:
    """`config` with the stored value where somebody sent back what they were shown instead of it."""
    known, shown = known_config(rule), masked_config(rule)
    secret = {key: known[key] for key in ("webhookUrl", "secret") if key in known and config.get(key) == shown[key]}
    return config | secret


def check_config(rule: NotificationRule, config: Config) -> None:
    """Raise ValidationError for settings the rule's channel can't work with."""
    faults = list(CHECKS[rule.channel](rule.organization, config)) if rule.channel in CHECKS else []
    if len(json.dumps(config)) > LONGEST:
        faults.append(f"All settings together are at most {LONGEST:,} letters.")
    if faults:
        raise ValidationError({"config": faults})


def _address(organization: Organization, config: Config) -> list[str]:
    url = config.get("webhookUrl")
    if not isinstance(url, str) or not url.strip():
        return ["webhookUrl is missing."]
    try:
        callable_url(url)
    except ValidationError as refused:
        return [f"webhookUrl: {refused.message}"]
    return []


def _signed(organization: Organization, config: Config) -> list[str]:
    secret = config.get("secret", "")
    wrong = not isinstance(secret, str) or len(secret) > LONGEST_SECRET
    said = [f"secret must be a text of at most {LONGEST_SECRET} letters."] if wrong else []
    return _address(organization, config) + said


def _mailed(organization: Organization, config: Config) -> list[str]:
    if not config.get("to"):
        return ["to is missing: a list of e-mail addresses."]
    return _listed(config)


def _members(organization: Organization, config: Config) -> list[str]:
    if not config.get("to"):
        return []
    faults = _listed(config)
    if faults:
        return faults
    wanted = {each.casefold() for each in config["to"]}
    line = [int(pk) for pk in organization.path.split("/") if pk]  # members of those above belong to it too
    people = Membership.objects.filter(organization__in=line).values_list("user__email", flat=True)
    unknown = wanted - {each.casefold() for each in people}
    return [f"to: {each} is no member." for each in sorted(unknown)]


def _listed(config: Config) -> list[str]:
    addresses = config["to"]
    if not isinstance(addresses, list) or len(addresses) > MOST_ADDRESSES:
        return [f"to must be a list of at most {MOST_ADDRESSES} e-mail addresses."]
    return [f"to: {str(each)[:100]} is no e-mail address." for each in addresses if not _is_email(each)]


def _is_email(each: Any) -> bool:
    try:
        validate_email(each if isinstance(each, str) else "")
    except ValidationError:
        return False
    return True


def _place(rule: NotificationRule) -> str:
    return f"settings of notification rule {rule.uid}"


CHECKS: dict[str, Callable[[Organization, Config], list[str]]] = {
    Channel.IN_APP: _members,
    Channel.EMAIL: _mailed,
    Channel.SLACK: _address,
    Channel.WEBHOOK: _signed,
}

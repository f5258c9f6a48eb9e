"""People, machines and their keys in OpenFactstore's words (contract 16)."""

from datetime import datetime
from typing import Any

from catalog.models import ApiKey, ServiceAccount, User

# Their four roles and the built-in role each stands for; what else we have is shown as the nearest that allows less.
ROLES = {"ADMIN": "admin", "MEMBER": "maintainer", "SERVICE_ACCOUNT": "ci", "VIEWER": "viewer", "OWNER": "admin"}
ROLE_WORDS = {
    "owner": "ADMIN",
    "admin": "ADMIN",
    "change-manager": "MEMBER",
    "maintainer": "MEMBER",
    "ci": "SERVICE_ACCOUNT",
}
OWNERS = {"USER": "user", "SERVICE_ACCOUNT": "service_account"}
WORDS = {"github_id": "githubId", "ttl_days": "ttlDays"}


def role_word(canonical: str) -> str:
    """Their word for a role."""
    return ROLE_WORDS.get(canonical, "VIEWER")


def from_user(user: User) -> dict[str, Any]:
    """A person."""
    return {
        "id": user.uid,
        "email": user.email,
        "name": str(user),
        "githubId": user.github_id,
        "createdAt": user.created_at,
        "updatedAt": user.updated_at,
    }


def from_service_account(account: ServiceAccount) -> dict[str, Any]:
    """A machine."""
    return {
        "id": account.uid,
        "name": account.name,
        "description": account.description or None,
        "orgSlug": account.organization.slug,
        "role": role_word(account.role.canonical),
        "createdAt": account.created_at,
        "updatedAt": account.updated_at,
    }


def from_key(key: ApiKey, at: datetime) -> dict[str, Any]:
    """A key, without its text; whether it opens anything at `at`."""
    owner = key.user or key.service_account
    return {
        "id": key.uid,
        "ownerId": owner.uid if owner else None,
        "ownerType": "USER" if key.user else "SERVICE_ACCOUNT",
        "label": key.label,
        "keyPrefix": key.prefix,
        "isActive": key.is_in_force(at),
        "createdAt": key.created_at,
        "lastUsedAt": key.last_used_at,
        "ttlDays": key.ttl_days,
        "expiresAt": key.expires_at,
    }


def from_new_key(key: ApiKey, text: str) -> dict[str, Any]:
    """A key with its text, which is shown this once."""
    return from_key(key, key.created_at) | {"plainTextKey": text, "key": text}

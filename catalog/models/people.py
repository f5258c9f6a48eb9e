"""People and machines that act: users, their memberships, teams, service accounts."""

from typing import Any

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower

from catalog.models.base import Keyed, TenantModel
from catalog.prepared import those

MOST_RULES = 200


class UserManager(BaseUserManager["User"]):
    """Users are found by e-mail, in any letter case."""

    def get(self, *conditions: Any, **values: Any) -> "User":
        """One person; by the id alone, as each request with a session asks for them, the SQL is built once."""
        if not conditions and values.keys() == {"pk"} and isinstance(values["pk"], int):
            return those(self.all).get(**values)
        return super().get(*conditions, **values)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email__iexact=email)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a person who may sign in; without a password only by other means."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a person with every right in the admin, for `manage.py createsuperuser`."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin, Keyed):
    """A person. What they may do comes from their memberships; `is_staff` only opens the admin."""

    email = models.EmailField(max_length=255)
    name = models.CharField(max_length=255, blank=True, default="")
    github_id = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  null on the wire, unique where set
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        ordering = ["email", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"), name="user_email", violation_error_message="This e-mail address is taken."
            ),
            models.UniqueConstraint(
                fields=["github_id"], name="user_github_id", violation_error_message="This GitHub id is taken."
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self).split(" ", 1)[0]


class Role(TenantModel):
    """A named set of allow rules. Built-in roles come with the organization and are not edited, only copied."""

    entity = "role"
    resource = (("role", "canonical"),)

    canonical = models.SlugField(max_length=64, db_index=False)
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, default="")
    built_in = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "canonical"], name="role_canonical", violation_error_message="This role exists."
            )
        ]

    def __str__(self) -> str:
        return self.name


def check_rules(rules: object) -> None:
    """Refuse what is not a list of allow rules, each {"action": glob, "resources": [glob, …]}."""
    if not isinstance(rules, list) or len(rules) > MOST_RULES:
        raise ValidationError(f"At most {MOST_RULES} rules.")
    for rule in rules:
        resources = rule.get("resources", []) if isinstance(rule, dict) else None
        if not isinstance(resources, list) or set(rule) - {"action", "resources"}:
            raise ValidationError("A rule has an action and a list of resources.")
        for glob in (rule.get("action"), *resources):
            if not isinstance(glob, str) or len(glob) > 512:
                raise ValidationError("A glob is a text of at most 512 letters.")
            check_glob(glob)


def check_glob(glob: str) -> None:
    """Refuse what is not an action or resource glob: words of `a-z0-9_.-` and `*`, separated by colons.

    Few wildcards are enough, and many would cost too much to match: two in a word, three `**` in all.
    """
    words = glob.split(":")
    if glob.count("**") > 3 or "***" in glob or any(word.replace("**", "*").count("*") > 2 for word in words):
        raise ValidationError("A glob has at most two wildcards in a word, and three `**` in all.")
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.~*")
    if words[0] not in ("organization", "**") or not all(word and set(word) <= allowed for word in words):
        raise ValidationError("A glob is `organization:<word>…` with `*` for one word and `**` for any.")


class RoleRule(TenantModel):
    """One allow rule: an action glob on resource globs; no resources means all of the organization."""

    entity = "role"
    resource = (("role", "role__canonical"),)

    role = models.ForeignKey(Role, models.CASCADE, related_name="rules")
    action = models.CharField(max_length=255, validators=[check_glob])
    resources = ArrayField(models.CharField(max_length=512, validators=[check_glob]), default=list, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.action


class Membership(TenantModel):
    """One person in one organization with one role, which reaches the organizations below it."""

    entity = "member"
    resource = (("member", "uid"),)
    held_by = "organization"

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.ForeignKey(Role, models.PROTECT, related_name="memberships")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user"], name="membership_once", violation_error_message="Already a member."
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization}"


class Team(TenantModel):
    """People who own software together (Phaset's group)."""

    entity = "team"
    resource = (("team", "slug"),)

    name = models.CharField(max_length=255)
    slug = models.SlugField(max_length=64, db_index=False)
    public_id = models.CharField(max_length=8, help_text="8 letters and digits, Phaset's group id.")
    role = models.ForeignKey(
        Role,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="teams",
        help_text="What its people may do with the components it owns, beside what their own role allows.",
    )
    members: "models.ManyToManyField[User, TeamMember]" = models.ManyToManyField(
        User, through="TeamMember", related_name="teams"
    )

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "slug"], name="team_slug"),
            models.UniqueConstraint(fields=["organization", "public_id"], name="team_public_id"),
        ]

    def __str__(self) -> str:
        return self.name


class TeamMember(TenantModel):
    """One person in one team."""

    entity = "team"
    resource = (("team", "team__slug"),)

    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="team_member_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"


class ServiceAccount(TenantModel):
    """A machine that acts (CI, a cluster reporter) with a role of its own."""

    entity = "service_account"
    resource = (("service_account", "name"),)

    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, default="")
    role = models.ForeignKey(Role, models.PROTECT, related_name="service_accounts")

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                "organization",
                Lower("name"),
                name="service_account_name",
                violation_error_message="This service account exists.",
            )
        ]

    def __str__(self) -> str:
        return self.name

"""Forms of the pages below Settings. Services check again; a form says it beside the field."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.text import Truncator

from catalog.actors import Actor
from catalog.models import Membership, Organization, Role, ServiceAccount, Team, User
from catalog.models.people import check_glob
from catalog.rights import ACTIONS, Rule

MOST_CHOICES = 500
LIVES = [("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("", "No end")]


class RulesField(forms.CharField):
    """Allow rules as text, one a line: an action glob, then the resource globs it is limited to, if any."""

    widget = forms.Textarea

    def __init__(self, **options: Any):
        options.setdefault(
            "help_text",
            "One rule a line: an action, then the resources it is limited to, if any. "
            "Example: organization:release:* organization:acme:component:checkout",
        )
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        """The rules as text; what somebody typed stays as it is."""
        return value if value is None or isinstance(value, str) else "\n".join(str(rule) for rule in value)

    def clean(self, value: Any) -> list[Rule]:
        """The rules, each checked."""
        rules = []
        for line in super().clean(value).splitlines():
            words = line.split()
            for word in words:
                try:
                    check_glob(word)
                except ValidationError as error:
                    raise ValidationError(f"{Truncator(word).chars(60)}: {error.message}") from error
            if words:
                rules.append(Rule(words[0], tuple(words[1:])))
        return rules


class NameForm(forms.Form):
    """How somebody is called."""

    name = forms.CharField(max_length=255, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"}))


class OrganizationForm(forms.ModelForm):
    """What an organization is called, and its switches."""

    class Meta:
        model = Organization
        fields = [
            "name",
            "time_zone",
            "four_eyes",
            "review_policy",
            "approval_hours",
            "records_by_integrations",
            "gate_default_allows",
            "provenance_key",
            "require_second_factor",
        ]
        labels = {
            "approval_hours": "Hours an approval is waited for",
            "four_eyes": "Four eyes",
            "review_policy": "Review changes of rules",
            "records_by_integrations": "Let CI add components",
            "provenance_key": "Key that provenance is verified with",
            "gate_default_allows": "Open the gate where no policy applies",
            "require_second_factor": "Ask for a second factor",
        }
        widgets = {"provenance_key": forms.Textarea}
        help_texts = {
            "time_zone": "Its schedules and the times on its pages are read in it. Such as Europe/Berlin.",
            "records_by_integrations": "A manifest pushed under an unknown record id creates the component.",
        }


def roles_of(actor: Actor) -> Any:
    """The roles of the organization at hand."""
    return Role.objects.visible_to(actor).filter(organization=actor.organization)


class RoleChoice(forms.Form):
    """One of the organization's roles; a new member's or machine's is `first` until somebody chooses."""

    first = ""
    role = forms.ModelChoiceField(Role.objects.none(), empty_label=None)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any):
        super().__init__(*args, **kwargs)
        roles = roles_of(actor)
        self.fields["role"].queryset = roles  # type: ignore[attr-defined]
        if self.first and "role" not in self.initial:
            self.initial["role"] = roles.filter(canonical=self.first, built_in=True).first()


class InviteForm(RoleChoice):
    """Whom to invite, and as what."""

    first = "viewer"

    email = forms.EmailField(max_length=255, label="E-mail")
    field_order = ["email", "role"]


class ServiceAccountForm(RoleChoice):
    """A machine."""

    first = "ci"

    name = forms.CharField(max_length=255)
    description = forms.CharField(widget=forms.Textarea, required=False, max_length=2000)
    field_order = ["name", "description", "role"]


class TeamForm(forms.Form):
    """Who is in a team, and what its role lets them do with what it owns."""

    name = forms.CharField(max_length=255)
    role = forms.ModelChoiceField(
        Role.objects.none(),
        required=False,
        empty_label="None",
        help_text="What its people may do with the components it owns, beside what their own role allows.",
    )
    members = forms.ModelMultipleChoiceField(
        User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="People",
        help_text="Whoever has no tick leaves the team.",
    )
    add = forms.CharField(
        required=False,
        max_length=5000,
        label="Add people",
        help_text="E-mail addresses of members, with commas between them.",
        widget=forms.EmailInput(attrs={"multiple": True, "list": "suggested", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, actor: Actor, team: Team | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["role"].queryset = roles_of(actor)  # type: ignore[attr-defined]
        here = Membership.objects.visible_to(actor).filter(organization=actor.organization)
        self.inside = team.members.order_by("name", "email") if team else User.objects.none()
        self.known = User.objects.filter(Q(pk__in=here.values("user")) | Q(pk__in=self.inside.values("pk")))
        if team:
            self.fields["members"].queryset = self.inside  # type: ignore[attr-defined]
        else:
            del self.fields["members"]

    def suggested(self) -> Any:
        """The first people who could be added."""
        return self.known.exclude(pk__in=self.inside.values("pk")).order_by("name", "email")[:MOST_CHOICES]

    def clean_add(self) -> list[User]:
        """The members with these addresses; whoever is in the team already stays."""
        wanted = {each.strip().lower() for each in self.cleaned_data["add"].split(",")} - {""}
        found: list[User] = [*self.known.alias(address=Lower("email")).filter(address__in=wanted)]
        if strangers := wanted - {each.email.lower() for each in found}:
            raise ValidationError(f"No member: {', '.join(sorted(strangers))}.")
        return found

    def clean(self) -> dict[str, Any]:
        """All the people of the team, under `members`."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        cleaned["members"] = [*cleaned.get("members", ()), *cleaned.pop("add", ())]
        return cleaned


class RoleForm(forms.Form):
    """A role of one's own."""

    name = forms.CharField(max_length=255)
    description = forms.CharField(required=False, max_length=2000)
    rules = RulesField(label="Allow")


class KeyForm(forms.Form):
    """A new API key: for oneself, or for a machine."""

    label = forms.CharField(max_length=255, help_text="What it is for: you will know it by this.")
    owner = forms.ModelChoiceField(
        ServiceAccount.objects.none(),
        required=False,
        empty_label="Myself",
        label="Speaks for",
        help_text="It may do what its owner may, now and later.",
    )
    ttl_days = forms.TypedChoiceField(
        choices=LIVES, coerce=int, empty_value=None, required=False, initial="90", label="Ends after"
    )
    rules = RulesField(required=False, label="Narrowed to")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if actor.may("organization:api_key:create"):
            machines = ServiceAccount.objects.visible_to(actor).filter(organization=actor.organization)
            self.fields["owner"].queryset = machines  # type: ignore[attr-defined]
        else:
            del self.fields["owner"]


class TryForm(forms.Form):
    """Who, what, on what: the question `may` answers."""

    who = forms.ChoiceField(choices=())
    action = forms.CharField(max_length=255, widget=forms.TextInput(attrs={"list": "actions", "autocomplete": "off"}))
    resource = forms.CharField(
        max_length=1000,
        required=False,
        help_text="A resource path such as organization:acme:component:checkout. Empty: the organization.",
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any):
        super().__init__(*args, **kwargs)
        members = Membership.objects.visible_to(actor).filter(organization=actor.organization).select_related("user")
        self.fields["who"].choices = [  # type: ignore[attr-defined]
            ("Roles", [(f"role:{each.uid}", each.name) for each in roles_of(actor)[:MOST_CHOICES]]),
            ("Members", [(f"member:{each.uid}", str(each.user)) for each in members[:MOST_CHOICES]]),
        ]

    def clean_action(self) -> str:
        """An action that is known."""
        action: str = self.cleaned_data["action"]
        if action not in ACTIONS:
            raise ValidationError("No such action. Choose one from the list.")
        return action

    def clean_resource(self) -> str:
        """A path without wildcards."""
        path: str = self.cleaned_data["resource"]
        if path and (not path.startswith("organization:") or "*" in path):
            raise ValidationError("A path begins with organization: and has no wildcards.")
        return path

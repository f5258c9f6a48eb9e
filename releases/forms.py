"""Forms of the releases' pages. Services check again; a form says it beside the field."""

from django import forms

from releases.models import Decision

LONGEST = 2000  # letters of a comment
VERDICTS = {"approve": Decision.Verdict.APPROVED, "reject": Decision.Verdict.REJECTED}


class DecisionForm(forms.Form):
    """One person's answer to an approval request; `bound` is the digest they were shown."""

    decision = forms.ChoiceField(choices=[(word, word.title()) for word in VERDICTS])
    comment = forms.CharField(max_length=LONGEST, required=False, widget=forms.Textarea(attrs={"id": "decide-comment"}))
    bound = forms.CharField(max_length=255, required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, str]:
        """Ask for a reason of who rejects."""
        said = super().clean() or {}
        if said.get("decision") == "reject" and not said.get("comment", "").strip():
            self.add_error("comment", "Say why you reject it.")
        return said

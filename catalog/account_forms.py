"""Forms of the account pages in the portal's words; what they do is allauth's."""

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ResetPasswordForm, ResetPasswordKeyForm
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms

TWELVE = "At least 12 characters, and not one of the common passwords."


def call(form: forms.BaseForm, **labels: str) -> None:
    """Give fields other labels."""
    for name, label in labels.items():
        if name in form.fields:
            form.fields[name].label = label


class SignIn(LoginForm):
    """E-mail and password."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        call(self, login="E-mail", remember="Keep me signed in")


class ChangePassword(ChangePasswordForm):
    """The old password and a new one."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        call(self, oldpassword="Current password", password1="New password", password2="New password again")
        self.fields["password1"].help_text = TWELVE


class ResetPassword(ResetPasswordForm):
    """The address that gets the link."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        call(self, email="E-mail")


class NewPassword(ResetPasswordKeyForm):
    """A new password for whoever has the link."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        call(self, password1="New password", password2="New password again")
        self.fields["password1"].help_text = TWELVE


class ActivateCodes(ActivateTOTPForm):
    """The first code of an authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        as_code(self, "Code from the app")


class EnterCode(AuthenticateForm):
    """The second step of signing in."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        as_code(self, "Code from your authenticator app, or a recovery code")


class EnterCodeAgain(ReauthenticateForm):
    """That it is still the same person."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        as_code(self, "Code from your authenticator app, or a recovery code")


def as_code(form: forms.BaseForm, label: str) -> None:
    """A field for digits, also on a phone's keyboard."""
    call(form, code=label)
    form.fields["code"].widget.attrs.update(inputmode="numeric", autofocus=True)

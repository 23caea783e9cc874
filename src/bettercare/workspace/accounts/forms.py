"""What the pages about accounts ask for, and the checks of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.utils import timezone

from bettercare.workspace.accounts.models import Membership, Person
from bettercare.workspace.permissions import ROLES


class SignInForm(AuthenticationForm):
    """Name or email address, and password."""

    error_messages = {  # noqa: RUF012  (as Django has it)
        "invalid_login": "The name or the password is not right.",
        "inactive": "The name or the password is not right.",
    }

    def clean_username(self) -> str:
        """The name of the account that an email address belongs to."""
        typed: str = self.cleaned_data["username"].strip()
        if "@" in typed:
            found = Person.objects.filter(email__iexact=typed).values_list("username", flat=True)[:2]
            if len(found) == 1:
                return str(found[0])
        return typed


class CodeForm(forms.Form):
    """A code of the app, or a recovery code."""

    code = forms.CharField(max_length=40, error_messages={"required": "Enter the code that your app shows."})


class Dates(forms.Form):
    """From when to when a role is held; `until` may be left open."""

    since = forms.DateField(
        error_messages={"required": "Enter the day it begins.", "invalid": "Enter a day, such as 2015-05-31."}
    )
    until = forms.DateField(required=False, error_messages={"invalid": "Enter a day, such as 2015-05-31."})

    def clean(self) -> dict[str, Any]:
        """The end does not come before the beginning."""
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            self.add_error("until", "The last day is before the first.")
        return data


class RoleForm(Dates):
    """A role at a partner, between dates."""

    partner = forms.ChoiceField(error_messages={"required": "Choose a partner.", "invalid_choice": "Choose a partner."})
    role = forms.ChoiceField(
        choices=list(ROLES.items()),
        error_messages={"required": "Choose a role.", "invalid_choice": "Choose a role."},
    )

    def __init__(self, *args: Any, partners: list[tuple[str, str]], **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("since", timezone.localdate())
        super().__init__(*args, **kwargs)
        self.fields["partner"].choices = partners


class InviteForm(RoleForm):
    """Whom to invite."""

    email = forms.EmailField(
        max_length=150,
        error_messages={"required": "Enter an email address.", "invalid": "Enter an email address, such as a@b.org."},
    )

    def clean_email(self) -> str:
        """In small letters, and not of somebody who has an account."""
        email: str = self.cleaned_data["email"].lower()
        if Person.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError("This person has an account. Give them the role on their own page.")
        return email


class AcceptForm(SetPasswordForm):
    """A name and a password twice."""

    full_name = forms.CharField(max_length=150, error_messages={"required": "Enter your name."})


def clashes(person: Person, partner: str, role: str, since: Any, until: Any, besides: int | None = None) -> bool:
    """Whether the person holds the role there already on some of these days."""
    held = Membership.objects.filter(person=person, partner=partner, role=role).exclude(pk=besides)
    return any((until is None or row.since <= until) and (row.until is None or since <= row.until) for row in held)

"""Signing in and out, and failures of it, in the audit trail."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from bettercare.workspace.accounts.models import Person
from bettercare.workspace.audit.models import record


def listen() -> None:
    """Connect once."""
    user_logged_in.connect(_signed_in, dispatch_uid="trail-in")
    user_logged_out.connect(_signed_out, dispatch_uid="trail-out")
    user_login_failed.connect(_failed, dispatch_uid="trail-failed")


def _signed_in(sender: Any, user: Person, **rest: Any) -> None:
    record(str(user), "sign-in", f"person {user.pk}")


def _signed_out(sender: Any, user: Person | None, **rest: Any) -> None:
    if user is not None:
        record(str(user), "sign-out", f"person {user.pk}")


def _failed(sender: Any, credentials: dict[str, Any], **rest: Any) -> None:
    """Only names that exist are written down: what somebody typed may be a password in the wrong box."""
    name = str(credentials.get("username") or "")
    known = Person.objects.filter(username=name).first()
    record("", "sign-in", f"person {known.pk}" if known else "a name that is not known", allowed=False)

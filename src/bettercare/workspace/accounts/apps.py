from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "bettercare.workspace.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Write signing in, signing out and every failure into the audit trail."""
        from bettercare.workspace.accounts import trail

        trail.listen()

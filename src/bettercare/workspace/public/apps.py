from __future__ import annotations

from django.apps import AppConfig


class PublicConfig(AppConfig):
    name = "bettercare.workspace.public"
    label = "public"

    def ready(self) -> None:
        """Notice at once when something is published or withheld in this process."""
        from bettercare.workspace.public import publish

        publish.listen()

from __future__ import annotations

from django.apps import AppConfig


class ReturnsConfig(AppConfig):
    name = "bettercare.workspace.returns"
    label = "returns"

from __future__ import annotations

from django.apps import AppConfig


class ProgrammeConfig(AppConfig):
    name = "bettercare.workspace.programme"
    label = "programme"

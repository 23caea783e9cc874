"""The database itself refuses to change or remove a published paper."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from bettercare.workspace.audit.frozen import freeze, thaw


def forwards(apps: Any, editor: Any) -> None:
    freeze(editor, "papers_paper")


def backwards(apps: Any, editor: Any) -> None:
    thaw(editor, "papers_paper")


class Migration(migrations.Migration):
    dependencies = [("papers", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]

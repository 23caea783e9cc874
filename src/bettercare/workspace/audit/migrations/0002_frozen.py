"""The database itself refuses to change or remove an entry."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from bettercare.workspace.audit.frozen import freeze, thaw


def forwards(apps: Any, editor: Any) -> None:
    freeze(editor, "audit_entry")


def backwards(apps: Any, editor: Any) -> None:
    thaw(editor, "audit_entry")


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]

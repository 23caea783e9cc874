"""A published paper keeps its board's name and its day, which were read from a meeting that can be edited."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

from django.db import migrations, models

from bettercare.workspace.audit.frozen import freeze, thaw

TABLE = "papers_paper"


def melt(apps: Any, editor: Any) -> None:
    thaw(editor, TABLE)


def harden(apps: Any, editor: Any) -> None:
    freeze(editor, TABLE)


def fill(apps: Any, editor: Any) -> None:
    """What the meeting says today is all that is known of papers that are there already."""
    papers = apps.get_model("papers", "Paper").objects
    for paper in papers.defer("pdf", "docx").select_related("meeting", "revision"):
        board = _names(bytes(paper.revision.content)).get(paper.meeting.board, paper.meeting.board)
        papers.filter(pk=paper.pk).update(board=board[:200], met_on=paper.meeting.on)


def _names(content: bytes) -> dict[str, str]:
    """Names of the partners by code, from a revision's files."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if "partners.csv" not in archive.namelist():
            return {}
        rows = csv.DictReader(io.StringIO(archive.read("partners.csv").decode("utf-8-sig")))
        return {row["code"]: row["name"] for row in rows}


class Migration(migrations.Migration):
    dependencies = [("papers", "0003_meeting_details"), ("programme", "0001_initial")]
    operations = [
        migrations.RunPython(melt, harden),
        migrations.AddField("paper", "board", models.CharField(default="", max_length=200), preserve_default=False),
        migrations.AddField("paper", "met_on", models.DateField(null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField("paper", "met_on", models.DateField()),
        migrations.RunPython(harden, melt),
    ]

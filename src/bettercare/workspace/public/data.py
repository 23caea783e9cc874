"""The open data: each table of the plan as CSV, and all of it as a data package."""

from __future__ import annotations

import csv
import io
import json
import zipfile

from django.http import Http404, HttpRequest, HttpResponse

from bettercare.plan.datapackage import describe
from bettercare.plan.schema import schema
from bettercare.plan.values import written
from bettercare.plan.write import plan_files
from bettercare.workspace.plans import FIXED
from bettercare.workspace.public.kept import public_page
from bettercare.workspace.public.site import site

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would work out


@public_page
def table_csv(request: HttpRequest, name: str) -> HttpResponse:
    """One table as CSV; a text that a spreadsheet would take for a formula has an apostrophe before it."""
    table = schema().get(name)
    frame = site().plan[name] if table else None
    if table is None or frame is None or frame.is_empty():
        raise Http404
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(table.names)
    for row in frame.iter_rows(named=True):
        cells = [(column, written(column, row[column.name])) for column in table.columns]
        writer.writerow([f"'{t}" if c.type == "text" and t.startswith(FORMULA) else t for c, t in cells])
    return _file(out.getvalue().encode(), "text/csv; charset=utf-8", f"{name}.csv")


@public_page
def package(request: HttpRequest, code: str = "") -> HttpResponse:
    """The plan's folder with a description of it (Frictionless data package), without loss; `code` is a revision."""
    of = site()
    plan = of.plan if code in ("", of.revision) else of.earlier(code)
    if plan is None:
        raise Http404
    files = plan_files(plan)
    for table in schema().values():  # every table, so that foreign keys have something to refer to
        files.setdefault(table.file, ",".join(table.names) + "\n")
    files["datapackage.json"] = json.dumps(describe(plan, files), indent=2, ensure_ascii=False) + "\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, FIXED), text.encode(), zipfile.ZIP_DEFLATED)
    revision = f"-{code}" if code else ""
    return _file(out.getvalue(), "application/zip", f"{plan.settings.name}{revision}.zip")


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

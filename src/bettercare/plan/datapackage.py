"""A plan as a Frictionless data package: the plan folder itself with a `datapackage.json` that describes it.

Because the package is a plan folder, `read_plan` reads it back, and other tools read it by its description.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bettercare.plan import values
from bettercare.plan.schema import Column, Table, schema
from bettercare.plan.write import new_folder, plan_files, write_files

if TYPE_CHECKING:
    from bettercare.plan.plan import Plan

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
DATA_LICENCE = {
    "name": "OGL-UK-3.0",
    "title": "Open Government Licence v3.0, where a source is published under it (see the licence of each source)",
    "path": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
}
TYPES = {
    "code": "string",
    "codes": "string",
    "text": "string",
    "year": "string",
    "integer": "integer",
    "number": "number",
    "share": "number",
    "boolean": "boolean",
    "date": "date",
}
CODE_PATTERN = "[A-Za-z0-9][A-Za-z0-9._-]*"


def export_datapackage(plan: Plan, folder: str | Path) -> Path:
    """Write the plan as a data package into a new or empty folder, and return it. Raises UsageError."""
    path = new_folder(folder)
    files = plan_files(plan)
    for name, table in schema().items():  # every table, so that foreign keys have something to refer to
        files.setdefault(table.file, ",".join(schema()[name].names) + "\n")
    text = json.dumps(describe(plan, files), indent=2, ensure_ascii=False) + "\n"
    write_files(path, {**files, "datapackage.json": text})
    return path


def describe(plan: Plan, files: dict[str, str]) -> dict[str, Any]:
    """The content of datapackage.json for a plan and the names of its files."""
    tables = [_resource(table, table.file) for table in schema().values() if table.file in files]
    others = [{"name": "plan-settings", "path": "plan.toml", "format": "toml", "mediatype": "application/toml"}]
    overlays: list[dict[str, Any]] = []
    for file in files:
        if not file.startswith("scenarios/"):
            continue
        _, scenario, name = file.split("/")
        slug = f"{scenario}-{name.rpartition('.')[0]}".lower().replace("_", "-")
        if file.endswith(".toml"):
            others.append({"name": slug, "path": file, "format": "toml", "mediatype": "application/toml"})
        else:
            header = files[file].split("\n", 1)[0].split(",")
            overlays.append(_overlay(schema()[name.removesuffix(".csv")], file, slug, header))
    return {
        "$schema": PROFILE,
        "name": plan.settings.name.lower(),
        "title": plan.settings.title,
        "description": plan.settings.description,
        "version": plan.revision,
        "licenses": [DATA_LICENCE],
        "sources": [
            {"title": row["citation"], "path": row["where"]}
            for row in plan.tables["evidence"].iter_rows(named=True)
            if row["where"].startswith(("https://", "http://"))
        ],
        "resources": [*tables, *overlays, *others],
    }


def _resource(table: Table, file: str) -> dict[str, Any]:
    own: dict[str, Any] = {"fields": [_field(column) for column in table.columns], "missingValues": [""]}
    keys = [column for column in table.columns if column.key]
    if all(column.required for column in keys):
        own["primaryKey"] = [column.name for column in keys]
    foreign = [
        {
            "fields": [column.name],
            "reference": {"resource": column.refers_to[0], "fields": [column.refers_to[1]]},
        }
        for column in table.columns
        # A key that is not unique where it points (an index has a row a year), or a list of codes, is no foreign key.
        if column.refers_to is not None and column.refers_to[1] == "code" and column.type == "code"
    ]
    if foreign:
        own["foreignKeys"] = foreign
    return {**_csv(table.name, file), "schema": own}


def _overlay(table: Table, file: str, name: str, header: list[str]) -> dict[str, Any]:
    fields = []
    for column in header:
        if column in table.names:
            field = _field(table[column])
            if not table[column].key:
                field.get("constraints", {}).pop("required", None)
        else:
            field = {"name": column, "type": "string", "description": "remove deletes the row"}
        fields.append(field)
    return {**_csv(name, file), "schema": {"fields": fields, "missingValues": [""]}}


def _csv(name: str, file: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "table",
        "path": file,
        "scheme": "file",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
    }


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "type": TYPES[column.type], "description": column.description}
    if column.unit:
        field["unit"] = column.unit
    if column.default is not None:
        field["default"] = values.blank(column)
    limits: dict[str, Any] = {}
    if column.required:
        limits["required"] = True
    if column.choices:
        limits["enum"] = list(column.choices)
    if column.minimum is not None:
        limits["exclusiveMinimum" if column.above_minimum else "minimum"] = column.minimum
    if column.maximum is not None:
        limits["maximum"] = column.maximum
    if column.type == "code":
        limits["pattern"] = CODE_PATTERN
    if column.type == "year":
        limits["pattern"] = r"\d{4}/\d{2}"
    if column.type == "integer":
        limits = {k: int(v) if k in ("minimum", "maximum") else v for k, v in limits.items()}
    if column.type == "boolean":
        field |= {"trueValues": ["yes"], "falseValues": ["no"]}
    if limits:
        field["constraints"] = limits
    return field

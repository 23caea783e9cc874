"""Reference pages made when the site is built, so that nothing is typed twice.

Tables and settings come from the plan's own definitions, the commands from the command line itself and the Python names
from `bettercare.__all__`. mkdocs calls `on_files`; the `..._page` functions above it make one page each.
"""

from __future__ import annotations

import importlib
import inspect
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files


def _cell(text: object) -> str:
    """Text that is safe inside a Markdown table."""
    return str(text).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _row(*cells: object) -> str:
    return "| " + " | ".join(_cell(c) for c in cells) + " |"


# --- tables -------------------------------------------------------------------------------------------------------


def _allowed(column: Any) -> str:
    """What a column may hold beyond its type, in words."""
    parts = []
    if column.choices:
        parts.append(", ".join(f"`{choice}`" for choice in column.choices))
    low, high = column.minimum, column.maximum
    if low is not None and high is not None:
        parts.append(f"{low:g} to {high:g}")
    elif low is not None:
        parts.append(f"more than {low:g}" if column.above_minimum else f"{low:g} or more")
    return "; ".join(parts)


def _target(column: Any) -> str:
    if not column.refers_to:
        return ""
    table, name = column.refers_to
    return f" Refers to [{table}](#{table})" + (f", column `{name}`." if name != "code" else ".")


def _must(column: Any) -> str:
    if column.key:
        return "key" if column.required else "key, may be blank"
    return "yes" if column.required else ""


def tables_page() -> str:
    """Every table of a plan and every column of it."""
    from bettercare.plan.schema import schema

    tables = schema()
    lines = [
        "# Tables",
        "",
        f"A plan may hold these {len(tables)} tables, each a CSV file of the same name. A table that is not needed can",
        "be left out. A blank cell takes the default. The columns marked *key* together tell one row from another.",
        "[The plan folder](folder.md) says how values are written.",
        "",
        ", ".join(f"[{name}](#{name})" for name in tables),
    ]
    for table in tables.values():
        lines += ["", f"## {table.name} {{ #{table.name} }}", ""]
        lines += [_row("column", "type", "unit", "needed", "default", "what it says"), _row(*["---"] * 6)]
        for column in table.columns:
            says = ". ".join(p for p in (column.description.rstrip("."), _allowed(column)) if p) + "." + _target(column)
            lines.append(_row(f"`{column.name}`", column.type, column.unit, _must(column), column.default or "", says))
    return "\n".join(lines) + "\n"


# --- feeds --------------------------------------------------------------------------------------------------------

FEEDS = {
    "people": "The register of an organisation, as tokens. Each feed is the whole register.",
    "events": "What happened to people, as tokens: one row an event.",
    "agreements": "Under what the feeds may be used.",
    "extract-people": "What `bettercare tokenise` makes a people feed of. It names people: it stays where it is.",
    "extract-events": "What `bettercare tokenise` makes an events feed of. It names people: it stays where it is.",
}


def feeds_page() -> str:
    """Every column of what partners send: feeds, the extracts that they are made from, and agreements."""
    from bettercare.activity.tables import table

    lines = [
        "# Feeds",
        "",
        "What partners send, as CSV in UTF-8 with a header. [Add partners' feeds](../how-to/feeds.md) says how. Days",
        "are written `2014-01-31`, times `2014-01-31T23:10`; a token is 32 hexadecimal digits.",
        "",
        "Beside a feed `X.csv` stands its manifest `X.json`:",
        "",
        "```json",
        '{"format": 1, "organisation": "uhl", "kind": "events", "purpose": "planning",',
        ' "from": "2013-04", "to": "2014-03", "extracted_at": "2014-04-20T09:00:00", "rows": 120345, "sha256": "...",',
        ' "key": "9c1185a5", "synthetic": false}',
        "```",
    ]
    for name, text in FEEDS.items():
        lines += ["", f"## {name} {{ #{name} }}", "", text, ""]
        lines += [_row("column", "type", "form", "needed", "default", "what it says"), _row(*["---"] * 6)]
        for column in table(name).columns:
            of = f"Refers to the plan's {column.refers_to[0]}" if column.refers_to else ""
            says = ". ".join(p for p in (column.description.rstrip("."), _allowed(column), of) if p) + "."
            lines.append(_row(f"`{column.name}`", column.type, column.unit, _must(column), column.default or "", says))
    return "\n".join(lines) + "\n"


# --- settings -----------------------------------------------------------------------------------------------------


def _range(key: Any) -> str:
    if math.isinf(key.low):
        return ""
    return f"{key.low:,g} or more" if key.high > 1e15 else f"{key.low:,g} to {key.high:,.0f}"


def settings_page() -> str:
    """Every key of plan.toml."""
    from bettercare.plan.settings import KEYS

    lines = [
        "# Settings",
        "",
        "`plan.toml` holds these keys. A dot in a name means a section: `discount.standard_percent` is the key",
        "`standard_percent` under `[discount]`. A [scenario](../how-to/scenario.md) changes a setting under",
        "`[settings]`, so there it stands under `[settings.discount]`.",
        "",
        _row("key", "kind", "default", "range", "a scenario may change it", "what it says"),
        _row(*["---"] * 6),
    ]
    for key in KEYS.values():
        default = ", ".join(key.default) if key.kind == "codes" else key.default
        default = "must be given" if default is None else default
        overlay = "yes" if key.overlay else "no"
        lines.append(_row(f"`{key.name}`", key.kind, default, _range(key), overlay, key.meaning))
    return "\n".join(lines) + "\n"


# --- commands -----------------------------------------------------------------------------------------------------


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """A command and all commands under it, hidden ones left out, as (what to type, command)."""
    if getattr(command, "hidden", False):
        return
    subcommands = getattr(command, "commands", {})
    if not subcommands:
        yield name, command
    for word, sub in subcommands.items():
        yield from _commands(sub, f"{name} {word}")


def _parameters(command: Any) -> list[str]:
    rows = []
    for parameter in command.params:
        if getattr(parameter, "hidden", False):
            continue
        is_argument = parameter.param_type_name == "argument"
        names = [*parameter.opts, *parameter.secondary_opts]
        if is_argument:
            names = [(parameter.metavar or parameter.name).upper()]
        default = parameter.default
        plain = isinstance(default, str | int | float) and not isinstance(default, bool)
        text = " ".join((getattr(parameter, "help", None) or "").split())
        rows.append(_row(", ".join(f"`{n}`" for n in names), text, f"`{default}`" if plain else ""))
    return rows


def commands_page() -> str:
    """What `bettercare` can do, from the command line's own definitions."""
    import typer

    cli = importlib.import_module("bettercare.cli")
    lines = [
        "# Commands",
        "",
        "From a checkout type `./bct` for `bettercare`. Every command answers `--help`.",
        "",
        "Exit codes: 0, fine; 1, the plan has problems, or `audit verify` finds that the trail does not hold; 2, wrong",
        "use; 130, stopped by Ctrl-C.",
    ]
    for name, command in _commands(typer.main.get_command(cli.app), "bettercare"):
        lines += ["", f"## {name}", "", inspect.cleandoc(command.help or "")]
        if rows := _parameters(command):
            lines += ["", _row("argument or option", "what it does", "default"), _row(*["---"] * 3), *rows]
    return "\n".join(lines) + "\n"


# --- Python -------------------------------------------------------------------------------------------------------


def python_page() -> str:
    """The public names of the package; mkdocstrings fills in signatures and docstrings."""
    import bettercare

    lines = [
        "# Python",
        "",
        "```python",
        "import bettercare",
        "```",
        "",
        "These names are public. Everything else may change without notice.",
    ]
    for name in sorted(getattr(bettercare, "__all__", ()), key=str.lower):
        thing = getattr(bettercare, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            lines += ["", f"::: {thing.__module__}.{thing.__qualname__}"]
            lines += ["    options:", f"      heading: {name}", f"      toc_label: {name}"]
    return "\n".join(lines) + "\n"


# --- indicators ---------------------------------------------------------------------------------------------------


def indicators_page() -> str:
    """Every indicator, from the comments at the top of its SQL."""
    from bettercare.activity.indicators import known

    lines = [
        "# Indicators",
        "",
        "What [`bettercare indicators`](../how-to/indicators.md) counts. Each is one SQL file in",
        "`src/bettercare/activity/indicators/`.",
    ]
    better = {"up": "higher", "down": "lower", "neither": "neither way"}
    for one in known():
        rows = [
            ("counts", one.numerator), ("out of", one.denominator), ("left out", one.exclusions),
            ("source", one.source),
            ("version", one.version), ("unit", one.unit), ("better", better[one.direction]), ("target", one.target),
            ("outcome", one.outcome), ("the plan's indicator", ", ".join(one.plan)), ("care of", one.sphere),
            ("joins organisations", "yes" if one.joins else "no"),
            ("parts", "; ".join(name for _, _, name in one.parts)),
            ("indicators within it", "; ".join(f"{code} ({name})" for code, _, name in one.groups)),
        ]  # fmt: skip
        lines += ["", f"## {one.name} {{ #{one.code} }}", "", _row(f"`{one.code}`", ""), _row("---", "---")]
        lines += [_row(name, text) for name, text in rows if text not in ("", None)]
    return "\n".join(lines) + "\n"


PAGES = {
    "reference/indicators.md": indicators_page,
    "reference/settings.md": settings_page,
    "reference/tables.md": tables_page,
    "reference/feeds.md": feeds_page,
    "reference/commands.md": commands_page,
    "reference/python.md": python_page,
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages before navigation is built."""
    for path, make in PAGES.items():
        files.append(File.generated(config, path, content=make()))
    return files

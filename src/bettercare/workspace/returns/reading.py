"""Between the workspace's rows and the triangulation engine: reading one upload, holding all returns together."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from dataclasses import asdict
from datetime import date
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bettercare import Plan, Problem, Problems, UsageError
from bettercare.appraisal.triangulation import Disagreement, Triangulation, triangulate
from bettercare.appraisal.triangulation_claims import DoubleClaim
from bettercare.appraisal.triangulation_figures import Figures
from bettercare.appraisal.triangulation_lines import Line
from bettercare.appraisal.triangulation_mapping import MAPPING, read_mapping
from bettercare.appraisal.triangulation_read import read_returns
from bettercare.reporting.triangulation_template import lines_of
from bettercare.reporting.triangulation_words import Words
from bettercare.workspace.plans import DRAWS, current, forecast_of, plan_of
from bettercare.workspace.programme.models import Resolution, Return
from bettercare.workspace.returns.models import Layout

TOLERANCES = (0.0, 0.01, 0.02, 0.05, 0.1)
MOST_KEPT = 8
MOST_KEY = 120  # characters
OWN_SHEETS = ("activity", "beds", "staff", "money")  # the sheet of savings lists every initiative for everybody

Finding = Disagreement | DoubleClaim
_kept: OrderedDict[tuple[Any, ...], Triangulation] = OrderedDict()
_templates: dict[str, frozenset[str]] = {}
_lock = threading.Lock()


def safe_name(name: str) -> str:
    """The last part of a name as a person chose it, without what a file system or a header could misread."""
    plain = re.sub(r"[^\w .()&+-]", "_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")
    stem, dot, end = plain.rpartition(".")
    return f"{(stem or 'return')[-120:].strip(' .')}{dot}{end[:8]}" if dot else (plain[-120:] or "return")


def read_one(plan: Plan, partner: str, name: str, content: bytes) -> tuple[list[dict[str, Any]], list[str], bool]:
    """(lines as JSON has them, everything that is wrong or deserves a look, whether the return can be used)."""
    layout = Layout.objects.filter(partner=partner).exclude(text="").first()
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        if layout is not None:
            (Path(folder) / MAPPING).write_text(layout.text, encoding="utf-8")
        try:
            found = read_returns(plan, [path])
        except Problems as problems:
            return [], str(problems).splitlines()[:-1], False
        except UsageError as error:
            return [], [str(error)], False
    others = sorted({line.partner for line in found.lines} - {partner})
    if others:
        return [], [f"{name}: this is the return of {', '.join(others)}, not of {partner}."], False
    return [_kept_line(line) for line in found.lines], [str(problem) for problem in found.problems], True


def problems_of_layout(text: str, partner: str) -> list[str]:
    """What is wrong with a layout."""
    problems: list[Problem] = []
    with TemporaryDirectory() as folder:
        (Path(folder) / MAPPING).write_text(text, encoding="utf-8")
        maps = read_mapping(Path(folder), problems)
    said = [str(problem) for problem in sorted(set(problems))]
    return said + [f"{MAPPING}: it is of {m.partner}, not of {partner}." for m in maps if m.partner != partner]


def _kept_line(line: Line) -> dict[str, Any]:
    return {**asdict(line), "received": line.received.isoformat()}


def _line(kept: dict[str, Any]) -> Line:
    return Line(**{**kept, "received": date.fromisoformat(kept["received"])})


def in_use() -> list[Return]:
    """The return of each partner that figures are taken from."""
    return list(Return.objects.filter(replaced=False).defer("content").order_by("partner", "-pk"))


def held_together(tolerance: float = 0.02) -> tuple[Plan, Triangulation]:
    """All returns in use against each other and the current plan; the last few answers are kept."""
    revision = current()
    plan = plan_of(revision)
    returns = in_use()
    key = (revision.code, tuple((r.pk, r.at) for r in returns), tolerance)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return plan, _kept[key]
    lines = [_line(kept) for each in returns for kept in each.lines]
    main = plan.settings.main
    found = triangulate(plan, lines, forecast_of(plan, [main], DRAWS), tolerance, scenario=main)
    with _lock:
        _kept[key] = found
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return plan, found


def findings(found: Triangulation) -> list[Finding]:
    """All that disagrees and all that is claimed twice."""
    return [*found.disagreements, *found.double_claims]


def finding(code: str) -> Finding | None:
    """A disagreement or a saving that is claimed twice, by its code: also one that a page with a tolerance leaves out.

    So the address of a finding does not depend on the tolerance with which somebody looked.
    """
    _, found = held_together(0.0)
    return next((item for item in findings(found) if item.code == code), None)


def title_of(words: Words, item: Finding) -> str:
    """What a finding is about, in words."""
    return words.claim_title(item) if isinstance(item, DoubleClaim) else words.title(item.subject)


def agreed_keys() -> set[str]:
    """The findings (as `key_of` names them) about which something was agreed."""
    return set(Resolution.objects.exclude(agreed="").values_list("disagreement", flat=True))


def templates_of(plan: Plan) -> frozenset[str]:
    """The partners that have lines of their own to fill in: activity, beds, staff or money."""
    if plan.fingerprint not in _templates:
        figures = Figures(plan)
        lines = {code: lines_of(plan, figures, code) for code in plan.tables["partners"]["code"]}
        _templates.clear()
        _templates[plan.fingerprint] = frozenset(
            code for code, sheets in lines.items() if any(sheets[name] for name in OWN_SHEETS)
        )
    return _templates[plan.fingerprint]


def key_of(code: str) -> str:
    """The code of a finding as `Resolution` keeps it: as it is, or where it is too long cut and told apart."""
    return code if len(code) <= MOST_KEY else f"{code[: MOST_KEY - 17]}~{sha256(code.encode()).hexdigest()[:16]}"


def parties(item: Finding) -> list[str]:
    """The partners that have a part in it, who is asked first."""
    said = [line.partner for line in item.claims] if isinstance(item, DoubleClaim) else list(item.partners)
    return list(dict.fromkeys([item.asked, *said] if item.asked else said))
